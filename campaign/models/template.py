"""Letter templates. A version never changes: saving makes the next one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasId


class LetterTemplate(HasId, Base):
    __tablename__ = "letter_templates"

    name: Mapped[str] = mapped_column(unique=True)


class LetterTemplateVersion(HasId, Base):
    """`frames` maps "company" (the writer speaks for a site) and "person" (for themselves) to kinds of target, and those to
    their sources (domain/letters.py, Frame). `thanks` and `next_step` are what a sponsor of the vehicle reads."""

    __tablename__ = "letter_template_versions"
    __table_args__ = (sa.UniqueConstraint("template_id", "number"),)

    template_id: Mapped[int] = mapped_column(sa.ForeignKey("letter_templates.id"))
    number: Mapped[int]
    frames: Mapped[dict[str, Any]]
    thanks: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
