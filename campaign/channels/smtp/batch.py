"""The letters of one `send`: which wait, how many are out on connections, and what the watcher hears of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from time import monotonic

from campaign.channels.base import LATE_S, Watcher
from campaign.domain.errors import Refused, TryLater
from campaign.domain.parcels import Outcome, Parcel


@dataclass(frozen=True, slots=True)
class Letter:
    """A parcel as it crosses the wire: the commands MAIL, RCPT and DATA, then the mail, which ends with a line end."""

    parcel: Parcel
    commands: tuple[bytes, bytes, bytes]
    mail: bytes


class Batch:
    """Shared by the conversations of one line. `lines` is how many of them there are, kept up to date by the line."""

    def __init__(
        self, parcels: Sequence[Parcel], watcher: Watcher, write: Callable[[Parcel], Letter], stop_grace_s: float
    ) -> None:
        self._waiting = deque(parcels)
        self._watcher = watcher
        self._write = write
        self._grace_s = stop_grace_s
        self._again = deque[Parcel]()  # came back from a lost connection; for one that is dialed anew
        self._returned: dict[int, TryLater] = {}
        self.lines = 1
        self.out = 0  # letters that a connection holds
        self.asked_at = monotonic()
        self.ends_at = inf  # once a stop was asked for: when the last letter must be back

    def waiting(self, *, fresh: bool = True) -> int:
        """How many letters a connection may take now; `fresh`: one that has taken none so far."""
        if self.ends_at < inf:
            return 0
        return self._due() + (len(self._again) if fresh else 0)

    def _due(self) -> int:
        """How many have no moment to wait for. The first that has one is looked at anew, and dropped when it came too late."""
        if not self._waiting or self._waiting[0].moment is None:
            return len(self._waiting)
        now = monotonic()
        while self._waiting and (moment := self._waiting[0].moment) is not None and moment + LATE_S < now:
            self._waiting.popleft()
        return sum(1 for _ in takewhile(lambda parcel: (parcel.moment or 0) <= now, self._waiting))

    @property
    def next_moment(self) -> float:
        """When the next letter may leave that may not leave now; infinite when none is waited for."""
        moment = self._waiting[0].moment if self._waiting and self.ends_at == inf else None
        return moment if moment is not None and moment > monotonic() else inf

    def stops(self) -> bool:
        """Asks the watcher, which is also its tick."""
        self.asked_at = monotonic()
        if self._watcher.should_stop() and self.ends_at == inf:
            self.ends_at = self.asked_at + self._grace_s
        return self.ends_at < inf

    def take(self, *, fresh: bool) -> Letter | None:
        """The next letter, written and signed. One that cannot be written is settled here."""
        while self.waiting(fresh=fresh):
            parcel = (self._again if fresh and self._again else self._waiting).popleft()
            try:
                letter = self._write(parcel)
            except Refused as refusal:
                self._watcher.outcome(parcel, refusal)
                continue
            self.out += 1
            return letter
        return None

    def take_ahead(self) -> Letter | None:
        """A letter for a connection that still waits for an answer; none of the last few, which go to whoever is free."""
        return self.take(fresh=False) if self.waiting(fresh=False) >= self.lines else None

    def begins(self, letter: Letter) -> None:
        self._watcher.begins(letter.parcel)

    def settle(self, letter: Letter, outcome: Outcome) -> None:
        self.out -= 1
        self._watcher.outcome(letter.parcel, outcome)

    def put_back(self, letter: Letter) -> None:
        """Nothing became of it, and it is not to blame."""
        self.out -= 1
        self._waiting.appendleft(letter.parcel)

    def lost(self, letter: Letter, why: TryLater) -> None:
        """Its line was lost before its dot left. It goes back once if the line had worked (no try was used).

        To a fresh line: relays that close after so many letters close all old ones at about the same time.
        """
        if why.used_a_try or letter.parcel.moment is not None:  # its moment is used up
            self.settle(letter, why)
        elif letter.parcel.key in self._returned:
            self.settle(letter, TryLater(str(why), code=why.code, answer=why.answer))
        else:
            self._returned[letter.parcel.key] = why
            self.out -= 1
            self._again.append(letter.parcel)

    def release(self) -> None:
        """There will be no fresh line: what came back is for any."""
        self._waiting.extendleft(reversed(self._again))
        self._again.clear()

    def end(self) -> None:
        """Tells of letters that went back and found no other line."""
        for parcel in (*self._again, *self._waiting):
            if parcel.key in self._returned:
                self._watcher.outcome(parcel, self._returned[parcel.key])
