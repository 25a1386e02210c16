"""The row that is the queue, the schedule and the record of one letter or mail over one channel."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.channels import ChannelName
from campaign.domain.errors import IN_DOUBT
from campaign.domain.statuses import DELIVERY_MOVES, Status, check_move
from campaign.models.base import Base, HasCreation, HasId


class Delivery(HasId, HasCreation, Base):
    """A letter's or a member mail's way out.

    No letter's delivery without its consent: the composite key must find the letter with that very consent. Lower
    `priority` goes first. One that is `superseded` ended without having sent anything, and its letter went on over another
    channel: it stays as evidence and is counted no more. A lease is ours while `lease_until` lies ahead and `lease_owner` is
    our name. `reason` is the visible why of the present status.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("letter_id", "channel"),
        sa.ForeignKeyConstraint(["letter_id", "consent_id"], ["letters.id", "letters.consent_id"]),
        sa.CheckConstraint("(letter_id IS NULL) <> (mail_id IS NULL)", name="letter_or_mail"),
        sa.CheckConstraint("(letter_id IS NULL) = (consent_id IS NULL)", name="letter_with_consent"),
        sa.CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_whole"),
        sa.CheckConstraint("status <> 'sending' OR lease_owner IS NOT NULL", name="sending_is_leased"),
        sa.Index(
            "ix_deliveries_waiting",
            "channel",
            "priority",
            "campaign_id",
            "due_at",
            "id",
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        ),
        sa.Index(
            "ix_deliveries_leased",
            "lease_until",
            sqlite_where=sa.text("lease_owner IS NOT NULL"),
            postgresql_where=sa.text("lease_owner IS NOT NULL"),
        ),
        sa.Index(
            "uq_deliveries_mail_id",
            "mail_id",
            unique=True,
            sqlite_where=sa.text("mail_id IS NOT NULL"),
            postgresql_where=sa.text("mail_id IS NOT NULL"),
        ),
        sa.Index("ix_deliveries_campaign_id_status", "campaign_id", "status", "id"),
        sa.Index(  # comments that an agency may publish one day
            "ix_deliveries_not_published",
            "id",
            sqlite_where=sa.text("channel = 'docket_api' AND status = 'accepted'"),
            postgresql_where=sa.text("channel = 'docket_api' AND status = 'accepted'"),
        ),
    )

    letter_id: Mapped[int | None]
    consent_id: Mapped[int | None]
    mail_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member_mails.id"))
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaigns.id"))
    office_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offices.id"))
    channel: Mapped[ChannelName]
    to_address: Mapped[str] = mapped_column(default="")
    status: Mapped[Status] = mapped_column(default=Status.QUEUED)
    reason: Mapped[str] = mapped_column(default="")
    priority: Mapped[int] = mapped_column(sa.SmallInteger, default=5)
    due_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    counted_on: Mapped[date] = mapped_column(sa.Date)  # the day this row counts for in the rollups
    changed_at: Mapped[datetime]
    superseded: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    def become(self, new: Status, at: datetime, why: str, by: str) -> DeliveryChange:
        """The only way one delivery's status changes; `services.deliveries.move` calls it, counts and keeps the history."""
        check_move(DELIVERY_MOVES, self.status, new)
        change = DeliveryChange(delivery_id=self.id, at=at, old=self.status, new=new, why=why, by=by)
        self.status, self.reason, self.changed_at = new, why, at
        if new is not Status.SENDING:
            self.lease_owner = self.lease_until = None
        return change


class AttemptOutcome(StrEnum):
    RECEIPT = "receipt"
    TRY_LATER = "try_later"
    REFUSED = "refused"
    UNCLEAR = "unclear"


class Attempt(HasId, Base):
    """One try. Written, with the worker's name, in the commit that marks the delivery `sending`; finished by its outcome."""

    __tablename__ = "attempts"
    __table_args__ = (sa.UniqueConstraint("delivery_id", "number"),)

    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("deliveries.id"))
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    worker: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[AttemptOutcome | None]
    code: Mapped[str | None]
    answer: Mapped[str] = mapped_column(default="")

    @hybrid_property
    def in_doubt(self) -> bool:
        """It ended, and may have arrived. A later try that failed for certain proves nothing of it."""
        return self.code == IN_DOUBT or self.outcome is AttemptOutcome.UNCLEAR

    @in_doubt.inplace.expression
    @classmethod
    def _in_doubt(cls) -> sa.ColumnElement[bool]:
        return sa.or_(cls.code == IN_DOUBT, cls.outcome == AttemptOutcome.UNCLEAR)


class DeliveryChange(HasId, Base):
    """One move of one delivery: when, from what, to what, why, by whom."""

    __tablename__ = "delivery_changes"
    __table_args__ = (sa.Index("ix_delivery_changes_delivery_id", "delivery_id", "id"),)

    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("deliveries.id"))
    at: Mapped[datetime]
    old: Mapped[Status | None]  # None: it was made
    new: Mapped[Status]
    why: Mapped[str]
    by: Mapped[str]


class Worker(HasId, Base):
    """A heartbeat: a process that sends, sweeps or serves, and when it was last alive."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
