"""ZIPs, crosswalks and shapes in the tables: compared with a snapshot row by row, replaced table by table.

A crosswalk or a set of shapes belongs to a Congress; that of another Congress stays beside it untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.geography import DistrictShape, Zip, ZipDistrict, ZipPrefix
from campaign.services.snapshot_committees import Counts, count
from campaign.services.snapshot_files import Snapshot
from campaign.services.snapshot_pack import wkb


def compare(session: Session, snapshot: Snapshot) -> Counts:
    """Rows added, gone and changed, for each table that the snapshot has."""
    counts: Counts = {}
    if snapshot.zips is not None:
        columns = (Zip.zip, Zip.place, Zip.state, Zip.kind, Zip.lat, Zip.lon, Zip.point_state, Zip.point_district)
        before = {row[0]: tuple(row[1:]) for row in session.execute(sa.select(*columns))}
        counts["zips"] = count(before, {row.zip: tuple(row[1:]) for row in snapshot.zips})
    if snapshot.prefixes is not None:
        known = {row.prefix: tuple(row.states) for row in session.scalars(sa.select(ZipPrefix))}
        counts["zip_prefixes"] = count(known, {row.prefix: row.states for row in snapshot.prefixes})
    for congress, rows in snapshot.zip_districts.items():
        pairs = session.execute(
            sa.select(ZipDistrict.zip, ZipDistrict.state, ZipDistrict.district, ZipDistrict.basis).where(
                ZipDistrict.congress == congress
            )
        )
        touched = {tuple(row[:3]): row[3] for row in pairs}
        counts[f"zip_districts {congress}"] = count(touched, {tuple(row[:3]): row.basis for row in rows})
    for congress, shapes in snapshot.shapes.items():
        drawn = {
            (row.state, row.district): (row.wkb, row.label_lon, row.label_lat)
            for row in session.scalars(sa.select(DistrictShape).where(DistrictShape.congress == congress))
        }
        wanted = {(row.state, row.district): (wkb(row), *row.label) for row in shapes}
        counts[f"district_shapes {congress}"] = count(drawn, wanted)
    return counts


def write(session: Session, snapshot: Snapshot, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Replaces each table that differs, in a few statements of many rows."""
    differs = {name for name, numbers in counts.items() if any(numbers.values())}
    if "zips" in differs:
        _replace(session, Zip, [row._asdict() for row in snapshot.zips or []])
    if "zip_prefixes" in differs:
        _replace(session, ZipPrefix, [row._asdict() | {"states": list(row.states)} for row in snapshot.prefixes or []])
    for congress, pairs in snapshot.zip_districts.items():
        if f"zip_districts {congress}" in differs:
            rows = [row._asdict() | {"congress": congress} for row in pairs]
            _replace(session, ZipDistrict, rows, ZipDistrict.congress == congress)
    for congress, shapes in snapshot.shapes.items():
        if f"district_shapes {congress}" in differs:
            rows = [
                {
                    "congress": congress,
                    "state": shape.state,
                    "district": shape.district,
                    "wkb": wkb(shape),
                    "label_lon": shape.label[0],
                    "label_lat": shape.label[1],
                }
                for shape in shapes
            ]
            _replace(session, DistrictShape, rows, DistrictShape.congress == congress)


def _replace(
    session: Session,
    table: type[Zip] | type[ZipPrefix] | type[ZipDistrict] | type[DistrictShape],
    rows: list[dict[str, Any]],
    where: sa.ColumnElement[bool] | None = None,
) -> None:
    session.execute(sa.delete(table) if where is None else sa.delete(table).where(where))
    session.connection().execute(sa.insert(table.__table__), rows)  # type: ignore[arg-type]  # a mapped table is one
