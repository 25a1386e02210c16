"""What an office itself sent back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.events import ResponseKind
from campaign.models.base import Base, HasId


class Response(HasId, Base):
    """`source` says how we know: our inbox, a member's word, an organizer's. `received_at` is what reply times count."""

    __tablename__ = "responses"
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index("ix_responses_letter_id", "letter_id", "id"),
    )

    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letters.id"))
    source: Mapped[str]
    source_id: Mapped[str]
    kind: Mapped[ResponseKind]
    received_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    text: Mapped[str] = mapped_column(default="")
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("events.id"))
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
