"""The demonstration, loaded once: the plan's figures reached by the services' own rules, and nothing invented unlabelled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.app import create_app
from campaign.channels.cwc import validator
from campaign.channels.cwc.message import Agent
from campaign.cli.demo import demo_link
from campaign.cli.schema import upgrade_database
from campaign.demo import loader
from campaign.demo.history_tables import LETTERS_BY_DAY
from campaign.domain.channels import BY_HAND, ChannelKind, names_of
from campaign.domain.districts import Chamber
from campaign.domain.errors import Invalid, NotAllowed, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import CampaignStatus, Status
from campaign.extensions import db
from campaign.models.action import Action, Consent
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.company import Company, Facility
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, DeliveryChange
from campaign.models.event import EventBody
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.office import Legislator, Office, Tenure
from campaign.models.organization import Organization
from campaign.models.position import Position, Stance
from campaign.models.response import Response
from campaign.models.rollup import Rollup
from campaign.models.user import User
from campaign.runtime import runtime
from campaign.services import audit, cwc_filing, metrics, offices, sites
from campaign.simulator.scripted import NOT_THEIRS, STAND_IN
from tests.factories import NOW
from tests.integration.conftest import settings

AS_OF = date(2026, 6, 15)
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = create_app(settings(tmp_path_factory.mktemp("demo")))
    with made.app_context():
        upgrade_database()
        lines: list[str] = []
        loader.load(AS_OF, echo=lines.append)
        made.config["LINES"] = lines
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def rows(demo: Flask) -> Iterator[Session]:
    session: Session = db.session()
    yield session
    session.rollback()


def _count(session: Session, model: type[object]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def _campaign(session: Session, slug: str = "critical-minerals") -> Campaign:
    return session.scalars(sa.select(Campaign).where(Campaign.slug == slug)).one()


def _statuses(session: Session, slug: str = "critical-minerals") -> dict[tuple[str, str], int]:
    query = (
        sa.select(Delivery.channel, Delivery.status, sa.func.count())
        .where(Delivery.letter_id.is_not(None), Delivery.campaign_id == _campaign(session, slug).id)
        .group_by(Delivery.channel, Delivery.status)
    )
    return {(str(channel), str(status)): number for channel, status, number in session.execute(query)}


# --- the association ----------------------------------------------------------------------------------------------------


def test_the_association_is_all_there(rows: Session) -> None:
    assert rows.get_one(Organization, 1).is_demonstration
    assert _count(rows, Company) == 24
    assert rows.scalar(sa.select(sa.func.count()).where(Facility.company_id.is_not(None))) == 32
    assert rows.scalar(sa.select(sa.func.count()).where(Member.company_id.is_not(None))) == 96
    assert rows.scalar(sa.select(sa.func.count()).where(Member.company_id.is_(None))) == 62
    assert rows.scalar(sa.select(sa.func.sum(Facility.jobs))) == 5_492


def test_the_three_campaigns_are_live_closed_and_a_draft(rows: Session) -> None:
    found = dict(rows.execute(sa.select(Campaign.slug, Campaign.status)).all())
    assert found == {
        "critical-minerals": CampaignStatus.LIVE,
        "one-list-one-rulebook": CampaignStatus.CLOSED,
        "keep-scrap-at-work": CampaignStatus.DRAFT,
    }


def test_nobody_has_a_password_that_somebody_could_know(rows: Session) -> None:
    passwords = dict(rows.execute(sa.select(User.email, User.password)).all())
    known = {email: password for email, password in passwords.items() if password is not None}
    assert {email.rpartition("@")[2] for email in known} == {"bluestem.example"}
    assert len(known) == 3
    assert all(password.startswith("$argon2") for password in known.values())


# --- letters and what became of them --------------------------------------------------------------------------------------


def test_166_letters_went_the_ways_that_there_are_today(rows: Session) -> None:
    assert _statuses(rows) == {
        ("cwc_house", "delivered"): 29,
        ("cwc_house", "accepted"): 2,
        ("cwc_house", "refused"): 3,
        ("cwc_house", "unclear"): 2,
        ("cwc_house", "failed"): 1,
        ("cwc_senate", "delivered"): 43,
        ("cwc_senate", "accepted"): 4,
        ("cwc_senate", "refused"): 4,
        ("cwc_senate", "unclear"): 2,
        ("cwc_senate", "queued"): 2,
        ("smtp", "delivered"): 7,
        ("smtp", "refused"): 1,
        ("smtp", "bounced"): 2,
        ("handoff", "delivered"): 13,
        ("handoff", "queued"): 8,
        ("handoff", "cancelled"): 3,
        ("docket_packet", "delivered"): 9,
        ("docket_packet", "queued"): 5,
        ("docket_packet", "expired"): 2,
        ("print_provider", "delivered"): 14,
        ("print_provider", "accepted"): 8,
        ("print_provider", "failed"): 1,
        ("print_provider", "bounced"): 1,
    }
    assert sum(_statuses(rows).values()) == 166


def test_the_closed_campaign_ended_with_67_of_76_letters_delivered(rows: Session) -> None:
    statuses: Counter[str] = Counter()
    for (_, status), number in _statuses(rows, "one-list-one-rulebook").items():
        statuses[status] += number
    assert statuses == {"delivered": 67, "refused": 5, "cancelled": 4}


def test_the_letters_lie_on_the_days_of_the_plan_and_before_the_day_it_was_loaded_for(rows: Session) -> None:
    query = sa.select(Letter.signed_on, sa.func.count()).where(Letter.campaign_id == _campaign(rows).id)
    by_day = dict(rows.execute(query.group_by(Letter.signed_on)).all())
    planned = {date.fromordinal(AS_OF.toordinal() - 21 + n): count for n, count in enumerate(LETTERS_BY_DAY) if count}
    assert by_day == planned
    newest = rows.scalar(sa.select(sa.func.max(DeliveryChange.at)))
    assert newest is not None
    assert newest < datetime(2026, 6, 15, 4, tzinfo=UTC)  # midnight in the association's zone


def test_every_letter_by_a_gateway_is_fit_for_it(rows: Session) -> None:
    """With the real registered name and contact the rest is the letter's own."""
    agent = Agent("Countersign", "Simulated contact", "gateways@bluestem.example", "202-555-0100", "a@bluestem.example")
    by_gateway = Delivery.channel.in_(names_of(ChannelKind.CWC))
    ids = list(rows.scalars(sa.select(Delivery.id).where(by_gateway, Delivery.letter_id.is_not(None))))
    filings = cwc_filing.filings(rows, ids, dict.fromkeys((Chamber.HOUSE, Chamber.SENATE), agent), NOW)
    rows.rollback()
    assert len(filings) == len(ids) > 90
    found = {(each.field, each.code) for filing in filings.values() for each in validator.problems(filing.message)}
    assert found == set()


