"""Places matched with the tables: the map of the Congress in office decides, and who holds the seats is said with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.districts import District, OfficeKind, congress_at, district_label
from campaign.domain.geography import Atlas, build
from campaign.domain.holders import Holder
from campaign.domain.matching import Match, MatchStatus, Place, match
from campaign.models.geography import DataSnapshot, DistrictShape, Zip, ZipDistrict, ZipPrefix
from campaign.services import offices

ZIP_TABLES = ("zips", "zip_districts", "zip_prefixes")
SHAPES = "district_shapes"


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """A match and the offices that go with it: the House seats to use or choose from, then the certain senators."""

    match: Match
    offices: tuple[Holder, ...]

    def as_json(self) -> dict[str, Any]:
        found = self.match
        return {
            "status": str(found.status),
            "states": list(found.states),
            "districts": [district.key for district in found.districts],
            "suggested": [district.key for district in found.suggested],
            "congress": found.congress,
            "vintage": found.vintage,
            "method": str(found.method),
            "confidence": str(found.confidence),
            "offices": [office.as_json() for office in self.offices],
            "message": found.message,
        }


def match_place(session: Session, place: Place, at: datetime) -> PlaceMatch:
    """Who represents this place at that moment. Raises nothing for what a person typed; writes nothing."""
    return match_places(session, [place], at)[0]


def match_places(session: Session, places: Sequence[Place], at: datetime) -> list[PlaceMatch]:
    """Many at once, in order; the offices are read once for all of them."""
    find = matcher(session, at, points=any(place.lat is not None for place in places))
    return with_offices(session, [find(place) for place in places], at)


def matcher(session: Session, at: datetime, *, points: bool = True) -> Callable[[Place], Match]:
    """The cascade over the map in force at `at`, for many places; without `points` no polygon is loaded."""
    atlas = atlas_at(session, at)
    if points:
        _load_shapes(session, atlas)
    return lambda place: match(place, atlas)


def with_offices(session: Session, matches: Sequence[Match], at: datetime) -> list[PlaceMatch]:
    """Adds holders; where nobody holds the one seat of a match, it becomes `vacant`."""
    districts = list(dict.fromkeys(district for found in matches for district in found.districts))
    states = sorted({found.states[0] for found in matches if found.senators_certain})
    holders = offices.offices_of(session, districts, states, at)
    house = {holder.seat: holder for holder in holders if holder.seat is not None}
    senators: dict[str, list[Holder]] = {}
    for holder in holders:
        if holder.kind is OfficeKind.SENATOR:
            senators.setdefault(holder.state or "", []).append(holder)
    return [_with_offices(found, house, senators) for found in matches]


def _with_offices(found: Match, house: dict[District, Holder], senators: dict[str, list[Holder]]) -> PlaceMatch:
    seats = [house[district] for district in found.districts if district in house]
    state = senators.get(found.states[0], []) if found.senators_certain else []
    if found.status is MatchStatus.ONE and seats and seats[0].vacant:
        found = found.vacated()
    return PlaceMatch(found, (*seats, *state))


def confirmation_line(found: PlaceMatch) -> str:
    """For the page that shows a single answer: "Your representative: Erin Houchin (IN-9)"."""
    seat = found.offices[0] if found.match.districts and found.offices else None
    if seat is None or seat.seat is None:
        return found.match.message
    words = {OfficeKind.DELEGATE: "delegate", OfficeKind.RESIDENT_COMMISSIONER: "resident commissioner"}
    name = seat.name if seat.known else "the seat is vacant"
    return f"Your {words.get(seat.kind, 'representative')}: {name} ({district_label(*seat.seat)})"


_atlases: dict[tuple[object, ...], Atlas] = {}
_lock = threading.Lock()


def atlas_at(session: Session, at: datetime) -> Atlas:
    """The geography of the Congress in office at `at`, read once per process and set of snapshots."""
    congress = congress_at(at)
    snapshots = _active_snapshots(session)
    key = (congress, *sorted((row.name, row.congress, row.digest) for row in snapshots))
    with _lock:
        if key not in _atlases:
            if len(_atlases) >= 4:  # old snapshots of a long-lived process
                _atlases.clear()
            _atlases[key] = _read_atlas(session, congress, _vintage(snapshots, congress))
        return _atlases[key]


def _active_snapshots(session: Session) -> Sequence[DataSnapshot]:
    wanted = (*ZIP_TABLES, SHAPES)
    return session.scalars(sa.select(DataSnapshot).where(DataSnapshot.active, DataSnapshot.name.in_(wanted))).all()


def _vintage(snapshots: Iterable[DataSnapshot], congress: int) -> str:
    """Of the crosswalk in use and the place file: what a stored match names as its source."""
    used = [row for row in snapshots if row.name in ZIP_TABLES[:2] and row.congress in (0, congress)]
    return "; ".join(f"{row.name} {row.vintage}" for row in sorted(used, key=lambda row: row.name, reverse=True))


def _read_atlas(session: Session, congress: int, vintage: str) -> Atlas:
    pairs = sa.select(
        ZipDistrict.zip, ZipDistrict.state, ZipDistrict.district, ZipDistrict.basis, ZipDistrict.congress
    ).order_by(ZipDistrict.id)
    spots = sa.select(Zip.zip, Zip.state, Zip.point_state, Zip.point_district)
    return build(
        congress,
        vintage,
        session.execute(pairs),
        session.execute(spots),
        session.execute(sa.select(ZipPrefix.prefix, ZipPrefix.states)),
    )


def _load_shapes(session: Session, atlas: Atlas) -> None:
    if atlas.index is not None:
        return
    from campaign.domain.shapes import ShapeIndex  # shapely takes memory: only where a point is given

    rows = session.execute(
        sa.select(DistrictShape.state, DistrictShape.district, DistrictShape.wkb).where(
            DistrictShape.congress == atlas.congress
        )
    ).all()
    if rows:
        atlas.index = ShapeIndex((District(state, number), wkb) for state, number, wkb in rows)
