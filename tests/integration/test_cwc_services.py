"""Which offices take part, who may say otherwise, and letters made out for the gateways, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.cwc import builder, checker, validator
from campaign.channels.cwc.message import Agent, Filing, MoreInfo
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, Invalid, NotFound, TryLater, WrongState
from campaign.domain.statuses import Status
from campaign.models.audit import AuditEntry
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery
from campaign.models.gateway import GatewayFiling
from campaign.models.letter import Letter
from campaign.models.office import Office
from campaign.models.recommendation import Bill
from campaign.services import active_offices, cwc_filing, outgoing
from campaign.services.outbox import outcomes
from tests import factories
from tests.factories import NOW

AGENT = Agent("Countersign Test Agent", "Ada Quillback", "ada@agent.example", "202-555-0100", "ack@agent.example")
AGENTS = {Chamber.HOUSE: AGENT, Chamber.SENATE: replace(AGENT, name="Another Name There")}
DAY = timedelta(days=1)


def ids(session: Session, *codes: str) -> list[int]:
    found = dict(session.execute(sa.select(Office.code, Office.id).where(Office.code.in_(codes))).all())
    return [found[code] for code in codes]


def barred(session: Session, *codes: str, after: timedelta = timedelta(0)) -> dict[str, bool]:
    """Code -> whether it waits for a list, for those that get nothing."""
    found = active_offices.bars(session, ids(session, *codes), NOW + after)
    return {code: found[key].waits for code, key in zip(codes, ids(session, *codes), strict=True) if key in found}


def test_without_a_list_nobody_takes_part(each_session: Session) -> None:
    assert barred(each_session, "HIN05", "SIN01") == {"HIN05": True, "SIN01": True}
    assert [(each.fresh, each.listed) for each in active_offices.list_states(each_session, NOW)] == [(False, 0)] * 2


def test_a_list_lets_its_own_chamber_through_until_it_is_too_old(each_session: Session) -> None:
    with transaction(each_session) as session:
        told = active_offices.refresh(session, Chamber.HOUSE, {"HIN05", "HWA04", "HXX99", "SIN01"}, NOW)
    assert (told.listed, told.joined, told.left) == (2, ("HIN05", "HWA04"), ())
    assert barred(each_session, "HIN05", "HWA04", "HNV02", "SIN01") == {"HNV02": False, "SIN01": True}
    assert barred(each_session, "HIN05", after=timedelta(hours=36)) == {}
    assert barred(each_session, "HIN05", after=timedelta(hours=36, seconds=1)) == {"HIN05": True}
    assert active_offices.bars(each_session, ids(each_session, "HIN05"), NOW) == {}


def test_a_new_list_takes_the_place_of_the_old_and_a_failure_does_not(each_session: Session) -> None:
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05", "HWA04"}, NOW)
        active_offices.refresh(session, Chamber.SENATE, {"SIN01"}, NOW)
    with transaction(each_session) as session:
        told = active_offices.refresh(session, Chamber.HOUSE, {"HIN05", "HNV02"}, NOW + DAY)
        assert (told.joined, told.left) == (("HNV02",), ("HWA04",))
        active_offices.failed(session, Chamber.SENATE, "it did not answer", NOW + DAY)
    assert barred(each_session, "HIN05", "HNV02", "HWA04", "SIN01", after=DAY) == {"HWA04": False}
    house, senate = active_offices.list_states(each_session, NOW + DAY)
    assert (house.problem, senate.problem) == ("", "it did not answer")
    assert (senate.fetched_at, senate.tried_at) == (NOW, NOW + DAY)


@pytest.mark.parametrize("codes", [set(), {"SIN01"}, {"HXX99"}])
def test_a_list_that_names_nobody_changes_nothing(each_session: Session, codes: set[str]) -> None:
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05"}, NOW)
    with pytest.raises(Invalid), transaction(each_session) as session:
        active_offices.refresh(session, Chamber.HOUSE, codes, NOW + DAY)
    assert barred(each_session, "HIN05") == {}


def test_the_whole_list_of_a_chamber_is_taken(each_session: Session) -> None:
    codes = set(each_session.scalars(sa.select(Office.code).where(Office.chamber == Chamber.HOUSE)))
    with transaction(each_session) as session:
        assert active_offices.refresh(session, Chamber.HOUSE, codes, NOW).listed == 441


def test_a_suspension_beats_the_list_and_is_recorded(each_session: Session) -> None:
    (key,) = ids(each_session, "SIN01")
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.SENATE, {"SIN01", "SIN03"}, NOW)
        active_offices.suspend(session, key, " asked  by the office ", NOW, "user:1")
    assert barred(each_session, "SIN01", "SIN03") == {"SIN01": False}
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.SENATE, {"SIN01", "SIN03"}, NOW + DAY)
    assert barred(each_session, "SIN01", after=DAY) == {"SIN01": False}
    with pytest.raises(WrongState, match="suspended already"), transaction(each_session) as session:
        active_offices.suspend(session, key, "again", NOW, "user:2")
    with transaction(each_session) as session:
        assert active_offices.lift(session, key, NOW + DAY, "user:2")
    with transaction(each_session) as session:
        assert not active_offices.lift(session, key, NOW + DAY, "user:2")
    assert barred(each_session, "SIN01", after=DAY) == {}
    with transaction(each_session) as session:
        active_offices.suspend(session, key, "a second time", NOW + 2 * DAY, "user:1")
    entries = each_session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject == f"office:{key}").order_by(AuditEntry.id)
    )
    assert [(each.act, each.by, each.detail.get("reason")) for each in entries] == [
        ("office suspended at its gateway", "user:1", "asked by the office"),
        ("office suspension lifted", "user:2", None),
        ("office suspended at its gateway", "user:1", "a second time"),
    ]


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
def test_a_suspension_says_why(each_session: Session, reason: str) -> None:
    (key,) = ids(each_session, "SIN01")
    with pytest.raises(Invalid), transaction(each_session) as session:
        active_offices.suspend(session, key, reason, NOW, "user:1")


def test_only_an_office_of_congress_is_suspended(each_session: Session) -> None:
    (key,) = ids(each_session, "USTR")
    for each in (key, 999_999):
        with pytest.raises(NotFound), transaction(each_session) as session:
            active_offices.suspend(session, each, "why not", NOW, "user:1")


def letters(session: Session, **changes: str) -> dict[str, Delivery]:
    """Three signed letters of a member in Kokomo, by the office's code."""
    with transaction(session):
        company, _ = factories.company(session, "Bluestem Magnets")
        who = factories.member(
            session,
            company,
            **({"prefix": "Ms.", "first": "Ada", "last": "Quillback", "phone": "(765) 555-0100"} | changes),
        )
        first = factories.recommendation(session, "P1", topics=["Energy", "Commerce"])
        second = factories.recommendation(session, "P2", topics=["Commerce", "Taxation"], position="oppose")
        third = factories.recommendation(session, "P3", topics=[])
        second.bills = [Bill(congress=119, type="hr", number=1501)]
        third.bills = [Bill(congress=119, type="s", number=714)]
        here = factories.campaign(session, first, second, third, slug=f"minerals-{company.id}")
        factories.signed(session, who, here, "P1", "P2", "P3", story="We melt magnets here every day of the week.")
    rows = session.execute(sa.select(Office.code, Delivery).join(Office, Office.id == Delivery.office_id)).all()
    return {code: delivery for code, delivery in rows}  # noqa: C416 - dict() of rows is not typed


