"""A place -> its districts: one cascade, over any source of geography. The first step that can answer does.

The order and the figures behind each step come from the design notes of the data: a ZIP alone settles the district for
two people in three, the state for 99.6 % of ZIP areas, and a point in a polygon is right but for 0.05 % outside a margin
of 500 m. Nothing is guessed: what is only likely stands in `suggested`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from campaign.domain.districts import (
    AT_LARGE,
    FREELY_ASSOCIATED,
    STATES,
    TERRITORIES,
    District,
    district_label,
    district_phrase,
    state_code,
)
from campaign.domain.matches import (
    Area,
    Confidence,
    Geography,
    Hit,
    Match,
    MatchStatus,
    Method,
    Place,
    Shapes,
    ZipPlace,
    place_key,
)
from campaign.domain.texts import enumerated

__all__ = [
    "Area",
    "Confidence",
    "Geography",
    "Hit",
    "Match",
    "MatchStatus",
    "Method",
    "Place",
    "Shapes",
    "ZipPlace",
    "match",
    "place_key",
]

MARGIN = 0.005  # degrees, about 500 m: lines are simplified
SHORE = 0.05  # degrees: shorelines are cut short, so waterfront points lie outside every polygon

_ZIP = re.compile(r"(\d{5})(?:-\d{4})?", re.ASCII)
_SHORT = re.compile(r"(\d{3,4})(?:-\d{4}|\.0)?", re.ASCII)  # a spreadsheet ate the zeros, or added ".0"
_MILITARY_PREFIXES = frozenset({"340", *(f"{n:03}" for n in range(90, 99)), *(str(n) for n in range(962, 967))})
_ASSOCIATED_ZIPS = {"96939": "PW", "96940": "PW", "96960": "MH", "96970": "MH"} | {
    str(number): "FM" for number in range(96941, 96945)
}


def match(place: Place, geography: Geography) -> Match:
    """Never raises for what a person typed: what cannot be read is `invalid` with words to say so."""
    return _Cascade(place, geography).run()


class _Cascade:
    """One run: the facts that the steps share, and the steps in their order."""

    def __init__(self, place: Place, geography: Geography) -> None:
        self.place = place
        self.geography = geography
        self.zip = ""
        self.given: str | None = None
        self.states: tuple[str, ...] = ()  # that the ZIP allows; after the contradiction step only the one given
        self.exact = False  # the ZIP itself is known, not only its prefix

    def run(self) -> Match:
        steps = (
            self.check_form,
            self.special_prefix,
            self.contradiction,
            self.at_large,
            self.point,
            self.crosswalk,
            self.no_area,
        )
        for step in steps:
            if found := step():
                return found
        return self.unknown()

    def check_form(self) -> Match | None:
        text = self.place.zip.strip()
        read = _ZIP.fullmatch(text)
        if not read:
            return self.bad_zip(text)
        self.zip = read[1]
        if self.place.state.strip():
            self.given = state_code(self.place.state)
            if self.given is None:
                return self.answer(MatchStatus.INVALID, Method.FORM, "The state is not one of the United States.")
        if not _is_point(self.place.lat, self.place.lon):
            message = "Give latitude (-90 to 90) and longitude (-180 to 180) together, in degrees."
            return self.answer(MatchStatus.INVALID, Method.FORM, message)
        self.look_up_states()
        return None

    def bad_zip(self, text: str) -> Match:
        message = "A ZIP has five digits, or five and four: 12345 or 12345-6789."
        short = _SHORT.fullmatch(text)
        candidate = short[1].zfill(5) if short else None
        if not candidate or not self.geography.prefix_states(candidate[:3]):
            return self.answer(MatchStatus.INVALID, Method.FORM, message)
        message = f"{message} A leading zero may be lost: is it {candidate}?"
        return replace(self.answer(MatchStatus.INVALID, Method.FORM, message), suggested_zip=candidate)

    def look_up_states(self) -> None:
        known = tuple(self.geography.states(self.zip))
        self.exact = bool(known)
        self.states = known or tuple(self.geography.prefix_states(self.zip[:3]))

    def special_prefix(self) -> Match | None:
        if self.zip[:3] in _MILITARY_PREFIXES:
            message = "Armed-forces mail belongs to no district. Give the state and the street address where the person votes."
            return self.answer(MatchStatus.MILITARY, Method.PREFIX, message, confidence=Confidence.CERTAIN)
        associated = _ASSOCIATED_ZIPS.get(self.zip)
        if associated is None and self.given in FREELY_ASSOCIATED and self.given in self.states:
            associated = self.given
        if associated is None:
            return None
        message = f"People in {FREELY_ASSOCIATED[associated]} are not represented in Congress."
        return self.answer(MatchStatus.NO_CONGRESS, Method.PREFIX, message, confidence=Confidence.CERTAIN)

    def contradiction(self) -> Match | None:
        if self.given is None or not self.states:
            return None
        if self.given in self.states:
            self.states = (self.given,)
            return None
        message = (
            f"ZIP {self.zip} is in {_state_names(self.states)}, not in {_state_names([self.given])}. Which is right?"
        )
        return self.answer(MatchStatus.CONFLICT, Method.CONTRADICTION, message, states=self.states)

    def at_large(self) -> Match | None:
        if len(self.states) != 1 or self.states[0] not in AT_LARGE:
            return None
        # the place file leaves the islands out: a PO box there is known by its first three digits only
        if not (self.exact or self.given or self.states[0] in TERRITORIES):
            return None
        sure = Confidence.CERTAIN if self.exact else Confidence.HIGH
        return self.one(District(self.states[0], 0), Method.AT_LARGE, sure)

    def point(self) -> Match | None:
        lat, lon = self.place.lat, self.place.lon
        if lat is None or lon is None or not (shapes := self.geography.shapes()):
            return None
        around = shapes.near(lon, lat, MARGIN)
        hits = self.allowed(around)
        if around and not hits:
            elsewhere = _state_names(dict.fromkeys(hit.district.state for hit in around))
            message = f"The point lies in {elsewhere}, ZIP {self.zip} in {_state_names(self.states)}. Which is right?"
            return self.answer(MatchStatus.CONFLICT, Method.CONTRADICTION, message, states=self.states)
        if not around and (shore := self.allowed(shapes.near(lon, lat, SHORE))):
            return self.one(shore[0].district, Method.NEAREST, Confidence.MEDIUM)
        if not hits:
            message = "The point lies outside every district. Check it, or leave it out."
            suggested = self.in_order(area.district for area in self.geography.areas(self.zip))
            return self.answer(MatchStatus.UNKNOWN, Method.POINT, message, states=self.states, suggested=suggested)
        if len(hits) == 1:
            return self.at_point(hits[0].district)
        districts = tuple(hit.district for hit in hits)
        message = f"The point lies near the line between {_labels(districts)}. Choose the right one."
        states = tuple(dict.fromkeys(district.state for district in districts))
        return self.answer(MatchStatus.NEAR_LINE, Method.POINT, message, states=states, districts=districts)

    def at_point(self, district: District) -> Match:
        touched = {area.district for area in self.geography.areas(self.zip)}
        if not touched or district in touched:
            return self.one(district, Method.POINT, Confidence.HIGH)
        found = self.one(district, Method.POINT, Confidence.MEDIUM)
        doubt = f" The area of ZIP {self.zip} does not touch it: check the address."
        return replace(found, message=found.message + doubt)

    def allowed(self, hits: list[Hit]) -> list[Hit]:
        return [hit for hit in hits if not self.states or hit.district.state in self.states]

    def crosswalk(self) -> Match | None:
        areas = [area for area in self.geography.areas(self.zip) if area.district.state in self.states]
        if not areas:
            return None
        touched = {area.district for area in areas}
        # a state of the ZIP's place file without rows of its own: its part is missing from the crosswalk
        missing = {state for state in self.states if state not in {district.state for district in touched}}
        districts = self.in_order(touched | {District(state, 0) for state in missing & AT_LARGE})
        if len(districts) == 1 and not missing - AT_LARGE:
            sure = Confidence.MEDIUM if areas[0].basis == "tract" else Confidence.HIGH
            return self.one(districts[0], Method.ZIP, sure)
        if len(self.states) > 1:
            message = f"ZIP {self.zip} lies in {_state_names(self.states)}. Which state is the address in?"
        else:
            message = f"ZIP {self.zip} lies in {_labels(districts)}. Give the street address, or choose."
        return self.answer(MatchStatus.CANDIDATES, Method.ZIP, message, states=self.states, districts=districts)

    def no_area(self) -> Match | None:
        if not self.exact:
            return None
        if len(self.states) > 1:
            message = f"ZIP {self.zip} lies in {_state_names(self.states)}. Which state is the address in?"
            seats = tuple(District(state, 0) for state in self.states if state in AT_LARGE)
            return self.answer(MatchStatus.CANDIDATES, Method.ZIP, message, states=self.states, districts=seats)
        if not self.geography.has_map:
            message = f"No map of the {self.geography.congress}th Congress is loaded: only the state is certain."
            return self.answer(MatchStatus.STATE_ONLY, Method.ZIP, message, states=self.states)
        place = self.geography.place(self.zip)
        suggested = (place.point,) if place and place.point and place.point.state == self.states[0] else ()
        message = (
            f"ZIP {self.zip} has no area of its own (PO boxes or one building): the senators of "
            f"{_state_names(self.states)} are certain, the House seat is not. Give the street address."
        )
        return self.answer(MatchStatus.STATE_ONLY, Method.ZIP, message, states=self.states, suggested=suggested)

    def unknown(self) -> Match:
        message = f"ZIP {self.zip} is not known. Check it, or choose the state."
        return self.answer(MatchStatus.UNKNOWN, Method.NONE, message, states=self.states)

    def in_order(self, districts: Iterable[District]) -> tuple[District, ...]:
        """The district around the ZIP's point first: right in 87 % of the choices."""
        place = self.geography.place(self.zip)
        first = place.point if place else None
        return tuple(sorted(set(districts), key=lambda district: (district != first, district)))

    def one(self, district: District, method: Method, confidence: Confidence) -> Match:
        message = f"This place is in {district_phrase(*district)}."
        return self.answer(
            MatchStatus.ONE,
            method,
            message,
            states=(district.state,),
            districts=(district,),
            confidence=confidence,
        )

    def answer(
        self,
        status: MatchStatus,
        method: Method,
        message: str,
        *,
        states: tuple[str, ...] = (),
        districts: tuple[District, ...] = (),
        suggested: tuple[District, ...] = (),
        confidence: Confidence = Confidence.LOW,
    ) -> Match:
        return Match(
            status=status,
            method=method,
            message=message,
            congress=self.geography.congress,
            vintage=self.geography.vintage,
            states=states,
            districts=districts,
            suggested=suggested,
            confidence=confidence,
        )


def _is_point(lat: float | None, lon: float | None) -> bool:
    """True for no point at all, too; one half of a point is none."""
    if lat is None or lon is None:
        return lat is lon
    return math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180


def _state_names(codes: Iterable[str]) -> str:
    return enumerated(
        [STATES[code].in_phrase if code in STATES else FREELY_ASSOCIATED.get(code, code) for code in codes]
    )


def _labels(districts: Iterable[District]) -> str:
    return enumerated([district_label(*district) for district in districts])
