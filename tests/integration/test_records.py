"""Answers by hand, the record of acts, figures and their proof, states of campaigns, heartbeats of data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import CAMPAIGN_MOVES, CampaignStatus, ResponseState, Status
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign, CampaignChange
from campaign.models.delivery import Attempt, Delivery
from campaign.models.letter import Letter
from campaign.models.response import Response
from campaign.models.rollup import Measure, Rollup
from campaign.services import audit, campaigns, cancellations, deliveries, metrics, outbox, responses
from tests import factories
from tests.factories import ENVELOPE, NOW

DAY = timedelta(days=1)


def letters(session: Session, **values: object) -> list[Letter]:
    with transaction(session):
        factories.staff_address(session, "HIN05", "SIN01")
        company, _ = factories.company(session)
        who = factories.member(session, company)
        card = factories.recommendation(session)
        return factories.signed(session, who, factories.campaign(session, card, **values), card.key)


def hand_over(session: Session, now: datetime = NOW + timedelta(minutes=2)) -> None:
    outbox.send_due(session, outbox.Loop(MemoryChannel(), ENVELOPE, lambda: now, factories.journal()))


def answered(
    session: Session, letter: Letter, at: datetime, *, now: datetime = NOW + 9 * DAY, **more: object
) -> Response:
    with transaction(session):
        kind = ResponseKind(str(more.pop("kind", "form")))
        return responses.record(
            session, session.get_one(Letter, letter.id), kind, received_at=at, now=now, by="member:1", source="member",
            **more,  # type: ignore[arg-type]
        )  # fmt: skip


# --- answers by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [NOW + 10 * DAY, NOW - DAY])
def test_a_day_ahead_or_before_the_signature_is_refused(session: Session, at: datetime) -> None:
    letter = letters(session)[0]
    with pytest.raises(Invalid) as caught:
        answered(session, letter, at)
    assert caught.value.field == "received_on"
    assert session.scalar(sa.select(sa.func.count()).select_from(Response)) == 0


def test_the_day_of_signing_is_a_day_in_the_organizations_zone(session: Session) -> None:
    """Signed on June 15 at 10 in the morning Eastern: an answer noted for June 15, midnight Eastern, is taken."""
    letter = letters(session)[0]
    assert answered(session, letter, datetime(2026, 6, 15, 4, 0, tzinfo=UTC))
    with pytest.raises(Invalid):
        answered(session, letter, datetime(2026, 6, 15, 3, 59, tzinfo=UTC))


def test_an_answer_by_hand_settles_the_letter_and_counts_once(each_session: Session) -> None:
    session = each_session
    letter = letters(session)[0]
    hand_over(session)
    answered(session, letter, NOW + DAY, kind="acknowledgement", source_id="a")
    answered(session, letter, NOW + DAY, kind="acknowledgement", source_id="a")
    answered(session, letter, NOW + 2 * DAY, kind="substantive", text="We\r\nagree.")
    answered(session, letter, NOW + 3 * DAY, kind="acknowledgement")
    session.expire_all()
    row = session.get_one(Letter, letter.id)
    assert (row.response, row.response_at) == (ResponseState.REPLIED, NOW + 2 * DAY)
    assert deliveries.of_letter(session, letter.id)[0].status is Status.DELIVERED
    assert [each.text for each in responses.of_letter(session, letter.id)] == ["", "We\nagree.", ""]
    assert metrics.differences(session) == []
    assert metrics.figures(session, row.campaign_id).responses[ResponseState.REPLIED] == 1


def test_a_letter_that_nobody_answered_becomes_no_reply_and_a_late_reply_wins(session: Session) -> None:
    letter = letters(session)[0]
    hand_over(session)
    after = NOW + 61 * DAY
    with transaction(session):
        assert responses.presume_no_reply(session, NOW + timedelta(minutes=1), after) == 0
        assert responses.presume_no_reply(session, after - 60 * DAY, after) == 2
        assert responses.presume_no_reply(session, after - 60 * DAY, after) == 0
    assert session.get_one(Letter, letter.id).response is ResponseState.NO_REPLY
    answered(session, letter, after + DAY, now=after + DAY)
    session.expire_all()
    assert session.get_one(Letter, letter.id).response is ResponseState.REPLIED
    assert metrics.differences(session) == []


def test_an_answer_that_is_not_there_cannot_be_judged(session: Session) -> None:
    with pytest.raises(NotFound), transaction(session):
        responses.judge(session, 4711, ResponseKind.FORM, NOW, "user:1")


# --- by hand --------------------------------------------------------------------------------------------------------


def test_a_letter_on_paper_is_handed_to_the_mail_and_not_proved_to_have_arrived(each_session: Session) -> None:
    session = each_session
    letters(session, channels=["print"])
    first, second, third = session.scalars(sa.select(Delivery).order_by(Delivery.id)).all()
    for _ in range(2):
        with transaction(session):
            deliveries.done_by_hand(session, first.id, NOW + DAY, "user:1", "posted on June 16")
    assert session.get_one(Delivery, first.id).status is Status.ACCEPTED
    assert session.scalars(sa.select(Attempt.answer)).all() == ["posted on June 16"]
    assert [session.get_one(Delivery, row.id).status for row in (second, third)] == [Status.QUEUED] * 2
    assert metrics.differences(session) == []


def test_a_form_that_the_member_filled_is_delivered_on_their_word(session: Session) -> None:
    letters(session, channels=["handoff"])
    row = session.scalars(sa.select(Delivery).where(Delivery.channel == ChannelName.HANDOFF).limit(1)).one()
    with transaction(session):
        deliveries.done_by_hand(session, row.id, NOW + DAY, "member:1")
    assert session.get_one(Delivery, row.id).status is Status.DELIVERED
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def test_what_a_worker_sends_cannot_be_done_by_hand_nor_what_was_cancelled(session: Session) -> None:
    letters(session)
    by_mail = session.scalars(sa.select(Delivery).where(Delivery.channel == ChannelName.SMTP).limit(1)).one()
    other = session.scalars(sa.select(Delivery).where(Delivery.channel != ChannelName.SMTP).limit(1)).one()
    with transaction(session):
        cancellations.cancel(session, other.id, NOW, "not needed", "user:1")
    for row in (by_mail, other):
        with pytest.raises(WrongState), transaction(session):
            deliveries.done_by_hand(session, row.id, NOW, "member:1")


# --- the record -----------------------------------------------------------------------------------------------------


def entries(session: Session, number: int = 5) -> None:
    for n in range(number):
        with transaction(session):
            audit.record(session, at=NOW + n * DAY, by="user:1", act=f"act {n}", subject="campaign:1", note="été", n=n)


def test_a_chain_that_nobody_touched_holds(each_session: Session) -> None:
    entries(each_session)
    assert audit.first_broken(each_session) is None


@pytest.mark.parametrize(
    "change",
    [
        {"act": "another act"},
        {"by": "user:2"},
        {"subject": "campaign:2"},
        {"detail": {"n": 7}},
        {"at": NOW},
        {"previous_hash": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_breaks_the_chain_at_its_place(each_session: Session, change: dict[str, object]) -> None:
    session = each_session
    entries(session)
    third = session.scalars(sa.select(AuditEntry.id).order_by(AuditEntry.id)).all()[2]
    with transaction(session):
        session.execute(sa.update(AuditEntry).where(AuditEntry.id == third).values(**change))
    broken = audit.first_broken(session)
    assert broken is not None
    assert broken.id == third


def test_a_missing_entry_breaks_the_chain_behind_it(session: Session) -> None:
    entries(session)
    ids = session.scalars(sa.select(AuditEntry.id).order_by(AuditEntry.id)).all()
    with transaction(session):
        session.execute(sa.delete(AuditEntry).where(AuditEntry.id == ids[1]))
    broken = audit.first_broken(session)
    assert broken is not None
    assert broken.id == ids[2]


# --- figures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [Measure.STANDING, Measure.MOVES])
def test_one_changed_rollup_is_found_and_rebuilding_mends_it(each_session: Session, measure: Measure) -> None:
    session = each_session
    letters(session)
    hand_over(session)
    assert metrics.differences(session) == []
    with transaction(session):
        row = session.scalars(sa.select(Rollup).where(Rollup.measure == measure, Rollup.count > 0).limit(1)).one()
        row.count += 1
        session.flush()
    (difference,) = metrics.differences(session)
    assert difference.kept == difference.counted + 1
    assert f", {measure} " in str(difference)
    with transaction(session):
        metrics.rebuild(session)
    assert metrics.differences(session) == []


def test_a_missing_rollup_and_one_too_many_are_found(session: Session) -> None:
    letters(session)
    with transaction(session):
        row = session.scalars(sa.select(Rollup).limit(1)).one()
        session.delete(row)
    assert len(metrics.differences(session)) == 1
    with transaction(session):
        metrics.rebuild(session)
        session.add(
            Rollup(
                campaign_id=session.scalars(sa.select(Campaign.id)).one(),
                measure=Measure.MOVES,
                day=NOW.date(),
                office_id=session.scalars(sa.select(Delivery.office_id).limit(1)).one(),
                channel=ChannelName.CWC_HOUSE,
                status="failed",
                count=2,
            )
        )
    (difference,) = metrics.differences(session)
    assert (difference.kept, difference.counted) == (2, 0)


def test_a_figure_is_the_count_of_its_rows(session: Session) -> None:
    letters(session)
    hand_over(session)
    campaign_id = session.scalars(sa.select(Campaign.id)).one()
    found = metrics.figures(session, campaign_id)
    assert found.letters == 3
    assert found.by_status == dict(
        session.execute(sa.select(Delivery.status, sa.func.count()).group_by(Delivery.status)).all()
    )
    assert sum(found.handovers.values()) == found.count(Status.ACCEPTED) == 2


def test_a_letter_that_came_back_and_was_taken_again_is_one_letter_and_two_hand_overs(each_session: Session) -> None:
    session = each_session
    letters(session)
    hand_over(session)
    with transaction(session):
        row = session.scalars(sa.select(Delivery).where(Delivery.status == Status.ACCEPTED).limit(1)).one()
        deliveries.move(session, row, Status.BOUNCED, NOW + timedelta(hours=1), "it came back", "event:1")
        deliveries.move(session, row, Status.QUEUED, NOW + timedelta(hours=2), "to be sent again", "user:1")
        row.lease_owner, row.lease_until = "w", NOW + timedelta(days=1, minutes=1)
        deliveries.move(session, row, Status.SENDING, NOW + timedelta(days=1), "", "w")
        deliveries.move(session, row, Status.ACCEPTED, NOW + timedelta(days=1), "", "w")
    found = metrics.figures(session, row.campaign_id or 0)
    assert found.handovers == {NOW.date(): 2, NOW.date() + timedelta(days=1): 1}
    assert found.count(Status.ACCEPTED) == 2
    assert metrics.differences(session) == []


# --- campaigns ------------------------------------------------------------------------------------------------------


def test_a_campaign_moves_by_its_table_and_each_move_is_written_down(session: Session) -> None:
    made: list[tuple[int, CampaignStatus, CampaignStatus]] = []
    with transaction(session):
        for old in CampaignStatus:
            made += [(factories.campaign(session, status=old).id, old, new) for new in CampaignStatus]
    for campaign_id, old, new in made:
        if old is new or new in CAMPAIGN_MOVES[old]:
            with transaction(session):
                campaigns.move(session, campaign_id, new, NOW, "because", "user:1")
        else:
            with pytest.raises(WrongState), transaction(session):
                campaigns.move(session, campaign_id, new, NOW, "because", "user:1")
    session.expire_all()
    moved = {(campaign_id, old, new) for campaign_id, old, new in made if new in CAMPAIGN_MOVES[old]}
    columns = (CampaignChange.campaign_id, CampaignChange.old, CampaignChange.new)
    assert {tuple(row) for row in session.execute(sa.select(*columns))} == moved
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == len(moved)
    standing = dict(session.execute(sa.select(Campaign.id, Campaign.status)).all())
    assert standing == {campaign_id: new if (campaign_id, old, new) in moved else old for campaign_id, old, new in made}


def test_a_launch_goes_through_every_state_and_twice_is_refused(session: Session) -> None:
    with transaction(session):
        campaign_id = factories.campaign(session, status=CampaignStatus.DRAFT).id
        campaigns.launch(session, campaign_id, NOW, "user:1")
    assert session.scalars(sa.select(CampaignChange.new).order_by(CampaignChange.id)).all() == [
        CampaignStatus.IN_REVIEW,
        CampaignStatus.SCHEDULED,
        CampaignStatus.LIVE,
    ]
    with pytest.raises(WrongState), transaction(session):
        campaigns.launch(session, campaign_id, NOW, "user:1")


def test_a_campaign_whose_window_is_over_closes_when_workers_have_nothing_left(session: Session) -> None:
    """What goes by hand does not keep it open."""
    letters(session, closes_at=NOW + timedelta(minutes=1))
    campaign_id = session.scalars(sa.select(Campaign.id)).one()
    after = NOW + timedelta(minutes=2)
    with transaction(session):
        assert campaigns.close_due(session, NOW) == 0
        assert campaigns.close_due(session, after) == 1
    assert session.get_one(Campaign, campaign_id).status is CampaignStatus.CLOSING
    hand_over(session, after)
    with transaction(session):
        assert campaigns.close_due(session, after) == 1
    assert session.get_one(Campaign, campaign_id).status is CampaignStatus.CLOSED
    assert session.scalars(sa.select(Delivery.status).where(Delivery.status == Status.QUEUED)).all() == [Status.QUEUED]
