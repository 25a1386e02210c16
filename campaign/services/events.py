"""What comes back by mail: stored raw, translated, matched by a signed token, and moved by the table.

Only a token that we signed changes anything; everything else waits, unmatched, for a person. The same mail twice is one event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp.inbox import InboundKind, InboundMessage
from campaign.channels.smtp.quotes import answers_inline, own_text
from campaign.channels.smtp.raw import RawMail
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.events import MOVES_TO, EventKind, ResponseKind
from campaign.domain.references import TokenKind
from campaign.domain.statuses import DELIVERY_MOVES, Status, may_move
from campaign.models.delivery import Delivery
from campaign.models.event import Event
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.suppression import SuppressionReason
from campaign.services import deliveries, mailroom, meetings, responses, suppressions

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
_POLICY = "5.7."  # policy or authentication (RFC 3463): about us, not about the mailbox
_SOFT_WINDOW = timedelta(days=30)
_SOFT_BOUNCES = 3  # full mailboxes and days of silence within the window, until an address is written to no more
_OF_MAIL = frozenset({InboundKind.BOUNCE, InboundKind.DELAY, InboundKind.COMPLAINT})
_BAD = frozenset({EventKind.BOUNCED, EventKind.REFUSED, EventKind.COMPLAINED})
_WITH_FACTS = frozenset({InboundKind.REPLY, InboundKind.ACKNOWLEDGEMENT, InboundKind.AUTO_REPLY})


@dataclass(frozen=True, slots=True)
class Taken:
    """What one mail did: `moved` is the delivery's new status, None when nothing moved."""

    kind: str
    code: str | None
    letter: str | None
    moved: Status | None


def take(session: Session, source_id: str, raw: RawMail, message: InboundMessage, now: datetime) -> Taken:
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
        kind=_event_kind(message),
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
    mailroom.keep_body(session, event.id, raw)
    if delivery is None or message.kind in _WITH_FACTS:
        answers = delivery is not None and delivery.letter_id is not None and message.kind in responses.BY_MAIL
        mailroom.keep_facts(session, event.id, raw, message, with_text=not answers)
    if delivery is None:
        kind = message.kind if message.kind is InboundKind.UNREADABLE else InboundKind.UNMATCHED
        return Taken(str(kind), message.code, None, None)
    before = delivery.status
    letter = _act(session, delivery, event, message, now)
    moved = delivery.status if delivery.status is not before else None
    return Taken(str(message.kind), message.code, letter, moved)


def put_aside(
    session: Session, source_id: str, raw: RawMail, message: InboundMessage, why: str, now: datetime
) -> Taken:
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
        mailroom.keep_body(session, event.id, raw)
    return Taken(str(InboundKind.UNREADABLE), message.code, None, None)


def _delivery(session: Session, message: InboundMessage) -> Delivery | None:
    """What the token names, locked; of a letter the delivery that such a mail is about, with the letter's others."""
    token = message.token
    if token is None:
        return None
    if token.kind is TokenKind.LETTER:
        letter_id = session.scalar(sa.select(Letter.id).where(Letter.reference == token.reference))
        ways = deliveries.locked_of_letter(session, letter_id) if letter_id is not None else ()
        return _told(ways, message.kind) if ways else None
    return session.scalar(
        sa.select(Delivery)
        .join(MemberMail, MemberMail.id == Delivery.mail_id)
        .where(MemberMail.reference == token.reference)
        .with_for_update(of=Delivery)
        .execution_options(populate_existing=True)
    )


def _told(ways: Sequence[Delivery], kind: InboundKind) -> Delivery:
    """The newest, unless it tells what became of a mail or a machine's hand-over: the letter may have gone another way since."""
    if kind in _OF_MAIL:
        return next((way for way in reversed(ways) if way.channel is ChannelName.SMTP), ways[-1])
    if kind is InboundKind.DELIVERED:
        return next((way for way in reversed(ways) if way.channel not in BY_HAND), ways[-1])
    return ways[-1]


def _moment(message: InboundMessage, delivery: Delivery | None, now: datetime) -> datetime:
    """When it was written, unless that lies in the future, before the letter, or cannot be read: then when it came."""
    written = message.written_at
    if written is None or written > now or (delivery is not None and written < delivery.created_at):
        return now
    return written


