"""Times that offices propose. A mail about the same meeting changes the same row; nothing is accepted or answered by machine."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp.calendar import Meeting as Offer
from campaign.models.letter import Letter
from campaign.models.response import Meeting, Response


def standing(session: Session, letter_id: int, uid: str) -> Meeting | None:
    """What is known of this meeting; the letter's deliveries are locked by whoever asks in order to change it."""
    return session.scalar(
        sa.select(Meeting)
        .where(Meeting.letter_id == letter_id, Meeting.uid == uid)
        .execution_options(populate_existing=True)
    )


def add(session: Session, letter: Letter, answer: Response, offer: Offer, event_id: int, now: datetime) -> Meeting:
    row = Meeting(letter_id=letter.id, response_id=answer.id, uid=offer.uid)
    session.add(row)
    _fill(row, offer, event_id, now)
    session.flush()
    return row


def update(row: Meeting, offer: Offer, event_id: int, now: datetime) -> bool:
    """Whether the mail says something newer. Of one sequence a cancellation wins; an older one that comes late changes
    nothing (RFC 5546, 2.1.5)."""
    newer = offer.sequence > row.sequence or (offer.sequence == row.sequence and offer.cancelled and not row.cancelled)
    if newer:
        _fill(row, offer, event_id, now)
    return newer


def _fill(row: Meeting, offer: Offer, event_id: int, now: datetime) -> None:
    """A cancellation often leaves out what it cancels: what was known stays."""
    row.sequence, row.cancelled, row.event_id, row.changed_at = offer.sequence, offer.cancelled, event_id, now
    row.summary = offer.summary or row.summary or ""
    row.place = offer.place or row.place or ""
    row.organizer = offer.organizer or row.organizer or ""
    if offer.starts_at is not None or row.starts_at is None:
        row.starts_at, row.ends_at, row.zone = offer.starts_at, offer.ends_at, offer.zone
    row.calendar = offer.source


def of_responses(session: Session, response_ids: list[int]) -> dict[int, Meeting]:
    """By response id. One statement."""
    rows = session.scalars(sa.select(Meeting).where(Meeting.response_id.in_(response_ids)))
    return {row.response_id: row for row in rows}
