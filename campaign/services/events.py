"""What comes back by mail: stored raw, translated, matched by a signed token, and moved by the table.

Only a token that we signed changes anything; everything else waits, unmatched, for a person. The same mail twice is one event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp.inbox import InboundKind, InboundMessage
from campaign.domain.events import MOVES_TO, EventKind, ResponseKind
from campaign.domain.references import TokenKind
from campaign.domain.statuses import DELIVERY_MOVES, Status, may_move
from campaign.models.delivery import Delivery
from campaign.models.event import Event, EventBody
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.suppression import SuppressionReason
from campaign.services import deliveries, responses, suppressions

SOURCE = "mail"
_KINDS = {
    InboundKind.BOUNCE: EventKind.BOUNCED,
    InboundKind.DELAY: EventKind.DEFERRED,
    InboundKind.DELIVERED: EventKind.DELIVERED,
    InboundKind.COMPLAINT: EventKind.COMPLAINED,
    InboundKind.AUTO_REPLY: EventKind.AUTO_REPLY,
    InboundKind.ACKNOWLEDGEMENT: EventKind.ACKNOWLEDGED,
    InboundKind.REPLY: EventKind.REPLIED,
}
_DEAD = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Enhanced codes that say the mailbox is not there (RFC 3463): written to no more. Policy codes, 5.7.x, never do that."""
_RESPONSES = {
    InboundKind.ACKNOWLEDGEMENT: ResponseKind.ACKNOWLEDGEMENT,
    InboundKind.REPLY: ResponseKind.FORM,
}
"""What a reply says is for a person to judge; until then it counts as a general letter."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one mail did: `moved` is the delivery's new status, None when nothing moved."""

    kind: str
    code: str | None
    letter: str | None
    moved: Status | None


def take(session: Session, source_id: str, raw: bytes, message: InboundMessage, now: datetime) -> Taken:
    """Stores one mail and lets it act. Twice, under the same id or with the same bytes, is `duplicate` and changes nothing.

    Does not commit.
    """
    seen = session.scalar(
        sa.select(Event.id)
        .where(Event.source == SOURCE, sa.or_(Event.source_id == source_id, Event.digest == message.digest))
        .limit(1)
    )
    if seen is not None:
        return Taken("duplicate", message.code, None, None)
    delivery = _delivery(session, message)
    at = _moment(message, delivery, now)
    event = Event(
        source=SOURCE,
        source_id=source_id,
        kind=_KINDS.get(message.kind, EventKind.UNKNOWN),
        at=at,
        received_at=now,
        digest=message.digest,
        code=message.code,
        detail=message.detail[:500],
        delivery_id=delivery.id if delivery else None,
        campaign_id=delivery.campaign_id if delivery else None,
    )
    session.add(event)
    session.flush()
    session.add(EventBody(event_id=event.id, raw=raw))
    if delivery is None:
        kind = message.kind if message.kind is InboundKind.UNREADABLE else InboundKind.UNMATCHED
        return Taken(str(kind), message.code, None, None)
    before = delivery.status
    letter = _act(session, delivery, event, message, now)
    moved = delivery.status if delivery.status is not before else None
    return Taken(str(message.kind), message.code, letter, moved)


def put_aside(session: Session, source_id: str, raw: bytes, message: InboundMessage, why: str, now: datetime) -> Taken:
    """Stores a mail that could not act, unmatched, so that a person sees it and the others go on. Twice is once."""
    if session.scalar(sa.select(Event.id).where(Event.source == SOURCE, Event.source_id == source_id)) is None:
        event = Event(
            source=SOURCE,
            source_id=source_id,
            kind=EventKind.UNKNOWN,
            at=now,
            received_at=now,
            digest=message.digest,
            code=message.code,
            detail=why[:500],
        )
        session.add(event)
        session.flush()
        session.add(EventBody(event_id=event.id, raw=raw))
    return Taken(str(InboundKind.UNREADABLE), message.code, None, None)


