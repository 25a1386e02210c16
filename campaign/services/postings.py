"""Comments that an agency took and has not published yet: which to look up now, and what a look found.

Being published proves that a comment arrived; not being published proves nothing, since agencies choose what they post and when.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.docket.postings import CALLS, Published
from campaign.domain.channels import ChannelName
from campaign.domain.events import MOVES_TO, EventKind
from campaign.domain.statuses import DELIVERY_MOVES, may_move
from campaign.models.delivery import Delivery
from campaign.models.event import Event
from campaign.models.posting import PostingLook
from campaign.services import deliveries, inserts
from campaign.services.outbox import paces

FIRST = timedelta(minutes=5)
LONGEST = timedelta(days=1)
LOOK_FOR = timedelta(days=90)
"""After the filing. Agencies post within days or weeks, some never."""

WHY = "published by the agency"
"""Of the move that follows."""

_SOURCE = "regulations_gov"
_OUT = sa.and_(  # written out, as the index has it
    sa.text("deliveries.channel = 'docket_api' AND deliveries.status = 'accepted'"), Delivery.provider_id.is_not(None)
)


@dataclass(frozen=True, slots=True)
class Look:
    delivery_id: int
    tracking: str


def pause(looks: int) -> timedelta:
    """Until the look after this many: twice as long each time, a day at most."""
    return min(FIRST * (1 << min(looks, 20)), LONGEST)


def expect(session: Session, now: datetime, limit: int = 200) -> None:
    """A first look for each comment that was taken since the last time, and none any more for what needs none: else those
    would be passed over in each round, for ever. Twice is once. Does not commit."""
    looked_for = sa.exists().where(Delivery.id == PostingLook.delivery_id, _OUT, Delivery.changed_at > now - LOOK_FOR)
    session.execute(
        sa.delete(PostingLook)
        .where(PostingLook.next_at <= now, ~looked_for)
        .execution_options(synchronize_session=False)
    )
    known = sa.exists().where(PostingLook.delivery_id == Delivery.id)
    fresh = session.execute(
        sa.select(Delivery.id, Delivery.changed_at)
        .where(_OUT, ~known, Delivery.changed_at > now - LOOK_FOR)
        .order_by(Delivery.id)
        .limit(limit)
    ).all()
    if fresh:
        rows = ({"delivery_id": row.id, "looks": 0, "next_at": row.changed_at + FIRST} for row in fresh)
        inserts.if_absent(session, PostingLook, *rows)


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Of a look joined with its delivery."""
    return PostingLook.next_at <= now, _OUT, Delivery.changed_at > now - LOOK_FOR


def anything_due(session: Session, now: datetime) -> bool:
    found = sa.exists().where(Delivery.id == PostingLook.delivery_id, *_due(now))
    return bool(session.scalar(sa.select(found)))


def next_look(session: Session, limits: paces.Limits, now: datetime) -> Look | None:
    """The one that is due longest, with its calls taken from the limit under which comments are filed, and its next time set.

    None where nothing is due, or the limit has no room just now. Two workers never get the same. Does not commit.
    """
    row = session.execute(
        sa.select(PostingLook, Delivery.provider_id)
        .join(Delivery, Delivery.id == PostingLook.delivery_id)
        .where(*_due(now))
        .order_by(PostingLook.next_at)
        .limit(1)
        .with_for_update(of=PostingLook, skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    look, tracking = row
    if not _take_calls(session, limits, now):
        return None
    look.looks += 1
    look.next_at = now + pause(look.looks)
    return Look(look.delivery_id, tracking or "")


def _take_calls(session: Session, limits: paces.Limits, now: datetime) -> bool:
    """The first call's moment, and those after it for the others, so that filings come no closer. False: no room now."""
    at = now
    for number in range(CALLS):
        moment = paces.grant(session, ChannelName.DOCKET_API, limits, [paces.Due(number, None, "")], at).moments.get(
            number
        )
        if moment is None:
            return number > 0
        at = moment + paces.AHEAD
    return True


def found(session: Session, delivery_id: int, published: Published, url: str, now: datetime) -> None:
    """The agency has published it: an event with its address, and the delivery is confirmed. Twice is once. Does not commit."""
    delivery = deliveries.locked(session, delivery_id)
    source_id = f"published {published.id}"
    seen = sa.select(Event.id).where(Event.source == _SOURCE, Event.source_id == source_id)
    if session.scalar(seen) is not None:
        return
    event = Event(
        source=_SOURCE,
        source_id=source_id,
        kind=EventKind.PUBLISHED,
        at=now,
        received_at=now,
        digest=hashlib.sha256(f"{published.id} {published.posted_on}".encode()).hexdigest(),
        detail=url,
        delivery_id=delivery.id,
        campaign_id=delivery.campaign_id,
    )
    session.add(event)
    session.flush()
    target = MOVES_TO[EventKind.PUBLISHED]
    if not delivery.superseded and may_move(DELIVERY_MOVES, delivery.status, target):
        deliveries.move(session, delivery, target, now, WHY, f"event:{event.id}")
