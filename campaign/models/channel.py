"""What all processes know of a channel: whether it is left alone, and when the next letter may leave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from campaign.domain.channels import ChannelName
from campaign.models.base import Base


class ChannelState(Base):
    """The breaker of a channel: while `retry_at` lies ahead nothing is handed over on it, and one probe follows.

    `misconfigured` says that waiting alone will not mend it.
    """

    __tablename__ = "channel_states"

    channel: Mapped[ChannelName] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    misconfigured: Mapped[bool] = mapped_column(default=False)


class Pace(Base):
    """A limit on how fast letters leave, as its next free moment (`services.outbox.paces`)."""

    __tablename__ = "paces"

    key: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
