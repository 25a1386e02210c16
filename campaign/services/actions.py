"""A member's action: found, locked, and open for change."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from campaign.domain.errors import NotFound, WrongState
from campaign.domain.statuses import ActionStatus, CampaignStatus
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Facility

OPEN = frozenset({CampaignStatus.LIVE, CampaignStatus.PAUSED})
"""A paused campaign still takes signatures: only hand-overs stop."""
NEWEST = (Action.changed_at.desc(), Action.id.desc())
_SITE = joinedload(Action.facility).joinedload(Facility.company)
_WHOLE = (_SITE, joinedload(Action.choices), joinedload(Action.drafts))


def check_open(campaign: Campaign, now: datetime) -> None:
    """Raises WrongState when this campaign takes no letters now."""
    if campaign.status in OPEN and (campaign.closes_at is None or now < campaign.closes_at):
        return
    raise WrongState(f"{campaign.name} is closed. No new letters can be signed.")


def find(session: Session, member_id: int, campaign: Campaign, facility_id: int | None = None) -> Action | None:
    """The member's action for this site, or the one they touched last; with its choices, drafts and site."""
    query = (
        sa.select(Action)
        .where(Action.member_id == member_id, Action.campaign_id == campaign.id, Action.wave == campaign.wave)
        .options(*_WHOLE)
        .order_by(*NEWEST)
        .limit(1)
    )
    if facility_id is not None:
        query = query.where(Action.facility_id == facility_id)
    return session.scalars(query).unique().first()


def with_campaign(member_id: int) -> sa.Select[Campaign, Action]:
    """Campaigns, each with the member's actions in its present wave, or with None; newest first, to be narrowed to one."""
    return (
        sa.select(Campaign, Action)
        .outerjoin(
            Action,
            sa.and_(Action.campaign_id == Campaign.id, Action.wave == Campaign.wave, Action.member_id == member_id),
        )
        .options(*_WHOLE)
        .order_by(*NEWEST)
        .limit(1)
    )


def check_draft(action: Action) -> None:
    if action.status is not ActionStatus.DRAFT:
        raise WrongState("These letters are signed already. Undo them first to change something.")


def locked(session: Session, action_id: int) -> Action:
    """The action as it is now, ours until the end of the transaction, with all that belongs to it."""
    found = session.scalar(
        sa.select(Action)
        .where(Action.id == action_id)
        .options(
            _SITE,
            joinedload(Action.campaign),
            joinedload(Action.member),
            # after the lock, each by a statement of its own: joined rows would be those from before a wait
            selectinload(Action.choices),
            selectinload(Action.drafts),
        )
        .with_for_update(of=Action)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such letter.")
    return found
