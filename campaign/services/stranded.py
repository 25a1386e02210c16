"""Letters queued for a channel that is not set up here: they would wait for ever, so a person sends them another way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import CHANNEL_WORDS, ChannelName
from campaign.domain.errors import WrongState
from campaign.domain.statuses import OVER, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.services import audit, deliveries, doubts, fall_through

PIECE = 100
"""Letters in one transaction."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of some of them. `stay`: an earlier try may have arrived, or every way has been tried. `last`: the id to go on
    after; None at the end."""

    moved: int
    stay: int
    last: int | None


def is_stranded(delivery: Delivery, set_up: Collection[ChannelName]) -> bool:
    return delivery.status is Status.QUEUED and not delivery.superseded and delivery.channel not in set_up


def go_on(
    session: Session, delivery: Delivery, set_up: Collection[ChannelName], now: datetime, by: str, note: str = ""
) -> Delivery | None:
    """Ends a stranded delivery and queues its letter for the next channel; None, and nothing is changed, where none is left.

    Raises WrongState where an earlier try may have arrived: that letter stays with its channel. The caller holds the row's
    lock. Does not commit.
    """
    if doubts.among_these(session, [delivery.id]):
        raise WrongState("An earlier try of this letter may have arrived: it goes no other way.")
    return _replaced(session, delivery, set_up, now, by, note)


def _replaced(
    session: Session, delivery: Delivery, set_up: Collection[ChannelName], now: datetime, by: str, note: str = ""
) -> Delivery | None:
    way = fall_through.next_route(session, session.get_one(Letter, delivery.letter_id), set_up, now)
    if way is None:
        return None
    why = f"{CHANNEL_WORDS[delivery.channel]} is not set up here"
    deliveries.move(session, delivery, Status.CANCELLED, now, why, by)
    return fall_through.replace(session, delivery, way, now, by, note)


def send_another_way(
    session: Session, channel: ChannelName, set_up: Collection[ChannelName], after: int, now: datetime, by: str
) -> Piece:
    """The next `PIECE` of those that wait for this channel, oldest first, each by the best way that is set up here.

    Letters of closed campaigns stay as they are. Raises WrongState for a channel that is set up. Safe twice. Does not commit.
    """
    if channel in set_up:
        raise WrongState(f"{CHANNEL_WORDS[channel]} is set up here: its letters leave by themselves.")
    rows = session.scalars(
        sa.select(Delivery)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(
            Delivery.channel == channel,
            Delivery.status == Status.QUEUED,
            ~Delivery.superseded,
            Delivery.id > after,
            Campaign.status.not_in(OVER),
        )
        .order_by(Delivery.id)
        .limit(PIECE)
        .with_for_update(of=Delivery)
        .execution_options(populate_existing=True)
    ).all()
    doubted = doubts.among_these(session, [row.id for row in rows])
    moved = sum(_replaced(session, row, set_up, now, by) is not None for row in rows if row.id not in doubted)
    if moved:
        subject = f"channel:{channel}"
        audit.record(session, at=now, by=by, act="letters sent another way", subject=subject, number=moved)
    return Piece(moved, len(rows) - moved, rows[-1].id if len(rows) == PIECE else None)
