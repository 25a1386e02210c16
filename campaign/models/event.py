"""What came back, as it came. Append-only; the raw body lies in a row beside it, which retention may delete."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.events import EventKind
from campaign.models.base import Base, HasId


class Event(HasId, Base):
    """`at` is when the other side says it happened, `received_at` when we had it. Without a delivery it is unmatched."""

    __tablename__ = "events"
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index("ix_events_delivery_id", "delivery_id", "id"),
        sa.Index("ix_events_campaign_id_id", "campaign_id", "id"),
        sa.Index("ix_events_digest", "digest"),
    )

    source: Mapped[str]
    source_id: Mapped[str]
    kind: Mapped[EventKind]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(sa.String(64))
    code: Mapped[str | None]
    detail: Mapped[str] = mapped_column(default="")
    delivery_id: Mapped[int | None] = mapped_column(sa.ForeignKey("deliveries.id"))
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaigns.id"))


class EventBody(Base):
    __tablename__ = "event_bodies"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"), primary_key=True)
    raw: Mapped[bytes]
