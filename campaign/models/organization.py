"""The association that runs this installation."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class Organization(HasId, Base):
    """One row. A demonstration shows a banner on every page and bars real roads."""

    __tablename__ = "organizations"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    postal_lines: Mapped[list[str]] = mapped_column(default=list)
    sending_address: Mapped[str]
    contact_name: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(default="")
    contact_phone: Mapped[str] = mapped_column(default="")
    time_zone: Mapped[str] = mapped_column(default="America/New_York")
    is_demonstration: Mapped[bool] = mapped_column(default=False)
