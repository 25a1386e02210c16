"""Whether letters leave, and what stands in their way: one report for the page, `/readyz`, `campaign check` and the metrics.

Read-only. Figures of the last minutes come from attempts, whose ids rise with the time they began, so that finding the first of
a span is a bisection over the primary key and needs no index of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.orm import Session

from campaign import paths
from campaign.domain.channels import CHANNEL_WORDS, ChannelName
from campaign.domain.statuses import Status
from campaign.models.campaign import Campaign
from campaign.models.channel import ChannelState
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, Worker
from campaign.models.event import Event
from campaign.models.rollup import Measure, Rollup
from campaign.services import breaker
from campaign.services.deliveries import PRIORITY_ONE_OFF
from campaign.services.outbox.claims import SENDS, senders
from campaign.tasknames import WORKED

HEARD = timedelta(seconds=90)  # a worker says every 20 seconds that it lives
SHOWN = timedelta(hours=1)  # a worker that ended longer ago is listed no more
PATIENCE = timedelta(minutes=1)  # a channel left alone for less is no news: relays restart
_WINDOW = timedelta(minutes=15)  # a window may be on the wire for so long between its start and its outcomes

UNWORKED = {
    "delivery": "Nobody hands letters over: they wait in the database, and none is lost.",
    "upkeep": "Nobody reads incoming mail, clears up after workers that died, or wakes workers for what falls due.",
    "beat": "Nobody asks what has fallen due: a letter leaves only when somebody wakes a worker.",
}
"""Each kind of work, and what its absence means."""
_START = {
    "delivery": "Start a delivery worker: celery -A workers.app worker -Q delivery, as docs/operations.md says.",
    "upkeep": "Start an upkeep worker: celery -A workers.app worker -Q upkeep, as docs/operations.md says.",
    "beat": "Start beat: celery -A workers.app beat, as docs/operations.md says.",
}
_MEND = {
    ChannelName.SMTP: "Put CAMPAIGN_SMTP_HOST, _PORT, _USERNAME, _PASSWORD and _STARTTLS right, or ask who runs the relay; "
    "start the workers again, then press Try again now on the Sending page.",
}
_WAIT = (
    "See whether the receiving system runs. It is tried again by itself within minutes; Try again now does not wait."
)


class Part(StrEnum):
    """What a problem is of."""

    DATABASE = "database"
    MIGRATIONS = "migrations"
    BROKER = "broker"
    WORKERS = "workers"
    CHANNELS = "channels"


@dataclass(frozen=True, slots=True)
class Problem:
    """`words`: what is wrong and what it means. `why`: a receiver's own words, for staff only. `todo`: for who runs the machines.

    `holds`: letters that could leave do not; organizers are told on every page.
    """

    part: Part
    words: str
    todo: str
    why: str = ""
    holds: bool = False
    channel: ChannelName | None = None


class Condition(StrEnum):
    """Of a channel."""

    WORKING = "working"  # something left within the hour, or is about to
    IDLE = "idle"  # nothing is due
    UNATTENDED = "unattended"  # something is due, and no worker is heard
    LEFT_ALONE = "left_alone"  # it failed, and is tried again later
    MISCONFIGURED = "misconfigured"
    ABSENT = "absent"  # letters wait for it, and nothing here can send on it


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """`waiting` holds `due`, and `paused`: those whose campaign is paused and which nobody is to send. Mail to members counts
    as a letter does, but in `unclear`, which is of letters."""

    channel: ChannelName
    condition: Condition
    waiting: int = 0
    due: int = 0
    paused: int = 0
    oldest_due: datetime | None = None
    sent_hour: int = 0
    sent_minute: int = 0
    unclear: int = 0
    failures: int = 0
    since: datetime | None = None
    retry_at: datetime | None = None
    reason: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    name: str
    kinds: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    heard: bool


@dataclass(frozen=True, slots=True)
class Health:
    """`broker` None: not asked. Without a database only `at`, `broker` and `problems` say anything."""

    at: datetime
    database: bool = True
    migrated: bool = True
    broker: bool | None = None
    channels: tuple[ChannelHealth, ...] = ()
    workers: tuple[WorkerHealth, ...] = ()
    unworked: tuple[str, ...] = ()
    unmatched: int = 0
    oldest_unmatched: datetime | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether pages can be served: letters are taken without broker and workers."""
        return self.database and self.migrated

    @property
    def holding(self) -> tuple[Problem, ...]:
        """What holds letters back now."""
        return tuple(each for each in self.problems if each.holds)