def _act(session: Session, delivery: Delivery, event: Event, message: InboundMessage, now: datetime) -> str | None:
    by = f"event:{event.id}"
    letter = session.get(Letter, delivery.letter_id) if delivery.letter_id else None
    if letter is not None and message.kind in responses.BY_MAIL:
        _respond(session, letter, event, message, now)
    target = MOVES_TO.get(event.kind)
    if target is not None and not delivery.superseded and may_move(DELIVERY_MOVES, delivery.status, target):
        deliveries.move(session, delivery, target, now, _why(event), by)
    if delivery.channel is ChannelName.SMTP and event.kind in _BAD:
        _after_bounce(session, delivery, event, now)
    return letter.reference if letter else None


def _event_kind(message: InboundMessage) -> EventKind:
    if message.kind is InboundKind.BOUNCE and (message.code or "").startswith(_POLICY):
        return EventKind.REFUSED
    return _KINDS.get(message.kind, EventKind.UNKNOWN)


def _respond(session: Session, letter: Letter, event: Event, message: InboundMessage, now: datetime) -> None:
    """A response with the kind that the mail proposes; a person judges it. A mail without words about a meeting that is
    known changes that meeting and is no second response."""
    deliveries.locked_of_letter(session, letter.id)
    offer = message.meeting if message.kind is InboundKind.REPLY else None
    known = meetings.standing(session, letter.id, offer.uid) if offer else None
    if offer and known:
        meetings.update(known, offer, event.id, now)
        if not own_text(message.text):
            return
    answer = responses.record(
        session,
        letter,
        _proposed(message),
        received_at=now,
        written_at=message.written_at,
        now=now,
        by=f"event:{event.id}",
        source=SOURCE,
        source_id=event.source_id,
        text=message.text[: responses.TEXT_LIMIT],
        event_id=event.id,
    )
    if offer and not known and (offer.offers or offer.cancelled):
        meetings.add(session, letter, answer, offer, event.id, now)


def _proposed(message: InboundMessage) -> ResponseKind:
    """What it seems to be: an offer to meet, an answer to what was written, or else a general letter."""
    meeting = message.meeting
    if message.kind is InboundKind.ACKNOWLEDGEMENT:
        return ResponseKind.ACKNOWLEDGEMENT
    if meeting is not None and (meeting.offers or meeting.cancelled):
        return ResponseKind.MEETING
    return ResponseKind.SUBSTANTIVE if answers_inline(message.text) else ResponseKind.FORM


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
    elif event.kind is EventKind.BOUNCED and (_is_dead(event.code) or _too_often(session, delivery, event, now)):
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


def _is_dead(code: str | None) -> bool:
    return code in _DEAD


def _is_soft(code: str | None) -> bool:
    """Given up after days of trying, or a full mailbox (x.2.2)."""
    return code is not None and (code.startswith("4.") or code.endswith(".2.2"))


def _too_often(session: Session, delivery: Delivery, event: Event, now: datetime) -> bool:
    """Whether the address has had its third soft bounce within 30 days, this one counted."""
    if not _is_soft(event.code):
        return False
    found = session.scalar(
        sa.select(sa.func.count())
        .select_from(Event)
        .join(Delivery, Delivery.id == Event.delivery_id)
        .where(
            Event.kind.in_((EventKind.BOUNCED, EventKind.REFUSED)),  # as the index has it
            Event.received_at > now - _SOFT_WINDOW,
            Delivery.to_address == delivery.to_address,
            sa.or_(Event.code.like("4.%"), Event.code.like("%.2.2")),
        )
    )
    return (found or 0) >= _SOFT_BOUNCES


def refused_by_policy(session: Session, since: datetime) -> int:
    """How many letters and mails came back with 5.7.x: something is wrong with us, which an operator must look at."""
    query = sa.select(sa.func.count()).where(
        Event.kind.in_((EventKind.BOUNCED, EventKind.REFUSED)), Event.received_at > since
    )
    return session.scalar(query.where(Event.kind == EventKind.REFUSED)) or 0