def filed(session: Session, *deliveries: Delivery) -> list[Filing]:
    with transaction(session):
        made = cwc_filing.filings(session, [each.id for each in deliveries], AGENTS, NOW)
    return [made[each.id] for each in deliveries]


def test_a_letter_is_made_out_as_it_was_signed(each_session: Session) -> None:
    found = letters(each_session)
    house, senate = filed(each_session, found["HIN05"], found["SIN01"])
    message = house.message
    assert validator.problems(message) == []
    assert checker.check(builder.build(message)) == []
    assert (message.chamber, message.office, message.agent.name) == ("house", "HIN05", "Countersign Test Agent")
    assert senate.message.agent.name == "Another Name There"
    member = message.member
    assert (member.first, member.employer, member.address1, member.state) == (
        "Ada",
        "Bluestem Magnets",
        "12 Demo Way",
        "IN",
    )
    assert (member.address_verified, member.email_verified, member.newsletter_opt_in) == (None, None, None)
    letter = each_session.scalars(sa.select(Letter).where(Letter.id == found["HIN05"].letter_id)).one()
    assert (message.letter.statement, message.letter.message) == (letter.statement, letter.message)
    assert "We melt magnets" in message.letter.message
    for text in (message.letter.statement, message.letter.message):
        assert letter.salutation not in text
        assert "12 Demo Way" not in text
        assert "Quillback" not in text


