"""ZIP codes, what districts they touch, the shapes of the districts, and which snapshot each of them came from."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class ZipKind(StrEnum):
    ZCTA = "zcta"  # has an area
    NO_AREA = "no_area"  # PO boxes, one building or one organization
    MILITARY = "military"


class Zip(HasId, Base):
    """A ZIP of the place file. `point_*` is the district around its point: it orders choices and answers nothing."""

    __tablename__ = "zips"

    zip: Mapped[str] = mapped_column(unique=True)
    place: Mapped[str]
    state: Mapped[str]
    kind: Mapped[ZipKind]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    point_state: Mapped[str | None]
    point_district: Mapped[int | None]


class ZipDistrict(HasId, Base):
    """A district that the area of a ZIP touches under the map of one Congress."""

    __tablename__ = "zip_districts"
    __table_args__ = (sa.UniqueConstraint("zip", "congress", "state", "district"),)

    zip: Mapped[str]
    state: Mapped[str]
    district: Mapped[int]
    congress: Mapped[int]
    basis: Mapped[str]


class ZipPrefix(HasId, Base):
    """The states that the first three digits allow, most common first; it never proves that a ZIP exists."""

    __tablename__ = "zip_prefixes"

    prefix: Mapped[str] = mapped_column(unique=True)
    states: Mapped[list[str]]


class DistrictShape(HasId, Base):
    """A simplified polygon as WKB, in degrees, longitude first; the label point lies inside it."""

    __tablename__ = "district_shapes"
    __table_args__ = (sa.UniqueConstraint("congress", "state", "district"),)

    congress: Mapped[int]
    state: Mapped[str]
    district: Mapped[int]
    wkb: Mapped[bytes]
    label_lon: Mapped[float]
    label_lat: Mapped[float]


class DataSnapshot(HasId, Base):
    """One import of one file; `active` marks the newest of its name and Congress."""

    __tablename__ = "data_snapshots"
    __table_args__ = (
        sa.Index(
            "uq_data_snapshots_active",
            "name",
            "congress",
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        ),
    )

    name: Mapped[str]  # "legislators", "zip_districts"
    congress: Mapped[int]  # 0 for what belongs to no Congress
    vintage: Mapped[str]
    source: Mapped[str]
    licence: Mapped[str]
    digest: Mapped[str]  # SHA-256 of the file
    rows: Mapped[int]
    imported_at: Mapped[datetime]
    active: Mapped[bool]
