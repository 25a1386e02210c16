"""Rulemaking folders that take comments until a moment."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.domain.docket_rules import ORGANIZATION_TYPE
from campaign.models.base import Base, HasId
from campaign.models.office import Office


class Portal(StrEnum):
    REGULATIONS_GOV = "regulations_gov"
    USTR = "ustr"


class Docket(HasId, Base):
    """One document's comment period: open while `opens_at <= now < closes_at`.

    A docket whose documents close on different days has a row for each; a portal without documents (the Trade
    Representative's) has one with an empty `document_id`. A bare closing date means the end of that day, Eastern.
    """

    __tablename__ = "dockets"
    __table_args__ = (
        sa.UniqueConstraint("office_id", "number", "document_id"),
        sa.CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
    )

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"))
    number: Mapped[str]
    title: Mapped[str]
    document_id: Mapped[str] = mapped_column(default="")
    portal: Mapped[Portal]
    portal_url: Mapped[str] = mapped_column(default="")
    by_machine: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false()
    )  # comments leave by its interface
    organization_type: Mapped[str] = mapped_column(
        default=ORGANIZATION_TYPE, server_default=ORGANIZATION_TYPE
    )  # the agency's own word for a company, for regulations.gov
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]

    office: Mapped[Office] = relationship(lazy="raise_on_sql")

    @property
    def target(self) -> str:
        """What makes its letter unique within a signing: the document's id, which begins with the number, or the number."""
        return self.document_id or self.number

    def is_open(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at
