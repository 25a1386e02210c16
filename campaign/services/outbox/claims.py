"""Taking what is due: fairly between campaigns, looked at once more, within the limits, and marked `sending`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain import schedule
from campaign.domain.channels import ChannelName
from campaign.domain.hours import SendingHours
from campaign.domain.parcels import Parcel
from campaign.domain.statuses import CampaignStatus, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.services import breaker, complaints, counts, deliveries, held
from campaign.services.envelope import Envelope
from campaign.services.outbox import bulk, outcomes, paces
from campaign.services.outbox.paces import Due, Limits
from campaign.services.outgoing import parcels

SENDS = (CampaignStatus.LIVE, CampaignStatus.CLOSING)
_LEVELS = (deliveries.PRIORITY_ONE_OFF, deliveries.PRIORITY_LETTER, deliveries.PRIORITY_BULK)
CAMPAIGN_MAIL = sa.and_(Delivery.channel == ChannelName.SMTP, Delivery.priority == deliveries.PRIORITY_BULK)
"""What waits while too much of ours is reported as spam."""
_NOT_YET = "its turn at this office or domain comes later"
_MOST_GROUPS = 32  # campaigns in one window; where more wait, they are drawn


@dataclass(frozen=True, slots=True)
class Marked:
    """A letter in our hands: everything that its outcome needs, so that nothing is read again."""

    parcel: Parcel
    tries: int
    give_up_at: datetime
    campaign_id: int | None
    office_id: int | None
    counted_on: date


@dataclass(frozen=True, slots=True)
class Taken:
    """`marked` may leave once the transaction is committed. `found`: some were due, whatever became of them. `paced`: the
    channel's limit lets none leave just now."""

    marked: dict[int, Marked]
    found: bool = False
    paced: bool = False


NOTHING = Taken({})


def take(
    session: Session,
    channel: ChannelName,
    owner: str,
    envelope: Envelope,
    limits: Limits,
    now: datetime,
    ahead_s: float,
    most: int,
) -> Taken:
    """Claims up to `most` due rows, looks at them again and marks them `sending`. Does not commit.

    `ahead_s` is how far the process's monotonic clock was ahead of the database's (in seconds since 1970) when that said
    `now`.
    """
    most = int(min(most, paces.room(session, channel, limits, now)))
    if not most:
        return Taken({}, paced=True)
    due = _due(session, channel, now, most)
    ids = held.check_again(session, [row.id for row in due], now) if due else []
    moments: dict[int, datetime] = {}
    if ids and limits:
        may = set(ids)
        granted = paces.grant(session, channel, limits, [row for row in due if row.id in may], now)
        moments = granted.moments
        _put_off(session, granted.later)
        ids = sorted(moments, key=moments.__getitem__)
    if not ids:
        return Taken({}, found=bool(due), paced=bool(due and limits))
    won = bulk.run(session, "mark", [{"id": key} for key in ids], owner=owner, now=now, until=now + schedule.LEASE)
    order = {key: number for number, key in enumerate(ids)}
    rows = sorted(won, key=lambda row: order[row.id])
    times = {key: moment.timestamp() + ahead_s for key, moment in moments.items()}
    return Taken(_marked(session, channel, owner, envelope, rows, times, now) if rows else {}, found=True)


def _marked(
    session: Session,
    channel: ChannelName,
    owner: str,
    envelope: Envelope,
    rows: Sequence[sa.Row[Any]],
    times: dict[int, float],
    now: datetime,
) -> dict[int, Marked]:
    """Attempts, history and counts of the rows that were marked, and the parcels that leave, in order."""
    ready = parcels(session, [row.id for row in rows], envelope, now)
    marked = {}
    for row in rows:
        parcel = ready[row.id]
        parcel = replace(parcel, moment=times[row.id]) if times else parcel
        marked[row.id] = Marked(parcel, row.tries, row.give_up_at, row.campaign_id, row.office_id, row.counted_on)
    bulk.run(session, "attempts", [{"id": row.id, "number": row.tries} for row in rows], owner=owner, now=now)
    outcomes.keep_history(session, owner, [(key, Status.QUEUED, Status.SENDING, "") for key in marked], now)
    counts.moved_together(session, channel, ((row, Status.QUEUED, Status.SENDING) for row in marked.values()), now)
    return marked


