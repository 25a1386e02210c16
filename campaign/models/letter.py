"""The text that a member signed, one row per office. It never changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.statuses import RESPONSE_MOVES, ResponseState, check_move
from campaign.models.base import Base, HasId, Json


class Letter(HasId, Base):
    """`target` is the office's code or the docket's number. `parts` is the letter as shown, `body` the same as text.

    `statement` is the association's part and `message` the member's own; `digest` is SHA-256 over subject and body
    (domain/letters.py). `signed_on` is the day of signing in the organization's zone: the day it counts for.
    """

    __tablename__ = "letters"
    __table_args__ = (
        sa.UniqueConstraint("consent_id", "target"),
        sa.UniqueConstraint("id", "consent_id"),  # what a delivery's composite key refers to
        sa.Index("ix_letters_campaign_id_id", "campaign_id", "id"),
        sa.Index("ix_letters_campaign_id_response", "campaign_id", "response", "id"),
        sa.Index("ix_letters_member_id_id", "member_id", "id"),
        sa.Index("ix_letters_office_id_id", "office_id", "id"),
        sa.Index(  # for the sweep that looks every few seconds for whom nobody answered
            "ix_letters_unanswered",
            "signed_at",
            sqlite_where=sa.text("response IN ('none', 'acknowledged')"),
            postgresql_where=sa.text("response IN ('none', 'acknowledged')"),
        ),
    )

    reference: Mapped[str] = mapped_column(sa.String(13), unique=True)
    action_id: Mapped[int] = mapped_column(sa.ForeignKey("actions.id"), index=True)
    consent_id: Mapped[int] = mapped_column(sa.ForeignKey("consents.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("members.id"))
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"))
    docket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dockets.id"))
    holder: Mapped[str]  # who held the office at signing (domain/holders.py, Holder.identity)
    template_version_id: Mapped[int] = mapped_column(sa.ForeignKey("letter_template_versions.id"))
    target: Mapped[str]
    addressee: Mapped[str]  # "Rep. Ada Example", as shown in lists
    subject: Mapped[str]
    address_block: Mapped[list[str]]
    salutation: Mapped[str]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    valediction: Mapped[str]
    signature: Mapped[list[str]]
    body: Mapped[str]
    statement: Mapped[str]
    message: Mapped[str]
    digest: Mapped[str] = mapped_column(sa.String(64))
    overlap: Mapped[float]
    signed_at: Mapped[datetime]
    signed_on: Mapped[date] = mapped_column(sa.Date)
    response: Mapped[ResponseState] = mapped_column(default=ResponseState.NONE)
    response_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(
        default=""
    )  # folded: addressee, member, company, subject, and what its answers say

    def response_becomes(self, new: ResponseState, at: datetime) -> None:
        check_move(RESPONSE_MOVES, self.response, new)
        self.response = new
        self.response_at = at


class LetterRecommendation(Base):
    """What a letter asks for, in order; a letter may stand in several rows."""

    __tablename__ = "letter_recommendations"

    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letters.id"), primary_key=True)
    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"), primary_key=True)
    rank: Mapped[int]
