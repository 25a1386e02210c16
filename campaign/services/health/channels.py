"""Each channel that workers send on: what waits for it, what left, and what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import CHANNEL_WORDS, ChannelName
from campaign.domain.statuses import Status
from campaign.models.channel import ChannelState
from campaign.models.delivery import Delivery
from campaign.models.rollup import Measure, Rollup
from campaign.services import breaker
from campaign.services.health import figures, rates
from campaign.services.health.figures import Figure
from campaign.services.health.shapes import ChannelHealth, Condition, Part, Problem, Queue
from campaign.tasknames import WORKED

PATIENCE = timedelta(minutes=1)  # a channel left alone for less is no news: relays restart

_MEND = {
    ChannelName.SMTP: "Put CAMPAIGN_SMTP_HOST, _PORT, _USERNAME, _PASSWORD and _STARTTLS right, or ask who runs the relay; "
    "start the workers again, then press Try again now on the Sending page.",
}
_WAIT = (
    "See whether the receiving system runs. It is tried again by itself within minutes; Try again now does not wait."
)


def of(
    session: Session, set_up: Collection[ChannelName], unworked: Sequence[str], now: datetime
) -> tuple[ChannelHealth, ...]:
    queues, sent, unclear = queues_of(session, now), rates.sent(session, now), _unclear(session)
    states = {state.channel: state for state in breaker.states(session)}
    found = []
    for channel in WORKED:
        queue = queues.get(channel, Queue())
        if channel not in set_up and not queue.waiting:
            continue
        hour, minute = sent.get(channel, (0, 0))
        condition = Condition.IDLE
        if channel not in set_up:
            condition = Condition.ABSENT
        elif queue.due and "delivery" in unworked:
            condition = Condition.UNATTENDED
        elif queue.due or hour:
            condition = Condition.WORKING
        line = ChannelHealth(channel, condition, queue, hour, minute, unclear.get(channel, 0))
        found.append(in_trouble(states[channel], line) if channel in states else line)
    return tuple(found)


def in_trouble(state: ChannelState, line: ChannelHealth) -> ChannelHealth:
    wrong = state.misconfigured
    return replace(
        line,
        condition=Condition.MISCONFIGURED if wrong else Condition.LEFT_ALONE,
        failures=state.failures,
        since=state.since,
        retry_at=state.retry_at,
        reason=state.reason,
        todo=_MEND.get(line.channel, "Put the settings of this channel right.") if wrong else _WAIT,
    )


def problems(line: ChannelHealth, now: datetime) -> tuple[Problem, ...]:
    name = CHANNEL_WORDS[line.channel]
    match line.condition:
        case Condition.MISCONFIGURED:
            words = f"{name} is configured wrongly: its letters wait, and none is lost."
            return (Problem(Part.CHANNELS, words, line.todo, line.reason, True, line.channel),)
        case Condition.LEFT_ALONE if line.since is not None and now - line.since >= PATIENCE:
            tried = "tried once" if line.failures == 1 else f"tried {line.failures:,} times"
            how = f"{tried} in {_span(now - line.since)}"
            words = f"{name} cannot be reached and is left alone ({how}): its letters wait, and none is lost."
            return (Problem(Part.CHANNELS, words, line.todo, line.reason, True, line.channel),)
        case Condition.ABSENT:
            words = f"{name} is not set up here, and {line.queue.waiting:,} wait for it."
            todo = "Set the channel up, or press Send them another way on the Sending page."
            return (Problem(Part.CHANNELS, words, todo, channel=line.channel),)
    return ()


def queues_of(session: Session, now: datetime) -> dict[ChannelName, Queue]:
    """By channel, those that have something queued. One statement over what is queued."""
    each = figures.queued(session, now)
    due, shut = each[Figure.DUE], each[Figure.SHUT]
    rows = session.execute(
        sa.select(
            Delivery.channel,
            sa.func.count(),
            sa.func.count(sa.case((due, 1))),
            sa.func.count(sa.case((each[Figure.PAUSED], 1))),
            sa.func.count(sa.case((shut, 1))),
            sa.func.min(sa.case((due, Delivery.due_at))),
            sa.func.min(sa.case((shut, Delivery.due_at))),
        )
        .where(Delivery.status == Status.QUEUED, Delivery.channel.in_(WORKED))
        .group_by(Delivery.channel)
    )
    return {channel: Queue(*queue) for channel, *queue in rows}


def anything_due(session: Session, now: datetime) -> bool:
    waits = sa.exists().where(
        Delivery.status == Status.QUEUED,
        Delivery.channel.in_(WORKED),
        Delivery.due_at <= now,
        figures.may_leave(session, now),
    )
    return bool(session.scalar(sa.select(waits)))


def _unclear(session: Session) -> dict[ChannelName, int]:
    rows = session.execute(
        sa.select(Rollup.channel, sa.func.sum(Rollup.count))
        .where(Rollup.measure == Measure.STANDING, Rollup.status == str(Status.UNCLEAR))
        .group_by(Rollup.channel)
    )
    return {channel: int(number) for channel, number in rows}


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
