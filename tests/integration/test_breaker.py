"""A channel in trouble is left alone: its letters wait, use no try, and one letter at a time finds out whether it is over."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.bench import world
from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import ChannelError, Misconfigured, Refused, TryLater
from campaign.domain.parcels import Outcome, Receipt
from campaign.domain.statuses import Status
from campaign.models.channel import ChannelState
from campaign.models.delivery import Attempt, Delivery
from campaign.services import breaker, metrics, outbox
from tests import factories
from tests.factories import ENVELOPE, NOW

SMTP = ChannelName.SMTP
WRONG = Misconfigured("the relay does not take mail from us", code="550", answer="550 5.7.1 who are you")
BUSY = TryLater("the relay asks to try later", code="451", answer="451 4.3.0 later")
POLICY = Refused("the relay refused the letter", code="550", answer="550 5.7.1 policy")
NO_SUCH = Refused("the relay refused the letter", code="550", answer="550 5.1.1 no such person")


def letters(session: Session, number: int, *, same_address: bool = False) -> None:
    with transaction(session):
        world.build(session, number, NOW)
        if not same_address:
            session.execute(
                sa.update(Delivery).values(to_address=sa.cast(Delivery.id, sa.Text).concat("@offices.example"))
            )


def send(session: Session, memory: MemoryChannel, now: datetime = NOW) -> int:
    loop = outbox.Loop(memory, ENVELOPE, lambda: now, factories.journal(), jitter=lambda: 0.5)
    return outbox.send_due(session, loop)


def state(session: Session) -> ChannelState:
    return session.scalars(sa.select(ChannelState)).one()


def statuses(session: Session) -> Counter[Status]:
    found = Counter(session.scalars(sa.select(Delivery.status)))
    session.rollback()
    return found


def test_wrong_settings_stop_the_channel_instead_of_failing_letters_one_by_one(each_session: Session) -> None:
    session = each_session
    letters(session, 20)
    memory = MemoryChannel(answers=[WRONG] * 20)
    assert send(session, memory) == 1
    assert statuses(session) == {Status.QUEUED: 20}
    assert session.scalar(sa.select(sa.func.max(Delivery.tries))) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0
    assert state(session).misconfigured
    assert "who are you" in state(session).reason
    memory.answers.clear()
    assert send(session, memory, NOW + timedelta(seconds=4)) == 0, "it is left alone"
    assert send(session, memory, NOW + timedelta(seconds=6)) == 20, "and tried again"
    assert breaker.states(session) == []
    assert metrics.differences(session) == []


@pytest.mark.parametrize(("answer", "tried"), [(BUSY, Status.QUEUED), (POLICY, Status.REFUSED)])
def test_five_addresses_in_a_row_that_get_a_no_are_the_channels_trouble(
    session: Session, answer: ChannelError, tried: Status
) -> None:
    letters(session, 20)
    assert send(session, MemoryChannel(answers=[answer] * 20)) == 5
    assert session.scalar(sa.select(sa.func.count()).where(Delivery.tries == 1, Delivery.status == tried)) == 5
    assert session.scalar(sa.select(sa.func.count()).where(Delivery.tries == 0)) == 15
    assert state(session).failures == 1


def test_one_address_that_says_no_is_not(session: Session) -> None:
    letters(session, 20, same_address=True)
    assert send(session, MemoryChannel(answers=[BUSY] * 20)) == 20
    assert breaker.states(session) == []


def test_lines_that_are_lost_are_whoever_the_letters_are_for(session: Session) -> None:
    letters(session, 20, same_address=True)
    assert send(session, MemoryChannel(answers=[TryLater("the relay said nothing in time")] * 20)) == 5
    assert state(session).failures == 1


def test_wrong_addresses_are_not(session: Session) -> None:
    letters(session, 20)
    assert send(session, MemoryChannel(answers=[NO_SUCH] * 20)) == 20
    assert statuses(session) == {Status.REFUSED: 20}
    assert breaker.states(session) == []


def test_a_probe_is_one_letter_and_each_one_that_fails_doubles_the_wait(session: Session) -> None:
    letters(session, 20)
    outcomes: list[Outcome] = [BUSY] * 5
    memory = MemoryChannel(answers=outcomes)
    now = NOW
    send(session, memory, now)
    waits = []
    for _ in range(3):
        memory.will_answer([BUSY])
        retry_at = state(session).retry_at
        session.rollback()
        assert retry_at is not None
        waits.append((retry_at - now).total_seconds())
        now = retry_at
        assert send(session, memory, now) == 1
    assert waits == [5, 10, 20]
    retry_at = state(session).retry_at
    session.rollback()
    memory.will_answer([Receipt("250 taken")])
    send(session, memory, retry_at or now)
    assert session.scalar(sa.select(sa.func.count()).where(Delivery.tries == 0)) == 0, "then all the others leave"
    assert breaker.states(session) == []


def test_of_many_workers_one_probes(session: Session) -> None:
    letters(session, 3)
    send(session, MemoryChannel(closed=TryLater("nobody answers")))
    later = NOW + timedelta(seconds=6)
    with transaction(session):
        assert breaker.take_probe(session, SMTP, later)
        assert not breaker.take_probe(session, SMTP, later)
    memory = MemoryChannel()
    assert send(session, memory, later) == 0
    assert memory.opened == 0
