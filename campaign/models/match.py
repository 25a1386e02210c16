"""Who represents a place, as found once and, where it took a person to choose, as chosen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.matching import Confidence, MatchStatus, Method
from campaign.models.base import Base, HasId


class ConfirmedBy(StrEnum):
    MEMBER = "member"
    ORGANIZER = "organizer"


class DistrictMatch(HasId, Base):
    """The answer for a place under one Congress; another Congress needs another row.

    `place_key` is `campaign.domain.matching.place_key`, a digest: no address is kept here. `districts` holds keys such as
    "NV-2". The chosen state or district is a person's, and `confirmed_by` says whose.
    """

    __tablename__ = "district_matches"
    __table_args__ = (
        sa.UniqueConstraint("place_key", "congress"),
        sa.CheckConstraint("chosen_district IS NULL OR chosen_state IS NOT NULL", name="a_district_has_a_state"),
        sa.CheckConstraint("chosen_state IS NULL OR confirmed_by IS NOT NULL", name="somebody_chose"),
    )

    place_key: Mapped[str]
    congress: Mapped[int]
    status: Mapped[MatchStatus]
    states: Mapped[list[str]]
    districts: Mapped[list[str]]
    suggested: Mapped[list[str]] = mapped_column(default=list)
    method: Mapped[Method]
    confidence: Mapped[Confidence]
    vintage: Mapped[str]
    confirmed_by: Mapped[ConfirmedBy | None]
    chosen_state: Mapped[str | None]
    chosen_district: Mapped[int | None]
    matched_at: Mapped[datetime]
