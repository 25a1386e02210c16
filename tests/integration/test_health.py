"""Health is honest: what is wrong is named with what to do, on every page that asks, and nothing else is called wrong."""

from __future__ import annotations

import json
import os
import re
import socket
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from campaign import drain, watch
from campaign.app import create_app
from campaign.channels.memory import MemoryChannel
from campaign.cli import group
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Receipt
from campaign.domain.statuses import CampaignStatus, Status
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.channel import ChannelState
from campaign.models.delivery import Attempt, Delivery, Worker
from campaign.services import breaker, health, wakes
from campaign.services.health import Condition, Health, Part
from campaign.services.outbox import Loop, send_due
from campaign.settings import Environment
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import NOW
from tests.integration.conftest import settings
from tests.integration.test_organizer_pages import Browser

OFFERED = {ChannelName.SMTP, ChannelName.HANDOFF, ChannelName.PRINT}
DUE = NOW + timedelta(minutes=2)


def letters(session: Session, members: int = 1) -> None:
    """Three by e-mail for each, due a minute after NOW."""
    with transaction(session):
        factories.staff_address(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        company, _ = factories.company(session)
        for _ in range(members):
            factories.signed(session, factories.member(session, company), on, card.key)


def heard(session: Session, *kinds: str, ago: timedelta = timedelta(seconds=5)) -> None:
    with transaction(session):
        for kind in kinds:
            session.add(Worker(name=kind, kind=kind, started_at=NOW, seen_at=DUE - ago))


def look(session: Session, broker: bool | None = True) -> Health:
    session.rollback()
    found = health.report(session, OFFERED, broker, DUE)
    session.rollback()
    return found


def mail(found: Health) -> health.ChannelHealth:
    return next(each for each in found.channels if each.channel is ChannelName.SMTP)


def test_an_installation_that_works_has_nothing_to_say(each_app: Flask) -> None:
    session = db.session()
    heard(session, "delivery,upkeep", "beat")
    found = look(session)
    assert found.problems == ()
    assert found.unworked == ()
    assert found.ready
    assert [each.channel for each in found.channels] == [ChannelName.SMTP]
    assert mail(found).condition is Condition.IDLE


def test_without_any_worker_that_is_said_and_organizers_are_told_once_letters_are_due(each_app: Flask) -> None:
    session = db.session()
    (problem,) = look(session).problems
    assert problem.part is Part.WORKERS
    assert not problem.holds
    letters(session)
    found = look(session)
    assert [each.holds for each in found.problems] == [True]
    assert mail(found).condition is Condition.UNATTENDED
    assert (mail(found).queue.waiting, mail(found).queue.due) == (3, 3)
    assert mail(found).queue.oldest_due == NOW + timedelta(minutes=1)
    assert health.glance(session, None, DUE).holding == found.holding


def test_a_worker_is_missed_after_90_seconds_by_the_kind_of_its_work(each_session: Session) -> None:
    heard(each_session, "upkeep", "beat")
    heard(each_session, "delivery", ago=timedelta(seconds=89))
    assert look(each_session).unworked == ()
    with transaction(each_session):
        each_session.execute(sa.update(Worker).where(Worker.kind == "delivery").values(seen_at=DUE - health.HEARD))
    found = look(each_session)
    assert found.unworked == ("delivery",)
    assert [each.words for each in found.problems] == [health.UNWORKED["delivery"]]


def test_a_silent_upkeep_worker_is_the_cause_and_beat_is_not_blamed_for_it(each_session: Session) -> None:
    heard(each_session, "delivery")
    heard(each_session, "upkeep", "beat", ago=timedelta(minutes=3))
    assert look(each_session).unworked == ("upkeep",)


def test_letters_of_a_paused_campaign_wait_and_are_no_trouble(each_session: Session) -> None:
    letters(each_session)
    with transaction(each_session):
        each_session.execute(sa.update(Campaign).values(status=CampaignStatus.PAUSED))
    line = mail(look(each_session))
    assert line.queue == health.Queue(waiting=3, paused=3)
    assert line.condition is Condition.IDLE


def test_what_left_is_counted_from_attempts_and_unclear_letters_from_their_rollup(each_session: Session) -> None:
    letters(each_session, 4)
    heard(each_session, "delivery", "upkeep", "beat")
    with transaction(each_session):  # older ones, so that the bisection has something to find
        row = each_session.scalars(sa.select(Delivery).limit(1)).one()
        each_session.add_all(
            Attempt(
                delivery_id=row.id,
                number=n,
                worker="w",
                started_at=NOW - timedelta(days=1, minutes=-n),
                finished_at=NOW - timedelta(days=1, minutes=-n),
                outcome="receipt",
            )
            for n in range(100, 137)
        )
    channel = MemoryChannel(answers=[])
    send_due(each_session, Loop(channel, factories.ENVELOPE, lambda: DUE, factories.journal()))
    line = mail(look(each_session))
    assert (line.sent_hour, line.sent_minute, line.unclear, line.queue.waiting) == (12, 12, 0, 0)
    assert line.condition is Condition.WORKING
    later = health.report(each_session, OFFERED, True, DUE + timedelta(minutes=30))
    assert (mail(later).sent_hour, mail(later).sent_minute) == (12, 0)


def test_a_channel_that_fails_is_news_after_a_minute_and_at_once_when_it_is_configured_wrongly(
    each_session: Session,
) -> None:
    heard(each_session, "delivery", "upkeep", "beat")
    letters(each_session)
    with transaction(each_session):
        breaker.failed(each_session, ChannelName.SMTP, TryLater("the relay cannot be reached"), DUE)
    found = look(each_session)
    assert mail(found).condition is Condition.LEFT_ALONE
    assert found.problems == ()
    with transaction(each_session):
        each_session.execute(sa.update(ChannelState).values(since=DUE - timedelta(minutes=4)))
    (problem,) = look(each_session).problems
    assert problem.holds
    assert "tried once in 4 minutes" in problem.words
    assert problem.why == "the relay cannot be reached"
    with transaction(each_session):
        breaker.worked(each_session, ChannelName.SMTP)
        breaker.failed(each_session, ChannelName.SMTP, Misconfigured("login refused"), DUE)
    (problem,) = look(each_session).problems
    assert "configured wrongly" in problem.words
    assert "_PASSWORD" in problem.todo
    assert health.glance(each_session, None, DUE).holding == (problem,)


def test_a_person_who_does_not_wait_makes_the_next_probe_due_and_is_recorded(each_session: Session) -> None:
    letters(each_session)
    with transaction(each_session):
        for _ in range(5):
            breaker.failed(each_session, ChannelName.SMTP, TryLater("the relay cannot be reached"), DUE)
    channel = MemoryChannel()
    loop = Loop(channel, factories.ENVELOPE, lambda: DUE, factories.journal())
    assert send_due(each_session, loop) == 0
    with transaction(each_session):
        assert breaker.try_now(each_session, ChannelName.SMTP, DUE, "user:1")
        assert wakes.taken(each_session) == [ChannelName.SMTP]
    assert send_due(each_session, loop) == 3
    assert set(each_session.scalars(sa.select(Delivery.status))) == {Status.ACCEPTED}
    entry = each_session.scalars(sa.select(AuditEntry)).one()
    assert (entry.act, entry.subject, entry.by) == ("channel tried at once", "channel:smtp", "user:1")
    with transaction(each_session):
        assert not breaker.try_now(each_session, ChannelName.SMTP, DUE, "user:1")


def test_letters_for_a_channel_that_is_not_set_up_here_are_not_forgotten(each_session: Session) -> None:
    letters(each_session)
    heard(each_session, "delivery", "upkeep", "beat")
    with transaction(each_session):
        each_session.execute(sa.update(Delivery).values(channel=ChannelName.CWC_HOUSE))
    found = look(each_session)
    assert [each.condition for each in found.channels] == [Condition.ABSENT, Condition.IDLE]
    assert [each.part for each in found.problems] == [Part.CHANNELS]


def test_a_silent_broker_is_named_and_pages_are_served(each_session: Session) -> None:
    heard(each_session, "delivery", "upkeep", "beat")
    found = look(each_session, broker=False)
    assert [each.part for each in found.problems] == [Part.BROKER]
    assert found.ready
    assert not found.holding


# --- /readyz ---------------------------------------------------------------------------------------------------------


def test_readiness_names_a_silent_worker_and_does_not_fail_for_it(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ready"
    assert any("No worker" in each for each in answer.get_json()["notes"])


def test_readiness_tells_nobody_the_words_of_a_receiver(app: Flask, client: FlaskClient) -> None:
    with transaction(db.session()) as session:
        breaker.failed(session, ChannelName.SMTP, Misconfigured("login", answer="535 for ada@company.example"), NOW)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert "configured wrongly" in answer.text
    assert "535" not in answer.text


@pytest.mark.parametrize("state", ["away", "not migrated"])
def test_readiness_fails_without_a_migrated_database(tmp_path: Path, state: str) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none" if state == "away" else ""
    made = create_app(settings(tmp_path, url))
    answer = made.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "not ready"
    assert ("migrated" if state == "not migrated" else "does not answer") in answer.get_json()["problems"][0]
    with made.app_context():
        db.engine.dispose()


# --- /metrics --------------------------------------------------------------------------------------------------------

TOKEN = "a token of twenty letters"


def scraped(app: Flask, token: str = TOKEN) -> dict[str, dict[tuple[str, ...], float]]:
    """By metric: values by the values of its labels, in the order of their names."""
    served = create_app(replace(app.extensions["countersign"].settings, metrics_token=token))
    answer = served.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    with served.app_context():
        db.engine.dispose()
    assert answer.status_code == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        values = found.setdefault(family.name, {})
        for sample in family.samples:
            values[tuple(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def test_figures_for_prometheus_are_those_of_the_rows(each_app: Flask) -> None:
    session = db.session()
    letters(session, 4)
    with transaction(session):
        session.add(Worker(name="host.1.ab", kind="delivery,upkeep", started_at=NOW, seen_at=database_now()))
        first = session.scalars(sa.select(Delivery.id).order_by(Delivery.id).limit(4)).all()
        session.execute(sa.update(Delivery).where(Delivery.id.not_in(first)).values(due_at=NOW + timedelta(days=9000)))
    clock = database_now()
    channel = MemoryChannel(answers=[Receipt("250"), Receipt("250"), Refused("no such address"), Unclear("silence")])
    send_due(session, Loop(channel, factories.ENVELOPE, lambda: clock, factories.journal()))
    with transaction(session):
        session.execute(
            sa.update(Delivery).where(Delivery.status == Status.QUEUED, Delivery.id > 10).values(due_at=NOW)
        )
        breaker.failed(session, ChannelName.SMTP, Misconfigured("login refused"), clock)
    found = scraped(each_app)
    assert found["countersign_database_up"] == {(): 1}
    assert found["countersign_workers_heard"] == {("delivery",): 1, ("upkeep",): 1, ("beat",): 0}
    assert found["countersign_attempts_last_minute"] == {
        ("smtp", "receipt"): 2,
        ("smtp", "refused"): 1,
        ("smtp", "unclear"): 1,
    }
    assert {key[1]: number for key, number in found["countersign_letters"].items() if number} == {
        "accepted": 2,
        "refused": 1,
        "unclear": 1,
        "queued": 8,
    }
    assert found["countersign_queued"] == {("smtp", "due"): 2, ("smtp", "later"): 6, ("smtp", "paused"): 0}
    assert found["countersign_queue_oldest_due_seconds"][("smtp",)] > 3600
    assert found["countersign_breaker_failures"] == {("smtp",): 1}
    assert found["countersign_breaker_open"] == {("smtp",): 1}
    assert found["countersign_channel_misconfigured"] == {("smtp",): 1}
    assert set(found["countersign_handover_seconds"]) == {("smtp", "0.5"), ("smtp", "0.95"), ("smtp", "0.99")}
    assert found["countersign_unmatched_notices"] == {(): 0}


def test_a_quantile_is_of_letters_and_not_of_windows() -> None:
    times = [(0.5, 90), (2.0, 9), (60.0, 1)]
    assert [health.quantile(times, share) for share in (0.5, 0.9, 0.95, 0.99, 1.0)] == [0.5, 0.5, 2.0, 2.0, 60.0]


def test_every_metric_is_explained_in_the_guide(app: Flask) -> None:
    documented = set(
        re.findall(
            r"^\| `(countersign_\w+)` \|",
            (Path(__file__).parents[2] / "docs" / "operations.md").read_text(),
            re.MULTILINE,
        )
    )
    assert set(scraped(app)) == documented


def test_figures_without_a_database_say_that_it_is_away(tmp_path: Path) -> None:
    made = create_app(settings(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none"))
    text = made.test_client().get("/metrics").text
    assert "countersign_database_up 0.0" in text
    assert "countersign_queued" not in text


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"X-Forwarded-For": "203.0.113.9"}, 403),
        (TOKEN, {}, 401),
        (TOKEN, {"Authorization": "Bearer another token of letters"}, 401),
        (TOKEN, {"Authorization": f"Basic {TOKEN}"}, 401),
        (TOKEN, {"Authorization": f"bearer {TOKEN}"}, 200),
    ],
)
def test_figures_are_for_who_shows_the_token(app: Flask, token: str, headers: dict[str, str], status: int) -> None:
    served = create_app(replace(app.extensions["countersign"].settings, metrics_token=token))
    assert served.test_client().get("/metrics", headers=headers).status_code == status
    with served.app_context():
        db.engine.dispose()


def test_without_a_token_nobody_from_elsewhere_and_nobody_at_all_in_a_production_reads_figures(app: Flask) -> None:
    plain = app.extensions["countersign"].settings
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert create_app(plain).test_client().get("/metrics", environ_base=elsewhere).status_code == 403
    production = create_app(replace(plain, env=Environment.PRODUCTION))
    assert production.test_client().get("/metrics").status_code == 403


# --- campaign check --------------------------------------------------------------------------------------------------


def checked(app: Flask, *options: str) -> tuple[int, str]:
    script = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
    ended = Context().run(
        lambda: CliRunner().invoke(group, ["check", *options], obj=script)
    )  # not in the test's own app
    return ended.exit_code, ended.stdout


def bad(app: Flask) -> dict[str, dict[str, str]]:
    code, text = checked(app, "--json")
    found = json.loads(text)
    assert found["ok"] is (code == 0)
    return {each["part"]: each for each in found["checks"] if not each["ok"]}


def test_the_check_says_in_words_what_is_wrong_and_what_to_do(app: Flask) -> None:
    with transaction(db.session()) as session:
        breaker.failed(session, ChannelName.SMTP, Misconfigured("login refused", answer="535 5.7.8 no"), NOW)
    served = create_app(replace(app.extensions["countersign"].settings, smtp_port=1))
    code, text = checked(served)
    assert code == 1
    assert "ok   database" in text
    assert "BAD  channels: E-mail is configured wrongly" in text
    assert "It says: login refused: 535 5.7.8 no" in text
    assert "celery -A workers.app worker -Q delivery" in text
    assert set(bad(served)) == {"workers", "channels", "relay"}


def test_the_check_is_silent_about_an_installation_that_works(app: Flask) -> None:
    plain = app.extensions["countersign"].settings
    with transaction(db.session()) as session:
        for kind in ("delivery", "upkeep", "beat"):
            session.add(Worker(name=kind, kind=kind, started_at=NOW, seen_at=database_now()))
    with socket.create_server(("127.0.0.1", 0)) as relay:
        served = create_app(replace(plain, smtp_port=relay.getsockname()[1]))
        assert bad(served) == {}
        code, text = checked(served)
        assert code == 0
        assert "BAD" not in text


@pytest.mark.parametrize(
    ("url", "part"), [("", "migrations"), ("postgresql+psycopg://nobody@127.0.0.1:1/none", "database")]
)
def test_the_check_works_where_the_database_does_not(tmp_path: Path, url: str, part: str) -> None:
    found = bad(create_app(settings(tmp_path, url)))
    assert part in found
    assert found[part]["todo"]
    assert "workers" not in found


# --- workers' own words ----------------------------------------------------------------------------------------------


def test_a_worker_says_that_it_lives_in_one_row_and_takes_it_along(each_app: Flask) -> None:
    session = db.session()
    for _ in range(2):
        drain.speak_for("delivery,upkeep", [os.getpid()])
        drain.heartbeat("beat", "beat")
    assert sorted(session.scalars(sa.select(Worker.kind))) == ["beat", "delivery,upkeep"]
    assert watch.look().unworked == ()
    session.rollback()
    drain.farewell()
    assert session.scalars(sa.select(Worker.name)).all() == ["beat"]


def test_a_child_that_ended_is_gone_with_the_next_beat_and_its_successor_is_another_worker(each_app: Flask) -> None:
    session = db.session()

    def seen() -> list[str]:
        session.rollback()
        return sorted(name.split(".")[-2] for name in session.scalars(sa.select(Worker.name)))

    drain.speak_for("delivery", [101, 102])
    assert seen() == ["101", "102"]
    drain.speak_for("delivery", [102, 103])
    assert seen() == ["102", "103"]
    drain.farewell()
    assert seen() == []


def test_workers_of_yesterday_are_forgotten_but_the_last_one_of_all(each_session: Session) -> None:
    now = database_now()
    with transaction(each_session):
        for name, days in (("first", 9), ("second", 5), ("last", 3)):
            seen = now - timedelta(days=days)
            each_session.add(Worker(name=name, kind="delivery", started_at=seen, seen_at=seen))
    drain.forget_workers()
    assert each_session.scalars(sa.select(Worker.name)).all() == ["last"]
    assert not watch.look().workers[0].heard


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(app: Flask) -> Browser:
    with transaction(db.session()) as session:
        factories.user(session, "desk@association.example", "organizer", name="Priya Raman")
    return Browser(app, "desk@association.example")


def test_the_page_of_an_installation_that_nothing_was_started_in_says_what_will_be_here(desk: Browser) -> None:
    page = desk.text("/organize/health")
    assert "No worker has been started yet" in page
    assert "Nothing is due" in page
    assert "Try again now" not in re.sub(r"<p>.*?</p>", "", page)


def test_the_page_names_what_holds_letters_back_and_a_press_tries_again(desk: Browser) -> None:
    session = db.session()
    letters(session)
    now = database_now()
    with transaction(session):
        session.add(Worker(name="host.7.cd", kind="delivery", started_at=NOW, seen_at=now - timedelta(minutes=4)))
        session.add(ChannelState(channel="smtp", failures=6, since=now - timedelta(minutes=5), reason="no route"))
        session.execute(sa.update(ChannelState).values(retry_at=now + timedelta(minutes=3)))
    page = desk.text("/organize/health")
    for words in (
        "Left alone",
        "because: no route",
        "Tried 6 times",
        "not heard for 4 min",
        "Nobody hands letters over",
    ):
        assert words in page, words
    assert "E-mail cannot be reached and is left alone" in desk.text("/organize/")
    desk.get("/organize/health")
    assert desk.post("/organize/health/smtp/try").status_code == 303
    assert "is tried again now" in desk.text("/organize/health")
    assert session.scalar(sa.select(ChannelState.channel).where(ChannelState.retry_at < now + timedelta(minutes=1)))
    assert desk.post("/organize/health/pigeon/try").status_code == 404
    with transaction(session):
        breaker.worked(session, ChannelName.SMTP)
    desk.post("/organize/health/smtp/try")
    assert "works again already" in desk.text("/organize/health")


def test_the_part_that_is_read_again_has_no_shell_and_an_id_for_each_element(desk: Browser) -> None:
    page = desk.get("/organize/health/live").get_data(as_text=True)
    assert "<html" not in page
    ids = set(re.findall(r'^<(?:div|section|p)[^>]* id="([a-z-]+)"|^<div id="([a-z-]+)"', page, re.MULTILINE))
    assert {"poll", "wrong", "channels", "workers", "below"} <= {name for pair in ids for name in pair}
