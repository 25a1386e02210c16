"""Who did what. Each row holds the hash of the one before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class AuditEntry(HasId, Base):
    __tablename__ = "audit_entries"

    at: Mapped[datetime]
    by: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]  # "campaign:3", "delivery:118"
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
