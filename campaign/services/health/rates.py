"""What attempts of the last minutes say.

Their ids rise with the time they began, so that finding the first of a span is a bisection over the primary key and needs no
index of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery
from campaign.tasknames import WORKED

_WINDOW = timedelta(minutes=15)  # a window may be on the wire for so long between its start and its outcomes


def sent(session: Session, now: datetime) -> dict[ChannelName, tuple[int, int]]:
    """By channel: taken by the receiver in the last hour, and in the last minute."""
    hour, minute = now - timedelta(hours=1), now - timedelta(minutes=1)
    rows = session.execute(
        taken(session, hour, now)
        .with_only_columns(Delivery.channel, sa.func.count(), sa.func.count(sa.case((Attempt.finished_at > minute, 1))))
        .group_by(Delivery.channel)
    )
    return {channel: (in_hour, in_minute) for channel, in_hour, in_minute in rows}


def taken(session: Session, since: datetime, now: datetime) -> sa.Select[Any]:
    """Attempts, with their deliveries, that ended with a receipt after `since`, up to `now`."""
    return _finished(session, since, now).where(Attempt.outcome == AttemptOutcome.RECEIPT)


def outcomes_since(session: Session, since: datetime, now: datetime) -> dict[tuple[ChannelName, AttemptOutcome], int]:
    """Attempts that ended since then, by channel and outcome."""
    rows = session.execute(
        _finished(session, since, now)
        .with_only_columns(Delivery.channel, Attempt.outcome, sa.func.count())
        .group_by(Delivery.channel, Attempt.outcome)
    )
    return {(channel, outcome): number for channel, outcome, number in rows if outcome is not None}


def handover_times(session: Session, since: datetime, now: datetime) -> dict[ChannelName, list[tuple[float, int]]]:
    """By channel: (seconds, letters), shortest first, for attempts that ended since then.

    From the commit that marks a letter to the one that writes its outcome: the letters of a window share both, so that a
    window is one row, and its time is the longest that any of its letters was in our hands.
    """
    rows = session.execute(
        _finished(session, since, now)
        .with_only_columns(Delivery.channel, Attempt.started_at, Attempt.finished_at, sa.func.count())
        .group_by(Delivery.channel, Attempt.started_at, Attempt.finished_at)
    )
    found: dict[ChannelName, list[tuple[float, int]]] = {}
    for channel, started, finished, number in rows:
        seconds = (finished - started).total_seconds() if finished else 0.0
        found.setdefault(channel, []).append((max(seconds, 0.0), number))
    return {channel: sorted(times) for channel, times in found.items()}


def sent_to(session: Session, domains: Sequence[str], since: datetime, now: datetime) -> dict[str, int]:
    """Letters and mails that a relay took for the addresses of each of these domains. The mail of the span is read once."""
    if not domains:
        return {}
    address = sa.func.lower(Delivery.to_address)
    counts = [sa.func.count(sa.case((address.endswith(f"@{each}", autoescape=True), 1))) for each in domains]
    query = taken(session, since, now).where(Delivery.channel == ChannelName.SMTP).with_only_columns(*counts)
    return dict(zip(domains, session.execute(query).one(), strict=True))


def quantile(times: Sequence[tuple[float, int]], share: float) -> float:
    """The seconds within which that share of the letters was done; `times` as `handover_times` gives them, not empty."""
    wanted = share * sum(number for _, number in times)
    seen = 0
    for seconds, number in times:
        seen += number
        if seen >= wanted:
            return seconds
    return times[-1][0]


def _finished(session: Session, since: datetime, now: datetime) -> sa.Select[Any]:
    first = _first_attempt(session, since - _WINDOW)
    return (
        sa.select(Attempt.id)
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .where(Attempt.id >= first, Attempt.finished_at > since, Attempt.finished_at <= now)
        .where(Attempt.outcome.is_not(None), Delivery.channel.in_(WORKED))
    )


def _first_attempt(session: Session, at: datetime) -> int:
    """The first id whose attempt began at that moment or later, or one past the end."""
    low, high = session.execute(sa.select(sa.func.min(Attempt.id), sa.func.max(Attempt.id))).one()
    if high is None:
        return 1
    high += 1
    while low < high:
        middle = (low + high) // 2
        following = session.execute(
            sa.select(Attempt.id, Attempt.started_at).where(Attempt.id >= middle).order_by(Attempt.id).limit(1)
        ).first()
        if following is None or following.started_at >= at:
            high = middle
        else:
            low = following.id + 1
    return int(low)
