"""What each figure of a channel counts, and its rows: the page that says "12 unclear" opens to these twelve."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.domain.hours import OUTSIDE_OFFICE_HOURS
from campaign.domain.statuses import Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, Delivery
from campaign.models.letter import Letter
from campaign.models.mail import MemberMail
from campaign.models.member import Member
from campaign.services import complaints
from campaign.services.deliveries import PRIORITY_ONE_OFF
from campaign.services.health import rates
from campaign.services.outbox.claims import CAMPAIGN_MAIL, SENDS, senders


class Figure(StrEnum):
    """Of one channel. The first five are of what is queued, mail to members included, and `waiting` holds the others."""

    WAITING = "waiting"
    DUE = "due"
    PAUSED = "paused"  # in a campaign that does not send
    SHUT = "shut"  # until their office opens
    LATER = "later"  # until their time, their campaign's hours, or fewer complaints
    MINUTE = "minute"  # taken by the receiver in the last minute, once for each try that ended so
    HOUR = "hour"
    UNCLEAR = "unclear"  # letters alone


SPANS = {Figure.MINUTE: timedelta(minutes=1), Figure.HOUR: timedelta(hours=1)}


def queued(session: Session, now: datetime) -> dict[Figure, sa.ColumnElement[bool]]:
    """For rows that are queued: each is waiting, and at most one of the others. Two statements."""
    sends = sa.or_(Delivery.campaign_id.is_(None), _its_campaign_sends())
    due = sa.and_(may_leave(session, now), Delivery.due_at <= now)
    shut = sa.and_(sends, Delivery.reason == OUTSIDE_OFFICE_HOURS, Delivery.due_at > now)
    return {
        Figure.WAITING: sa.true(),
        Figure.DUE: due,
        Figure.PAUSED: sa.not_(sends),
        Figure.SHUT: shut,
        Figure.LATER: sa.and_(sends, sa.not_(due), sa.not_(shut)),
    }


def may_leave(session: Session, now: datetime) -> sa.ColumnElement[bool]:
    """As far as its campaign is concerned: one that sends, in its hours, but for mail that a person waits for. No campaign mail
    while too much of ours is reported as spam."""
    may = sa.or_(
        Delivery.campaign_id.is_(None),
        Delivery.campaign_id.in_(senders(session, now)),
        sa.and_(Delivery.priority == PRIORITY_ONE_OFF, _its_campaign_sends()),
    )
    return sa.and_(may, sa.not_(CAMPAIGN_MAIL)) if complaints.stop_campaign_mail(session) else may


def _its_campaign_sends() -> sa.ColumnElement[bool]:
    return sa.exists().where(Campaign.id == Delivery.campaign_id, Campaign.status.in_(SENDS)).correlate(Delivery)


def rows(session: Session, channel: ChannelName, figure: Figure, now: datetime) -> sa.Select[Any]:
    """What the figure counts at `now`: attempts for what was taken, else deliveries."""
    if figure in SPANS:
        taken = rates.taken(session, now - SPANS[figure], now).where(Delivery.channel == channel)
        return taken.with_only_columns(Attempt)
    query = sa.select(Delivery).where(Delivery.channel == channel)
    if figure is Figure.UNCLEAR:
        return query.where(Delivery.status == Status.UNCLEAR, Delivery.letter_id.is_not(None), ~Delivery.superseded)
    return query.where(Delivery.status == Status.QUEUED, queued(session, now)[figure])


@dataclass(frozen=True, slots=True)
class Line:
    """A letter or a mail of ours; `member` wrote the one or gets the other."""

    delivery: Delivery
    letter: Letter | None
    mail: MemberMail | None
    member: Member
    campaign: Campaign | None


def lines(session: Session, delivery_ids: Collection[int]) -> dict[int, Line]:
    """By delivery. One statement."""
    found: Sequence[Any] = session.execute(
        sa.select(Delivery, Letter, MemberMail, Member, Campaign)
        .outerjoin(Letter, Letter.id == Delivery.letter_id)
        .outerjoin(MemberMail, MemberMail.id == Delivery.mail_id)
        .join(Member, Member.id == sa.func.coalesce(Letter.member_id, MemberMail.member_id))
        .outerjoin(Campaign, Campaign.id == Delivery.campaign_id)
        .where(Delivery.id.in_(delivery_ids))
    ).all()
    return {row.Delivery.id: Line(*row) for row in found}
