"""What an office itself sent back."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.events import ResponseKind
from campaign.models.base import Base, HasId


class Response(HasId, Base):
    """`source` says how we know: our inbox, a member's word, an organizer's. `received_at` is what reply times count;
    `written_at` and `postmarked_on` are the sender's side of it and count for nothing. `kind` is proposed by the intake until
    `judged_at` says that a person has agreed.
    """

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
    postmarked_on: Mapped[date | None] = mapped_column(sa.Date)
    judged_at: Mapped[datetime | None]
    judged_by: Mapped[str | None]
    search: Mapped[str] = mapped_column(default="", server_default="")  # folded: their own words, not what they quote


class Meeting(HasId, Base):
    """A time that an office proposes; a later mail with the same `uid` changes this row. Nothing is accepted by machine."""

    __tablename__ = "meetings"
    __table_args__ = (sa.UniqueConstraint("letter_id", "uid"), sa.Index("ix_meetings_response_id", "response_id"))

    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letters.id"))
    response_id: Mapped[int] = mapped_column(sa.ForeignKey("responses.id"))
    uid: Mapped[str]
    sequence: Mapped[int]
    summary: Mapped[str]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    zone: Mapped[str | None]
    place: Mapped[str]
    organizer: Mapped[str]
    cancelled: Mapped[bool]
    calendar: Mapped[str]  # the .ics as it came
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("events.id"))  # the mail that said so last
    changed_at: Mapped[datetime]
