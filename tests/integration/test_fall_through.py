"""A letter that one channel certainly did not send goes on over the next that its office takes, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import Refused, TryLater, Unclear, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.office import Office
from campaign.models.response import Response
from campaign.models.suppression import Suppression
from campaign.services import (
    active_offices,
    cancellations,
    decisions,
    deliveries,
    fall_through,
    metrics,
    outbox,
    responses,
    signing,
    stories,
)
from campaign.services.decisions import Decision
from tests import factories
from tests.factories import SET_UP
from tests.integration.test_inbound import mail, take
from tests.integration.test_organizer_pages import Browser
from tests.integration.test_sending import LATER, dies, loop

NOT_HERE = Refused("the office takes no letters here", code="400", answer="not enabled", falls_through=True)


def world(session: Session) -> list[Letter]:
    """Three letters by smtp; the offices have web forms too."""
    with transaction(session):
        factories.staff_address(session)
        session.execute(sa.update(Office).values(form_url="https://office.example/contact"))
        company, _ = factories.company(session)
        who = factories.member(session, company)
        card = factories.recommendation(session, "P1")
        return factories.signed(session, who, factories.campaign(session, card), "P1")


def ways(session: Session) -> list[tuple[ChannelName, Status, bool]]:
    """Of the letter that has most of them."""
    session.expire_all()
    rows = session.scalars(sa.select(Delivery).order_by(Delivery.id)).all()
    most = max((row.letter_id for row in rows), key=lambda one: sum(row.letter_id == one for row in rows))
    return [(row.channel, row.status, row.superseded) for row in rows if row.letter_id == most]


def test_it_goes_on_and_counts_once(each_session: Session) -> None:
    session = each_session
    letters = world(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[NOT_HERE])))
    assert ways(session) == [
        (ChannelName.SMTP, Status.REFUSED, True),
        (ChannelName.HANDOFF, Status.QUEUED, False),
    ]
    figures = metrics.figures(session, letters[0].campaign_id)
    assert figures.by_status == {Status.ACCEPTED: 2, Status.QUEUED: 1}
    assert figures.letters == len(letters)
    assert figures.by_channel[ChannelName.HANDOFF] == {Status.QUEUED: 1}
    assert metrics.differences(session) == []


def test_its_story_says_what_happened_and_why(app: Flask) -> None:
    session = db.session()
    world(session)
    with transaction(session):
        factories.user(session, "olga@association.example", "organizer", name="Olga")
    outbox.send_due(session, loop(MemoryChannel(answers=[NOT_HERE])))
    letter = session.scalars(
        sa.select(Letter).join(Delivery, Delivery.letter_id == Letter.id).where(Delivery.superseded)
    ).one()
    story = stories.story(session, letter)
    assert story.delivery.channel is ChannelName.HANDOFF
    reference, slug = letter.reference, session.get_one(Campaign, letter.campaign_id).slug
    desk = Browser(app, "olga@association.example")
    page = desk.text(f"/organize/c/{slug}/letters/{reference}")
    assert "Goes another way: Web form, by hand" in page
    assert "instead of E-mail: the office takes no letters here" in page
    assert reference not in desk.text(f"/organize/c/{slug}/attention")
    assert [row["status"] for row in desk.csv(f"/organize/c/{slug}/letters.csv") if row["letter"] == reference] == [
        "queued"
    ]


@pytest.mark.parametrize(
    "answer",
    [Refused("refused by policy", code="554"), Unclear("silence"), TryLater("busy")],
    ids=["refused", "unclear", "try later"],
)
def test_nothing_else_goes_on_by_itself(session: Session, answer: Refused | Unclear | TryLater) -> None:
    world(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[answer])))
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 3


def test_a_worker_killed_after_that_answer_leaves_the_same(each_session: Session) -> None:
    session = each_session
    world(session)
    one = loop(MemoryChannel())
    desk = outbox.loop.Desk(session, one, line=one.channel.open())
    desk.turn(most=1)
    assert desk.window is not None
    (parcel,) = (row.parcel for row in desk.window.marked.values())
    desk.window.begins(parcel)
    desk.window.outcome(parcel, NOT_HERE)
    folder = dies(one)
    assert outbox.recover(session, folder, lambda: LATER) == 1
    assert ways(session) == [
        (ChannelName.SMTP, Status.REFUSED, True),
        (ChannelName.HANDOFF, Status.QUEUED, False),
    ]
    assert metrics.differences(session) == []


def refused(session: Session) -> Delivery:
    world(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[Refused("no such person", code="550")])))
    return session.scalars(sa.select(Delivery).where(Delivery.status == Status.REFUSED)).one()


def test_a_person_may_send_it_another_way_until_none_is_left(each_session: Session) -> None:
    session = each_session
    row = refused(session)
    with transaction(session):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, LATER, "they moved", "user:1")
    with transaction(session), pytest.raises(WrongState):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, LATER, "", "user:1")
    assert ways(session)[-1] == (ChannelName.HANDOFF, Status.QUEUED, False)
    following = session.scalars(sa.select(Delivery).where(Delivery.channel == ChannelName.HANDOFF)).one()
    told = session.scalars(sa.select(DeliveryChange.why).where(DeliveryChange.delivery_id == following.id)).one()
    assert told == "instead of E-mail: no such person; they moved"
    assert metrics.differences(session) == []


def test_an_answer_stays_with_the_letter(each_session: Session) -> None:
    """It was answered, say by telephone, though the mail was refused."""
    session = each_session
    row = refused(session)
    letter = session.get_one(Letter, row.letter_id)
    with transaction(session):
        responses.record(session, letter, ResponseKind.FORM, received_at=LATER, now=LATER, by="user:1", source="staff")
    with transaction(session):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, LATER + timedelta(minutes=1), "", "user:1")
    assert session.scalar(sa.select(sa.func.count()).select_from(Response)) == 1
    assert metrics.differences(session) == []


def test_an_offices_own_order_beats_the_campaigns(session: Session) -> None:
    with transaction(session):
        session.execute(sa.update(Office).where(Office.code == "SIN01").values(channels=[ChannelKind.PRINT]))
    letters = {letter.target: letter.id for letter in world(session)}
    chosen = {row.letter_id: row.channel for row in session.scalars(sa.select(Delivery))}
    assert chosen[letters["SIN01"]] is ChannelName.PRINT
    assert chosen[letters["HIN05"]] is ChannelName.SMTP


def test_undo_after_it_went_on_takes_back_what_has_not_left(session: Session) -> None:
    world(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[NOT_HERE])))
    (waiting,) = session.scalars(sa.select(Delivery).where(Delivery.status == Status.QUEUED))
    with transaction(session):
        assert cancellations.cancel(session, waiting.id, LATER, "withdrawn", "user:1") is cancellations.Cancelled.DONE
    assert metrics.differences(session) == []


def test_undo_by_the_member_names_none_that_went_on_and_was_taken_back(each_session: Session) -> None:
    session = each_session
    letters = world(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[NOT_HERE])))
    waiting = session.scalars(sa.select(Delivery).where(Delivery.status == Status.QUEUED)).one()
    back = session.get_one(Letter, waiting.letter_id).addressee
    with transaction(session):
        undone = signing.undo(session, letters[0].action_id, LATER)
    assert undone.cancelled == 1
    assert back not in undone.left
    assert len(undone.left) == len(letters) - 1
    assert metrics.differences(session) == []


def came_back(session: Session) -> Letter:
    """One mail came back, and a person had its letter go another way."""
    world(session)
    outbox.send_due(session, loop(MemoryChannel()))
    letter = session.scalars(sa.select(Letter).where(Letter.target == "HIN05")).one()
    take(session, mail("bounce-gave-up.eml", letter), "mail-1")
    row = session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    with transaction(session):
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, LATER, "", "user:1")
    return letter


@pytest.mark.parametrize("late", ["delivered.eml", "bounce-no-such-person.eml"])
def test_what_a_mail_system_tells_late_changes_no_other_way_and_no_figure(each_session: Session, late: str) -> None:
    session = each_session
    letter = came_back(session)
    before = ways(session)
    assert before[-1] == (ChannelName.HANDOFF, Status.QUEUED, False)
    take(session, mail(late, letter), "mail-2")
    assert ways(session) == before
    with transaction(session):
        (_, by_hand) = deliveries.of_letter(session, letter.id)
        deliveries.done_by_hand(session, by_hand.id, LATER, "member:1")
    after = ways(session)
    take(session, mail("bounce-gave-up.eml", letter).replace(b"Subject:", b"Subject: again,"), "mail-3")
    assert ways(session) == after
    assert all("https" not in address for address in session.scalars(sa.select(Suppression.address)))
    assert metrics.differences(session) == []


def test_what_was_superseded_moves_no_more(session: Session) -> None:
    letter = came_back(session)
    with transaction(session), pytest.raises(WrongState):
        old = deliveries.of_letter(session, letter.id)[0]
        deliveries.move(session, old, Status.DELIVERED, LATER, "a receipt came", "event:1")


@pytest.mark.parametrize(("topics", "follows"), [(["Energy"], ChannelName.CWC_HOUSE), ([], ChannelName.PRINT)])
def test_a_letter_that_a_gateway_would_refuse_goes_on_past_it(
    each_session: Session, topics: list[str], follows: ChannelName
) -> None:
    """The gateways want a topic, so a try there would only end at a person."""
    with transaction(each_session) as session:
        factories.staff_address(session)
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05"}, LATER)
        company, _ = factories.company(session)
        who = factories.member(session, company, prefix="Ms.")
        card = factories.recommendation(session, "P1", topics=topics)
        on = factories.campaign(session, card, channels=["smtp", "cwc", "print"])
        letters = factories.signed(session, who, on, "P1")
        house = next(letter for letter in letters if letter.target == "HIN05")
        way = fall_through.next_route(session, house, SET_UP, LATER)
    assert way is not None
    assert way.channel is follows


def test_another_way_to_an_office_that_changed_hands_waits_for_a_person(each_session: Session) -> None:
    session = each_session
    row = refused(session)
    with transaction(session):
        session.execute(sa.update(Letter).where(Letter.id == row.letter_id).values(holder="held:X000001"))
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, LATER, "", "user:1")
    assert ways(session)[-1] == (ChannelName.HANDOFF, Status.HELD, False)
    assert metrics.differences(session) == []
