"""Policy asks with their wording, evidence and vehicles."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.domain.targeting import TargetKind
from campaign.models.base import Base, HasId
from campaign.models.docket import Docket


class Sphere(StrEnum):
    DOMESTIC = "domestic"
    INTERNATIONAL = "international"


class Recommendation(HasId, Base):
    """`targets` names the kinds of office that hear it; `fit_role` and `fit_tags` say which sites it is offered to."""

    __tablename__ = "recommendations"

    key: Mapped[str] = mapped_column(unique=True)
    sphere: Mapped[Sphere]
    title: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    vehicle: Mapped[str] = mapped_column(default="")
    vehicle_note: Mapped[str] = mapped_column(default="")
    vehicle_expires_on: Mapped[date | None] = mapped_column(sa.Date)
    position: Mapped[str] = mapped_column(default="support")
    targets: Mapped[list[str]] = mapped_column(default=list)
    committees: Mapped[list[str]] = mapped_column(default=list)
    topics: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # subject terms of the gateways
    docket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dockets.id"))
    fit_role: Mapped[str | None]
    fit_tags: Mapped[list[str]] = mapped_column(default=list)

    asks: Mapped[list[Ask]] = relationship(lazy="raise_on_sql", order_by="Ask.id", cascade="all, delete-orphan")
    wordings: Mapped[list[Wording]] = relationship(
        lazy="raise_on_sql", order_by="Wording.letter", cascade="all, delete-orphan"
    )
    facts: Mapped[list[Fact]] = relationship(lazy="raise_on_sql", order_by="Fact.id", cascade="all, delete-orphan")
    bills: Mapped[list[Bill]] = relationship(lazy="raise_on_sql", order_by="Bill.id", cascade="all, delete-orphan")
    sponsors: Mapped[list[Sponsor]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    docket: Mapped[Docket | None] = relationship(lazy="raise_on_sql")


class Ask(HasId, Base):
    """The sentence that asks one kind of office for something."""

    __tablename__ = "asks"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "target"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"))
    target: Mapped[TargetKind]
    vehicle: Mapped[str]  # what this kind of office can act on: "H.R. 4776"
    line: Mapped[str]


class Wording(HasId, Base):
    """One paragraph of the association's words; `a` and `b` alternate, `p` is for producers, `i` and `j`
    alternate for private persons."""

    __tablename__ = "wordings"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "letter"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"))
    letter: Mapped[str] = mapped_column(sa.String(1))
    text: Mapped[str]


class Fact(HasId, Base):
    """A piece of evidence. `mark` says how it was checked: V in a public page, V2 in a secondary one, U not at all."""

    __tablename__ = "facts"

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"), index=True)
    text: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    mark: Mapped[str] = mapped_column(default="")


class Bill(HasId, Base):
    __tablename__ = "bills"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "congress", "type", "number"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"))
    congress: Mapped[int]
    type: Mapped[str]
    number: Mapped[int]


class Sponsor(HasId, Base):
    """Who already carries a vehicle: thanked for `thanks_for` and, where `asks_next_step`, not asked to cosponsor."""

    __tablename__ = "sponsors"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "legislator_id"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendations.id"))
    legislator_id: Mapped[int] = mapped_column(sa.ForeignKey("legislators.id"))
    thanks_for: Mapped[str]
    asks_next_step: Mapped[bool]
    source: Mapped[str]
