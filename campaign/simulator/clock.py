"""The clock of the simulated offices: the machine's own, faster where asked, and led forward on request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the simulated time was at a moment of the machine's; what a restart needs to go on from there."""

    real: float  # seconds since 1970
    simulated: float
    speed: float

    def at(self, real: float) -> float:
        return self.simulated + (real - self.real) * self.speed


class Clock:
    """Never goes back, unless the machine's own clock does. Safe to use from several threads."""

    def __init__(self, speed: float = 1.0, *, real: Callable[[], float], anchor: Anchor | None = None) -> None:
        if speed <= 0:
            raise ValueError("the speed must be above 0")
        now = real()
        self._real = real
        self._lock = threading.Lock()
        self._anchor = Anchor(now, anchor.at(now) if anchor else now, speed)

    @property
    def anchor(self) -> Anchor:
        return self._anchor

    def seconds(self) -> float:
        """Simulated seconds since 1970."""
        with self._lock:
            return self._anchor.at(self._real())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def lead(self, by: timedelta) -> None:
        """Moves the simulated time forward at once; what falls due in between comes with the next look."""
        if by < timedelta(0):
            raise ValueError("the clock is led forward only")
        with self._lock:
            real = self._real()
            self._anchor = Anchor(real, self._anchor.at(real) + by.total_seconds(), self._anchor.speed)
