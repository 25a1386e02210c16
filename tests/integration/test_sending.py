"""From a signature to an outcome: the send loop on real databases, with the honest fake channel."""

from __future__ import annotations

import dataclasses
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign import journal
from campaign.channels.memory import MemoryChannel, MemoryLine
from campaign.database import transaction
from campaign.domain import schedule
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Refused, TryLater, Unclear, WrongState
from campaign.domain.parcels import Parcel, Receipt
from campaign.domain.statuses import CampaignStatus, Status
from campaign.journal import Kind
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.services import actions, breaker, campaigns, decisions, metrics, outbox, previews, signing
from campaign.services.outbox.loop import TICK_S, Desk, Window
from tests import factories
from tests.factories import ENVELOPE, NOW, SET_UP

LATER = NOW + timedelta(seconds=61)


def loop(channel: MemoryChannel, now: datetime = LATER) -> outbox.Loop:
    """Of a worker of its own, with a journal of its own."""
    return outbox.Loop(
        channel=channel,
        envelope=ENVELOPE,
        clock=lambda: now,
        journal=factories.journal(),
        jitter=lambda: 0.5,
    )


def turn(session: Session, one: outbox.Loop, window: Window | None = None, most: int = 500) -> Window | None:
    """One transaction of a worker: what came of `window`, and the next one."""
    desk = Desk(session, one, window=window)
    desk.turn(most=most)
    return desk.window


def in_hand(session: Session, number: int) -> outbox.Loop:
    """A worker that has marked `number` letters and handed over none; and no more is heard of it."""
    one = loop(MemoryChannel())
    window = turn(session, one, most=number)
    assert window is not None
    assert len(window.marked) == number
    return one


def dies(one: outbox.Loop) -> Path:
    """What a kill leaves: the journal's file, and its lock free. Gives the folder."""
    one.journal._map.close()
    os.close(one.journal._fd)
    return one.journal.path.parent


def world(session: Session, story: str = "") -> list[Letter]:
    """One member of a Kokomo plant signs one recommendation: a representative and two senators, all by smtp."""
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        who = factories.member(session, company)
        card = factories.recommendation(session, "P1")
        on = factories.campaign(session, card)
        return factories.signed(session, who, on, "P1", story=story)


def statuses(session: Session) -> list[Status]:
    session.expire_all()
    return list(session.scalars(sa.select(Delivery.status).order_by(Delivery.id)))


def test_a_signature_makes_one_letter_per_office_and_each_leaves_once(each_session: Session) -> None:
    session = each_session
    letters = world(session)
    assert sorted(letter.target for letter in letters) == ["HIN05", "SIN01", "SIN03"]
    memory = MemoryChannel(ChannelName.SMTP)
    assert outbox.send_due(session, loop(memory)) == 3
    assert outbox.send_due(session, loop(memory)) == 0
    assert statuses(session) == [Status.ACCEPTED] * 3
    assert sorted(parcel.reference for parcel in memory.kept) == sorted(letter.reference for letter in letters)
    assert metrics.differences(session) == []


def test_a_claim_reads_what_waits_in_its_order_and_sorts_nothing(each_session: Session) -> None:
    """Else each claim reads all that wait, and a campaign of a million letters slows down with its own length."""
    session = each_session
    world(session)
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", note)
    turn(session, loop(MemoryChannel(ChannelName.SMTP)))
    sa.event.remove(engine, "before_cursor_execute", note)
    (claim,) = [each for each in seen if "ORDER BY deliveries.due_at" in each[0]]
    postgres = engine.dialect.name == "postgresql"
    cursor = session.connection().connection.cursor()
    if postgres:  # few rows as they are, the index is what is asked about
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    cursor.execute(f"EXPLAIN {'' if postgres else 'QUERY PLAN '}{claim[0]}", claim[1])
    plan = "\n".join(str(row) for row in cursor.fetchall())
    session.rollback()
    assert "ix_deliveries_waiting" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_nothing_leaves_while_it_can_be_undone(session: Session) -> None:
    world(session)
    memory = MemoryChannel(ChannelName.SMTP)
    assert outbox.send_due(session, loop(memory, NOW + timedelta(seconds=59))) == 0
    assert memory.kept == []


