"""The snapshot that ships with the product: a csv.gz per table, the shapes as packed JSON, and sources.csv.

The same facts give the same bytes. `write_pack` makes it from the public files; `read_pack` gives back what
`read_folder` had read.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

from campaign.domain.districts import Chamber
from campaign.domain.terms import Person, Term
from campaign.models.geography import ZipKind
from campaign.services.snapshot_files import (
    CommitteeFact,
    PrefixFact,
    SeatFact,
    ShapeFact,
    Snapshot,
    Source,
    ZipDistrictFact,
    ZipFact,
)

_PERSON = [field.name for field in fields(Person) if field.name != "terms"]
_TERM = [field.name for field in fields(Term)]
_SOURCE = [field.name for field in fields(Source)]


def write_pack(snapshot: Snapshot, folder: Path) -> list[Path]:
    """Writes every table that the snapshot has; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    people = snapshot.people or []
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {
        "legislators": (_PERSON, ([getattr(person, name) for name in _PERSON] for person in people)),
        "terms": (
            ["bioguide", *_TERM],
            ([person.bioguide, *(getattr(term, name) for name in _TERM)] for person in people for term in person.terms),
        ),
        "committees": (CommitteeFact._fields, snapshot.committees or []),
        "committee_seats": (SeatFact._fields, snapshot.seats),
        "zips": (ZipFact._fields, snapshot.zips or []),
        "zip_prefixes": (PrefixFact._fields, ((row.prefix, " ".join(row.states)) for row in snapshot.prefixes or [])),
    }
    for congress, rows in snapshot.zip_districts.items():
        tables[f"zip_districts_{congress}"] = (ZipDistrictFact._fields, rows)
    written = [_write(folder / f"{name}.csv.gz", _csv(header, rows)) for name, (header, rows) in tables.items()]
    for congress, shapes in snapshot.shapes.items():
        text = json.dumps([_packed(shape) for shape in shapes], separators=(",", ":"))
        written.append(_write(folder / f"district_shapes_{congress}.json.gz", text))
    sources = folder / "sources.csv"
    sources.write_text(
        _csv(_SOURCE, ([getattr(row, name) for name in _SOURCE] for row in snapshot.sources)), encoding="utf-8"
    )
    return [*written, sources]


def read_pack(folder: Path) -> Snapshot:
    with (folder / "sources.csv").open(encoding="utf-8", newline="") as file:
        sources = [_source(row) for row in csv.DictReader(file)]
    terms: dict[str, list[Term]] = {}
    for row in _read(folder / "terms.csv.gz"):
        terms.setdefault(row.pop("bioguide"), []).append(_term(row))
    snapshot = Snapshot(sources=sources)
    snapshot.people = [
        Person(**row, terms=tuple(terms[row["bioguide"]])) for row in _read(folder / "legislators.csv.gz")
    ]
    snapshot.committees = [
        CommitteeFact(row["key"], row["name"], Chamber(row["chamber"]), row["parent"])
        for row in _read(folder / "committees.csv.gz")
    ]
    snapshot.seats = [
        SeatFact(row["committee"], row["bioguide"], row["title"], int(row["rank"]) if row["rank"] else None)
        for row in _read(folder / "committee_seats.csv.gz")
    ]
    snapshot.zips = [_zip(row) for row in _read(folder / "zips.csv.gz")]
    snapshot.prefixes = [
        PrefixFact(row["prefix"], tuple(row["states"].split())) for row in _read(folder / "zip_prefixes.csv.gz")
    ]
    for source in sources:
        if source.name == "zip_districts":
            rows = _read(folder / f"zip_districts_{source.congress}.csv.gz")
            snapshot.zip_districts[source.congress] = [
                ZipDistrictFact(row["zip"], row["state"], int(row["district"]), row["basis"]) for row in rows
            ]
        if source.name == "district_shapes":
            packed = gzip.decompress((folder / f"district_shapes_{source.congress}.json.gz").read_bytes())
            snapshot.shapes[source.congress] = [_unpacked(*entry) for entry in json.loads(packed)]
    return snapshot


def read_agencies(folder: Path) -> list[dict[str, str]]:
    """agencies.csv is kept by hand: it comes from no public file. Postal lines are divided by "|"."""
    with (folder / "agencies.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def wkb(shape: ShapeFact) -> bytes:
    """A MultiPolygon as little-endian well-known binary, in degrees."""
    parts = [struct.pack("<BII", 1, 6, len(shape.polygons))]
    for polygon in shape.polygons:
        parts.append(struct.pack("<BII", 1, 3, len(polygon)))
        for ring in polygon:
            numbers = [value / 10_000 for point in ring for value in point]
            parts.append(struct.pack(f"<I{len(numbers)}d", len(ring), *numbers))
    return b"".join(parts)


def _packed(shape: ShapeFact) -> list[object]:
    """Each ring as steps from point to point: small numbers, which compress well."""
    return [
        shape.state,
        shape.district,
        shape.label,
        [[_steps(ring) for ring in polygon] for polygon in shape.polygons],
    ]


def _steps(ring: Sequence[tuple[int, int]]) -> list[int]:
    steps, before = [], (0, 0)
    for point in ring:
        steps += [point[0] - before[0], point[1] - before[1]]
        before = point
    return steps


def _unpacked(state: str, district: int, label: Sequence[float], polygons: list[list[list[int]]]) -> ShapeFact:
    return ShapeFact(
        state,
        district,
        (label[0], label[1]),
        tuple(tuple(_points(ring) for ring in polygon) for polygon in polygons),
    )


def _points(steps: list[int]) -> tuple[tuple[int, int], ...]:
    points, x, y = [], 0, 0
    for dx, dy in zip(steps[::2], steps[1::2], strict=True):
        x, y = x + dx, y + dy
        points.append((x, y))
    return tuple(points)


def _source(row: Mapping[str, str]) -> Source:
    return Source(row["name"], int(row["congress"]), row["vintage"], row["source"], row["licence"], row["digest"])


def _term(row: Mapping[str, str]) -> Term:
    days = {name: date.fromisoformat(row[name]) for name in ("starts_on", "ends_on")}
    return Term(**{**row, **days})  # type: ignore[arg-type]  # the two days replace their texts


def _zip(row: Mapping[str, str]) -> ZipFact:
    return ZipFact(
        row["zip"],
        row["place"],
        row["state"],
        ZipKind(row["kind"]),
        float(row["lat"]) if row["lat"] else None,
        float(row["lon"]) if row["lon"] else None,
        row["point_state"] or None,
        int(row["point_district"]) if row["point_district"] else None,
    )


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return path


def _read(path: Path) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode(), newline=""))
