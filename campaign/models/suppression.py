"""Addresses that are no longer written to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class SuppressionReason(StrEnum):
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    ORGANIZER = "organizer"


class Suppression(HasId, Base):
    """Append-only; lifted by a later moment in `lifted_at`. At most one stands for an address."""

    __tablename__ = "suppressions"
    __table_args__ = (
        sa.Index(
            "ux_suppressions_standing",
            "address",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    address: Mapped[str]  # folded to lower case
    reason: Mapped[SuppressionReason]
    at: Mapped[datetime]
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("events.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