def without_database(at: datetime, broker: bool | None, error: str) -> Health:
    broken = Problem(
        Part.DATABASE,
        f"The database does not answer ({error}).",
        "Check CAMPAIGN_DATABASE_URL, and that the database runs.",
    )
    return Health(at, False, False, broker, problems=(broken, *_broker_problems(broker)))


def not_migrated(at: datetime, broker: bool | None) -> Health:
    old = Problem(Part.MIGRATIONS, "The database is not migrated to this version.", "Run campaign db upgrade.")
    return Health(at, True, False, broker, problems=(old, *_broker_problems(broker)))


def report(session: Session, offered: Collection[ChannelName], broker: bool | None, now: datetime) -> Health:
    """The whole of it; `offered`: the channels that are set up here. About a dozen statements, and a bisection."""
    workers = _workers(session, now)
    unworked = _unworked(workers)
    channels = _channels(session, offered, unworked, now)
    due = any(each.due for each in channels if each.condition is Condition.UNATTENDED)
    count, oldest = unmatched(session)
    problems = _problems(broker, workers, unworked, channels, due, now)
    return Health(now, True, True, broker, channels, workers, unworked, count, oldest, problems)


def glance(session: Session, broker: bool | None, now: datetime) -> Health:
    """Without figures, and with channels in trouble only: two small statements, and one more where no worker is heard."""
    workers = _workers(session, now)
    unworked = _unworked(workers)
    channels = tuple(
        _of_state(state, ChannelHealth(state.channel, Condition.IDLE)) for state in breaker.states(session)
    )
    due = "delivery" in unworked and _anything_due(session, now)
    problems = _problems(broker, workers, unworked, channels, due, now)
    return Health(now, True, True, broker, channels, workers, unworked, problems=problems)


def _problems(
    broker: bool | None,
    workers: Sequence[WorkerHealth],
    unworked: Sequence[str],
    channels: Sequence[ChannelHealth],
    due: bool,
    now: datetime,
) -> tuple[Problem, ...]:
    return (
        *(problem for each in channels for problem in _channel_problems(each, now)),
        *_worker_problems(workers, unworked, due),
        *_broker_problems(broker),
    )


def migration_head() -> str:
    return (paths.MIGRATIONS / "versions" / "HEAD").read_text().strip()


def is_migrated(session: Session) -> bool:
    return MigrationContext.configure(session.connection()).get_current_revision() == migration_head()


def _broker_problems(broker: bool | None) -> tuple[Problem, ...]:
    if broker is not False:
        return ()
    return (
        Problem(
            Part.BROKER,
            "The broker does not answer: workers are woken by nobody. Letters wait in the database, and none is lost.",
            "Check CAMPAIGN_BROKER_URL, and that the broker runs.",
        ),
    )


# --- workers --------------------------------------------------------------------------------------------------------


def _workers(session: Session, now: datetime) -> tuple[WorkerHealth, ...]:
    """Last seen first: those of the last hour and, where none is heard, the last one, however long ago that was."""
    rows = session.scalars(sa.select(Worker).order_by(Worker.seen_at.desc()).limit(200)).all()
    return tuple(
        WorkerHealth(row.name, tuple(row.kind.split(",")), row.started_at, row.seen_at, now - row.seen_at < HEARD)
        for n, row in enumerate(rows)
        if n == 0 or now - row.seen_at < SHOWN
    )


def _unworked(workers: Sequence[WorkerHealth]) -> tuple[str, ...]:
    """Kinds of work that nobody who is heard does. A silent upkeep worker silences beat too, and is the cause to name."""
    done = {kind for each in workers if each.heard for kind in each.kinds}
    return tuple(kind for kind in UNWORKED if kind not in done and not (kind == "beat" and "upkeep" not in done))


def _worker_problems(
    workers: Sequence[WorkerHealth], unworked: Sequence[str], letters_due: bool
) -> tuple[Problem, ...]:
    if not workers:
        words = "No worker has been started yet. " + UNWORKED["delivery"]
        return (Problem(Part.WORKERS, words, " ".join(_START.values()), holds=letters_due),)
    return tuple(
        Problem(Part.WORKERS, UNWORKED[kind], _START[kind], holds=letters_due and kind == "delivery")
        for kind in unworked
    )


# --- channels -------------------------------------------------------------------------------------------------------


