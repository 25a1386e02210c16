"""What came back, as it came. Append-only; the raw body lies in a row beside it, which retention may delete."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.events import EventKind
from campaign.models.base import Base, HasId, Json


class Event(HasId, Base):
    """`at` is when the other side says it happened, `received_at` when we had it. Without a delivery it is unmatched."""

    __tablename__ = "events"
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index("ix_events_delivery_id", "delivery_id", "id"),
        sa.Index("ix_events_campaign_id_id", "campaign_id", "id"),
        sa.Index("ix_events_digest", "digest"),
        sa.Index(  # for those of the last weeks, when one more comes
            "ix_events_came_back",
            "received_at",
            sqlite_where=sa.text("kind IN ('bounced', 'refused')"),
            postgresql_where=sa.text("kind IN ('bounced', 'refused')"),
        ),
        sa.Index(  # those of the last day
            "ix_events_complained",
            "received_at",
            sqlite_where=sa.text("kind = 'complained'"),
            postgresql_where=sa.text("kind = 'complained'"),
        ),
        sa.Index(  # the waiting room
            "ix_events_unmatched",
            "id",
            sqlite_where=sa.text("delivery_id IS NULL"),
            postgresql_where=sa.text("delivery_id IS NULL"),
        ),
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
    """The mail as it came, in pieces of a megabyte, numbered from 0. Kept for CAMPAIGN_KEEP_RAW_DAYS."""

    __tablename__ = "event_bodies"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, server_default="0", autoincrement=False)
    raw: Mapped[bytes]


class MailFacts(Base):
    """What a mail says of itself: believed by nobody, shown to the person who looks at it, kept when its body is gone.

    `looks_like` is what it would have been with a token of ours. `text` stands here only while no response holds it.
    """

    __tablename__ = "mail_facts"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"), primary_key=True, autoincrement=False)
    looks_like: Mapped[str]
    automatic: Mapped[bool]
    from_name: Mapped[str]
    from_address: Mapped[str]
    subject: Mapped[str]
    date_text: Mapped[str]  # the Date as it was written, readable or not
    threads: Mapped[list[str]] = mapped_column(Json)  # message ids that it answers or reports on, newest last
    text: Mapped[str]
    size: Mapped[int]
    search: Mapped[str]  # folded: sender, subject, own words


class MailDecision(Base):
    """What a person did with a mail that waited: attached it to a letter, or set it aside. One for each mail."""

    __tablename__ = "mail_decisions"

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"), primary_key=True, autoincrement=False)
    letter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letters.id"), index=True)
    why: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