def test_the_page_that_verifies_a_letter_stands_in_it_where_that_is_wanted(session: Session) -> None:
    delivery = letters(session)["HIN05"]
    reference = session.scalars(sa.select(Letter.reference).where(Letter.id == delivery.letter_id)).one()
    for at, page, first in (
        (MoreInfo.LAST, f"http://localhost:8000/verify/{reference}", False),
        (MoreInfo.FIRST, f"http://localhost:8000/verify/{reference}", True),
        (MoreInfo.NONE, "", False),
    ):
        with transaction(session):
            session.execute(sa.update(Delivery).values(channel=ChannelName.CWC_HOUSE))
            envelope = replace(factories.ENVELOPE, agents=AGENTS, more_info_at=at)
            cargo = outgoing.parcels(session, [delivery.id], envelope, NOW)[delivery.id].cargo
        assert isinstance(cargo, Filing)
        assert (cargo.message.letter.more_info, cargo.more_info_first) == (page, first)


def test_one_position_for_all_is_that_of_the_first_with_a_bill(each_session: Session) -> None:
    (house,) = filed(each_session, letters(each_session)["HIN05"])
    said = house.message.letter
    assert (said.position, [(bill.type, bill.number) for bill in said.bills]) == ("con", [("hr", 1501)])
    assert said.topics == ("Energy", "Commerce", "Taxation")
    assert house.message.campaign_key.endswith("/P1/con")


@pytest.mark.parametrize(
    ("changes", "topics", "unfit"),
    [
        ({}, ["Energy"], set()),
        ({"prefix": "Mx."}, ["Energy"], {ChannelName.CWC_SENATE}),
        ({"prefix": ""}, ["Energy"], {ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE}),
        ({"phone": "765-555-0100 x5"}, ["Energy"], {ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE}),
        ({}, [], {ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE}),
        ({}, ["Minerals"], {ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE}),
    ],
)
def test_what_a_gateway_would_refuse_is_known_before_signing(
    session: Session, changes: dict[str, str], topics: list[str], unfit: set[ChannelName]
) -> None:
    with transaction(session):
        company, site = factories.company(session)
        who = factories.member(session, company, **({"prefix": "Ms."} | changes))
        card = factories.recommendation(session, topics=topics)
        assert cwc_filing.unfit(who, site, company, [card]) == unfit


def test_such_letters_go_another_way_from_the_start(each_session: Session) -> None:
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05"}, NOW)
        active_offices.refresh(session, Chamber.SENATE, {"SIN01", "SIN03"}, NOW)
        company, _ = factories.company(session)
        here = factories.campaign(
            session,
            factories.recommendation(session, "P1", topics=["Energy"]),
            factories.recommendation(session, "P2"),
            channels=["cwc", "print"],
        )
        factories.signed(session, factories.member(session, company, prefix="Mx."), here, "P1")
        factories.signed(session, factories.member(session, company, prefix="Dr."), here, "P2")
    ways = each_session.execute(
        sa.select(Delivery.channel, sa.func.count()).group_by(Delivery.channel).order_by(Delivery.channel)
    ).all()
    assert [tuple(each) for each in ways] == [(ChannelName.CWC_HOUSE, 1), (ChannelName.PRINT, 5)]


def test_what_a_member_never_told_is_a_problem_and_not_invented(each_session: Session) -> None:
    (house,) = filed(each_session, letters(each_session, prefix="", phone="555")["HIN05"])
    assert [(each.field, each.code) for each in validator.problems(house.message)] == [
        ("member.prefix", "required"),
        ("member.phone", "bad_format"),
    ]


