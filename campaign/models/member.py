"""The people who act."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasCreation, HasId


class Member(HasId, HasCreation, Base):
    """A person of a member company, or an individual advocate with an own address. Each has a User without a password."""

    __tablename__ = "members"
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_folded"),)

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), unique=True)
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    prefix: Mapped[str] = mapped_column(default="")
    first: Mapped[str]
    last: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str] = mapped_column(default="")
    is_signer: Mapped[bool] = mapped_column(default=False)
    search: Mapped[str] = mapped_column(default="")  # folded name, company and e-mail

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()
