"""The public files of a data folder, read into plain values. Nothing here knows the database.

A folder holds any of: legislators-current.yaml, committees-current.yaml with committee-membership-current.yaml,
zip_district_CONGRESS.csv, zip_places_geonames.csv, zip3_state.csv, districts_CONGRESS.geojson. What is missing is left as
it is. An optional sources.csv (name, congress, vintage, source, licence) says where each came from.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml

from campaign.domain.districts import STATES, Chamber, house_code, is_seat, senate_code
from campaign.domain.errors import Invalid
from campaign.domain.terms import Person, Term
from campaign.models.geography import ZipKind


class CommitteeFact(NamedTuple):
    key: str
    name: str
    chamber: Chamber
    parent: str


class SeatFact(NamedTuple):
    committee: str
    bioguide: str
    title: str
    rank: int | None


class ZipFact(NamedTuple):
    zip: str
    place: str
    state: str
    kind: ZipKind
    lat: float | None
    lon: float | None
    point_state: str | None
    point_district: int | None


class ZipDistrictFact(NamedTuple):
    zip: str
    state: str
    district: int
    basis: str


class PrefixFact(NamedTuple):
    prefix: str
    states: tuple[str, ...]


class ShapeFact(NamedTuple):
    """`polygons`: polygon -> ring -> (lon, lat) in ten-thousandths of a degree, about 11 m."""

    state: str
    district: int
    label: tuple[float, float]
    polygons: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What is recorded with the rows; `digest` is that of the public file, also for what is read from the pack."""

    name: str
    congress: int  # 0 for what belongs to no Congress
    vintage: str
    source: str
    licence: str
    digest: str


@dataclass(slots=True)
class Snapshot:
    """The files found; a table that is not in the folder is None or has no key."""

    sources: list[Source] = field(default_factory=list)
    people: list[Person] | None = None
    committees: list[CommitteeFact] | None = None
    seats: list[SeatFact] = field(default_factory=list)
    zips: list[ZipFact] | None = None
    prefixes: list[PrefixFact] | None = None
    zip_districts: dict[int, list[ZipDistrictFact]] = field(default_factory=dict)
    shapes: dict[int, list[ShapeFact]] = field(default_factory=dict)


_CENSUS = ("US Census Bureau", "US Government work, public domain")
_LEGISLATORS = ("GitHub unitedstates/congress-legislators", "CC0")
KNOWN: Mapping[str, tuple[str, str]] = {
    "legislators": _LEGISLATORS,
    "committees": _LEGISLATORS,
    "committee_seats": _LEGISLATORS,
    "zips": ("GeoNames", "CC BY 4.0"),
    "zip_districts": _CENSUS,
    "zip_prefixes": ("US Census Bureau; GeoNames; USPS prefix rules", "CC BY 4.0"),
    "district_shapes": _CENSUS,
}


def read_folder(folder: Path, descriptions: Path | None = None) -> Snapshot:
    """Raises Invalid for a folder without any of the files, and for a file that cannot be read, with its name."""
    snapshot = Snapshot()
    described = _described(descriptions or folder / "sources.csv")
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            name, congress = _take(path, snapshot) or ("", 0)
        except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError, csv.Error) as error:
            raise Invalid(f"{path.name} cannot be read: {type(error).__name__}: {error}", path.name) from error
        if name:
            snapshot.sources.append(_source(path, name, congress, described))
    if not snapshot.sources:
        raise Invalid(f"{folder} holds none of the files of a snapshot.", "folder")
    names = {source.name for source in snapshot.sources}
    if ("committees" in names) != ("committee_seats" in names):
        raise Invalid("The list of committees and that of their members come together or not at all.", "committees")
    return snapshot


def _take(path: Path, snapshot: Snapshot) -> tuple[str, int] | None:
    """Reads one file into the snapshot; its table and Congress, or None for a file of another kind."""
    match path.name:
        case "legislators-current.yaml":
            snapshot.people = [read_person(entry) for entry in _yaml(path)]
            return "legislators", 0
        case "committees-current.yaml":
            snapshot.committees = list(_committees(_yaml(path)))
            return "committees", 0
        case "committee-membership-current.yaml":
            snapshot.seats = list(_seats(_yaml(path)))
            return "committee_seats", 0
        case "zip_places_geonames.csv":
            snapshot.zips = _once([_zip(row) for row in _rows(path)], 1)
            return "zips", 0
        case "zip3_state.csv":
            prefixes = [PrefixFact(row["zip3"], tuple(row["states"].split())) for row in _rows(path)]
            snapshot.prefixes = _once(prefixes, 1)
            return "zip_prefixes", 0
    if found := re.fullmatch(r"zip_district_(\d{3})\.csv", path.name, re.ASCII):
        snapshot.zip_districts[int(found[1])] = _once([_zip_district(row) for row in _rows(path)], 3)
        return "zip_districts", int(found[1])
    if found := re.fullmatch(r"districts_(\d{3})\.geojson", path.name, re.ASCII):
        features = json.loads(path.read_text("utf-8"))["features"]
        snapshot.shapes[int(found[1])] = [_shape(feature) for feature in features]
        return "district_shapes", int(found[1])
    return None


