"""A letter that one channel certainly did not send goes on over the next that its office takes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import CHANNEL_WORDS, ChannelName
from campaign.domain.districts import OfficeKind
from campaign.domain.statuses import ENDED, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.services import counts, cwc_filing, deliveries, offices, wakes
from campaign.services.routes import Route, routes, taking

NOTHING_WENT = ENDED | {Status.REFUSED, Status.FAILED, Status.BOUNCED}
"""Where a delivery must stand before its letter may go another way. A bounced one came back: that takes a person."""


def next_route(session: Session, letter: Letter, set_up: Collection[ChannelName], now: datetime) -> Route | None:
    """The best way set up here that this letter has not tried; None when there is none left. Writes nothing."""
    holder = offices.holder_at(session, {letter.office_id}, now)[letter.office_id]
    docket = session.get(Docket, letter.docket_id) if letter.docket_id is not None else None
    order = session.scalar(sa.select(Campaign.channels).where(Campaign.id == letter.campaign_id)) or ()
    tried = {each.channel for each in deliveries.of_letter(session, letter.id)}
    takes = taking(session, [letter.office_id], set_up, now)
    if takes.gateways:
        takes = takes.without(cwc_filing.unfit_for(session, letter))
    ways = routes(holder, docket, order, takes)
    return next((way for way in ways if way.channel not in tried), None)


def go_on(
    session: Session, delivery: Delivery, set_up: Collection[ChannelName], now: datetime, by: str, note: str = ""
) -> Delivery | None:
    """Queues the letter of `delivery` for its next channel and returns that; None when no channel is left.

    `note`: a person's words, kept with the letter.

    The old one stays as it ended and no longer counts among what stands. Twice is safe: one that was superseded is not
    again. The caller holds the row's lock. Does not commit.
    """
    if delivery.superseded or delivery.letter_id is None or delivery.status not in NOTHING_WENT:
        return None
    way = next_route(session, session.get_one(Letter, delivery.letter_id), set_up, now)
    return replace(session, delivery, way, now, by, note) if way is not None else None


def replace(session: Session, delivery: Delivery, way: Route, now: datetime, by: str, note: str = "") -> Delivery:
    """Queues the letter of `delivery`, of which nothing went, for this channel. The caller holds the row's lock.

    Does not commit.
    """
    letter = session.get_one(Letter, delivery.letter_id)
    delivery.superseded = True
    counts.superseded(session, delivery)
    session.flush()
    why = f"instead of {CHANNEL_WORDS[delivery.channel]}: {delivery.reason}{f'; {note}' if note else ''}"
    following = deliveries.enqueue_instead(session, letter, way, now, why, by)
    counts.answers_follow(session, letter, delivery.channel, following.channel)
    if not _same_holder(session, letter, now):  # a machine looks again before it sends; a person at a form does not
        why = "the office has another holder since it was signed"
        deliveries.move(session, following, Status.HELD, now, why, deliveries.SYSTEM)
    wakes.wake(session, following.channel)
    return following


def _same_holder(session: Session, letter: Letter, now: datetime) -> bool:
    holder = offices.holder_at(session, {letter.office_id}, now)[letter.office_id]
    return holder.kind is OfficeKind.AGENCY or holder.identity == letter.holder