def _channels(
    session: Session, offered: Collection[ChannelName], unworked: Sequence[str], now: datetime
) -> tuple[ChannelHealth, ...]:
    queues, sent, unclear = queues_of(session, now), _sent(session, now), _unclear(session)
    states = {state.channel: state for state in breaker.states(session)}
    found = []
    for channel in WORKED:
        waiting, due, paused, oldest = queues.get(channel, (0, 0, 0, None))
        if channel not in offered and not waiting:
            continue
        hour, minute = sent.get(channel, (0, 0))
        condition = Condition.IDLE
        if channel not in offered:
            condition = Condition.ABSENT
        elif due and "delivery" in unworked:
            condition = Condition.UNATTENDED
        elif due or hour:
            condition = Condition.WORKING
        line = ChannelHealth(channel, condition, waiting, due, paused, oldest, hour, minute, unclear.get(channel, 0))
        found.append(_of_state(states[channel], line) if channel in states else line)
    return tuple(found)


def _of_state(state: ChannelState, line: ChannelHealth) -> ChannelHealth:
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


def _channel_problems(line: ChannelHealth, now: datetime) -> tuple[Problem, ...]:
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
            words = f"{name} is not set up here, and {line.waiting:,} wait for it."
            return (Problem(Part.CHANNELS, words, "Cancel them, or set the channel up.", channel=line.channel),)
    return ()


def queues_of(session: Session, now: datetime) -> dict[ChannelName, tuple[int, int, int, datetime | None]]:
    """By channel: all that are queued; of them those that are due, those of a paused campaign; and the oldest due."""
    sends = sa.or_(Delivery.campaign_id.is_(None), Campaign.status.in_(SENDS))
    due = sa.and_(_may_leave(session, now), Delivery.due_at <= now)
    rows = session.execute(
        sa.select(
            Delivery.channel,
            sa.func.count(),
            sa.func.count(sa.case((due, 1))),
            sa.func.count(sa.case((sa.not_(sends), 1))),
            sa.func.min(sa.case((due, Delivery.due_at))),
        )
        .outerjoin(Campaign, Campaign.id == Delivery.campaign_id)
        .where(Delivery.status == Status.QUEUED, Delivery.channel.in_(WORKED))
        .group_by(Delivery.channel)
    )
    return {channel: (waiting, due, paused, oldest) for channel, waiting, due, paused, oldest in rows}


def _may_leave(session: Session, now: datetime) -> sa.ColumnElement[bool]:
    """As far as its campaign is concerned: one that sends, in its hours, but for mail that a person waits for."""
    sends = sa.exists().where(Campaign.id == Delivery.campaign_id, Campaign.status.in_(SENDS)).correlate(Delivery)
    return sa.or_(
        Delivery.campaign_id.is_(None),
        Delivery.campaign_id.in_(senders(session, now)),
        sa.and_(Delivery.priority == PRIORITY_ONE_OFF, sends),
    )


def _anything_due(session: Session, now: datetime) -> bool:
    waits = sa.exists().where(
        Delivery.status == Status.QUEUED,
        Delivery.channel.in_(WORKED),
        Delivery.due_at <= now,
        _may_leave(session, now),
    )
    return bool(session.scalar(sa.select(waits)))


def _unclear(session: Session) -> dict[ChannelName, int]:
    rows = session.execute(
        sa.select(Rollup.channel, sa.func.sum(Rollup.count))
        .where(Rollup.measure == Measure.STANDING, Rollup.status == str(Status.UNCLEAR))
        .group_by(Rollup.channel)
    )
    return {channel: int(number) for channel, number in rows}


def unmatched(session: Session) -> tuple[int, datetime | None]:
    """How many notices belong to no letter, and when the oldest came."""
    count, oldest = session.execute(
        sa.select(sa.func.count(), sa.func.min(Event.received_at)).where(Event.delivery_id.is_(None))
    ).one()
    return count, oldest


# --- attempts of the last minutes -----------------------------------------------------------------------------------


def _sent(session: Session, now: datetime) -> dict[ChannelName, tuple[int, int]]:
    """By channel: taken by the receiver in the last hour, and in the last minute."""
    hour, minute = now - timedelta(hours=1), now - timedelta(minutes=1)
    rows = session.execute(
        _finished(session, hour, now)
        .where(Attempt.outcome == AttemptOutcome.RECEIPT)
        .with_only_columns(Delivery.channel, sa.func.count(), sa.func.count(sa.case((Attempt.finished_at > minute, 1))))
        .group_by(Delivery.channel)
    )
    return {channel: (in_hour, in_minute) for channel, in_hour, in_minute in rows}


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


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
