"""Days and times of the script. Day 1 is a Monday; day 21 is the Sunday before `--as-of`."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = 21


def date_of(day: int, as_of: date) -> date:
    """Later days (a docket's closing day 60) count on."""
    return as_of + timedelta(days=day - DAYS - 1)


def moment_of(day: int, at: time, time_zone: str, as_of: date) -> datetime:
    """The wall-clock time there as an aware UTC moment."""
    return datetime.combine(date_of(day, as_of), at, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def draw_time(rng: random.Random, first: time = time(8, 10)) -> time:
    """Between `first` and seven in the evening."""
    minutes = rng.randrange(first.hour * 60 + first.minute, 19 * 60)
    return time(minutes // 60, minutes % 60)


def weekday(day: int) -> int:
    """The same day, or the Monday after a weekend."""
    return day + {6: 2, 0: 1}.get(day % 7, 0)
