"""The send loop and a relay that misbehaves: what becomes of each letter, by our rows and by the relay's own book."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.bench import world
from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.wire import Timeouts
from campaign.database import transaction
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.delivery import Delivery
from campaign.services import breaker, metrics, outbox
from tests import factories
from tests.factories import ENVELOPE, NOW
from tests.integration.loopback import CLOSE, HANG, Sink, listening

LETTERS = 40
SHORT = Timeouts(connect_s=2, command_s=0.4, data_end_s=0.5, stop_grace_s=0.2)
DAY = timedelta(days=1)


class Sending:
    """Forty letters to forty addresses, all due, and a worker that hands them to a relay."""

    def __init__(self, session: Session, sink: Sink, connections: int) -> None:
        self.session = session
        self.sink = sink
        self.connections = connections
        with transaction(session):
            world.build(session, LETTERS, NOW)
            to = sa.literal("office").concat(sa.cast(Delivery.id, sa.String)).concat("@offices.example")
            session.execute(sa.update(Delivery).values(to_address=to))

    def send(self, clock: Callable[[], datetime]) -> int:
        loop = outbox.Loop(
            channel=SmtpChannel("127.0.0.1", self.sink.port, timeouts=SHORT, connections=self.connections),
            envelope=ENVELOPE,
            clock=clock,
            journal=factories.journal(),
            jitter=lambda: 0.5,
        )
        try:
            return outbox.send_due(self.session, loop)
        finally:
            loop.journal.close()

    def send_at(self, now: datetime) -> int:
        return self.send(lambda: now)

    def statuses(self) -> dict[str, int]:
        self.session.expire_all()
        rows = self.session.execute(sa.select(Delivery.status, sa.func.count()).group_by(Delivery.status)).all()
        return {str(status): number for status, number in rows}

    def tries(self) -> dict[int, int]:
        rows = self.session.execute(sa.select(Delivery.tries, sa.func.count()).group_by(Delivery.tries)).all()
        return {tries: number for tries, number in rows}  # noqa: C416 - mypy knows no rows as pairs

    def judge(self, *, kept: int) -> None:
        """So many letters are with the relay, each once; every figure is right."""
        times = Counter(self.sink.kept)
        assert len(times) == kept
        assert max(times.values(), default=1) == 1
        assert metrics.differences(self.session) == []


@pytest.fixture
def sending(each_session: Session) -> Iterator[Callable[..., Sending]]:
    """Opens a relay as told, and forty letters for it."""
    opened = []

    def make(sink: Sink, connections: int = 1) -> Sending:
        manager = listening(sink)
        manager.__enter__()
        opened.append(manager)
        return Sending(each_session, sink, connections)

    yield make
    for manager in opened:
        manager.__exit__(None, None, None)


Make = Callable[..., Sending]


def test_a_relay_that_says_nothing_costs_no_try_and_gets_all_when_it_speaks_again(sending: Make) -> None:
    one = sending(Sink(banner=HANG))
    assert one.send_at(NOW) == 0
    assert one.statuses() == {"queued": LETTERS}
    assert one.tries() == {0: LETTERS}
    assert len(breaker.states(one.session)) == 1
    one.sink.banner = "220 sink"
    assert one.send_at(NOW + timedelta(minutes=1)) == LETTERS
    assert one.statuses() == {"accepted": LETTERS}
    assert breaker.states(one.session) == []
    one.judge(kept=LETTERS)


@pytest.mark.parametrize("phase", ["mail", "rcpt", "start"])
def test_a_relay_that_falls_silent_before_a_text_gets_the_rest_later(phase: str, sending: Make) -> None:
    """On all its lines, in the middle of a window."""
    one = sending(Sink([{}] * 10 + [{phase: HANG}] * 30), connections=4)
    one.send_at(NOW)
    assert one.statuses() == {"accepted": 10, "queued": 30}
    assert len(breaker.states(one.session)) == 1
    one.sink.answers = ()
    one.send_at(NOW + timedelta(hours=5))
    assert one.statuses() == {"accepted": LETTERS}
    one.judge(kept=LETTERS)


@pytest.mark.parametrize("end", [HANG, CLOSE])
@pytest.mark.parametrize("kept", ["yes", ""])
def test_a_line_lost_behind_the_final_dot_leaves_one_letter_unclear_for_ever(
    end: str, kept: str, sending: Make
) -> None:
    """Whether the relay kept it or not: nobody knows, so nobody sends it again."""
    one = sending(Sink([{}] * 10 + [{"data": end, "kept": kept}]), connections=2)
    one.send_at(NOW)
    one.send_at(NOW + timedelta(hours=1))
    assert one.statuses() == {"accepted": LETTERS - 1, "unclear": 1}
    assert one.send_at(NOW + DAY) == 0
    one.judge(kept=LETTERS if kept else LETTERS - 1)


@pytest.mark.parametrize("goodbye", ["421 4.3.2 enough for one line", CLOSE])
def test_a_relay_that_closes_its_lines_in_the_middle_takes_all_over_new_ones(goodbye: str, sending: Make) -> None:
    one = sending(Sink(per_line=7, goodbye=goodbye), connections=2)
    one.send_at(NOW)
    assert one.statuses() == {"accepted": LETTERS}
    assert one.tries() == {1: LETTERS}
    assert one.sink.lines_opened >= LETTERS // 7
    one.judge(kept=LETTERS)


def test_busy_recipients_wait_and_refused_ones_end_whatever_becomes_of_the_others(sending: Make) -> None:
    busy, gone = {"rcpt": "450 4.2.1 busy"}, {"rcpt": "550 5.1.1 nobody of that name"}
    late, no = {"data": "451 4.3.0 not now"}, {"data": "554 5.6.0 no such text"}
    one = sending(Sink([{}, busy, {}, gone, {}, late, {}, no]))
    one.send_at(NOW)
    assert one.statuses() == {"accepted": LETTERS - 4, "queued": 2, "refused": 2}
    waiting = one.session.scalars(sa.select(Delivery.due_at).where(Delivery.status == Status.QUEUED)).all()
    assert set(waiting) == {NOW + timedelta(minutes=1)}
    assert one.send_at(NOW + timedelta(seconds=59)) == 0
    assert one.send_at(NOW + timedelta(minutes=1)) == 2
    assert one.statuses() == {"accepted": LETTERS - 2, "refused": 2}
    one.judge(kept=LETTERS - 2)


@pytest.mark.parametrize("hours", [1, -1, 24])
def test_a_clock_that_jumps_in_the_middle_doubles_nothing(hours: int, sending: Make) -> None:
    one = sending(Sink(late_s=0.001), connections=2)
    moments = iter([NOW] * 2)
    jumped = NOW + timedelta(hours=hours)
    one.send(lambda: next(moments, jumped))
    with transaction(one.session):
        outbox.sweep_leases(one.session, jumped)
    found = one.statuses()
    assert set(found) <= {"accepted", "queued"}
    one.send_at(max(NOW, jumped) + timedelta(hours=1))
    assert one.statuses() == {"accepted": LETTERS}
    one.judge(kept=LETTERS)


def test_two_beats_wake_two_workers_for_each_letter_and_it_leaves_once(each_app: Flask) -> None:
    """Every wake-up comes twice, and both are heard at the same time."""
    with listening(Sink(late_s=0.002)) as sink:
        one = Sending(db.session(), sink, connections=2)
        barrier = threading.Barrier(2)
        tried: list[int] = []

        def woken() -> None:
            with each_app.app_context():
                worker = Sending.__new__(Sending)
                worker.session, worker.sink, worker.connections = db.session(), sink, 2
                barrier.wait(10)
                tried.append(sum(worker.send_at(NOW) for _ in range(2)))
                db.session.remove()

        threads = [threading.Thread(target=woken) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sum(tried) == LETTERS
        assert one.statuses() == {"accepted": LETTERS}
        one.judge(kept=LETTERS)
