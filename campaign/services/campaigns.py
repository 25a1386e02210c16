"""Running a campaign: launch, pause, resume, close."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.statuses import CampaignStatus, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.services import audit, wakes
from campaign.tasknames import WORKED


def locked(session: Session, campaign_id: int) -> Campaign:
    found = session.scalar(
        sa.select(Campaign)
        .where(Campaign.id == campaign_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such campaign.")
    return found


def move(session: Session, campaign_id: int, new: CampaignStatus, at: datetime, why: str, by: str) -> Campaign:
    """One step of the table, with history and audit. Already there is no error and changes nothing."""
    campaign = locked(session, campaign_id)
    if campaign.status is new:
        return campaign
    session.add(campaign.become(new, at, why, by))
    audit.record(session, at=at, by=by, act=f"campaign {new}", subject=f"campaign:{campaign.id}", why=why)
    if new in (CampaignStatus.LIVE, CampaignStatus.CLOSING):
        _wake_workers(session)
    return campaign


def _wake_workers(session: Session) -> None:
    for channel in WORKED:
        wakes.wake(session, channel)


def pause(session: Session, campaign_id: int, at: datetime, by: str) -> Campaign:
    """Stops claims and marks at once; changes no delivery and touches no letter in hand."""
    return move(session, campaign_id, CampaignStatus.PAUSED, at, "paused", by)


def resume(session: Session, campaign_id: int, at: datetime, by: str) -> Campaign:
    """Lets what waits go. Raises WrongState for one that was not launched or is over; twice is safe."""
    if locked(session, campaign_id).status not in (CampaignStatus.PAUSED, CampaignStatus.LIVE):
        raise WrongState("Only a campaign that is paused can be resumed.")
    return move(session, campaign_id, CampaignStatus.LIVE, at, "resumed", by)


def set_hours(
    session: Session,
    campaign_id: int,
    opens: time | None,
    closes: time | None,
    at: datetime,
    by: str,
    *,
    weekends: bool,
) -> Campaign:
    """The hours in which letters leave; None and None: at all hours. Raises Invalid. Does not commit."""
    if (opens is None) is not (closes is None):
        raise Invalid("Give both hours, or neither.", field="closes" if closes is None else "opens")
    if opens is not None and closes is not None and opens >= closes:
        raise Invalid("Sending must end later on the day than it begins.", field="closes")
    campaign = locked(session, campaign_id)
    campaign.sends_from, campaign.sends_until, campaign.sends_weekends = opens, closes, weekends or opens is None
    span = f"{opens:%H:%M}-{closes:%H:%M}" if opens and closes else "all hours"
    audit.record(
        session, at=at, by=by, act="sending hours", subject=f"campaign:{campaign.id}", hours=span, weekends=weekends
    )
    _wake_workers(session)
    return campaign


def launch(session: Session, campaign_id: int, at: datetime, by: str) -> Campaign:
    """From a draft through every state that the table asks for."""
    for step in (CampaignStatus.IN_REVIEW, CampaignStatus.SCHEDULED, CampaignStatus.LIVE):
        move(session, campaign_id, step, at, "launched", by)
    return session.get_one(Campaign, campaign_id)


def close_due(session: Session, now: datetime) -> int:
    """Campaigns whose window is over begin to close; those that close and have drained are closed. Returns how many.

    A paused one takes no signatures after its window and stays paused: closing sends what waits, and a person stopped that.
    """
    moved = 0
    over = session.scalars(
        sa.select(Campaign.id).where(Campaign.status == CampaignStatus.LIVE, Campaign.closes_at <= now)
    ).all()
    for campaign_id in over:
        move(session, campaign_id, CampaignStatus.CLOSING, now, "its window is over", "system")
        moved += 1
    for campaign_id in session.scalars(sa.select(Campaign.id).where(Campaign.status == CampaignStatus.CLOSING)).all():
        if not _waiting(session, campaign_id):
            move(session, campaign_id, CampaignStatus.CLOSED, now, "everything has left", "system")
            moved += 1
    return moved


def _waiting(session: Session, campaign_id: int) -> bool:
    """Whether workers still have something to do for it; what goes by hand does not keep a campaign open."""
    return (
        session.scalar(
            sa.select(sa.literal(1))
            .where(
                Delivery.campaign_id == campaign_id,
                Delivery.status.in_((Status.QUEUED, Status.SENDING)),
                Delivery.channel.in_(WORKED),
            )
            .limit(1)
        )
        is not None
    )


def listed(session: Session, statuses: Sequence[CampaignStatus] | None = None) -> Sequence[Campaign]:
    """Newest first."""
    query = sa.select(Campaign).order_by(Campaign.opens_at.desc(), Campaign.id.desc())
    if statuses is not None:
        query = query.where(Campaign.status.in_(statuses))
    return session.scalars(query).all()
