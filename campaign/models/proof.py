"""What the nightly proof found."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class Proof(HasId, Base):
    """One for each day of the organization's zone. `finished_at` empty: under way, or its worker died.

    `differences` counts rollups that did not equal their rows; `told` holds the first of them in words. `broken_at` is the
    first entry of the record of acts that does not follow from the one before it.
    """

    __tablename__ = "proofs"

    day: Mapped[date] = mapped_column(sa.Date, unique=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    differences: Mapped[int] = mapped_column(default=0)
    told: Mapped[list[str]] = mapped_column(default=list)
    broken_at: Mapped[int | None]
