"""Where an office stands on a recommendation over time. Append-only: the newest row counts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class Stance(StrEnum):
    SUPPORTS = "supports"
    LEANS_FOR = "leans_for"
    UNKNOWN = "unknown"
    LEANS_AGAINST = "leans_against"
    OPPOSES = "opposes"


class Position(HasId, Base):
    __tablename__ = "positions"
    __table_args__ = (sa.Index("ix_positions_office", "office_id", "recommendation_id", "at"),)

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"))
    legislator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("legislators.id"))
    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"))
    stance: Mapped[Stance]
    at: Mapped[datetime]
    evidence: Mapped[str]
    source: Mapped[str]
    recorded_by: Mapped[str]
