"""The hours in which letters leave, of a campaign or to an office, on the wall clock of a zone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(1, 8))
WEEKDAYS = frozenset(range(1, 6))
_AHEAD = 15  # days: two weeks, as a clock change may skip the hours of one

OUTSIDE_OFFICE_HOURS = "outside the office’s hours"
"""The visible reason of what waits for its office to open."""


@dataclass(frozen=True, slots=True)
class SendingHours:
    """From `opens` to before `closes` on `days` (1 Monday to 7 Sunday).

    Each day opens once and closes once, whatever the clocks do: an hour that comes twice counts as its first, and one that
    is skipped lies an hour later; hours that are skipped whole leave that day shut.
    """

    zone: str
    opens: time
    closes: time
    days: Collection[int] = EVERY_DAY

    @classmethod
    def of(cls, zone: str, opens: time | None, closes: time | None, weekends: bool) -> SendingHours | None:
        """From a campaign's columns; None: at all hours of every day."""
        if opens is None or closes is None:
            return None
        return cls(zone, opens, closes, EVERY_DAY if weekends else WEEKDAYS)

    def is_open(self, moment: datetime) -> bool:
        opens, closes = self._span(moment.astimezone(ZoneInfo(self.zone)).date())
        return opens <= moment < closes

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` itself where it is open, else the next moment at which it opens."""
        return max(next(self._spans(moment))[0], moment)

    def meets(self, other: SendingHours, moment: datetime) -> bool:
        """Whether there is a time at which both are open, in the two weeks from `moment` on."""
        theirs = [*other._spans(moment)]
        return any(
            max(opens, begins, moment) < min(closes, ends)
            for opens, closes in self._spans(moment)
            for begins, ends in theirs
        )

    def _spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Those that end after `moment`, in order."""
        today = moment.astimezone(ZoneInfo(self.zone)).date()
        spans = (self._span(today + timedelta(days=n)) for n in range(_AHEAD))
        return ((opens, closes) for opens, closes in spans if moment < closes and opens < closes)

    def _span(self, day: date) -> tuple[datetime, datetime]:
        """In UTC; empty on a day that is none of `days`."""
        zone = ZoneInfo(self.zone)
        opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in (self.opens, self.closes))
        return (opens, closes) if day.isoweekday() in self.days else (opens, opens)