def _source(path: Path, name: str, congress: int, described: Mapping[tuple[str, int], Mapping[str, str]]) -> Source:
    given = described.get((name, congress), {})
    source, licence = KNOWN[name]
    return Source(
        name=name,
        congress=congress,
        vintage=given.get("vintage") or f"file of {datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d}",
        source=given.get("source") or source,
        licence=given.get("licence") or licence,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _described(path: Path) -> dict[tuple[str, int], Mapping[str, str]]:
    return {(row["name"], int(row["congress"])): row for row in _rows(path)} if path.is_file() else {}


def _yaml(path: Path) -> Any:
    """The C loader: a second against three for the legislators."""
    return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def read_person(entry: Mapping[str, Any]) -> Person:
    name = entry["name"]
    terms = tuple(_term(term) for term in entry["terms"] if str(term["end"]) > "2025-01-03")
    if not terms:
        raise ValueError(f"{entry['id']['bioguide']} has no term that is not over")
    return Person(
        bioguide=entry["id"]["bioguide"],
        first=name["first"],
        last=name["last"],
        suffix=name.get("suffix", ""),
        official_full=name.get("official_full") or f"{name['first']} {name['last']}",
        party=entry["terms"][-1].get("party", ""),
        gender=entry.get("bio", {}).get("gender", ""),
        terms=terms,
    )


def _term(term: Mapping[str, Any]) -> Term:
    return Term(
        code=_code(term),
        starts_on=_day(term["start"]),
        ends_on=_day(term["end"]),
        room=term.get("office", ""),
        phone=term.get("phone", ""),
        form_url=term.get("contact_form", ""),
        site_url=term.get("url", ""),
        state_rank=term.get("state_rank") or "",
    )


def _code(term: Mapping[str, Any]) -> str:
    state = term["state"]
    if term["type"] == "sen" and state in STATES and term["class"] in STATES[state].classes:
        return senate_code(state, term["class"])
    if term["type"] == "rep" and is_seat(state, term["district"]):
        return house_code(state, term["district"])
    raise ValueError(f"there is no seat {state} {term.get('district', term.get('class'))}")


def _day(value: str | date) -> date:
    """YAML reads an unquoted day as a date, and a quoted one as text."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def _committees(entries: Iterable[Mapping[str, Any]]) -> Iterator[CommitteeFact]:
    for entry in entries:
        chamber = Chamber(entry["type"])
        yield CommitteeFact(entry["thomas_id"], entry["name"], chamber, "")
        for sub in entry.get("subcommittees", []):
            yield CommitteeFact(entry["thomas_id"] + sub["thomas_id"], sub["name"], chamber, entry["thomas_id"])


def _seats(entries: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[SeatFact]:
    for key, members in entries.items():
        for seat in members:
            yield SeatFact(key, seat["bioguide"], seat.get("title", ""), seat.get("rank"))


F = TypeVar("F", ZipFact, ZipDistrictFact, PrefixFact)


def _once(rows: list[F], width: int) -> list[F]:
    """The rows, if the first `width` columns name each of them once."""
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        if row[:width] in seen:
            raise ValueError(f"{' '.join(map(str, row[:width]))} stands there twice")
        seen.add(row[:width])
    return rows


def _zip(row: Mapping[str, str]) -> ZipFact:
    return ZipFact(
        zip=_five(row["zip"]),
        place=row["place"],
        state=row["state"],
        kind=ZipKind(row["kind"]),
        lat=float(row["lat"]) if row["lat"] else None,
        lon=float(row["lon"]) if row["lon"] else None,
        point_state=row["point_state"] or None,
        point_district=int(row["point_district"]) if row["point_district"] else None,
    )


def _zip_district(row: Mapping[str, str]) -> ZipDistrictFact:
    state, district = row["state"], int(row["district"])
    if not is_seat(state, district):
        raise ValueError(f"there is no seat {state}-{district} (ZIP {row['zip']})")
    return ZipDistrictFact(_five(row["zip"]), state, district, row["basis"])


def _five(text: str) -> str:
    if not re.fullmatch(r"\d{5}", text, re.ASCII):
        raise ValueError(f"{text!r} is no ZIP of five digits")
    return text


def _shape(feature: Mapping[str, Any]) -> ShapeFact:
    properties, geometry = feature["properties"], feature["geometry"]
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    lon, lat = properties["label"]
    return ShapeFact(
        properties["state"],
        properties["district"],
        (lon, lat),
        tuple(
            tuple(tuple((round(x * 10_000), round(y * 10_000)) for x, y in ring) for ring in polygon)
            for polygon in polygons
        ),
    )
