"""Asking workers to look at a channel, after the commit."""

from __future__ import annotations

from sqlalchemy.orm import Session

from campaign.domain.channels import BY_HAND, ChannelName

_KEY = "campaign.wakes"


def wake(session: Session, channel: ChannelName) -> None:
    """Twice is once; by-hand channels have no worker to wake."""
    if channel not in BY_HAND:
        session.info.setdefault(_KEY, set()).add(channel)


def taken(session: Session) -> list[ChannelName]:
    """What was asked for since the last call."""
    asked: set[ChannelName] = session.info.pop(_KEY, set())
    return sorted(asked)