def test_the_funnel_is_that_of_the_plan(rows: Session) -> None:
    assert metrics.people(rows, _campaign(rows).id) == metrics.People(96, 3, 71, 147, 52)
    closed = metrics.people(rows, _campaign(rows, "one-list-one-rulebook").id)
    assert (closed.invited, closed.opened, closed.acted) == (62, 43, 26)


def test_eleven_letters_needed_two_tries_and_two_needed_three(rows: Session) -> None:
    query = (
        sa.select(Delivery.tries, sa.func.count())
        .where(Delivery.campaign_id == _campaign(rows).id, Delivery.status == Status.DELIVERED)
        .where(Delivery.channel.not_in(BY_HAND))
        .group_by(Delivery.tries)
    )
    assert dict(rows.execute(query).all()) == {1: 80, 2: 11, 3: 2}


def test_the_outage_of_the_ninth_day_shows_as_waiting_letters_that_left_when_it_was_over(rows: Session) -> None:
    waited = list(rows.scalars(sa.select(Attempt.delivery_id).where(Attempt.code == "503").distinct()))
    assert len(waited) == 4
    left = rows.scalars(
        sa.select(Attempt.started_at).where(Attempt.delivery_id.in_(waited), Attempt.outcome == AttemptOutcome.RECEIPT)
    ).all()
    begins, ends = datetime(2026, 6, 2, 19, 30, tzinfo=UTC), datetime(2026, 6, 2, 20, 10, tzinfo=UTC)
    assert len(left) == 4
    assert all(begins <= at <= ends for at in left)


