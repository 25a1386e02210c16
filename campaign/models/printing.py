"""Batches of letters on paper: which letters are in which file, and what became of them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.statuses import BATCH_MOVES, BatchState, check_move
from campaign.models.base import Base, HasCreation, HasId


class PrintBatch(HasId, HasCreation, Base):
    """`letters` were chosen when it was made; `files` documents hold them. `told` says why it stopped."""

    __tablename__ = "print_batches"
    __table_args__ = (sa.Index("ix_print_batches_campaign_id_id", "campaign_id", "id"),)

    reference: Mapped[str] = mapped_column(sa.String(13), unique=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"))
    state: Mapped[BatchState] = mapped_column(default=BatchState.MAKING)
    letters: Mapped[int]
    files: Mapped[int]
    duplex: Mapped[bool]
    marks: Mapped[bool]
    made_by: Mapped[str]
    changed_at: Mapped[datetime]
    told: Mapped[str] = mapped_column(default="")

    def becomes(self, new: BatchState, at: datetime, told: str = "") -> None:
        check_move(BATCH_MOVES, self.state, new)
        self.state, self.changed_at, self.told = new, at, told


class PrintedRow(HasId, Base):
    """One letter of a batch. While `holds`, no other batch takes its delivery. `pages` is empty until it has been set;
    `left_out` says why it is in no file."""

    __tablename__ = "printed_rows"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "position"),
        sa.Index(
            "uq_printed_rows_held",
            "delivery_id",
            unique=True,
            sqlite_where=sa.text("holds"),
            postgresql_where=sa.text("holds"),
        ),
        sa.Index("ix_printed_rows_batch_id_file", "batch_id", "file"),
    )

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("print_batches.id"))
    position: Mapped[int]
    file: Mapped[int]
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("deliveries.id"))
    holds: Mapped[bool] = mapped_column(default=True)
    pages: Mapped[int | None]
    left_out: Mapped[str] = mapped_column(default="")
