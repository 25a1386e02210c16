"""Drains a channel, window by window."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import clock_gettime, monotonic, sleep

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaign import journal
from campaign.channels.base import Channel, Line
from campaign.database import transaction
from campaign.domain import schedule
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.errors import ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt
from campaign.journal import Journal, Kind
from campaign.models.campaign import Campaign
from campaign.services import breaker
from campaign.services.envelope import Envelope
from campaign.services.outbox import bulk, outcomes
from campaign.services.outbox.claims import NOTHING, SENDS, Marked, Taken, due_channels, take
from campaign.services.outbox.paces import Limits
from campaign.services.outbox.recovery import receipt_line, settle_own

log = structlog.get_logger()

WINDOW = journal.WINDOW
TICK_S = 0.5  # how often pauses are looked for while a window is on the wire
LEASE_LOST_S = 50.0  # since the last renewal: from here on the rows may be another's, so this process stops
PAUSE_S = 0.1  # between two looks for a free moment, where a limit keeps letters back
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
IN_A_ROW = 5  # different addresses that get a no in a row, after which the channel itself is taken to be in trouble


@dataclass(frozen=True, slots=True)
class Loop:
    """Who sends what, how, and when to stop. `clock` is asked often: a drain runs for seconds and must renew its lease."""

    channel: Channel
    envelope: Envelope
    clock: Callable[[], datetime]
    journal: Journal
    should_stop: Callable[[], bool] = lambda: False
    jitter: Callable[[], float] = random.random
    limits: Limits = field(default_factory=Limits)
    repeatable: frozenset[ChannelName] = frozenset()  # channels whose receiver knows a letter that comes twice
    set_up: frozenset[ChannelName] = BY_HAND  # channels that this installation has; these always
    window: int = WINDOW


def _clock_s() -> float:
    """Goes on while the machine is suspended, where the system has such a clock: a lease does too."""
    return clock_gettime(_CLOCK)


@dataclass(slots=True)
class Window:
    """The watcher of one window: what was begun, what came of it, and whether to go on."""

    session: Session
    loop: Loop
    marked: dict[int, Marked]
    begun: set[int] = field(default_factory=set)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    stopped: bool = False
    renewed: float = field(default_factory=_clock_s)
    ticked: float = field(default_factory=_clock_s)
    noes: set[str] = field(default_factory=set)  # addresses that got a no since the channel's last yes
    patience: int = IN_A_ROW  # so many of them are the channel's trouble, not theirs
    trouble: ChannelError | None = None  # of the channel as a whole

    def begins(self, parcel: Parcel) -> None:
        self.begun.add(parcel.key)
        self.loop.journal.begins(parcel.key)

    def outcome(self, parcel: Parcel, outcome: Outcome) -> None:
        words = receipt_line(outcome) if isinstance(outcome, Receipt) else outcome.answer or str(outcome)
        code = None if isinstance(outcome, Receipt) else outcome.code
        self.loop.journal.answered(parcel.key, _kind(outcome), code, words)
        self.outcomes[parcel.key] = outcome
        self._judge(parcel, outcome)

    def _judge(self, parcel: Parcel, outcome: Outcome) -> None:
        """Is it the letter's trouble, or the channel's?"""
        match outcome:
            case Receipt() | Unclear():
                self.noes.clear()
            case Misconfigured():
                self.trouble = outcome
            case TryLater():  # one without a code is a line that went silent or was lost, whoever the letter was for
                self.noes.add(parcel.to_address if outcome.code and self._by_address else parcel.reference)
            case Refused() if _is_policy(outcome):
                self.noes.add(parcel.to_address)
            case _:
                self.noes.clear()  # this address is wrong: the channel answers as it should
        if len(self.noes) >= self.patience and isinstance(outcome, ChannelError):
            self.trouble = self.trouble or outcome

    @property
    def _by_address(self) -> bool:
        """Whether a busy answer may be that of one address. Other receivers than a relay speak for themselves."""
        return self.loop.channel.name is ChannelName.SMTP

    def should_stop(self) -> bool:
        now = _clock_s()
        if not self.stopped and now - self.ticked >= TICK_S:
            self.ticked = now
            self._tick(now)
        return self.stopped or self.trouble is not None or self.loop.should_stop()

    def _tick(self, now: float) -> None:
        """Looks for a pause and renews the lease. Never raises: a database that is away is no reason to drop a letter
        that is on the wire. A lease that cannot be renewed ends the work before it runs out, and one that another has swept
        at once."""
        try:
            if self._paused():
                self.stopped = True
            if now - self.renewed >= schedule.RENEW_AFTER.total_seconds():
                self.stopped |= not self._renew()
                self.renewed = now
        except sa.exc.DBAPIError as error:
            log.warning("tick failed", error=type(error.orig).__name__)
        if now - self.renewed > LEASE_LOST_S:
            self.stopped = True

    def _paused(self) -> bool:
        ids = {row.campaign_id for row in self.marked.values() if row.campaign_id is not None}
        found = self.session.scalar(
            sa.select(sa.func.count()).select_from(Campaign).where(Campaign.id.in_(ids), Campaign.status.in_(SENDS))
        )
        self.session.rollback()
        return found != len(ids)

    def _renew(self) -> bool:
        now = self.loop.clock()
        with transaction(self.session):
            renewed = bulk.run(
                self.session, "renew", owner=self.loop.journal.owner, now=now, until=now + schedule.LEASE
            )
        return bool(renewed)

    def has_receipt(self) -> bool:
        return any(isinstance(outcome, Receipt) for outcome in self.outcomes.values())

    def came_of(self, key: int) -> Outcome | None:
        if key in self.outcomes:
            return self.outcomes[key]
        return Unclear("the line ended in the middle; it may have arrived") if key in self.begun else None


def _kind(outcome: Outcome) -> Kind:
    if isinstance(outcome, TryLater) and not outcome.used_a_try:
        return Kind.TRY_LATER_FREE
    if isinstance(outcome, Refused) and outcome.falls_through:
        return Kind.FALLS_THROUGH
    return _KINDS.get(type(outcome), Kind.UNCLEAR)


_KINDS: dict[type[Outcome], Kind] = {
    Receipt: Kind.RECEIPT,
    TryLater: Kind.TRY_LATER,
    Misconfigured: Kind.MISCONFIGURED,
    Refused: Kind.REFUSED,
    Unclear: Kind.UNCLEAR,
}


def _is_policy(refusal: Refused) -> bool:
    """5.7.x of RFC 3463 is about security or policy: who we are, and not where the letter goes."""
    return "5.7." in refusal.answer


def send_due(session: Session, loop: Loop) -> int:
    """Drains what is due on the loop's channel; returns how many were handed over or tried.

    Commits, several times: the exception among services. Safe beside any number of others, and after any kill.
    """
    settle_own(session, loop.journal, loop.clock, loop.repeatable, loop.set_up)
    desk = Desk(session, loop)
    try:
        while desk.goes_on():
            pass
    finally:
        desk.close()
        settle_own(session, loop.journal, loop.clock, loop.repeatable, loop.set_up)
    return desk.tried


@dataclass(slots=True)
class Desk:
    """The work of one `send_due`: an open line, the window in hand, and how much was tried."""

    session: Session
    loop: Loop
    line: Line | None = None
    window: Window | None = None
    probing: bool = False  # the channel was in trouble: one letter first
    noes: set[str] = field(default_factory=set)
    tried: int = 0

    def goes_on(self) -> bool:
        """One step: a window handed over, or a line opened, or a wait for a free moment. False when there is no more to do."""
        if self.window is not None and self.window.trouble is not None:
            self.turn(most=0)
            return False
        if self.line is None or not self.line.usable or self.loop.should_stop():
            self.turn(most=0)
            return not self.loop.should_stop() and self._open()
        taken = self.turn(most=1 if self.probing else self.loop.window)
        if self.window is not None:
            self._hand_over(self.line, self.window)
        elif taken.paced:
            sleep(PAUSE_S)
        return bool(taken.found or taken.paced)

    def close(self) -> None:
        if self.line is not None:
            self.line.close()

    def _hand_over(self, line: Line, window: Window) -> None:
        line.send([row.parcel for row in window.marked.values()], window)
        self.tried += len(window.outcomes)
        self.probing = self.probing and not window.has_receipt()
        if not line.usable and not window.begun and not window.outcomes:
            window.trouble = window.trouble or TryLater("the line ended before anything could be handed over")

    def turn(self, *, most: int) -> Taken:
        """One transaction: the outcomes of this window, and the next one claimed, checked and marked."""
        before, self.window, taken = self.window, None, NOTHING
        if before is None and not most:
            return taken
        loop, session = self.loop, self.session
        now = loop.clock()
        ahead_s = monotonic() - now.timestamp()
        with transaction(session):
            if before is not None:
                self._record(before, now)
            if most:
                taken = take(
                    session, loop.channel.name, loop.journal.owner, loop.envelope, loop.limits, now, ahead_s, most
                )
                loop.journal.open_window(list(taken.marked))
        if taken.marked:
            loop.journal.close_other()
            patience = 1 if self.probing else IN_A_ROW
            self.window = Window(session, loop, taken.marked, noes=self.noes, patience=patience)
        else:
            loop.journal.forget()
        return taken

    def _record(self, window: Window, now: datetime) -> None:
        """What was marked and not begun goes back and gives its try back; what was begun and has no outcome is unclear."""
        loop, channel = self.loop, self.loop.channel.name
        settled = [
            outcomes.settle(key, row, window.came_of(key), now, loop.jitter()) for key, row in window.marked.items()
        ]
        outcomes.write(self.session, loop.journal.owner, channel, settled, window.marked, loop.set_up, now)
        if window.has_receipt():
            breaker.worked(self.session, channel)
        if window.trouble is not None:
            breaker.failed(self.session, channel, window.trouble, now)

    def _open(self) -> bool:
        """A fresh line, where something is due and nothing speaks against it. One that cannot be had opens the breaker:
        letters wait and use no try."""
        loop, session = self.loop, self.session
        self.close()
        self.line = None
        now = loop.clock()
        with transaction(session):
            if not due_channels(session, now, [loop.channel.name]):
                return False
            self.probing = breaker.in_trouble(session, loop.channel.name)
            if self.probing and not breaker.take_probe(session, loop.channel.name, now):
                return False
        try:
            self.line = loop.channel.open()
            if not self.line.usable:
                raise TryLater("the line ended as soon as it was open")
        except ChannelError as error:
            with transaction(session):
                breaker.failed(session, loop.channel.name, error, loop.clock())
            return False
        return True