def test_no_letter_went_without_consent_and_every_text_is_the_one_that_was_signed(rows: Session) -> None:
    letters = rows.execute(
        sa.select(Letter, Consent, Action)
        .join(Consent, Consent.id == Letter.consent_id)
        .join(Action, Action.id == Letter.action_id)
    ).all()
    assert len(letters) == 166 + 76
    for letter, consent, action in letters:
        assert consent.action_id == action.id
        assert consent.at <= letter.signed_at
    orphans = sa.select(sa.func.count()).where(Delivery.letter_id.is_not(None), Delivery.consent_id.is_(None))
    assert rows.scalar(orphans) == 0


def test_a_chair_is_asked_as_chair_only_for_what_their_committee_decides(rows: Session) -> None:
    """The chair of Ways and Means can hold a hearing on the credit and cannot report a permitting bill."""
    letters = rows.scalars(sa.select(Letter).where(Letter.target == "HMO08")).all()
    assert len(letters) == 2
    for letter in letters:
        assert "Dear Chair Smith:" in letter.body
        assert "Please hold a hearing on restoring section 45X" in letter.body
        assert "Please work with the Senate on a final text of H.R. 4776" in letter.body


def test_the_kept_figures_equal_the_rows_and_the_record_holds(rows: Session) -> None:
    assert _count(rows, Rollup) > 0
    assert metrics.differences(rows) == []
    assert _count(rows, AuditEntry) > 0
    assert audit.first_broken(rows) is None


# --- nothing invented without a label -----------------------------------------------------------------------------------


def test_every_stand_in_says_that_it_is_one_and_covers_a_real_holder(rows: Session) -> None:
    query = sa.select(Legislator, Tenure.office_id).join(Tenure, Tenure.legislator_id == Legislator.id)
    found = rows.execute(query.where(Tenure.is_stand_in)).all()
    assert sorted(person.bioguide for person, _ in found) == [f"DEMO00{n}" for n in range(1, 6)]
    shown = offices.holder_at(rows, [office_id for _, office_id in found], AT)
    assert all(person.official_full.endswith(STAND_IN) and not person.party for person, _ in found)
    assert all(holder.stand_in and holder.name.endswith(STAND_IN) for holder in shown.values())
    real = sa.select(Tenure.office_id).where(~Tenure.is_stand_in, Tenure.ends_at.is_(None))
    assert {office_id for _, office_id in found} <= set(rows.scalars(real))


def test_what_real_offices_sent_says_that_they_did_not_write_it(rows: Session) -> None:
    answers = rows.execute(
        sa.select(Letter.campaign_id, Letter.addressee, Response).join(Letter, Letter.id == Response.letter_id)
    ).all()
    kinds = Counter((campaign_id, answer.kind) for campaign_id, _, answer in answers)
    live, closed = _campaign(rows).id, _campaign(rows, "one-list-one-rulebook").id
    assert kinds == {
        (live, ResponseKind.ACKNOWLEDGEMENT): 60,
        (live, ResponseKind.FORM): 20,
        (live, ResponseKind.SUBSTANTIVE): 6,
        (live, ResponseKind.MEETING): 3,
        (closed, ResponseKind.ACKNOWLEDGEMENT): 40,
        (closed, ResponseKind.FORM): 33,
    }
    for _, addressee, answer in answers:
        if addressee.endswith(STAND_IN):
            assert "imulation" in answer.text or "Demonstration reply by an invented office." in answer.text
        else:
            assert answer.text.startswith(NOT_THEIRS)
            assert answer.kind in (ResponseKind.ACKNOWLEDGEMENT, ResponseKind.FORM)


def test_no_position_but_a_public_act_is_held_by_a_real_legislator(rows: Session) -> None:
    found = rows.execute(
        sa.select(Position, Legislator.bioguide).join(Legislator, Legislator.id == Position.legislator_id)
    ).all()
    real = [position for position, bioguide in found if not bioguide.startswith("DEMO")]
    assert len(real) == 11
    assert all(position.stance is Stance.SUPPORTS for position in real)
    assert len(found) - len(real) == 3 + 3  # where three stand-ins began, and three changes


