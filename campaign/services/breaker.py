"""A channel that cannot be reached is left alone for a while: letters wait queued, use no try and are not failed one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.domain.errors import ChannelError, Misconfigured
from campaign.models.channel import ChannelState
from campaign.services import audit, inserts, wakes

log = structlog.get_logger()

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)  # between two probes
_PROBE_LASTS = timedelta(seconds=60)  # as a lease: a probe whose process died is made again after it


def is_open(session: Session, channel: ChannelName, now: datetime) -> bool:
    """Whether the channel is to be left alone now."""
    retry_at = session.scalar(sa.select(ChannelState.retry_at).where(ChannelState.channel == channel))
    return retry_at is not None and retry_at > now


def in_trouble(session: Session, channel: ChannelName) -> bool:
    """Whether it failed last: what is tried now is a probe."""
    return bool(session.scalar(sa.select(ChannelState.failures).where(ChannelState.channel == channel)))


def take_probe(session: Session, channel: ChannelName, now: datetime) -> bool:
    """Whether this process is the one that tries the troubled channel again; the others wait for what comes of it.

    Does not commit.
    """
    return (
        session.execute(
            sa.update(ChannelState)
            .where(ChannelState.channel == channel, ChannelState.failures > 0, ChannelState.retry_at <= now)
            .values(retry_at=now + _PROBE_LASTS)
            .returning(ChannelState.channel)
            .execution_options(synchronize_session=False)
        ).first()
        is not None
    )


def failed(session: Session, channel: ChannelName, error: ChannelError, now: datetime) -> None:
    """One more failure in a row: the next probe is twice as far away, up to five minutes. Does not commit."""
    inserts.if_absent(session, ChannelState, {"channel": channel})
    row = session.scalars(
        sa.select(ChannelState)
        .where(ChannelState.channel == channel)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    row.failures += 1
    row.since = row.since or now
    wait = min(FIRST_WAIT * int(2 ** min(row.failures - 1, 10)), LONGEST_WAIT)
    wish = getattr(error, "retry_after_s", None)
    if wish:
        wait = max(wait, min(timedelta(seconds=wish), timedelta(hours=1)))
    row.retry_at = now + wait
    row.reason = f"{error}: {error.answer}" if error.answer else str(error)
    if isinstance(error, Misconfigured) and not row.misconfigured:
        log.error("channel is configured wrongly", channel=str(channel), code=error.code)
    row.misconfigured = isinstance(error, Misconfigured)
    log.warning("channel is left alone", channel=str(channel), failures=row.failures, code=error.code)


def worked(session: Session, channel: ChannelName) -> None:
    """The channel took something: whatever was wrong is over. Does not commit."""
    session.execute(
        sa.update(ChannelState)
        .where(ChannelState.channel == channel, ChannelState.failures > 0)
        .values(failures=0, since=None, retry_at=None, reason="", misconfigured=False)
        .execution_options(synchronize_session=False)
    )


def try_now(session: Session, channel: ChannelName, now: datetime, by: str) -> bool:
    """A person does not want to wait: the next probe is due now, and workers are woken. False when nothing is wrong any more.

    Does not commit.
    """
    was = session.execute(
        sa.update(ChannelState)
        .where(ChannelState.channel == channel, ChannelState.failures > 0)
        .values(retry_at=now)
        .returning(ChannelState.failures)
        .execution_options(synchronize_session=False)
    ).scalar()
    if was is None:
        return False
    audit.record(session, at=now, by=by, act="channel tried at once", subject=f"channel:{channel}", failures=was)
    wakes.wake(session, channel)
    return True


def states(session: Session) -> Sequence[ChannelState]:
    """Channels that are in trouble now."""
    return session.scalars(
        sa.select(ChannelState).where(ChannelState.failures > 0).order_by(ChannelState.channel)
    ).all()
