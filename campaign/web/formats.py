"""How dates, numbers and spans of time are written on pages: plain functions (filters.py gives them to Jinja).

Times come in aware and go out in the reader's zone; without one, in Eastern time, the zone of every deadline here.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from campaign.domain.events import EventKind
from campaign.models.event import Event

EASTERN = ZoneInfo("America/New_York")
UNKNOWN = "–"
SMALL_BASE = 20
"""Under this many cases a percentage pretends to more than is known, so the counts are given."""

Zone = ZoneInfo | str | None
Day = date | datetime

ZONE_WORDS = {
    "America/New_York": "Eastern time",
    "America/Chicago": "Central time",
    "America/Denver": "Mountain time",
    "America/Phoenix": "Arizona time",
    "America/Los_Angeles": "Pacific time",
    "America/Anchorage": "Alaska time",
    "Pacific/Honolulu": "Hawaii time",
    "America/Puerto_Rico": "Atlantic time",
}


def as_zone(zone: Zone) -> ZoneInfo:
    if zone is None:
        return EASTERN
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def zone_words(zone: Zone) -> str:
    key = as_zone(zone).key
    return ZONE_WORDS.get(key, key.rpartition("/")[2].replace("_", " ") + " time")


def day(value: Day | None, zone: Zone = None, today: date | None = None) -> str:
    """March 12; with the year where `today` is given and lies in another: March 12, 2027."""
    return _day(value, zone, today, "%B")


def short_day(value: Day | None, zone: Zone = None, today: date | None = None) -> str:
    """Mar 12, for tables."""
    return _day(value, zone, today, "%b")


def clock(value: datetime | None, zone: Zone = None, seconds: bool = False) -> str:
    """2:04 pm, or 2:04:11 pm."""
    if value is None:
        return UNKNOWN
    local = _local(value, zone)
    text = f"{local.hour % 12 or 12}:{local.minute:02}"
    if seconds:
        text += f":{local.second:02}"
    return f"{text} {'am' if local.hour < 12 else 'pm'}"


def moment(value: datetime | None, zone: Zone = None, today: date | None = None) -> str:
    """Mar 12, 2:04 pm."""
    return UNKNOWN if value is None else f"{short_day(value, zone, today)}, {clock(value, zone)}"


def deadline(value: datetime | None, today: date | None = None) -> str:
    """Thu, March 19, 11:59 pm ET. Always Eastern, and says so: agencies and Congress keep that time."""
    if value is None:
        return UNKNOWN
    return f"{_local(value, EASTERN):%a}, {day(value, EASTERN, today)}, {clock(value, EASTERN)} ET"


def meeting(value: datetime | None) -> str:
    """Tue, March 16, 2027, 2:00 pm ET: always whole, and always Eastern, the clock of the offices that invite."""
    if value is None:
        return UNKNOWN
    local = value.astimezone(EASTERN)
    return f"{local:%a}, {local:%B} {local.day}, {local.year}, {clock(value, EASTERN)} ET"


def in_days(value: Day | None, today: date, zone: Zone = None) -> str:
    """in 7 days, March 19; today, March 12; never only the distance."""
    if value is None:
        return UNKNOWN
    on = _on(value, zone)
    distance = (on - today).days
    named = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(distance)
    words = named or (f"in {distance} days" if distance > 0 else f"{-distance} days ago")
    return f"{words}, {day(on, None, today)}"


def time_tag(value: Day | None, words: str) -> Markup:
    """`words` in a time element whose datetime is the exact value in UTC (a date stays a date)."""
    if value is None:
        return escape(words)
    exact = (
        value.astimezone(ZoneInfo("UTC")).isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    )
    return Markup('<time datetime="{}">{}</time>').format(exact.replace("+00:00", "Z"), words)


def event_detail(event: Event) -> Markup | str:
    """What a notice said; for a published comment, the way to it."""
    if event.kind is not EventKind.PUBLISHED:
        return event.detail
    link = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}{}</a>')
    name = event.detail.rpartition("/")[2]
    return link.format(event.detail, name, Markup('<span class="vh"> (opens in a new tab)</span>'))


def number(value: float | None, places: int = 0) -> str:
    """1,968; unknown is a dash, zero is 0."""
    return UNKNOWN if value is None else f"{value:,.{places}f}"


def percent(part: float | None, whole: float | None) -> str:
    """82.8%; under 20 cases "3 of 11"; a dash where nothing can be said."""
    if part is None or not whole:
        return UNKNOWN
    if whole < SMALL_BASE:
        return f"{number(part)} of {number(whole)}"
    return f"{100 * part / whole:.1f}%"


def duration(value: timedelta | float | None) -> str:
    """Seconds or a timedelta, in its two largest units: 42 s, 6 min 12 s, 3 h 2 min, 19 days."""
    if value is None:
        return UNKNOWN
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    if seconds < 3600:
        return _two(seconds, 60, "min", 1, "s")
    if seconds < 48 * 3600:
        return _two(seconds, 3600, "h", 60, "min")
    return f"{seconds // 86400} days"


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 letter, 1,968 letters; `many` where an s is not enough."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """At most two letters for the seal beside a name: titles such as "Rep." and "U.S." are passed over."""
    words = [word for word in re.split(r"\s+", name.strip()) if word and "." not in word]
    letters = [next((c for c in word if c.isalpha()), "") for word in words]
    found = [letter for letter in letters if letter]
    if not found:
        return "?"
    return (found[0] if len(found) == 1 else found[0] + found[-1]).upper()


def lines(text: str) -> Markup:
    """Escaped text whose line ends are kept as breaks."""
    return Markup("<br>").join(text.splitlines())


def _two(seconds: int, large: int, large_word: str, small: int, small_word: str) -> str:
    rest = seconds % large // small
    words = f"{seconds // large} {large_word}"
    return f"{words} {rest} {small_word}" if rest else words


def _local(value: datetime, zone: Zone) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(as_zone(zone))


def _on(value: Day, zone: Zone) -> date:
    return _local(value, zone).date() if isinstance(value, datetime) else value


def _day(value: Day | None, zone: Zone, today: date | None, month: str) -> str:
    if value is None:
        return UNKNOWN
    on = _on(value, zone)
    year = f", {on.year}" if today is not None and on.year != today.year else ""
    return f"{on.strftime(month)} {on.day}{year}"