def test_every_try_has_the_same_id_and_day(each_session: Session) -> None:
    delivery = letters(each_session)["HIN05"]
    (first,) = filed(each_session, delivery)
    with transaction(each_session):
        again = cwc_filing.filings(each_session, [delivery.id], AGENTS, NOW + 3 * DAY)[delivery.id]
    assert again.message == first.message
    assert (first.message.delivery_date, len(first.message.delivery_id)) == ("2026-06-15", 32)
    row = each_session.get_one(GatewayFiling, delivery.id)
    assert (row.message_id, len(row.digest)) == (first.message.delivery_id, 64)


def tried(
    session: Session, delivery: Delivery, number: int, outcome: AttemptOutcome | None, code: str | None = None
) -> None:
    with transaction(session):
        session.add(
            Attempt(
                delivery_id=delivery.id,
                number=number,
                worker="w",
                started_at=NOW,
                finished_at=NOW if outcome else None,
                outcome=outcome,
                code=code,
            )
        )


@pytest.mark.parametrize(
    ("outcome", "code", "doubt"),
    [
        (AttemptOutcome.TRY_LATER, "503", False),
        (AttemptOutcome.TRY_LATER, None, False),
        (AttemptOutcome.TRY_LATER, IN_DOUBT, True),
        (AttemptOutcome.UNCLEAR, IN_DOUBT, True),
        (None, None, True),
    ],
)
def test_the_cargo_says_which_try_it_is_and_whether_one_is_in_doubt(
    each_session: Session, outcome: AttemptOutcome | None, code: str | None, doubt: bool
) -> None:
    delivery = letters(each_session)["HIN05"]
    (first,) = filed(each_session, delivery)
    assert (first.try_number, first.in_doubt) == (1, False)
    tried(each_session, delivery, 1, outcome, code)
    (second,) = filed(each_session, delivery)
    assert (second.try_number, second.in_doubt) == (2, doubt)
    assert second.message == first.message


def test_a_refused_letter_goes_under_a_new_id(each_session: Session) -> None:
    delivery = letters(each_session)["HIN05"]
    (first,) = filed(each_session, delivery)
    tried(each_session, delivery, 1, AttemptOutcome.TRY_LATER, IN_DOUBT)
    tried(each_session, delivery, 2, AttemptOutcome.REFUSED, "400")
    (second,) = filed(each_session, delivery)
    assert second.message.delivery_id != first.message.delivery_id
    assert (second.try_number, second.in_doubt) == (1, False)
    tried(each_session, delivery, 3, AttemptOutcome.TRY_LATER, "503")
    (third,) = filed(each_session, delivery)
    assert (third.try_number, third.message.delivery_id) == (2, second.message.delivery_id)


def test_an_office_that_is_barred_says_so_in_the_cargo(each_session: Session) -> None:
    found = letters(each_session)
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.HOUSE, {"HNV02"}, NOW)
    house, senate = filed(each_session, found["HIN05"], found["SIN01"])
    assert house.barred is not None
    assert not house.barred.waits
    assert senate.barred is not None
    assert senate.barred.waits
    with transaction(each_session) as session:
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05"}, NOW)
    assert filed(each_session, found["HIN05"])[0].barred is None


def test_mail_to_members_has_no_filing(each_session: Session) -> None:
    assert cwc_filing.filings(each_session, [], AGENTS, NOW) == {}
    assert cwc_filing.filings(each_session, [987654], AGENTS, NOW) == {}


def test_when_tries_are_used_up_what_may_have_arrived_is_unclear_and_not_failed(each_session: Session) -> None:
    delivery = letters(each_session)["SIN01"]
    late = delivery.give_up_at
    doubtful = outcomes.settle(delivery.id, delivery, TryLater("silence", code=IN_DOUBT), late, 0.5)
    certain = outcomes.settle(delivery.id, delivery, TryLater("busy", code="503"), late, 0.5)
    assert (doubtful.status, certain.status) == (Status.UNCLEAR, Status.FAILED)
