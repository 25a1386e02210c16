"""Our own mail to members."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base, HasCreation, HasId


class MailKind(StrEnum):
    INVITATION = "invitation"
    SIGN_IN = "sign_in"
    COPY = "copy"
    REMINDER = "reminder"
    REPLY_NOTICE = "reply_notice"


BULK = frozenset({MailKind.INVITATION, MailKind.REMINDER, MailKind.REPLY_NOTICE})
"""Campaign mail: carries one-click unsubscribe, and stops for who used it."""


class MemberMail(HasId, HasCreation, Base):
    """Rendered once. `key` says what it is about, so that asking twice makes one mail; it travels as a Delivery by smtp."""

    __tablename__ = "member_mails"
    __table_args__ = (sa.UniqueConstraint("member_id", "kind", "key"),)

    reference: Mapped[str] = mapped_column(sa.String(13), unique=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("members.id"))
    kind: Mapped[MailKind]
    key: Mapped[str]
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaigns.id"))
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    unsubscribe_url: Mapped[str | None]
