"""Mail as rows: the raw body in pieces, what the mail says of itself, and how long each is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from campaign.channels.smtp.inbox import InboundMessage
from campaign.channels.smtp.quotes import own_text
from campaign.channels.smtp.raw import RawMail
from campaign.domain.texts import fold
from campaign.models.event import Event, EventBody, MailFacts

TEXT_LIMIT = 20_000  # characters of a mail's text that its facts keep
SEARCHED = 8_000  # characters of own words that can be found


def keep_body(session: Session, event_id: int, raw: RawMail) -> None:
    """Piece by piece, so that a mail of 25 MB is never in memory as a whole."""
    for number, piece in enumerate(raw.pieces()):
        session.execute(sa.insert(EventBody), {"event_id": event_id, "number": number, "raw": piece})
    if raw.size == 0:
        session.execute(sa.insert(EventBody), {"event_id": event_id, "number": 0, "raw": b""})


def keep_facts(session: Session, event_id: int, raw: RawMail, message: InboundMessage, *, with_text: bool) -> None:
    """`with_text`: no response holds the words."""
    threads = [*message.references, message.in_reply_to] if message.in_reply_to else list(message.references)
    words = own_text(message.text)[:SEARCHED]
    session.add(
        MailFacts(
            event_id=event_id,
            looks_like=str(message.looks_like),
            automatic=message.automatic,
            from_name=message.from_name,
            from_address=message.from_address,
            subject=message.subject,
            date_text=message.date_text,
            threads=list(dict.fromkeys(threads)),
            text=message.text[:TEXT_LIMIT] if with_text else "",
            size=raw.size,
            search=fold(f"{message.from_name} {message.from_address} {message.subject} {words}"),
        )
    )


def body(session: Session, event_id: int) -> Iterator[bytes]:
    """The mail as it came, a piece at a time; nothing when it is no longer kept."""
    number = 0
    while (
        piece := session.scalar(
            sa.select(EventBody.raw).where(EventBody.event_id == event_id, EventBody.number == number)
        )
    ) is not None:
        yield piece
        number += 1


def has_body(session: Session, event_id: int) -> bool:
    return session.get(EventBody, (event_id, 0), options=[load_only(EventBody.number)]) is not None


def facts(session: Session, event_id: int) -> MailFacts | None:
    return session.get(MailFacts, event_id)


def forget_bodies(session: Session, before: datetime, limit: int = 500) -> int:
    """Deletes the raw bodies of mails that came before `before`, oldest first; the event with its digest, and the facts,
    stay. How many mails. Twice is safe."""
    oldest = (
        sa.select(EventBody.event_id).where(EventBody.number == 0).order_by(EventBody.event_id).limit(limit).subquery()
    )
    ids = session.scalars(
        sa.select(Event.id).join(oldest, oldest.c.event_id == Event.id).where(Event.received_at < before)
    ).all()
    if ids:
        session.execute(sa.delete(EventBody).where(EventBody.event_id.in_(ids)))
    return len(ids)
