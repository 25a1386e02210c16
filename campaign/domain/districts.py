"""States, seats and their names: the one place that writes "OH-5", "Ohio's 14th District" or "HOH14".

A district is `(state, number)`; number 0 is an at-large seat or a delegate's. The key "WY-0" is for machines; people
read `district_label` and `district_phrase`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from campaign.domain.errors import Invalid


class OfficeKind(StrEnum):
    REPRESENTATIVE = "representative"
    DELEGATE = "delegate"
    RESIDENT_COMMISSIONER = "resident_commissioner"
    SENATOR = "senator"
    AGENCY = "agency"


class Chamber(StrEnum):
    HOUSE = "house"
    SENATE = "senate"
    JOINT = "joint"  # of committees only
    EXECUTIVE = "executive"


class District(NamedTuple):
    state: str
    number: int

    @property
    def key(self) -> str:
        return f"{self.state}-{self.number}"

    @classmethod
    def parse(cls, key: str) -> District:
        """Reads "NV-2"; raises Invalid for what is no seat of the House."""
        match = re.fullmatch(r"([A-Z]{2})-(\d{1,2})", key, re.ASCII)
        if match and is_seat(match[1], int(match[2])):
            return cls(match[1], int(match[2]))
        raise Invalid(f"{key} is no congressional district", "district")


@dataclass(frozen=True, slots=True)
class State:
    code: str
    name: str
    seats: int  # of the House after the 2020 apportionment; 0 for a delegate's
    classes: tuple[int, ...]  # of its senators

    @property
    def at_large(self) -> bool:
        return self.seats <= 1

    @property
    def in_phrase(self) -> str:
        """After "in" or "of": "the District of Columbia", "Ohio"."""
        return f"the {self.name}" if self.code in _WITH_ARTICLE else self.name


_WITH_ARTICLE = frozenset({"DC", "VI", "MP"})
_NAMES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio",
    "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
    "DC": "District of Columbia", "AS": "American Samoa", "GU": "Guam", "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico", "VI": "Virgin Islands",
}  # fmt: skip
_SEATS = {
    "AL": 7, "AK": 1, "AZ": 9, "AR": 4, "CA": 52, "CO": 8, "CT": 5, "DE": 1, "FL": 28, "GA": 14, "HI": 2, "ID": 2,
    "IL": 17, "IN": 9, "IA": 4, "KS": 4, "KY": 6, "LA": 6, "ME": 2, "MD": 8, "MA": 9, "MI": 13, "MN": 8, "MS": 4,
    "MO": 8, "MT": 2, "NE": 3, "NV": 4, "NH": 2, "NJ": 12, "NM": 3, "NY": 26, "NC": 14, "ND": 1, "OH": 15, "OK": 5,
    "OR": 6, "PA": 17, "RI": 2, "SC": 7, "SD": 1, "TN": 9, "TX": 38, "UT": 4, "VT": 1, "VA": 11, "WA": 10, "WV": 2,
    "WI": 8, "WY": 1,
}  # fmt: skip
_CLASSES = {
    (1, 2): "DE MA ME MI MN MS MT NE NJ NM RI TN TX VA WV WY",
    (1, 3): "AZ CA CT FL HI IN MD MO ND NV NY OH PA UT VT WA WI",
    (2, 3): "AK AL AR CO GA IA ID IL KS KY LA NC NH OK OR SC SD",
}


def _states() -> dict[str, State]:
    classes = {code: pair for pair, codes in _CLASSES.items() for code in codes.split()}
    return {code: State(code, name, _SEATS.get(code, 0), classes.get(code, ())) for code, name in _NAMES.items()}


STATES = _states()
"""The 50 states, DC and the five territories, by their postal code."""

AT_LARGE = frozenset(code for code, state in STATES.items() if state.at_large)
TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
MILITARY = frozenset({"AA", "AE", "AP"})
FREELY_ASSOCIATED = {"FM": "Micronesia", "MH": "the Marshall Islands", "PW": "Palau"}

NEW_MAPS_IN_120 = frozenset({"AL", "CA", "FL", "LA", "MO", "NC", "OH", "TN", "TX", "UT"})
"""States with another map from 3 January 2027 on, as known in June 2026; litigation was going on then."""

EASTERN = ZoneInfo("America/New_York")


def congress_at(at: datetime) -> int:
    """The Congress in office: each begins at noon Eastern on 3 January of an odd year (20th Amendment)."""
    local = at.astimezone(EASTERN)
    year = local.year if local.replace(tzinfo=None) >= datetime(local.year, 1, 3, 12) else local.year - 1  # noqa: DTZ001
    return (year - 1787) // 2


def congress_begins(congress: int) -> datetime:
    return datetime(1787 + 2 * congress, 1, 3, 12, tzinfo=EASTERN).astimezone(UTC)


def map_warning(state: str, at: datetime) -> str | None:
    """What to say beside a match from December 2026 on, in the states that vote under a new map."""
    begins = congress_begins(120)
    if state not in NEW_MAPS_IN_120 or not datetime(2026, 12, 1, tzinfo=EASTERN) <= at < begins:
        return None
    return f"{STATES[state].name} has new districts from January 3, 2027: this match will be made anew then."


def state_code(text: str) -> str | None:
    """The postal code for a code or a full name in any case, military and associated codes too; None if neither."""
    folded = " ".join(text.replace(".", "").upper().split())
    if folded in STATES or folded in MILITARY or folded in FREELY_ASSOCIATED:
        return folded
    return _BY_NAME.get(folded.removeprefix("THE "))


_BY_NAME = {name.upper(): code for code, name in _NAMES.items()} | {"US VIRGIN ISLANDS": "VI", "WASHINGTON DC": "DC"}


def is_seat(state: str, number: int) -> bool:
    if state not in STATES:
        return False
    seats = STATES[state].seats
    return number == 0 if seats <= 1 else 1 <= number <= seats


def house_kind(state: str) -> OfficeKind:
    if state == "PR":
        return OfficeKind.RESIDENT_COMMISSIONER
    return OfficeKind.REPRESENTATIVE if STATES[state].seats else OfficeKind.DELEGATE


def house_code(state: str, number: int) -> str:
    """The seat's code, which survives a change of holder: "HIN05", "HWY00"; American Samoa is "HAQ00"."""
    return f"H{'AQ' if state == 'AS' else state}{number:02}"