def test_every_address_is_invented_and_every_way_leads_to_the_simulation(rows: Session) -> None:
    addresses = list(rows.scalars(sa.select(Delivery.to_address).where(Delivery.to_address != "").distinct()))
    by_mail = [each for each in addresses if "@" in each]
    assert by_mail
    assert all(each.endswith(".example") for each in by_mail)
    codes = set(rows.scalars(sa.select(Office.code)))
    pages = {
        *(each for each in addresses if "@" not in each and each not in codes),
        *rows.scalars(sa.select(Office.form_url)),
    } - {""}
    assert all(each.startswith("http://localhost:8026/") for each in pages)
    raw = b"\n".join(rows.scalars(sa.select(EventBody.raw)))
    domains = re.findall(rb"@[\w.-]+", raw)
    assert all(each.rstrip(b".").endswith(b".example") for each in domains)


# --- a newcomer, and a second load ----------------------------------------------------------------------------------------


def test_the_newcomer_has_a_plain_case_before_them(rows: Session) -> None:
    member = rows.scalars(sa.select(Member).where(Member.email == loader.NEWCOMER)).one()
    assert rows.scalar(sa.select(sa.func.count()).where(Action.member_id == member.id)) == 0
    (site,) = sites.of_member(rows, member)
    seats = sites.seats(rows, site, AT)
    assert seats.settled
    assert len(seats.holders) == 3
    assert not any(holder.stand_in for holder in seats.holders)


@pytest.mark.parametrize(
    ("role", "path"), [("member", loader.NEWCOMER_PATH), ("organizer", "/organize/"), ("admin", "/organize/")]
)
def test_a_printed_link_works_once(demo: Flask, role: str, path: str) -> None:
    door = demo_link(role).removeprefix("http://localhost:8000")
    # another app on the same data: requests to the one whose context is open here would share their `g`
    site = create_app(runtime().settings)
    client = site.test_client()
    page = client.get(door)
    assert page.status_code == 200
    field = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
    assert field is not None
    entered = client.post(door, data={"csrf_token": field[1]})
    assert entered.status_code == 303
    assert entered.headers["Location"] == path
    assert site.test_client().get(door).status_code == 410
    with site.app_context():
        db.engine.dispose()


def test_a_second_load_is_refused_and_changes_nothing(rows: Session) -> None:
    before = _count(rows, Delivery)
    rows.rollback()
    with pytest.raises(WrongState):
        loader.load(AS_OF, echo=lambda _: None)
    assert _count(rows, Delivery) == before


def test_the_load_tells_each_day_and_the_figures(demo: Flask) -> None:
    lines: list[str] = demo.config["LINES"]
    assert any(line.startswith("May 25: invited 48, visits 22, actions 4, letters signed 13") for line in lines)
    assert lines[-2].startswith("Critical minerals strategy: 166 letters")
    assert lines[-1].startswith("One list, one rulebook: 76 letters")


# --- where it may not be loaded -------------------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory, demo: Flask) -> Iterator[Flask]:
    made = create_app(settings(tmp_path_factory.mktemp("empty")))
    with made.app_context():
        upgrade_database()
        yield made
        db.session.remove()
        db.engine.dispose()


def test_a_load_that_is_cut_short_leaves_an_empty_database_behind(empty: Flask) -> None:
    def cut(line: str) -> None:
        if line.startswith("May 25"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loader.load(AS_OF, echo=cut)
    session: Session = db.session()
    assert [_count(session, model) for model in (Organization, User, Office, Delivery)] == [0, 0, 0, 0]


@pytest.mark.parametrize("day", [date(2026, 6, 16), date(2027, 2, 1)])
def test_only_a_monday_that_the_data_cover_will_do(empty: Flask, day: date) -> None:
    with pytest.raises(Invalid):
        loader.load(day, echo=lambda _: None)
    assert _count(db.session(), Organization) == 0


def test_it_is_not_loaded_where_mail_leaves_for_a_real_relay(
    tmp_path_factory: pytest.TempPathFactory, demo: Flask
) -> None:
    made = create_app(settings(tmp_path_factory.mktemp("real"), simulated=False, smtp_host="relay.association.example"))
    with made.app_context(), pytest.raises(NotAllowed):
        loader.load(AS_OF, echo=lambda _: None)
