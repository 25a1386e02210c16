"""Several people and processes at the same moment: each finds the other's work, nobody sees an error, no count drifts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign import intake
from campaign.channels.smtp.raw import RawMail
from campaign.database import transaction
from campaign.domain.errors import WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import ResponseState, Status
from campaign.extensions import db
from campaign.models.action import Action
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.event import Event, MailDecision
from campaign.models.letter import Letter
from campaign.models.match import ConfirmedBy, DistrictMatch
from campaign.models.member import Member
from campaign.models.response import Response
from campaign.models.suppression import Suppression, SuppressionReason
from campaign.services import audit, decisions, deliveries, drafts, metrics, responses, sites, suppressions, waiting
from campaign.services.decisions import Decision
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import NOW, SET_UP

Work = Callable[[Session], Any]


def at_once(app: Flask, *works: Work) -> list[Any]:
    """Each in a thread and a transaction of its own, begun together; what they returned. Raises the first error."""
    barrier = threading.Barrier(len(works))
    found: list[Any] = [None] * len(works)
    errors: list[BaseException] = []

    def one(i: int, work: Work) -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                with transaction(db.session()) as session:
                    found[i] = work(session)
            except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(i, work)) for i, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    if errors:
        raise errors[0]
    return found


def unclear(session: Session, members: int) -> tuple[list[int], list[int]]:
    """Letters that may have arrived: the ids of their deliveries and of themselves."""
    with transaction(session):
        factories.staff_address(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        company, _ = factories.company(session)
        for _ in range(members):
            factories.signed(session, factories.member(session, company), on, card.key)
    with transaction(session):
        for row in session.scalars(sa.select(Delivery).order_by(Delivery.id)).all():
            row.lease_owner, row.lease_until = "w", NOW
            deliveries.move(session, row, Status.SENDING, NOW, "", "w")
            row.lease_owner, row.lease_until = "w", NOW
            deliveries.move(session, row, Status.UNCLEAR, NOW, "the line broke", "w")
    rows = session.execute(sa.select(Delivery.id, Delivery.letter_id).order_by(Delivery.id)).all()
    session.rollback()
    return [row.id for row in rows], [row.letter_id for row in rows]


def decides(ids: Sequence[int], by: str) -> Work:
    def work(session: Session) -> int:
        done = 0
        for each in ids:
            if session.scalar(sa.select(Delivery.status).where(Delivery.id == each)) is not Status.UNCLEAR:
                continue
            row = deliveries.locked(session, each)
            if row.status is Status.UNCLEAR:
                decisions.decide(session, each, Decision.ARRIVED, SET_UP, NOW, "", by)
                done += 1
        return done

    return work


def test_organizers_who_decide_about_the_same_letters_do_not_block_each_other(each_app: Flask) -> None:
    """One decides about all, others about single ones from the end; each letter has one decision and one entry."""
    ids, _ = unclear(db.session(), 4)
    done = at_once(each_app, decides(ids, "user:1"), *(decides([each], "user:2") for each in reversed(ids)))
    assert sum(done) == len(ids)
    session = db.session()
    assert session.scalars(sa.select(AuditEntry.subject).order_by(AuditEntry.subject)).all() == sorted(
        f"delivery:{each}" for each in ids
    )
    assert audit.first_broken(session) is None
    assert metrics.differences(session) == []


def answers(letter_id: int, kind: ResponseKind, source: str) -> Work:
    def work(session: Session) -> None:
        letter = session.get_one(Letter, letter_id)
        responses.record(session, letter, kind, received_at=NOW, now=NOW, by="user:1", source=source, text="Thank you.")

    return work


def test_answers_to_one_letter_that_come_together_count_one_state(each_app: Flask) -> None:
    _, letters = unclear(db.session(), 2)
    for each in letters:
        at_once(
            each_app,
            answers(each, ResponseKind.FORM, "mail"),
            answers(each, ResponseKind.ACKNOWLEDGEMENT, "mail"),
            answers(each, ResponseKind.SUBSTANTIVE, "member"),
            lambda session: responses.presume_no_reply(session, NOW, NOW),
        )
    session = db.session()
    assert set(session.scalars(sa.select(Letter.response))) == {ResponseState.REPLIED}
    assert set(session.scalars(sa.select(Delivery.status))) == {Status.DELIVERED}
    assert metrics.differences(session) == []


def test_a_mail_that_two_processes_read_at_once_is_one_event(each_app: Flask) -> None:
    raw = RawMail.of(b"From: desk@office.example\nTo: nobody@bounces.example\nSubject: Thank you\n\nWe read it.\n")
    kinds: list[str] = []

    def read(_rows: Session) -> None:
        db.session.rollback()  # the intake has a transaction of its own
        kinds.append(intake.take("a-file-name", raw).kind)

    at_once(each_app, read, read, read)
    assert sorted(kinds) == ["duplicate", "duplicate", "unmatched"]
    assert db.session().scalar(sa.select(sa.func.count()).select_from(Event)) == 1


def test_a_waiting_mail_that_two_people_deal_with_at_once_is_dealt_with_once(each_app: Flask) -> None:
    _, letters = unclear(db.session(), 1)
    raw = RawMail.of(b"From: desk@office.example\nTo: nobody@bounces.example\nSubject: Thank you\n\nWe read it.\n")
    intake.take("a-file-name", raw)
    event_id = db.session().scalars(sa.select(Event.id)).one()
    db.session().rollback()
    told: list[str] = []

    def deal(act: Callable[[Session, datetime], object]) -> Work:
        def work(session: Session) -> None:
            now = database_now()
            try:
                with session.begin_nested():
                    act(session, now)
                told.append("recorded")
            except WrongState:
                told.append("too late")

        return work

    at_once(
        each_app,
        deal(lambda session, now: waiting.attach(session, event_id, letters[0], ResponseKind.FORM, now, "user:1")),
        deal(lambda session, now: waiting.attach(session, event_id, letters[0], ResponseKind.MEETING, now, "user:2")),
        deal(lambda session, now: waiting.set_aside(session, event_id, "spam", now, "user:3")),
    )
    assert sorted(told) == ["recorded", "too late", "too late"]
    session = db.session()
    assert session.scalar(sa.select(sa.func.count()).select_from(MailDecision)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Response)) in (0, 1)
    assert metrics.differences(session) == []


def test_two_tabs_that_begin_together_share_one_draft(each_app: Flask) -> None:
    session = db.session()
    with transaction(session):
        on = factories.campaign(session, factories.recommendation(session))
        company, _ = factories.company(session)
        who = factories.member(session, company)
        on_id, who_id = on.id, who.id

    def begin(rows: Session) -> int:
        return drafts.start(rows, rows.get_one(Member, who_id), rows.get_one(Campaign, on_id), None, NOW).id

    assert len(set(at_once(each_app, begin, begin, begin))) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Action)) == 1


def test_colleagues_who_choose_the_same_seat_together_keep_one_choice(each_app: Flask) -> None:
    session = db.session()
    with transaction(session):
        company, site = factories.company(session, zip="46901")
        found = sites.seats(session, site, NOW)
        code = (found.match.districts or found.match.suggested)[0].key
        site_id = site.id

    def choose(rows: Session) -> None:
        sites.choose(rows, rows.get_one(Facility, site_id), code, NOW, ConfirmedBy.MEMBER)

    at_once(each_app, choose, choose, choose)
    row = session.scalars(sa.select(DistrictMatch)).one()
    assert f"{row.chosen_state}-{row.chosen_district}" == code
    assert company.id == session.get_one(Facility, site_id).company_id


@pytest.mark.parametrize("reason", [SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINED])
def test_a_mail_program_that_unsubscribes_twice_at_once_is_told_yes_twice(
    each_app: Flask, reason: SuppressionReason
) -> None:
    def press(rows: Session) -> SuppressionReason:
        return suppressions.suppress(rows, "Ada@Company.example", reason, NOW).reason

    assert at_once(each_app, press, press, press) == [reason] * 3
    assert db.session().scalars(sa.select(Suppression.address)).all() == ["ada@company.example"]
