"""What a campaign gives its members to write with: recommendations, reasons, dockets and the letter template. Read-only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from campaign.domain.errors import NotFound
from campaign.models.campaign import Campaign, CampaignRecommendation, Reason
from campaign.models.docket import Docket
from campaign.models.recommendation import Recommendation
from campaign.models.template import LetterTemplateVersion


def cards_of(session: Session, campaign_id: int) -> Sequence[Recommendation]:
    """The campaign's recommendations in its order, with what a card shows: asks, facts, docket. Two statements."""
    return session.scalars(_of_campaign(campaign_id).options(selectinload(Recommendation.facts))).unique().all()


def open_dockets(session: Session, campaign_id: int, at: datetime) -> Sequence[Docket]:
    """Those of the campaign that take comments now, with their agencies."""
    mine = (
        sa.select(Recommendation.docket_id)
        .join(CampaignRecommendation, CampaignRecommendation.recommendation_id == Recommendation.id)
        .where(CampaignRecommendation.campaign_id == campaign_id)
    )
    return session.scalars(
        sa.select(Docket)
        .where(Docket.id.in_(mine), Docket.opens_at <= at, Docket.closes_at > at)
        .options(joinedload(Docket.office))
    ).all()


def asked_for(session: Session, campaign_id: int, ids: Collection[int]) -> Sequence[Recommendation]:
    """Those of the campaign that a member chose, with what a letter is made of: asks, wordings, docket. One statement."""
    query = _of_campaign(campaign_id).where(Recommendation.id.in_(ids))
    return session.scalars(query.options(joinedload(Recommendation.wordings))).unique().all()


def ids_by_key(session: Session, campaign_id: int) -> dict[str, int]:
    """Of the campaign's recommendations."""
    query = (
        sa.select(Recommendation.key, Recommendation.id)
        .join(CampaignRecommendation, CampaignRecommendation.recommendation_id == Recommendation.id)
        .where(CampaignRecommendation.campaign_id == campaign_id)
    )
    return {key: number for key, number in session.execute(query)}  # noqa: C416 - dict() of rows is not typed


def _of_campaign(campaign_id: int) -> sa.Select[Recommendation]:
    return (
        sa.select(Recommendation)
        .join(CampaignRecommendation, CampaignRecommendation.recommendation_id == Recommendation.id)
        .where(CampaignRecommendation.campaign_id == campaign_id)
        .order_by(CampaignRecommendation.rank)
        .options(joinedload(Recommendation.asks), joinedload(Recommendation.docket).joinedload(Docket.office))
    )


def reasons_of(session: Session, campaign_id: int) -> Sequence[Reason]:
    return session.scalars(sa.select(Reason).where(Reason.campaign_id == campaign_id).order_by(Reason.rank)).all()


def newest_version(session: Session, campaign: Campaign) -> LetterTemplateVersion:
    found = session.scalar(
        sa.select(LetterTemplateVersion)
        .where(LetterTemplateVersion.template_id == campaign.template_id)
        .order_by(LetterTemplateVersion.number.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound("This campaign has no letter template yet.")
    return found
