"""What one member does for one site in one wave of a campaign: choices, own words, and each signing's consent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.domain.statuses import ACTION_MOVES, ActionStatus, check_move
from campaign.models.base import Base, HasCreation, HasId
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.member import Member


class Action(HasId, HasCreation, Base):
    """A draft until it is signed. `signings` counts consents given; an undo makes it a draft again and keeps the words."""

    __tablename__ = "actions"
    __table_args__ = (sa.UniqueConstraint("member_id", "campaign_id", "wave", "facility_id"),)

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("members.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"), index=True)
    wave: Mapped[int] = mapped_column(default=1)
    facility_id: Mapped[int] = mapped_column(sa.ForeignKey("facilities.id"))
    status: Mapped[ActionStatus] = mapped_column(default=ActionStatus.DRAFT)
    jobs: Mapped[int | None]
    reasons: Mapped[list[str]] = mapped_column(default=list)
    story: Mapped[str] = mapped_column(default="")
    signings: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]

    choices: Mapped[list[ActionChoice]] = relationship(
        lazy="raise_on_sql", order_by="ActionChoice.rank", cascade="all, delete-orphan"
    )
    drafts: Mapped[list[DraftLetter]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    campaign: Mapped[Campaign] = relationship(lazy="raise_on_sql")
    facility: Mapped[Facility] = relationship(lazy="raise_on_sql")
    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    def become(self, new: ActionStatus, at: datetime, why: str, by: str) -> ActionChange:
        """The only way an action's status changes. The caller adds the history row to its session."""
        check_move(ACTION_MOVES, self.status, new)
        change = ActionChange(action_id=self.id, at=at, old=self.status, new=new, why=why, by=by)
        self.status = new
        self.changed_at = at
        return change


class ActionChange(HasId, Base):
    __tablename__ = "action_changes"

    action_id: Mapped[int] = mapped_column(sa.ForeignKey("actions.id"), index=True)
    at: Mapped[datetime]
    old: Mapped[ActionStatus]
    new: Mapped[ActionStatus]
    why: Mapped[str]
    by: Mapped[str]


class ActionChoice(Base):
    """One of one to three recommendations, in the member's order."""

    __tablename__ = "action_choices"
    __table_args__ = (
        sa.UniqueConstraint("action_id", "rank"),
        sa.CheckConstraint("rank BETWEEN 1 AND 3", name="one_to_three"),
    )

    action_id: Mapped[int] = mapped_column(sa.ForeignKey("actions.id"), primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"), primary_key=True)
    rank: Mapped[int]


class DraftLetter(HasId, Base):
    """What the member changed about one letter before signing: left out, or paragraphs in other words (by part key)."""

    __tablename__ = "draft_letters"
    __table_args__ = (sa.UniqueConstraint("action_id", "target"),)

    action_id: Mapped[int] = mapped_column(sa.ForeignKey("actions.id"))
    target: Mapped[str]  # office code, or docket number
    included: Mapped[bool] = mapped_column(default=True)
    edits: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Consent(HasId, Base):
    """One signing. Append-only: the text shown, byte for byte, when, how and from where (network shortened by policy)."""

    __tablename__ = "consents"
    __table_args__ = (sa.UniqueConstraint("action_id", "number"),)

    action_id: Mapped[int] = mapped_column(sa.ForeignKey("actions.id"))
    number: Mapped[int]
    signed_name: Mapped[str]
    text: Mapped[str]
    digest: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    method: Mapped[str]
    network: Mapped[str] = mapped_column(default="")
