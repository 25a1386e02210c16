"""Several kept connections to one relay as one line: one poll over conversations, in one thread."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from math import ceil, inf
from time import monotonic

from campaign.channels.base import Watcher
from campaign.channels.smtp.batch import Batch, Letter
from campaign.channels.smtp.talk import Talk
from campaign.channels.smtp.wire import Address, LineError, Relay, Timeouts
from campaign.domain.errors import ChannelError, TryLater
from campaign.domain.parcels import Parcel

TICK_S = 0.5  # the watcher is asked at least so often
_FAILED = select.POLLERR | select.POLLHUP | select.POLLNVAL


class SmtpLine:
    """Implements Line. Letters leave in order of their batch, one in flight on each connection.

    The first connection is dialed by `enter`, others as soon as letters wait for them. One that is lost is dialed again if
    it had worked; one that never worked, or left a letter unclear, is not. `dials` counts all.
    """

    def __init__(
        self,
        relay: Relay,
        write: Callable[[Parcel], Letter],
        *,
        connections: int,
        timeouts: Timeouts,
        pipelining: bool,
    ) -> None:
        self._relay = relay
        self._write = write
        self._timeouts = timeouts
        self._pipelining = pipelining
        self._poll = select.poll()
        self._talks: dict[int, Talk] = {}  # by file number
        self._idle: list[Talk] = []
        self._spare = connections  # how many more may be dialed
        self._alarm = inf  # no deadline is earlier
        self._why: ChannelError = TryLater("the relay cannot be reached")
        self.dials = 0

    @property
    def usable(self) -> bool:
        return bool(self._talks or self._spare)

    def enter(self) -> None:
        """The first connection, over the first address that answers. Raises TryLater or Misconfigured as Channel.open does."""
        spare = self._spare - 1
        try:
            for address in self._relay.addresses():
                self._address = address
                self._dial(address)
                while self._dialing():
                    self._turn(None)
                if self._idle:
                    self._spare = spare
                    return
                if not isinstance(self._why, TryLater):
                    break
            raise self._why
        except BaseException:
            self._hang_up()
            raise

    def send(self, parcels: Sequence[Parcel], watcher: Watcher) -> None:
        batch = Batch(parcels, watcher, self._write, self._timeouts.stop_grace_s)
        try:
            if not parcels or batch.stops():
                return
            while True:
                self._engage(batch)
                if not batch.out and not (self._talks and (batch.waiting() or batch.next_moment < inf)):
                    break
                self._turn(batch)
            batch.end()
        except BaseException:
            self._hang_up()  # nobody knows what the relays wait for
            raise

    def close(self) -> None:
        # QUIT only where the relay waits for a command: behind half a letter it would be taken for text
        for talk in self._idle:
            try:
                talk.pipe.put(b"QUIT\r\n")
                talk.pipe.flush()
            except LineError:
                continue
        self._hang_up()

    def _engage(self, batch: Batch) -> None:
        """Idle connections take letters; where some still wait, spare ones are dialed."""
        idle, self._idle = self._idle, []
        for talk in idle:
            if batch.waiting(fresh=talk.fresh):
                talk.steps = talk.letters(batch)
                self._go_on(talk)
            else:
                self._idle.append(talk)
        while self._spare and batch.waiting() > self._dialing():
            self._dial(self._address)
        if not self._spare and not self._dialing():
            batch.release()
        batch.lines = len(self._talks)

    def _dialing(self) -> int:
        return sum(not talk.entered for talk in self._talks.values())

    def _dial(self, address: Address) -> None:
        self._spare -= 1
        self.dials += 1
        try:
            talk = Talk(self._relay, address, self._timeouts, self._pipelining)
        except (LineError, OSError):  # no route, or too many open files
            self._why = TryLater("the relay cannot be reached")
            return
        self._talks[talk.pipe.fileno] = talk
        self._poll.register(talk.pipe.fileno, select.POLLIN | select.POLLOUT)
        self._go_on(talk)

    def _turn(self, batch: Batch | None) -> None:
        """Waits for the next thing to happen, at most until the next tick or deadline, and goes on with it."""
        alarm = min(self._alarm, batch.ends_at) if batch else self._alarm
        until = min(alarm, batch.asked_at + TICK_S, batch.next_moment) if batch else alarm
        for fileno, event in self._poll.poll(max(0, ceil((until - monotonic()) * 1000))):
            self._happened(self._talks[fileno], event)
        now = monotonic()
        if batch and now >= batch.asked_at + TICK_S:
            batch.stops()
        if now >= alarm:
            self._time_out(now, batch.ends_at if batch else inf)

    def _happened(self, talk: Talk, event: int) -> None:
        try:
            if event & (select.POLLIN | _FAILED):
                talk.pipe.pull()
            if event & select.POLLOUT:
                talk.pipe.flush()
        except LineError as lost:
            return self._go_on(talk, lost)
        return self._go_on(talk)

    def _go_on(self, talk: Talk, lost: LineError | None = None) -> None:
        """Resumes a conversation, up to its next wait or its end."""
        if talk.steps is None:
            return self._end(talk, lost or LineError("the relay spoke out of turn"))
        try:
            talk.deadline = next(talk.steps) if lost is None else talk.steps.throw(lost)
        except StopIteration:
            talk.steps, talk.deadline = None, inf
            self._idle.append(talk)
        except (LineError, ChannelError) as error:
            return self._end(talk, error)
        self._alarm = min(self._alarm, talk.deadline)
        events = select.POLLIN | (select.POLLOUT if talk.pipe.wants_out else 0)
        if events != talk.events:
            talk.events = events
            self._poll.modify(talk.pipe.fileno, events)
        return None

    def _time_out(self, now: float, ends_at: float) -> None:
        for talk in list(self._talks.values()):
            if talk.steps is not None and min(talk.deadline, ends_at) <= now:
                self._go_on(talk, LineError("the relay said nothing in time"))
        self._alarm = min((talk.deadline for talk in self._talks.values()), default=inf)

    def _end(self, talk: Talk, why: LineError | ChannelError) -> None:
        if isinstance(why, ChannelError):
            self._why = why
        if talk in self._idle:
            self._idle.remove(talk)
        self._poll.unregister(talk.pipe.fileno)
        del self._talks[talk.pipe.fileno]
        talk.pipe.close()
        self._spare += talk.may_be_redialed

    def _hang_up(self) -> None:
        for talk in self._talks.values():
            talk.pipe.close()
        self._talks.clear()
        self._idle.clear()
        self._spare = 0
