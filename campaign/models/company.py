"""Member companies and their sites."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.models.base import Base, HasId


class FacilityRole(StrEnum):
    USER = "user"
    PRODUCER = "producer"


class Company(HasId, Base):
    __tablename__ = "companies"

    name: Mapped[str] = mapped_column(unique=True)
    search: Mapped[str] = mapped_column(default="")  # folded, see domain/folding.py


class Facility(HasId, Base):
    """A place that a member may speak for: a company's site, or one member's own postal address.

    `activity` is a verb phrase ("make cutting tools"), `kind` the word that letters use for the place ("plant").
    """

    __tablename__ = "facilities"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "name"),
        sa.CheckConstraint("(company_id IS NULL) <> (member_id IS NULL)", name="one_owner"),
        sa.CheckConstraint("jobs IS NULL OR jobs >= 0", name="jobs_counted"),
    )

    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("companies.id"))
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("members.id"), unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    street: Mapped[str]
    city: Mapped[str]
    state: Mapped[str] = mapped_column(sa.String(2))
    zip: Mapped[str] = mapped_column(sa.String(10))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    jobs: Mapped[int | None]
    product: Mapped[str] = mapped_column(default="")
    activity: Mapped[str] = mapped_column(default="")
    role: Mapped[FacilityRole] = mapped_column(default=FacilityRole.USER)
    minerals: Mapped[list[str]] = mapped_column(default=list)
    tags: Mapped[list[str]] = mapped_column(default=list)

    company: Mapped[Company | None] = relationship(lazy="raise_on_sql")