def test_a_busy_office_is_tried_again_later_and_keeps_its_history(session: Session) -> None:
    world(session)
    memory = MemoryChannel(answers=[TryLater("450 busy", code="450", retry_after_s=90)])
    outbox.send_due(session, loop(memory))
    row = session.scalars(sa.select(Delivery).where(Delivery.tries == 1, Delivery.status == Status.QUEUED)).one()
    assert row.due_at == LATER + timedelta(seconds=90)
    outbox.send_due(session, loop(memory, row.due_at))
    assert statuses(session) == [Status.ACCEPTED] * 3
    assert len(memory.kept) == 3
    moves = session.execute(
        sa.select(DeliveryChange.old, DeliveryChange.new)
        .where(DeliveryChange.delivery_id == row.id)
        .order_by(DeliveryChange.id)
    ).all()
    assert [tuple(move) for move in moves] == [
        (None, Status.QUEUED),
        (Status.QUEUED, Status.SENDING),
        (Status.SENDING, Status.QUEUED),
        (Status.QUEUED, Status.SENDING),
        (Status.SENDING, Status.ACCEPTED),
    ]


def test_each_outcome_is_recorded_for_its_own_letter_whatever_becomes_of_its_neighbors(each_session: Session) -> None:
    session = each_session
    world(session)
    memory = MemoryChannel(answers=[Refused("550 no such office", code="5.1.1"), Unclear("silence after the dot")])
    outbox.send_due(session, loop(memory))
    assert sorted(statuses(session)) == [Status.ACCEPTED, Status.REFUSED, Status.UNCLEAR]
    attempts = session.execute(sa.select(Attempt.outcome, Attempt.code).order_by(Attempt.delivery_id)).all()
    assert sorted(str(each.outcome) for each in attempts) == ["receipt", "refused", "unclear"]
    assert outbox.send_due(session, loop(memory, LATER + timedelta(days=1))) == 0
    assert metrics.differences(session) == []


def test_a_letter_that_is_never_taken_fails_in_the_end(session: Session) -> None:
    world(session)
    now: datetime = LATER
    memory = MemoryChannel()
    while Status.QUEUED in statuses(session):
        memory.answers = [TryLater("451 not now")] * 3
        outbox.send_due(session, loop(memory, now))
        waiting = session.scalars(sa.select(Delivery.due_at).where(Delivery.status == Status.QUEUED)).all()
        now = min(waiting, default=now)
    assert statuses(session) == [Status.FAILED] * 3
    assert now - LATER <= timedelta(days=5)
    assert memory.kept == []


def test_what_a_worker_without_a_journal_left_in_sending_becomes_unclear_and_is_never_sent_again(
    each_session: Session,
) -> None:
    """It died on another machine, or with this one's power."""
    session = each_session
    world(session)
    in_hand(session, 2)
    with transaction(session):
        assert outbox.sweep_leases(session, LATER + timedelta(seconds=30)) == 0
    with transaction(session):
        assert outbox.sweep_leases(session, LATER + timedelta(seconds=61)) == 2
    after = MemoryChannel()
    outbox.send_due(session, loop(after, LATER + timedelta(seconds=62)))
    assert sorted(statuses(session)) == [Status.ACCEPTED, Status.UNCLEAR, Status.UNCLEAR]
    assert len(after.kept) == 1
    assert metrics.differences(session) == []


def test_the_journal_of_a_dead_worker_says_what_never_left_what_arrived_and_what_is_unclear(
    each_session: Session,
) -> None:
    session = each_session
    world(session)
    one = in_hand(session, 3)
    untouched, begun, answered = sorted(
        session.scalars(sa.select(Delivery.id).where(Delivery.status == Status.SENDING)).all()
    )
    one.journal.begins(begun)
    one.journal.begins(answered)
    one.journal.answered(answered, Kind.RECEIPT, None, "250 taken")
    folder = dies(one)
    assert outbox.recover(session, folder, lambda: LATER) == 3
    assert outbox.recover(session, folder, lambda: LATER) == 0
    found = dict(session.execute(sa.select(Delivery.id, Delivery.status)).all())
    assert found == {untouched: Status.QUEUED, begun: Status.UNCLEAR, answered: Status.ACCEPTED}
    back = session.get_one(Delivery, untouched)
    assert (back.tries, back.lease_owner) == (0, None), "its try is given back"
    outbox.send_due(session, loop(MemoryChannel()))
    assert sorted(statuses(session)) == [Status.ACCEPTED, Status.ACCEPTED, Status.UNCLEAR]
    assert metrics.differences(session) == []


def test_a_living_worker_is_left_alone_by_recovery_and_sweep(session: Session) -> None:
    world(session)
    one = in_hand(session, 2)
    folder = one.journal.path.parent
    assert outbox.recover(session, folder, lambda: LATER) == 0
    with transaction(session):
        late = LATER + timedelta(hours=1)
        assert outbox.sweep_leases(session, late, lambda: journal.living(folder)) == 0


