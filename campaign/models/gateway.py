"""Which offices take letters by a gateway of Congress, who said otherwise, and the ids that went with our letters."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.districts import Chamber
from campaign.models.base import Base, HasId


class GatewayList(Base):
    """When a chamber's list of offices was last read; `tried_at` is of the last try, whether or not it could be read."""

    __tablename__ = "gateway_lists"

    chamber: Mapped[Chamber] = mapped_column(primary_key=True)
    fetched_at: Mapped[datetime | None]
    tried_at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(default="")  # of the last try; empty when it was read


class GatewayOffice(Base):
    """An office that stood in its chamber's last list."""

    __tablename__ = "gateway_offices"

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"), primary_key=True)
    listed_at: Mapped[datetime]  # since when without a break


class GatewaySuspension(HasId, Base):
    """Somebody here said that an office gets no letters by its gateway, whatever the list says. One stands at a time."""

    __tablename__ = "gateway_suspensions"
    __table_args__ = (
        sa.Index(
            "uq_gateway_suspensions_standing",
            "office_id",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"))
    reason: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]


class GatewayFiling(Base):
    """The id and the day that go with every try of a delivery, until a refusal: what is corrected goes under a new id.

    `attempts_before` is the number of the delivery's last try under an older id. `digest` is SHA-256, hex, of the document as
    it was last made out. These rows stay when personal data are erased: the chambers ask by the id.
    """

    __tablename__ = "gateway_filings"

    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("deliveries.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    dated_on: Mapped[date] = mapped_column(sa.Date)  # of Washington
    made_at: Mapped[datetime]
    attempts_before: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