def _delivery(session: Session, message: InboundMessage) -> Delivery | None:
    """The newest delivery of what the token names, locked with the letter's others."""
    token = message.token
    if token is None:
        return None
    if token.kind is TokenKind.LETTER:
        letter_id = session.scalar(sa.select(Letter.id).where(Letter.reference == token.reference))
        ways = deliveries.locked_of_letter(session, letter_id) if letter_id is not None else ()
        return ways[-1] if ways else None
    return session.scalar(
        sa.select(Delivery)
        .join(MemberMail, MemberMail.id == Delivery.mail_id)
        .where(MemberMail.reference == token.reference)
        .with_for_update(of=Delivery)
        .execution_options(populate_existing=True)
    )


def _moment(message: InboundMessage, delivery: Delivery | None, now: datetime) -> datetime:
    """When it was written, unless that lies in the future, before the letter, or cannot be read: then when it came."""
    written = message.written_at
    if written is None or written > now or (delivery is not None and written < delivery.created_at):
        return now
    return written


def _act(session: Session, delivery: Delivery, event: Event, message: InboundMessage, now: datetime) -> str | None:
    by = f"event:{event.id}"
    letter = session.get(Letter, delivery.letter_id) if delivery.letter_id else None
    if letter is not None and message.kind in _RESPONSES:
        responses.record(
            session,
            letter,
            _response_kind(message),
            received_at=now,
            written_at=message.written_at,
            now=now,
            by=by,
            source=SOURCE,
            source_id=event.source_id,
            text=message.text[: responses.TEXT_LIMIT],
            event_id=event.id,
        )
    target = MOVES_TO.get(event.kind)
    if target is not None and may_move(DELIVERY_MOVES, delivery.status, target):
        deliveries.move(session, delivery, target, now, _why(event), by)
    if event.kind in (EventKind.BOUNCED, EventKind.COMPLAINED):
        _after_bounce(session, delivery, event, now)
    return letter.reference if letter else None


def _response_kind(message: InboundMessage) -> ResponseKind:
    """A reply that carries a proposal of a time is an offer to meet."""
    meeting = message.meeting
    if message.kind is InboundKind.REPLY and meeting is not None and not meeting.cancelled:
        return ResponseKind.MEETING
    return _RESPONSES[message.kind]


def _why(event: Event) -> str:
    words = {
        EventKind.DELIVERED: "a receipt came",
        EventKind.BOUNCED: "it came back",
        EventKind.REFUSED: "it came back",
        EventKind.ACKNOWLEDGED: "the office acknowledged it",
        EventKind.REPLIED: "the office answered",
    }
    return ": ".join(part for part in (words.get(event.kind, str(event.kind)), event.code, event.detail) if part)


def _after_bounce(session: Session, delivery: Delivery, event: Event, now: datetime) -> None:
    """Dead mailboxes and complaints are written to no more; a bounced invitation shows on its row."""
    if event.kind is EventKind.COMPLAINED:
        suppressions.suppress(session, delivery.to_address, SuppressionReason.COMPLAINED, now, event.id)
    elif event.code and event.code.startswith(_DEAD):
        suppressions.suppress(session, delivery.to_address, SuppressionReason.BOUNCED, now, event.id)
    if delivery.mail_id is None:
        return
    mail = session.get_one(MemberMail, delivery.mail_id)
    if mail.kind in (MailKind.INVITATION, MailKind.REMINDER) and mail.campaign_id is not None:
        session.execute(
            sa.update(Invitation)
            .where(
                Invitation.member_id == mail.member_id,
                Invitation.campaign_id == mail.campaign_id,
                Invitation.bounced_at.is_(None),
            )
            .values(bounced_at=now)
            .execution_options(synchronize_session=False)
        )


def unmatched(session: Session, limit: int = 50) -> list[Event]:
    """What nobody could be found for, newest first."""
    return list(
        session.scalars(sa.select(Event).where(Event.delivery_id.is_(None)).order_by(Event.id.desc()).limit(limit))
    )