def test_a_journal_of_another_boot_proves_nothing(session: Session) -> None:
    world(session)
    one = in_hand(session, 2)
    one.journal._map[8:12] = b"xxxx"  # another start of the machine
    folder = dies(one)
    assert outbox.recover(session, folder, lambda: LATER) == 0
    with transaction(session):
        assert outbox.sweep_leases(session, LATER + timedelta(seconds=61)) == 2
    assert sorted(statuses(session)) == [Status.QUEUED, Status.UNCLEAR, Status.UNCLEAR]


def test_outcomes_that_could_not_be_written_are_settled_by_the_same_worker_first_thing(session: Session) -> None:
    """The database was away in the moment after a window had gone."""
    world(session)
    one = in_hand(session, 2)
    for key in session.scalars(sa.select(Delivery.id).where(Delivery.status == Status.SENDING)).all():
        one.journal.begins(key)
        one.journal.answered(key, Kind.RECEIPT, None, "250 taken")
    outbox.send_due(session, one)
    assert statuses(session) == [Status.ACCEPTED] * 3


def test_a_worker_that_comes_back_after_its_lease_changes_nothing(session: Session) -> None:
    world(session)
    late = loop(MemoryChannel())
    window = turn(session, late)
    assert window is not None
    with transaction(session):
        outbox.sweep_leases(session, LATER + timedelta(seconds=61))
    for row in window.marked.values():
        window.begins(row.parcel)
        window.outcome(row.parcel, Receipt("250"))
    turn(session, late, window, most=0)
    assert statuses(session) == [Status.UNCLEAR] * 3


def test_a_worker_whose_rows_were_swept_begins_no_further_letter(session: Session) -> None:
    """It was stopped for longer than its lease: what others have called unclear must not leave any more."""
    world(session)
    now = LATER
    one = dataclasses.replace(loop(MemoryChannel()), clock=lambda: now)
    window = turn(session, one)
    assert window is not None
    assert not window.should_stop()
    now += timedelta(seconds=61)
    with transaction(session):
        assert outbox.sweep_leases(session, now) == 3
    window.renewed -= schedule.RENEW_AFTER.total_seconds()
    window.ticked -= TICK_S
    assert window.should_stop()


def test_two_workers_never_take_the_same_letter(each_session: Session) -> None:
    session = each_session
    world(session)
    in_hand(session, 3)
    assert turn(session, loop(MemoryChannel())) is None


def test_a_pause_stops_the_window_that_is_on_the_wire_and_costs_no_try(each_session: Session) -> None:
    """An organizer presses the button while the first letter is handed over; the next tick sees it."""
    session = each_session
    letters = world(session)
    memory = MemoryChannel()
    one = loop(memory)
    window = turn(session, one)
    assert window is not None

    def pause(_parcel: Parcel) -> None:
        with transaction(session):
            campaigns.pause(session, letters[0].campaign_id, LATER, "user:1")
        window.ticked -= TICK_S
        memory.before = lambda _: None

    memory.before = pause
    memory.open().send([row.parcel for row in window.marked.values()], window)
    assert turn(session, one, window) is None
    assert len(memory.kept) == 1
    assert sorted(statuses(session)) == [Status.ACCEPTED, Status.QUEUED, Status.QUEUED]
    assert set(session.scalars(sa.select(Delivery.tries).where(Delivery.status == Status.QUEUED))) == {0}
    with transaction(session):
        campaigns.resume(session, letters[0].campaign_id, LATER, "user:1")
    outbox.send_due(session, one)
    assert len(memory.kept) == 3
    assert metrics.differences(session) == []


def test_a_relay_that_cannot_be_reached_uses_no_try_and_is_left_alone_for_a_while(session: Session) -> None:
    world(session)
    down = MemoryChannel(closed=TryLater("nobody answers"))
    outbox.send_due(session, loop(down))
    rows = session.scalars(sa.select(Delivery)).all()
    assert {(row.status, row.tries, row.lease_owner) for row in rows} == {(Status.QUEUED, 0, None)}
    assert outbox.due_channels(session, LATER, [ChannelName.SMTP]) == []
    down.closed = None
    assert outbox.send_due(session, loop(down)) == 0, "the breaker is open"
    assert outbox.send_due(session, loop(down, LATER + timedelta(seconds=6))) == 3
    assert breaker.states(session) == []


def test_a_relay_that_hangs_up_at_once_is_not_hammered(session: Session) -> None:
    world(session)

    class HangsUp(MemoryChannel):
        def open(self) -> MemoryLine:
            line = super().open()
            line.close()
            return line

    channel = HangsUp()
    outbox.send_due(session, loop(channel))
    assert channel.opened <= 2
    assert statuses(session) == [Status.QUEUED] * 3
    assert [state.failures for state in breaker.states(session)] == [1]


