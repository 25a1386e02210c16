"""Counts kept in the transaction that changes the rows they count; `campaign metrics verify` recounts them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.channels import ChannelName
from campaign.models.base import Base


class Measure(StrEnum):
    STANDING = "standing"  # letters whose delivery is now in this status, by the day of their signing
    MOVES = "moves"  # moves into this status, by the day of the move
    RESPONSES = "responses"  # letters whose response is now in this state, by the day of their signing


class Rollup(Base):
    """`status` is a delivery status or, for responses, a response state. Days are days in the organization's zone."""

    __tablename__ = "rollups"

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"), primary_key=True)
    measure: Mapped[Measure] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"), primary_key=True)
    channel: Mapped[ChannelName] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    count: Mapped[int]
