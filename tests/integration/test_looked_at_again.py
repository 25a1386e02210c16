"""What is looked at again before a letter leaves, and what a person's decision is worth then."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.errors import IN_DOUBT, Refused, TryLater, Unclear, WrongState
from campaign.domain.schedule import GIVE_UP_AFTER
from campaign.domain.statuses import CampaignStatus, Status
from campaign.models.campaign import Campaign, CampaignExclusion
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.suppression import SuppressionReason
from campaign.services import (
    actions,
    campaigns,
    cancellations,
    decisions,
    deliveries,
    drafts,
    held,
    invitations,
    links,
    metrics,
    outbox,
    previews,
    signing,
    suppressions,
)
from campaign.services.cancellations import Cancelled
from campaign.services.decisions import Decision
from campaign.services.signing import Signature
from tests import factories
from tests.factories import ENVELOPE, NOW, SET_UP
from tests.integration.test_sending import LATER, in_hand, loop

WEEK = timedelta(days=7)


def letters(session: Session, **values: object) -> list[Letter]:
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, **values)
        return factories.signed(session, factories.member(session, company), on, card.key)


def waiting(session: Session) -> list[int]:
    return list(session.scalars(sa.select(Delivery.id).where(Delivery.status == Status.QUEUED).order_by(Delivery.id)))


def test_who_unsubscribed_still_gets_the_link_they_ask_for_and_no_campaign_mail(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        on = factories.campaign(session, factories.recommendation(session))
        who = factories.member(session, factories.company(session)[0])
        invitations.invite(session, who, on, ENVELOPE, NOW)
        links.send_sign_in(session, who.email, ENVELOPE, NOW)
        suppressions.suppress(session, who.email, SuppressionReason.UNSUBSCRIBED, NOW)
    with transaction(session):
        (left,) = held.check_again(session, waiting(session), NOW)
    kind = sa.select(MemberMail.kind).join(Delivery, Delivery.mail_id == MemberMail.id)
    assert session.scalar(kind.where(Delivery.id == left)) is MailKind.SIGN_IN
    assert session.scalar(kind.where(Delivery.status == Status.CANCELLED)) is MailKind.INVITATION


def test_a_held_letter_that_a_person_sends_is_not_held_again_for_the_same_reason(each_session: Session) -> None:
    session = each_session
    first, *_ = letters(session)
    with transaction(session):
        session.add(CampaignExclusion(campaign_id=first.campaign_id, office_id=first.office_id))
    with transaction(session):
        assert len(held.check_again(session, waiting(session), NOW)) == 2
    (stopped,) = session.scalars(sa.select(Delivery.id).where(Delivery.status == Status.HELD))
    with transaction(session):
        decisions.decide(session, stopped, Decision.SEND_AGAIN, SET_UP, NOW, "agreed with the office", "user:1")
    with transaction(session):
        assert stopped in held.check_again(session, waiting(session), NOW)
    with transaction(session):  # a new reason holds it anew
        deliveries.hold_for_offices(session, [first.office_id], NOW, "the office has another holder")
        deliveries.move(session, deliveries.locked(session, stopped), Status.QUEUED, NOW, "sent", "user:1")
        deliveries.hold_for_offices(session, [first.office_id], NOW, "and another")
    assert session.get_one(Delivery, stopped).status is Status.HELD


def test_a_letter_that_was_never_tried_does_not_expire_in_a_long_pause(each_session: Session) -> None:
    session = each_session
    letters(session)
    late = NOW + WEEK
    tried, *others = waiting(session)
    with transaction(session):
        session.get_one(Delivery, tried).tries = 1
    with transaction(session):
        assert held.check_again(session, waiting(session), late) == others
    assert session.get_one(Delivery, tried).status is Status.EXPIRED
    assert set(session.scalars(sa.select(Delivery.give_up_at).where(Delivery.id.in_(others)))) == {late + GIVE_UP_AFTER}


def test_the_end_of_its_window_does_not_send_what_a_person_paused(session: Session) -> None:
    first, *_ = letters(session, closes_at=NOW + timedelta(minutes=5))
    with transaction(session):
        campaigns.pause(session, first.campaign_id, NOW, "user:1")
    after = NOW + timedelta(hours=1)
    with transaction(session):
        assert campaigns.close_due(session, after) == 0
        campaigns.resume(session, first.campaign_id, after, "user:1")
        assert campaigns.close_due(session, after) == 1
    assert session.get_one(Campaign, first.campaign_id).status is CampaignStatus.CLOSING


def test_nothing_is_queued_again_in_a_closed_campaign(session: Session) -> None:
    first, *_ = letters(session)
    with transaction(session):
        deliveries.hold_for_offices(session, [first.office_id], NOW, "another holder")
        for step in (CampaignStatus.CLOSING, CampaignStatus.CLOSED):
            campaigns.move(session, first.campaign_id, step, NOW, "over", "user:1")
    (row,) = session.scalars(sa.select(Delivery).where(Delivery.status == Status.HELD)).all()
    with pytest.raises(WrongState, match="closed"), transaction(session):
        decisions.decide(session, row.id, Decision.SEND_AGAIN, SET_UP, NOW, "", "user:1")
    with transaction(session):
        decisions.decide(session, row.id, Decision.GIVE_UP, SET_UP, NOW, "", "user:1")


def test_an_office_whose_letter_left_is_not_written_to_again_whatever_the_draft_says(each_session: Session) -> None:
    """Its paragraphs had been edited, and the member takes it in again: it stays out."""
    session = each_session
    with transaction(session):
        factories.staff_address(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        who = factories.member(session, factories.company(session)[0])
        action = factories.draft(session, who, on, card.key)
        target = previews.preview(session, action, SET_UP, NOW).prepared[0].target
        drafts.edit(action, target, NOW, included=True, edits={"closing": "Thank you, and come by."})
        shown = previews.preview(session, action, SET_UP, NOW).digest
        who_id, on_id, name = who.id, on.id, who.name
        action_id = action.id
    with transaction(session):
        _, made = signing.sign(session, action_id, Signature(name, shown, "test"), SET_UP, NOW)
        (gone,) = (each for each in made if each.target == target)
        row = deliveries.of_letter(session, gone.id)[0]
        row.lease_owner, row.lease_until = "w", NOW
        deliveries.move(session, row, Status.SENDING, NOW, "", "w")
    with transaction(session):
        undone = signing.undo(session, action_id, NOW)
        assert undone.left == (gone.addressee,)
    with transaction(session):
        draft = actions.find(session, who_id, session.get_one(Campaign, on_id))
        assert draft is not None
        drafts.edit(draft, target, NOW, included=True)
        view = previews.preview(session, draft, SET_UP, NOW)
        assert [each.target for each in view.prepared if each.gone] == [target]
    with transaction(session):
        _, again = signing.sign(session, action_id, Signature(name, view.digest, "test"), SET_UP, NOW)
        assert {each.target for each in again} == {each.target for each in made} - {target}


def _gone(session: Session, action_id: int) -> list[str]:
    view = previews.preview(session, actions.locked(session, action_id), SET_UP, LATER)
    return [each.target for each in view.prepared if each.gone]


def test_what_may_have_arrived_before_it_was_cancelled_is_not_written_again(each_session: Session) -> None:
    """Its receiver did not answer, the member took the others back, and an organizer cancelled it."""
    session = each_session
    first, *others = letters(session)
    with transaction(session):
        later = sa.update(Delivery).where(Delivery.letter_id.in_([each.id for each in others]))
        session.execute(later.values(due_at=LATER + WEEK))
    outbox.send_due(session, loop(MemoryChannel(answers=[TryLater("silence", code=IN_DOUBT)])))
    with transaction(session):
        assert signing.undo(session, first.action_id, LATER).left == (first.addressee,)
        row = deliveries.of_letter(session, first.id)[0]
        assert cancellations.cancel(session, row.id, LATER, "cancelled", "user:1") is Cancelled.IN_DOUBT
        assert _gone(session, first.action_id) == [first.target]


def test_what_a_dead_worker_had_in_hand_may_have_arrived_also_when_a_person_sends_it_again(
    each_session: Session,
) -> None:
    session = each_session
    first, *others = letters(session)
    in_hand(session, 1)
    late = LATER + timedelta(seconds=61)
    with transaction(session):
        assert outbox.sweep_leases(session, late) == 1
        row = session.scalars(sa.select(Delivery).where(Delivery.status == Status.UNCLEAR)).one()
        decisions.decide(session, row.id, Decision.SEND_AGAIN, SET_UP, late, "", "user:1")
    with transaction(session):
        undone = signing.undo(session, first.action_id, late)
        assert (undone.cancelled, len(undone.left)) == (len(others), 1)
        assert _gone(session, first.action_id) == [session.get_one(Letter, row.letter_id).target]


def test_what_may_have_arrived_goes_no_other_way_by_itself_when_it_is_refused_later(each_session: Session) -> None:
    session = each_session
    letters(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[Unclear("cut off")])))
    with transaction(session):
        row = session.scalars(sa.select(Delivery).where(Delivery.status == Status.UNCLEAR)).one()
        decisions.decide(session, row.id, Decision.SEND_AGAIN, SET_UP, LATER, "", "user:1")
    outbox.send_due(session, loop(MemoryChannel(answers=[Refused("not here", falls_through=True)])))
    session.expire_all()
    assert (row.status, row.superseded) == (Status.REFUSED, False)
    assert len(deliveries.of_letter(session, session.get_one(Letter, row.letter_id).id)) == 1


@pytest.mark.parametrize(("code", "ends"), [(IN_DOUBT, Status.UNCLEAR), ("503", Status.EXPIRED)])
def test_what_may_have_arrived_is_never_given_up_as_not_sent(each_session: Session, code: str, ends: Status) -> None:
    """A doubt, then a pause that outlasts the time for tries, then a receiver that is certainly busy."""
    session = each_session
    letters(session)
    busy = TryLater("busy", code="503")
    outbox.send_due(session, loop(MemoryChannel(answers=[TryLater("silence", code=code)] * 3)))
    for hours in (0, 1):
        now = LATER + GIVE_UP_AFTER + WEEK + timedelta(hours=hours)
        outbox.send_due(session, loop(MemoryChannel(answers=[busy] * 3), now))
    session.expire_all()
    assert set(session.scalars(sa.select(Delivery.status))) == {ends}
    assert metrics.differences(session) == []
