"""Notices of the print provider: stored as they came, matched by our mark and its id, moved by the table. Twice is once."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.printing.house_events import Notice
from campaign.domain.channels import ChannelName
from campaign.domain.events import MOVES_TO, EventKind
from campaign.domain.statuses import DELIVERY_MOVES, Status, may_move
from campaign.models.delivery import Delivery
from campaign.models.event import Event, EventBody
from campaign.models.letter import Letter
from campaign.services import deliveries

_WHY = {
    EventKind.MAILED: "the print provider says that it was mailed",
    EventKind.IN_TRANSIT: "the print provider says that it is in the mail",
    EventKind.DELIVERED: "the print provider says that it was delivered",
    EventKind.BOUNCED: "the mail brought it back",
}


def take(session: Session, notice: Notice, raw: bytes, now: datetime) -> Status | None:
    """The delivery's new status; None where nothing moved or it was told before. A letter that went another way meanwhile stays
    as it is: the notice is kept. Two at once: one fails on the unique index,
    and is told again. Does not commit.
    """
    told = notice.event
    seen = sa.select(Event.id).where(Event.source == told.source, Event.source_id == told.source_id)
    if session.scalar(seen) is not None:
        return None
    delivery = _delivery(session, notice)
    event = Event(
        source=told.source,
        source_id=told.source_id,
        kind=told.kind,
        at=told.at,
        received_at=now,
        digest=hashlib.sha256(raw).hexdigest(),
        code=told.code,
        detail=told.detail,
        delivery_id=delivery.id if delivery else None,
        campaign_id=delivery.campaign_id if delivery else None,
    )
    session.add(event)
    session.flush()
    session.add(EventBody(event_id=event.id, raw=raw))
    target = MOVES_TO.get(told.kind)
    if delivery is None or delivery.superseded or target is None:
        return None
    if not may_move(DELIVERY_MOVES, delivery.status, target):
        return None
    deliveries.move(session, delivery, target, now, _WHY.get(told.kind, told.detail), f"event:{event.id}")
    return delivery.status


def _delivery(session: Session, notice: Notice) -> Delivery | None:
    """Ours by the mark, unless the provider's id is another's: then somebody else's notice came here."""
    letter_id = session.scalar(sa.select(Letter.id).where(Letter.reference == notice.letter)) if notice.letter else None
    if letter_id is None:
        return None
    for way in deliveries.locked_of_letter(session, letter_id):
        if way.channel is ChannelName.PRINT_PROVIDER and (
            not notice.provider_id or way.provider_id in (None, notice.provider_id)
        ):
            return way
    return None