def _due(session: Session, channel: ChannelName, now: datetime, most: int) -> list[Due]:
    """Rows that are due, locked: those that a person waits for first, then in fair shares of the campaigns that wait."""
    found: list[Due] = []
    for level in _levels(session, channel):
        groups = _waiting(session, channel, level, now) if len(found) < most else []
        random.shuffle(groups)
        for number, campaign_id in enumerate(groups[:_MOST_GROUPS]):
            left = most - len(found)
            share = -(-left // (min(len(groups), _MOST_GROUPS) - number))
            found += _of_campaign(session, channel, level, campaign_id, now, share)
    return found


def _levels(session: Session, channel: ChannelName) -> Sequence[int]:
    """The priorities that may leave: none of campaign mail while too much of ours is reported as spam."""
    if channel is ChannelName.SMTP and complaints.stop_campaign_mail(session):
        return [level for level in _LEVELS if level != deliveries.PRIORITY_BULK]
    return _LEVELS


def _waiting(session: Session, channel: ChannelName, level: int, now: datetime) -> list[int | None]:
    """The campaigns that send now and have something due at this priority; None stands for mail of no campaign."""

    def waits(of_campaign: sa.ColumnElement[bool]) -> sa.Exists:
        return sa.exists().where(
            Delivery.channel == channel,
            Delivery.priority == level,
            Delivery.status == Status.QUEUED,
            Delivery.due_at <= now,
            of_campaign,
        )

    a_person_waits = level == deliveries.PRIORITY_ONE_OFF
    sending = _sending(session, now, waits(Delivery.campaign_id == Campaign.id), at_any_hour=a_person_waits)
    groups: list[int | None] = [*sending]
    return [*groups, None] if session.scalar(sa.select(waits(Delivery.campaign_id.is_(None)))) else groups


def senders(session: Session, now: datetime) -> list[int]:
    """The campaigns whose letters may leave now, by their state and their hours. Mail that a person waits for knows no hours."""
    return _sending(session, now, sa.true())


def _sending(session: Session, now: datetime, which: sa.ColumnElement[bool], *, at_any_hour: bool = False) -> list[int]:
    columns = (Campaign.time_zone, Campaign.sends_from, Campaign.sends_until, Campaign.sends_weekends)
    rows = session.execute(sa.select(Campaign.id, *columns).where(Campaign.status.in_(SENDS), which))
    return [
        campaign_id
        for campaign_id, zone, opens, closes, weekends in rows
        if at_any_hour or (hours := SendingHours.of(zone, opens, closes, weekends)) is None or hours.is_open(now)
    ]


def _of_campaign(
    session: Session, channel: ChannelName, level: int, campaign_id: int | None, now: datetime, most: int
) -> list[Due]:
    """The longest due first. What another process looks at just now is passed over."""
    rows = session.execute(
        sa.select(Delivery.id, Delivery.office_id, Delivery.to_address)
        .where(
            Delivery.channel == channel,
            Delivery.priority == level,
            Delivery.campaign_id == campaign_id if campaign_id is not None else Delivery.campaign_id.is_(None),
            Delivery.status == Status.QUEUED,
            Delivery.due_at <= now,
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [Due(*row) for row in rows]


def _put_off(session: Session, later: dict[int, datetime]) -> None:
    """Those whose turn at an office or domain comes later do not stand in the way of others until then."""
    rows = [{"id": key, "due_at": due_at, "reason": _NOT_YET} for key, due_at in later.items()]
    if rows:
        session.execute(sa.update(Delivery), rows)


def due_channels(session: Session, now: datetime, channels: Sequence[ChannelName]) -> list[ChannelName]:
    """Which of these have something that could be claimed now and are not left alone."""
    return [
        channel
        for channel in channels
        if not breaker.is_open(session, channel, now)
        and any(_waiting(session, channel, level, now) for level in _levels(session, channel))
    ]
