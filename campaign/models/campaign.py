"""Campaigns: recommendations, targets, channels and dates, run together toward a goal."""

from __future__ import annotations

from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.hours import SendingHours
from campaign.domain.statuses import CAMPAIGN_MOVES, CampaignStatus, check_move
from campaign.models.base import Base, HasId


class Campaign(HasId, Base):
    """`channels` is the order of preference; `reviews` says whether staff read a letter before it goes."""

    __tablename__ = "campaigns"
    __table_args__ = (
        sa.CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        sa.CheckConstraint(
            "(sends_from IS NULL) = (sends_until IS NULL) AND (sends_from IS NULL OR sends_from < sends_until)",
            name="sending_hours",
        ),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    status: Mapped[CampaignStatus] = mapped_column(default=CampaignStatus.DRAFT)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(default="America/New_York")
    wave: Mapped[int] = mapped_column(default=1)
    channels: Mapped[list[str]] = mapped_column(default=list)
    reviews: Mapped[bool] = mapped_column(default=False)
    consent_text: Mapped[str] = mapped_column(default="")
    template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter_templates.id"))
    goal_letters: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(default="")  # what came of it, shown once it has closed

    sends_from: Mapped[time | None] = mapped_column(sa.Time)  # in time_zone; both empty: at all hours
    sends_until: Mapped[time | None] = mapped_column(sa.Time)
    sends_weekends: Mapped[bool] = mapped_column(default=True, server_default=sa.true())

    @property
    def sending_hours(self) -> SendingHours | None:
        """None: at all hours of every day."""
        return SendingHours.of(self.time_zone, self.sends_from, self.sends_until, self.sends_weekends)

    def become(self, new: CampaignStatus, at: datetime, why: str, by: str) -> CampaignChange:
        """The only way a campaign's status changes. The caller adds the history row to its session."""
        check_move(CAMPAIGN_MOVES, self.status, new)
        change = CampaignChange(campaign_id=self.id, at=at, old=self.status, new=new, why=why, by=by)
        self.status = new
        return change


class CampaignChange(HasId, Base):
    __tablename__ = "campaign_changes"

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"), index=True)
    at: Mapped[datetime]
    old: Mapped[CampaignStatus]
    new: Mapped[CampaignStatus]
    why: Mapped[str]
    by: Mapped[str]


class CampaignRecommendation(Base):
    """`rank` orders them on the page."""

    __tablename__ = "campaign_recommendations"

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"), primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"), primary_key=True)
    rank: Mapped[int]


class CampaignExclusion(Base):
    """An office that this campaign does not write to."""

    __tablename__ = "campaign_exclusions"

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"), primary_key=True)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(default="")


class Reason(HasId, Base):
    """A sentence that a member may choose, in two wordings; `label` is the pill."""

    __tablename__ = "reasons"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "key"),)

    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"))
    key: Mapped[str]
    label: Mapped[str]
    wording_a: Mapped[str]
    wording_b: Mapped[str]
    fit_role: Mapped[str | None]
    rank: Mapped[int] = mapped_column(default=0)
