"""The words of matching: a place, what is known of ZIPs and shapes, and the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Protocol

from campaign.domain.districts import STATES, District, district_label, state_code


class MatchStatus(StrEnum):
    ONE = "one"
    CANDIDATES = "candidates"  # choose
    NEAR_LINE = "near_line"  # choose
    VACANT = "vacant"
    STATE_ONLY = "state_only"  # the senators are certain; a street is wanted
    MILITARY = "military"
    NO_CONGRESS = "no_congress"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Method(StrEnum):
    """Which step of the cascade answered."""

    FORM = "form"
    PREFIX = "prefix"
    CONTRADICTION = "contradiction"
    AT_LARGE = "at_large"
    POINT = "point"
    NEAREST = "nearest"
    ZIP = "zip"
    NONE = "none"


class Confidence(StrEnum):
    CERTAIN = "certain"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Place:
    """A place as somebody gave it; `state` is a code or a name, degrees are WGS 84."""

    zip: str
    state: str = ""
    street: str = ""
    city: str = ""
    lat: float | None = None
    lon: float | None = None


class Area(NamedTuple):
    """A district that a ZIP's area touches. `basis` "tract": the state is sure, the district only likely."""

    district: District
    basis: str


class ZipPlace(NamedTuple):
    state: str
    point: District | None  # the district around the ZIP's point: orders choices, answers nothing


class Hit(NamedTuple):
    district: District
    degrees: float  # distance to the polygon, 0 inside


class Shapes(Protocol):
    def near(self, lon: float, lat: float, margin: float) -> list[Hit]:
        """Every district within `margin` degrees, nearest first."""


class Geography(Protocol):
    """What is known of ZIPs and shapes under the map of one Congress."""

    @property
    def congress(self) -> int: ...

    @property
    def vintage(self) -> str: ...

    @property
    def has_map(self) -> bool:
        """Whether any district is known for this Congress; if not, only whole-state answers are possible."""

    def areas(self, zip5: str) -> Sequence[Area]: ...

    def states(self, zip5: str) -> Sequence[str]:
        """Every state that the ZIP is known to be in, whatever the Congress; empty for an unknown ZIP."""

    def place(self, zip5: str) -> ZipPlace | None: ...

    def prefix_states(self, prefix: str) -> Sequence[str]: ...

    def shapes(self) -> Shapes | None:
        """Loads on the first call."""


@dataclass(frozen=True, slots=True)
class Match:
    """An answer. `districts` are those to use or choose from, likeliest first; `states` those that are possible."""

    status: MatchStatus
    method: Method
    message: str
    congress: int
    vintage: str
    states: tuple[str, ...] = ()
    districts: tuple[District, ...] = ()
    suggested: tuple[District, ...] = ()
    suggested_zip: str | None = None
    confidence: Confidence = Confidence.LOW

    @property
    def senators_certain(self) -> bool:
        return self.status in _STATE_KNOWN and len(self.states) == 1 and bool(STATES[self.states[0]].classes)

    @property
    def must_choose(self) -> bool:
        return self.status in (MatchStatus.CANDIDATES, MatchStatus.NEAR_LINE)

    def vacated(self) -> Match:
        """The same answer when nobody holds the one seat."""
        (seat,) = self.districts
        message = f"The House seat of {district_label(*seat)} is vacant"
        senators = "; the senators can be written to" if self.senators_certain else ""
        return replace(self, status=MatchStatus.VACANT, message=f"{message}{senators}.")


_STATE_KNOWN = frozenset(
    {MatchStatus.ONE, MatchStatus.VACANT, MatchStatus.CANDIDATES, MatchStatus.NEAR_LINE, MatchStatus.STATE_ONLY}
)


def place_key(place: Place) -> str:
    """A digest that is the same for the same place, whatever the case and spacing; it keeps no address."""
    point = "" if place.lat is None or place.lon is None else f"{place.lat:.5f},{place.lon:.5f}"
    state = state_code(place.state) or place.state
    parts = (place.zip.strip()[:5], state, place.street, place.city, point)
    folded = "|".join(" ".join(part.casefold().split()) for part in parts)
    return hashlib.sha256(folded.encode()).hexdigest()