def test_undo_and_claim_have_one_winner_and_the_member_is_told(session: Session) -> None:
    letters = world(session)
    in_hand(session, 1)
    with transaction(session):
        undone = signing.undo(session, letters[0].action_id, LATER)
    assert undone.cancelled == 2
    assert len(undone.left) == 1
    assert turn(session, loop(MemoryChannel())) is None
    assert sorted(statuses(session)) == [Status.CANCELLED, Status.CANCELLED, Status.SENDING]


def test_signing_again_after_an_undo_writes_new_letters_and_not_to_an_office_whose_letter_left(
    session: Session,
) -> None:
    letters = world(session)
    in_hand(session, 1)
    with transaction(session):
        signing.undo(session, letters[0].action_id, LATER)
    session.expire_all()
    with transaction(session):
        who = session.get_one(Member, letters[0].member_id)
        action = actions.find(session, who.id, session.get_one(Campaign, letters[0].campaign_id))
        assert action is not None
        shown = previews.preview(session, action, SET_UP, LATER).digest
        _, again = signing.sign(session, action.id, signing.Signature(who.name, shown, "test"), SET_UP, LATER)
    assert len(again) == 2
    assert {letter.target for letter in again}.isdisjoint(
        session.scalars(
            sa.select(Letter.target)
            .join(Delivery, Delivery.letter_id == Letter.id)
            .where(Delivery.status == Status.SENDING)
        ).all()
    )


def test_a_second_press_of_sign_sends_nothing_more(each_session: Session) -> None:
    session = each_session
    letters = world(session)
    with transaction(session):
        _, again = signing.sign(session, letters[0].action_id, signing.Signature("Ada", "x", "test"), SET_UP, NOW)
    assert [letter.id for letter in again] == [letter.id for letter in letters]
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 3


def test_letters_to_an_office_with_a_new_holder_are_held(session: Session) -> None:
    letters = world(session)
    with transaction(session):
        session.execute(sa.update(Letter).where(Letter.target == "HIN05").values(holder="held:somebody else"))
    outbox.send_due(session, loop(MemoryChannel()))
    row = session.scalars(sa.select(Delivery).where(Delivery.status == Status.HELD)).one()
    assert "another holder" in row.reason
    assert len(letters) == 3


def test_a_person_settles_an_unclear_letter_once(session: Session) -> None:
    world(session)
    outbox.send_due(session, loop(MemoryChannel(answers=[Unclear("silence")])))
    row = session.scalars(sa.select(Delivery).where(Delivery.status == Status.UNCLEAR)).one()
    with transaction(session):
        decisions.decide(session, row.id, decisions.Decision.ARRIVED, SET_UP, LATER, "they called", "user:1")
    with pytest.raises(WrongState), transaction(session):
        decisions.decide(session, row.id, decisions.Decision.SEND_AGAIN, SET_UP, LATER, "", "user:2")
    assert statuses(session) == [Status.ACCEPTED] * 3
    assert metrics.differences(session) == []


def test_the_database_refuses_a_delivery_without_the_consent_of_its_letter(each_session: Session) -> None:
    session = each_session
    letters = world(session)
    with pytest.raises(sa.exc.IntegrityError), transaction(session):
        session.execute(
            sa.update(Delivery)
            .where(Delivery.letter_id == letters[0].id)
            .values(consent_id=letters[0].consent_id + 999)
        )
    with pytest.raises(sa.exc.IntegrityError), transaction(session):
        session.execute(sa.update(Delivery).where(Delivery.letter_id == letters[0].id).values(consent_id=None))


def test_closing_lets_queued_letters_drain_and_then_closes(session: Session) -> None:
    letters = world(session)
    with transaction(session):
        campaigns.move(session, letters[0].campaign_id, CampaignStatus.CLOSING, LATER, "over", "user:1")
        assert campaigns.close_due(session, LATER) == 0
    outbox.send_due(session, loop(MemoryChannel()))
    with transaction(session):
        assert campaigns.close_due(session, LATER) == 1
    assert statuses(session) == [Status.ACCEPTED] * 3


def test_the_receivers_own_id_outlives_the_worker_that_read_it(each_session: Session) -> None:
    """It may be all that a comment on a docket can be found by."""
    session = each_session
    world(session)
    one = loop(MemoryChannel())
    window = turn(session, one, most=1)
    assert window is not None
    (row,) = window.marked.values()
    window.begins(row.parcel)
    window.outcome(row.parcel, Receipt("201 created", "kz0-1abc-2def"))
    assert outbox.recover(session, dies(one), lambda: LATER) == 1
    session.expire_all()
    delivery = session.get_one(Delivery, row.parcel.key)
    assert (delivery.status, delivery.provider_id) == (Status.ACCEPTED, "kz0-1abc-2def")
    assert session.scalars(sa.select(Attempt.answer)).one() == "201 created"
