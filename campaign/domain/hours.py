"""The hours in which a campaign's letters leave, on the wall clock of its zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class SendingHours:
    """From `opens` to before `closes`, each day or each weekday. Where a clock change skips an hour, so does the day."""

    zone: str
    opens: time
    closes: time
    weekends: bool = True

    @classmethod
    def of(cls, zone: str, opens: time | None, closes: time | None, weekends: bool) -> SendingHours | None:
        """From a campaign's columns; None: at all hours of every day."""
        return None if opens is None or closes is None else cls(zone, opens, closes, weekends)

    def is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(self.zone))
        return (self.weekends or local.weekday() < _SATURDAY) and self.opens <= local.time() < self.closes

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` itself where it is open, else the next moment at which it opens."""
        if self.is_open(moment):
            return moment
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        days = (today + timedelta(days=n) for n in range(8))
        openings = (
            datetime.combine(day, self.opens, zone) for day in days if self.weekends or day.weekday() < _SATURDAY
        )
        return next(opening for opening in openings if opening > moment)
