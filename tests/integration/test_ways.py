"""A way that is not set up here is passed over, what waits for one can go on, and a campaign's order is changed by a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import BY_HAND, ChannelKind, ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, Invalid, Refused, WrongState
from campaign.domain.statuses import CampaignStatus, Status
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, Delivery
from campaign.models.docket import Portal
from campaign.models.letter import Letter
from campaign.models.office import Office
from campaign.services import active_offices, decisions, health, metrics, outbox, previews, signing, stranded, ways
from campaign.services.decisions import Decision
from campaign.services.health import Part
from campaign.services.signing import Signature
from tests import factories
from tests.factories import NOW, SET_UP
from tests.integration.test_organizer_pages import Browser
from tests.integration.test_sending import LATER, loop

HERE = SET_UP - {ChannelName.PRINT_PROVIDER, ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE, ChannelName.DOCKET_API}
"""What an installation without a print provider, gateways and a key for regulations.gov has."""
ORDER = ["cwc", "print_provider", "smtp", "print"]


def signed(session: Session, set_up: frozenset[ChannelName], order: list[str], on_paper: bool = False) -> Campaign:
    """Three letters whose offices take every way."""
    with transaction(session):
        factories.staff_address(session)
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05"}, NOW)
        active_offices.refresh(session, Chamber.SENATE, {"SIN01", "SIN03"}, NOW)
        company, _ = factories.company(session)
        who = factories.member(session, company, prefix="Ms.")
        card = factories.recommendation(session, "P1", topics=["Energy"])
        on = factories.campaign(session, card, channels=order)
        action = factories.draft(session, who, on, "P1")
        view = previews.preview(session, action, set_up, NOW)
        targets = frozenset(each.target for each in view.prepared) if on_paper else frozenset()
        signing.sign(session, action.id, Signature(who.name, view.digest, "test", on_paper=targets), set_up, NOW)
    return on


def channels(session: Session) -> set[ChannelName]:
    session.expire_all()
    return set(session.scalars(sa.select(Delivery.channel).where(~Delivery.superseded)))


# --- what is not set up is passed over -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_up", "order", "chosen"),
    [
        (SET_UP, ORDER, {ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE}),
        (SET_UP - {ChannelName.CWC_SENATE}, ORDER, {ChannelName.CWC_HOUSE, ChannelName.PRINT_PROVIDER}),
        (HERE | {ChannelName.PRINT_PROVIDER}, ORDER, {ChannelName.PRINT_PROVIDER}),
        (HERE, ORDER, {ChannelName.SMTP}),
        (HERE, ["print_provider"], {ChannelName.PRINT}),
        (SET_UP, ["smtp", "cwc"], {ChannelName.SMTP}),
    ],
)
def test_a_letter_goes_the_first_way_that_is_set_up_here(
    session: Session, set_up: frozenset[ChannelName], order: list[str], chosen: set[ChannelName]
) -> None:
    signed(session, set_up, order)
    assert channels(session) == chosen


@pytest.mark.parametrize(("set_up", "chosen"), [(SET_UP, ChannelName.PRINT_PROVIDER), (HERE, ChannelName.PRINT)])
def test_what_shall_go_on_paper_is_printed_by_whom_there_is(
    session: Session, set_up: frozenset[ChannelName], chosen: ChannelName
) -> None:
    signed(session, set_up, ORDER, on_paper=True)
    assert channels(session) == {chosen}


@pytest.mark.parametrize(("set_up", "chosen"), [(SET_UP, ChannelName.DOCKET_API), (HERE, ChannelName.DOCKET_PACKET)])
def test_a_comment_is_a_packet_where_the_portals_interface_is_not_set_up(
    session: Session, set_up: frozenset[ChannelName], chosen: ChannelName
) -> None:
    with transaction(session):
        company, _ = factories.company(session)
        where = factories.docket(
            session, portal=Portal.REGULATIONS_GOV, document_id="DEMO-2026-0001-0001", by_machine=True
        )
        card = factories.recommendation(session, "D1", docket=where)
        who = factories.member(session, company)
        action = factories.draft(session, who, factories.campaign(session, card), "D1")
        (prepared,) = previews.preview(session, action, set_up, NOW).prepared
    assert prepared.route.channel is chosen


@pytest.mark.parametrize(("set_up", "follows"), [(SET_UP, ChannelName.PRINT_PROVIDER), (HERE, ChannelName.PRINT)])
def test_a_worker_goes_on_by_what_is_set_up_here(
    each_session: Session, set_up: frozenset[ChannelName], follows: ChannelName
) -> None:
    signed(each_session, HERE, ["smtp", "print_provider", "print"])
    refusal = Refused("the office takes no letters here", falls_through=True)
    outbox.send_due(each_session, replace(loop(MemoryChannel(answers=[refusal])), set_up=set_up))
    assert channels(each_session) == {ChannelName.SMTP, follows}


# --- what waits for a way that is gone -------------------------------------------------------------------------------


def waiting(session: Session) -> Delivery:
    """Three letters wait for a print provider, whose settings were taken away since."""
    signed(session, SET_UP, ["print_provider", "smtp"])
    return session.scalars(sa.select(Delivery).order_by(Delivery.id).limit(1)).one()


def in_doubt(session: Session, delivery: Delivery) -> None:
    with transaction(session):
        session.add(
            Attempt(delivery_id=delivery.id, number=1, worker="w", started_at=NOW, finished_at=NOW, code=IN_DOUBT)
        )


def test_a_person_sends_a_stranded_letter_another_way(each_session: Session) -> None:
    session = each_session
    row = waiting(session)
    assert decisions.offered(row, SET_UP) == ()
    assert decisions.offered(row, HERE) == (Decision.ANOTHER_WAY,)
    with transaction(session), pytest.raises(WrongState):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, LATER, "", "user:1")
    with transaction(session):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, HERE, LATER, "", "user:1")
    session.expire_all()
    old, new = session.scalars(sa.select(Delivery).where(Delivery.letter_id == row.letter_id).order_by(Delivery.id))
    assert (old.status, old.superseded, old.reason) == (Status.CANCELLED, True, "Print provider is not set up here")
    assert (new.channel, new.status, new.superseded) == (ChannelName.SMTP, Status.QUEUED, False)
    assert metrics.differences(session) == []


def test_one_that_may_have_arrived_stays_where_it_is(each_session: Session) -> None:
    session = each_session
    row = waiting(session)
    in_doubt(session, row)
    with transaction(session), pytest.raises(WrongState, match="may have arrived"):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, HERE, LATER, "", "user:1")
    with transaction(session):
        piece = stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, HERE, 0, LATER, "user:1")
    assert (piece.moved, piece.stay, piece.last) == (2, 1, None)
    session.expire_all()
    assert session.get_one(Delivery, row.id).status is Status.QUEUED
    assert metrics.differences(session) == []


def test_a_letter_without_another_way_stays_as_it_is(each_session: Session) -> None:
    session = each_session
    row = waiting(session)
    nothing_else = BY_HAND - {ChannelName.PRINT, ChannelName.HANDOFF}  # no installation is without paper
    with transaction(session):
        with pytest.raises(WrongState, match="Every way"):
            decisions.decide(session, row.id, Decision.ANOTHER_WAY, nothing_else, LATER, "", "user:1")
        piece = stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, nothing_else, 0, LATER, "user:1")
    assert (piece.moved, piece.stay) == (0, 3)
    session.expire_all()
    assert set(session.scalars(sa.select(Delivery.status))) == {Status.QUEUED}
    assert metrics.differences(session) == []


def test_a_comment_whose_interface_is_gone_becomes_a_packet(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        company, _ = factories.company(session)
        where = factories.docket(
            session, portal=Portal.REGULATIONS_GOV, document_id="DEMO-2026-0001-0001", by_machine=True
        )
        card = factories.recommendation(session, "D1", docket=where)
        factories.signed(session, factories.member(session, company), factories.campaign(session, card), "D1")
        row = session.scalars(sa.select(Delivery)).one()
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, HERE, LATER, "", "user:1")
    assert channels(session) == {ChannelName.DOCKET_PACKET}


def test_all_of_them_go_on_in_pieces_and_twice_is_safe(each_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session = each_session
    waiting(session)
    monkeypatch.setattr(stranded, "PIECE", 2)
    with transaction(session):
        first = stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, HERE, 0, LATER, "user:1")
        assert first.last is not None
        second = stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, HERE, first.last, LATER, "user:1")
        again = stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, HERE, 0, LATER, "user:1")
    assert [each.moved for each in (first, second, again)] == [2, 1, 0]
    assert channels(session) == {ChannelName.SMTP}
    numbers = [
        entry.detail["number"]
        for entry in session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "letters sent another way"))
    ]
    assert numbers == [2, 1]
    assert metrics.differences(session) == []


def test_letters_of_a_closed_campaign_and_channels_that_are_here_stay(session: Session) -> None:
    waiting(session)
    with transaction(session), pytest.raises(WrongState):
        stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, SET_UP, 0, LATER, "user:1")
    with transaction(session):
        session.execute(sa.update(Campaign).values(status=CampaignStatus.CLOSED))
        assert stranded.send_another_way(session, ChannelName.PRINT_PROVIDER, HERE, 0, LATER, "user:1").moved == 0


# --- the order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "order"),
    [
        ([], ("cwc", "smtp", "handoff", "print")),
        (["smtp"], ("smtp", "print")),
        (["smtp", "print", "handoff"], ("smtp", "print")),
        (["smtp", "docket", "smtp", "pigeon"], ("smtp", "print")),
        (["print_provider", "print"], ("print_provider", "print")),
    ],
)
def test_an_order_is_read_as_letters_follow_it(stored: list[str], order: tuple[str, ...]) -> None:
    assert ways.effective(stored) == order


def test_an_order_is_changed_once_and_recorded(each_session: Session) -> None:
    session = each_session
    on = signed(session, HERE, ["smtp", "handoff", "print"])
    seen = ("smtp", "handoff", "print")
    for _ in range(2):
        with transaction(session):
            ways.set_order(session, on.id, ("handoff", "print"), seen, LATER, "user:1")
    assert session.get_one(Campaign, on.id).channels == ["handoff", "print"]
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "order of ways")).one()
    assert entry.detail == {"before": "smtp handoff print", "after": "handoff print"}
    assert channels(session) == {ChannelName.SMTP}  # what is queued stays
    with transaction(session), pytest.raises(WrongState, match="Somebody else"):
        ways.set_order(session, on.id, ("print",), seen, LATER, "user:2")
    for bad in ((), ("print", "smtp"), ("pigeon", "print"), ("smtp", "smtp", "print")):
        with transaction(session), pytest.raises(Invalid):
            ways.set_order(session, on.id, bad, ("handoff", "print"), LATER, "user:1")
    with transaction(session):
        session.execute(sa.update(Campaign).values(status=CampaignStatus.CLOSED))
    with transaction(session), pytest.raises(WrongState, match="closed"):
        ways.set_order(session, on.id, ("print",), ("handoff", "print"), LATER, "user:1")


def test_each_way_is_counted_by_what_offices_take_now(session: Session) -> None:
    signed(session, SET_UP, ["smtp", "print"])
    ids = dict(session.execute(sa.select(Office.code, Office.id).where(Office.code.in_(("HIN05", "SIN01")))).all())
    with transaction(session):
        session.execute(
            sa.update(Office).where(Office.code == "SIN01").values(channels=[ChannelKind.PRINT], form_url="")
        )
        session.execute(sa.update(Office).where(Office.code == "HIN05").values(form_url="https://office.example/form"))
    found = ways.by_office(
        session, list(ids.values()), ("handoff", "smtp", "print"), HERE | {ChannelName.CWC_HOUSE}, NOW
    )
    assert found[ids["HIN05"]] == ["handoff", "smtp", "print", "cwc"]
    assert found[ids["SIN01"]][0] == "print"
    assert "cwc" not in found[ids["SIN01"]]


# --- what health says ------------------------------------------------------------------------------------------------


def told(session: Session, set_up: frozenset[ChannelName]) -> list[str]:
    session.rollback()
    found = health.report(session, set_up, True, LATER).problems
    session.rollback()
    return [each.words for each in found if each.part is Part.CHANNELS]


def test_an_order_that_names_what_is_not_set_up_is_said(each_session: Session) -> None:
    on = signed(each_session, SET_UP, ORDER)
    with transaction(each_session):
        each_session.execute(sa.delete(Attempt))
        each_session.execute(sa.update(Delivery).values(channel=ChannelName.SMTP))
    assert told(each_session, SET_UP) == []
    (words,) = told(each_session, SET_UP - {ChannelName.PRINT_PROVIDER})
    assert words.startswith(f"“{on.name}” names Print provider in its order of ways")
    assert told(each_session, SET_UP - {ChannelName.CWC_SENATE}) == []  # the House is there
    assert len(told(each_session, HERE)) == 2
    with transaction(each_session):
        each_session.execute(sa.update(Campaign).values(status=CampaignStatus.CLOSED))
    assert told(each_session, HERE) == []


def test_a_gateways_list_that_is_too_old_or_was_never_read_is_said(each_session: Session) -> None:
    set_up = BY_HAND | {ChannelName.SMTP, ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE}
    with transaction(each_session):
        active_offices.refresh(each_session, Chamber.HOUSE, {"HIN05"}, LATER - active_offices.FRESH)
        active_offices.failed(each_session, Chamber.SENATE, "the Senate gateway does not answer", LATER)
    (senate,) = told(each_session, set_up)
    assert senate == "Senate gateway: the list of offices that take part was never read. No letter passes."
    with transaction(each_session):
        active_offices.refresh(
            each_session, Chamber.HOUSE, {"HIN05"}, LATER - active_offices.FRESH - timedelta(seconds=1)
        )
        active_offices.refresh(each_session, Chamber.SENATE, {"SIN01"}, LATER)
    (house,) = told(each_session, set_up)
    assert house == "House gateway: the list of offices that take part is older than 36 hours. No letter passes."
    assert told(each_session, set_up - {ChannelName.CWC_HOUSE}) == []


# --- the pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(app: Flask) -> Browser:
    with transaction(db.session()) as session:
        factories.user(session, "desk@association.example", "organizer", name="Priya Raman")
    return Browser(app, "desk@association.example")


def path(on: Campaign) -> str:
    return f"/organize/c/{on.slug}/ways"


def test_the_page_says_what_each_way_could_take_and_what_is_not_set_up(desk: Browser, session: Session) -> None:
    on = signed(session, HERE, ORDER)
    page = desk.text(path(on))
    assert page.index("1. Congress gateway") < page.index("2. Print provider") < page.index("3. E-mail")
    assert "4. Print and post" in page
    assert page.count("Letters pass it over.") == 2
    assert f"/organize/c/{on.slug}/offices?way=smtp" in page
    assert "Could get letters this way now: <b>E-mail</b>" in desk.text(f"/organize/c/{on.slug}/offices?way=smtp")
    assert "HIN05" in desk.text(f"/organize/c/{on.slug}/offices?way=print")
    assert "HIN05" not in desk.text(f"/organize/c/{on.slug}/offices?way=cwc").partition("<main")[2]
    assert f'href="{path(on)}"' in desk.text("/organize/health")
    assert f'href="{path(on)}"' in desk.text(f"/organize/c/{on.slug}")


def test_steps_are_shown_and_only_save_keeps_them(desk: Browser, session: Session) -> None:
    on = signed(session, HERE, ["smtp", "handoff", "print"])
    where, seen = path(on), "smtp handoff print"
    desk.get(where)
    for order, press, then in (
        (seen, "down smtp", "handoff smtp print"),
        (seen, "up handoff", "handoff smtp print"),
        (seen, "up smtp", seen),
        (seen, "out smtp", "handoff print"),
        ("handoff print", "in print_provider", "handoff print_provider print"),
        (seen, "out print", seen),
        (seen, "in pigeon", seen),
    ):
        answer = desk.post(where, order=order, seen=seen, press=press)
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        assert f'name="order" type="hidden" value="{then}"' in page, (press, then)
        assert f'name="seen" type="hidden" value="{seen}"' in page
        assert ("Not saved yet" in page) is (then != seen)
    assert session.get_one(Campaign, on.id).channels == ["smtp", "handoff", "print"]
    assert desk.post(where, order="handoff print", seen=seen, press="save").status_code == 303
    assert "Saved." in desk.text(where)
    assert session.get_one(Campaign, on.id).channels == ["handoff", "print"]


def test_a_colleague_who_was_faster_costs_no_choice(desk: Browser, session: Session) -> None:
    on = signed(session, HERE, ["smtp", "handoff", "print"])
    where = path(on)
    desk.get(where)
    with transaction(session):
        ways.set_order(session, on.id, ("smtp", "print"), ("smtp", "handoff", "print"), NOW, "user:9")
    answer = desk.post(where, order="handoff print", seen="smtp handoff print", press="save")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Somebody else changed the order" in page
    assert "It is now: E-mail, then Print and post." in page
    assert 'name="order" type="hidden" value="handoff print"' in page
    assert 'name="seen" type="hidden" value="smtp print"' in page
    assert desk.post(where, order="handoff print", seen="smtp print", press="save").status_code == 303
    assert session.get_one(Campaign, on.id).channels == ["handoff", "print"]


@pytest.mark.parametrize("order", ["", "print smtp", "pigeon print", "smtp smtp print"])
def test_what_is_no_order_is_refused(desk: Browser, session: Session, order: str) -> None:
    on = signed(session, HERE, ["smtp", "print"])
    desk.get(path(on))
    answer = desk.post(path(on), order=order, seen="smtp print", press="save")
    assert answer.status_code == 422
    assert "Choose the order from the ways" in answer.get_data(as_text=True)
    assert session.get_one(Campaign, on.id).channels == ["smtp", "print"]


def test_a_closed_campaign_keeps_its_order(desk: Browser, session: Session) -> None:
    on = signed(session, HERE, ["smtp", "print"])
    desk.get(path(on))
    with transaction(session):
        session.execute(sa.update(Campaign).values(status=CampaignStatus.CLOSED))
    page = desk.text(path(on))
    assert "This campaign is closed." in page
    assert "Save order" not in page
    assert desk.post(path(on), order="print", seen="smtp print", press="save").status_code == 409
    assert session.get_one(Campaign, on.id).channels == ["smtp", "print"]


def test_a_stranded_letter_says_so_and_a_press_sends_it_on(desk: Browser, session: Session) -> None:
    row = waiting(session)
    letter = session.get_one(Letter, row.letter_id)
    on = session.get_one(Campaign, letter.campaign_id)
    page = f"/organize/c/{on.slug}/letters/{letter.reference}"
    assert "Print provider is not set up here, so that nobody sends this letter. Send it another way" in desk.text(page)
    assert desk.post(f"{page}/decide", decision="another_way", note="").status_code == 303
    assert "instead of Print provider: Print provider is not set up here" in desk.text(page)
    desk.get("/organize/health")
    assert "Send them another way" in desk.text("/organize/health")
    assert desk.post("/organize/health/print_provider/another-way").status_code == 303
    assert "Sent another way: 2." in desk.text("/organize/health")
    assert channels(session) == {ChannelName.SMTP}
    assert desk.post("/organize/health/smtp/another-way").status_code == 409
    assert desk.post("/organize/health/pigeon/another-way").status_code == 404


def test_a_stranded_letter_in_doubt_is_only_named(desk: Browser, session: Session) -> None:
    row = waiting(session)
    in_doubt(session, row)
    letter = session.get_one(Letter, row.letter_id)
    slug = session.get_one(Campaign, letter.campaign_id).slug
    page = desk.text(f"/organize/c/{slug}/letters/{letter.reference}")
    assert "It waits until somebody sets that channel up, or cancels it." in page
    assert "Record the decision" not in page