def senate_code(state: str, senate_class: int) -> str:
    return f"S{state}{senate_class:02}"


@dataclass(frozen=True, slots=True)
class Seat:
    """What a code of Congress says: `number` for the House, `senate_class` for the Senate."""

    state: str
    number: int | None = None
    senate_class: int | None = None


def seat_of(code: str) -> Seat | None:
    """The seat of a code, checked against the tables and not only the pattern; None when there is no such seat."""
    match = re.fullmatch(r"([HS])([A-Z]{2})(\d\d)", code, re.ASCII)
    if not match:
        return None
    letters, number = match[2], int(match[3])
    if match[1] == "S":
        classes = STATES[letters].classes if letters in STATES else ()
        return Seat(letters, senate_class=number) if number in classes else None
    state = "AS" if letters == "AQ" else letters
    return Seat(state, number) if letters != "AS" and is_seat(state, number) else None


def all_codes() -> list[str]:
    """The 441 House codes and the 100 of the Senate, in order of state."""
    codes = []
    for code, state in sorted(STATES.items()):
        numbers = range(1, state.seats + 1) if state.seats > 1 else (0,)
        codes += [house_code(code, number) for number in numbers]
        codes += [senate_code(code, each) for each in state.classes]
    return codes


def ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def district_label(state: str, number: int) -> str:
    """Short, for tables and chips: "OH-5", "WY at large"."""
    return f"{state}-{number}" if number else f"{state} at large"


def district_phrase(state: str, number: int) -> str:
    """In a sentence, after "in": "Ohio's 14th District", "Wyoming"; a whole state needs no number."""
    if not number:
        return STATES[state].in_phrase
    return f"{possessive(STATES[state].name)} {ordinal(number)} District"


def possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"
