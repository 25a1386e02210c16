"""Hours in which a gateway is being maintained, on the clock of Washington, right on the nights in which clocks change too.

Written `CHAMBER DAYS FROM-TO`, with semicolons between: `house daily 00:00-06:00; senate sat,sun 22:00-02:00`. DAYS is
`daily`, days with commas, or `mon-fri`. Where TO is not after FROM it belongs to the next day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from campaign.domain.districts import EASTERN, Chamber

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHAPE = re.compile(r"(house|senate) +(\S+) +(\d\d:\d\d) *- *(\d\d:\d\d)", re.ASCII)
_CHAMBERS = {"house": Chamber.HOUSE, "senate": Chamber.SENATE}


@dataclass(frozen=True, slots=True)
class Window:
    """`days` are those on which it begins, 0 for Monday; both ends are wall time, `ends` on the next day where not later."""

    chamber: Chamber
    days: frozenset[int]
    begins: time
    ends: time

    def interval(self, day: date) -> tuple[datetime, datetime]:
        """From the first moment to before the last one, of the window that begins on this day: an hour that comes twice
        belongs to it whole, one that does not come counts for nothing."""
        last = day if self.ends > self.begins else day + timedelta(days=1)
        return _instant(day, self.begins, latest=False), _instant(last, self.ends, latest=True)


def read(text: str) -> tuple[Window, ...]:
    """Raises ValueError, in words, for what is none."""
    return tuple(_window(each.strip().lower()) for each in text.split(";") if each.strip())


def closed_until(windows: Sequence[Window], chamber: Chamber, now: datetime) -> datetime | None:
    """The moment (UTC) at which the chamber's gateway opens again; None while it is open."""
    until: datetime | None = None
    at = now
    for _ in range(2 * len(windows) + 1):  # a window may begin where another ends
        found = [end for start, end in _around(windows, chamber, at) if start <= at < end]
        if not found:
            return until
        until = at = max(found)
    return until


def _around(windows: Sequence[Window], chamber: Chamber, at: datetime) -> list[tuple[datetime, datetime]]:
    today = at.astimezone(EASTERN).date()
    return [
        window.interval(day)
        for window in windows
        if window.chamber is chamber
        for day in (today - timedelta(days=1), today)
        if day.weekday() in window.days
    ]


def _instant(day: date, wall: time, *, latest: bool) -> datetime:
    """A wall time as a moment: of two the first or the `latest`, and for one that the clock skips the moment of the change."""
    local = datetime.combine(day, wall, EASTERN)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return second if latest else first
    return next(
        at
        for minute in range(24 * 60)
        if (at := second + timedelta(minutes=minute)).astimezone(EASTERN).replace(tzinfo=None)
        >= local.replace(tzinfo=None)
    )


def _window(text: str) -> Window:
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no window: write it like house daily 00:00-06:00")
    chamber, days, begins, ends = match.groups()
    return Window(_CHAMBERS[chamber], _days(days), _time(begins), _time(ends))


def _days(text: str) -> frozenset[int]:
    if text == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"{part!r} is no day: give daily, or days like sat,sun or mon-fri")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {each % 7 for each in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(found)


def _time(text: str) -> time:
    try:
        return time() if text == "24:00" else time.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: give 00:00 to 24:00") from error
