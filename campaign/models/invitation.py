"""Who was asked to act, and whether they came."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasCreation, HasId


class Invitation(HasId, HasCreation, Base):
    """The door of one member's journey. Its link is signed from `reference`, so a reminder carries the same one.

    `opened_at` and `visits` count presses of the door's button, not loads of the page, which link scanners make too.
    """

    __tablename__ = "invitations"
    __table_args__ = (sa.UniqueConstraint("member_id", "campaign_id", "wave"),)

    reference: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("members.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"), index=True)
    wave: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime | None]
    visits: Mapped[int] = mapped_column(default=0)
    bounced_at: Mapped[datetime | None]
