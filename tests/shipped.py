"""The shipped snapshot as an atlas, without a database."""

from __future__ import annotations

from functools import cache

from campaign import paths
from campaign.domain.districts import District
from campaign.domain.geography import Atlas, build
from campaign.domain.shapes import ShapeIndex
from campaign.services.snapshot_files import Snapshot
from campaign.services.snapshot_pack import read_pack, wkb


@cache
def snapshot() -> Snapshot:
    return read_pack(paths.SNAPSHOT)


@cache
def atlas(congress: int = 119) -> Atlas:
    found = snapshot()
    made = build(
        congress,
        "test",
        ((*row, 119) for row in found.zip_districts[119]),
        ((row.zip, row.state, row.point_state, row.point_district) for row in found.zips or []),
        found.prefixes or [],
    )
    if congress == 119:
        made.index = ShapeIndex((District(shape.state, shape.district), wkb(shape)) for shape in found.shapes[119])
    return made
