"""A line for each day of the live campaign, and one for all that came before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from campaign.domain.districts import EASTERN


class Act(StrEnum):
    """In the order in which a line names them."""

    INVITED = "invited"
    VISITS = "visits"
    ACTIONS = "actions"
    SIGNED = "letters signed"
    SENT = "sent"
    BY_HAND = "filed or posted"
    WITHDRAWN = "withdrawn"
    NOTICES = "notices"
    ANSWERS = "answers"
    POSITIONS = "positions changed"


@dataclass
class Diary:
    """`first_day` is the first with a line of its own. Acts come in order of time."""

    echo: Callable[[str], None]
    first_day: date
    _day: date | None = None
    _tally: Counter[Act] = field(default_factory=Counter)

    def note(self, act: Act, now: datetime, number: int = 1) -> None:
        day = now.astimezone(EASTERN).date()
        if self._day is not None and day > self._day and day >= self.first_day:
            self.tell()
        self._day = day
        self._tally[act] += number

    def tell(self) -> None:
        """What has not been told yet."""
        if self._tally and self._day is not None:
            counts = ", ".join(f"{act} {self._tally[act]}" for act in Act if self._tally[act])
            until = "" if self._day >= self.first_day else "until "
            self.echo(f"{until}{self._day:%b} {self._day.day}: {counts}")
        self._tally.clear()
