"""The meeting in a calendar part (RFC 5545, 5546): what an office proposes, in UTC. Nothing is ever accepted by machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Windows' names of zones, which Outlook writes into TZID; from the CLDR table of windowsZones, those an office may use
_WINDOWS_ZONES = {
    "eastern standard time": "America/New_York",
    "us eastern standard time": "America/Indiana/Indianapolis",
    "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver",
    "us mountain standard time": "America/Phoenix",
    "pacific standard time": "America/Los_Angeles",
    "alaskan standard time": "America/Anchorage",
    "aleutian standard time": "America/Adak",
    "hawaiian standard time": "Pacific/Honolulu",
    "atlantic standard time": "America/Halifax",
    "sa western standard time": "America/La_Paz",
    "west pacific standard time": "Pacific/Port_Moresby",
    "samoa standard time": "Pacific/Apia",
    "utc": "UTC",
    "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
    "central europe standard time": "Europe/Budapest",
}


MAX_SOURCE = 100_000  # characters of a calendar that are read and kept


@dataclass(frozen=True, slots=True)
class Meeting:
    """`uid` and `sequence` say which offer this changes; `starts_at` is None where the time cannot be told for sure."""

    method: str  # REQUEST, CANCEL, REPLY, COUNTER, ...
    uid: str
    sequence: int
    summary: str
    starts_at: datetime | None
    ends_at: datetime | None
    zone: str | None  # IANA name of the zone in which it was written
    place: str
    organizer: str
    cancelled: bool
    source: str = ""  # the calendar as it came, to be saved

    @property
    def offers(self) -> bool:
        """Whether it proposes a time; a REPLY answers an invitation of ours."""
        return not self.cancelled and self.method in ("", "REQUEST", "PUBLISH", "COUNTER", "ADD")


@dataclass(frozen=True, slots=True)
class _Property:
    parameters: dict[str, str]
    value: str


def read_meeting(text: str, method: str = "") -> Meeting | None:
    """The first event of a calendar, or None. `method` is the content type's, used where the calendar names none."""
    lines = re.sub(r"\r?\n[ \t]", "", text[:MAX_SOURCE]).replace("\r\n", "\n").split("\n")
    calendar, event = _properties(lines)
    if event is None:
        return None
    method = _value(calendar, "METHOD").upper() or method.upper()
    starts_at, zone = _moment(event.get("DTSTART"))
    ends_at, _ = _moment(event.get("DTEND"))
    sequence = _value(event, "SEQUENCE")
    return Meeting(
        method=method[:20],
        uid=_value(event, "UID")[:250],
        sequence=int(sequence) if re.fullmatch(r"\d{1,6}", sequence, re.ASCII) else 0,
        summary=_text(_value(event, "SUMMARY"))[:500],
        starts_at=starts_at,
        ends_at=ends_at,
        zone=zone,
        place=_text(_value(event, "LOCATION"))[:500],
        organizer=_organizer(event.get("ORGANIZER")),
        cancelled=method == "CANCEL" or _value(event, "STATUS").upper() == "CANCELLED",
        source=text[:MAX_SOURCE],
    )


def _properties(lines: list[str]) -> tuple[dict[str, _Property], dict[str, _Property] | None]:
    """Of the calendar itself, and of its first event; the first of each name counts."""
    calendar: dict[str, _Property] = {}
    event: dict[str, _Property] | None = None
    inside: list[str] = []
    for line in lines:
        name, found = _property(line)
        if name == "BEGIN":
            inside.append(found.value.strip().upper())
            if inside[-1] == "VEVENT" and event is None:
                event = {}
        elif name == "END" and inside:
            if inside.pop() == "VEVENT":
                break
        elif inside[-1:] == ["VEVENT"] and event is not None:
            event.setdefault(name, found)
        elif len(inside) <= 1:
            calendar.setdefault(name, found)
    return calendar, event


def _property(line: str) -> tuple[str, _Property]:
    match = re.match(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^;:",]*)(?:,(?:"[^"]*"|[^;:",]*))*)*):(.*)', line)
    if match is None:
        return "", _Property({}, "")
    parameters = re.findall(r';([A-Za-z0-9-]+)=("[^"]*"|[^;:]*)', match[2])
    return match[1].upper(), _Property({key.upper(): value.strip('"') for key, value in parameters}, match[3])


def _value(properties: dict[str, _Property], name: str) -> str:
    return properties[name].value.strip() if name in properties else ""


def _text(value: str) -> str:
    """RFC 5545, 3.3.11."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def _organizer(found: _Property | None) -> str:
    return (found.parameters.get("CN") or "")[:200] if found else ""


def _moment(found: _Property | None) -> tuple[datetime | None, str | None]:
    """A time in UTC and its zone. Without a zone that is known there is no time: an hour off is worse than none."""
    if found is None or not (match := re.fullmatch(r"(\d{8}T\d{6})(Z?)", found.value.strip(), re.ASCII)):
        return None, None
    try:
        local = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        if match[2]:
            return local, "UTC"
        zone = _zone(found.parameters.get("TZID", ""))
        return (local.replace(tzinfo=zone).astimezone(UTC), zone.key) if zone else (None, None)
    except (ValueError, OverflowError):
        return None, None


def _zone(name: str) -> ZoneInfo | None:
    key = _WINDOWS_ZONES.get(name.strip().lower(), name.strip())
    try:
        return ZoneInfo(key) if key else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
