"""What is confidential in a letter to a docket: who certified it, and until when its text is here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base


class ConfidentialText(Base):
    """One row for each letter with bracketed passages, from its signing on.

    `reason` and `statement` are what the filer certified; empty, with `certified_at`, until then. Once `deleted_at` is set the
    letter holds its public version; its digest stays that of the text that was signed.
    """

    __tablename__ = "confidential_texts"
    __table_args__ = (
        sa.CheckConstraint("(certified_at IS NULL) = (certified_by IS NULL)", name="certified_by_somebody"),
        sa.Index(
            "ix_confidential_texts_kept",
            "letter_id",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )

    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letters.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(default="")
    statement: Mapped[str] = mapped_column(default="")
    certified_by: Mapped[str | None]
    certified_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
