"""When to ask again whether an agency has published a comment."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base


class PostingLook(Base):
    """Of one delivery by the interface of regulations.gov: how often its comment was looked up, and when the next time is."""

    __tablename__ = "posting_looks"

    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("deliveries.id"), primary_key=True, autoincrement=False)
    looks: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(index=True)
