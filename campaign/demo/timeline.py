"""A led clock and the steps that happen by it: what is due to be sent is sent in between, at its own moment."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

Step = Callable[[datetime], object]
_TICK = timedelta(milliseconds=300)


@dataclass
class Clock:
    """Moves on by a little whenever it is asked, so that nothing begins and ends in the same moment. Never goes back."""

    now: datetime

    def __call__(self) -> datetime:
        self.now += _TICK
        return self.now

    def lead(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


@dataclass
class Timeline:
    """`next_due` says when something waits to be handed over, `drain` hands it over; both may add steps."""

    clock: Clock
    next_due: Callable[[], datetime | None]
    drain: Callable[[], None]
    _steps: list[tuple[datetime, int, Step]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def at(self, moment: datetime, step: Step) -> None:
        """Steps of the same moment run in the order in which they were added."""
        heapq.heappush(self._steps, (moment, next(self._numbers), step))

    def run(self, until: datetime) -> None:
        """Everything before `until`, in order. What lies later stays undone."""
        due = self.next_due()
        while True:
            step_at = self._steps[0][0] if self._steps else until
            moment = step_at if due is None else min(step_at, due)
            if moment >= until:
                return
            self.clock.lead(moment)
            if due is not None and due <= step_at:
                self.drain()
            else:
                _, _, step = heapq.heappop(self._steps)
                step(self.clock())
            due = self.next_due()
