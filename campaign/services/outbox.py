"""The send loop: rows are the queue. Claim by lease, check again, mark `sending`, commit, hand over, record, commit.

At most once: a letter is marked, with its attempt, in a committed transaction before its first byte leaves. Whatever a dead
worker left in `sending` becomes `unclear` when its lease runs out, and a person decides. No transaction is open while anything
talks to the network.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaign.channels.base import Channel, Line
from campaign.database import transaction
from campaign.domain import schedule
from campaign.domain.channels import ChannelName
from campaign.domain.errors import ChannelError, Refused, TryLater
from campaign.domain.parcels import Outcome, Parcel, Receipt
from campaign.domain.statuses import CampaignStatus, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, DeliveryChange
from campaign.services import counts, deliveries, held
from campaign.services.outgoing import Envelope, parcels

log = structlog.get_logger()

CLAIM = 200  # rows under one lease
WINDOW = 8  # letters marked `sending` at a time: as many as one kill may leave unclear
_OUTCOMES = {TryLater: AttemptOutcome.TRY_LATER, Refused: AttemptOutcome.REFUSED}
_SENDS = (CampaignStatus.LIVE, CampaignStatus.CLOSING)


@dataclass(frozen=True, slots=True)
class Loop:
    """Who sends what, how, and when to stop. `clock` is asked often: a drain runs for seconds and must renew its lease."""

    owner: str
    channel: Channel
    envelope: Envelope
    clock: Callable[[], datetime]
    should_stop: Callable[[], bool] = lambda: False
    jitter: Callable[[], float] = random.random


@dataclass(slots=True)
class _Told:
    """The watcher of one window: what was begun and what came of it."""

    loop: Loop
    begun: set[int] = field(default_factory=set)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def begins(self, parcel: Parcel) -> None:
        self.begun.add(parcel.key)

    def outcome(self, parcel: Parcel, outcome: Outcome) -> None:
        self.outcomes[parcel.key] = outcome

    def should_stop(self) -> bool:
        return self.loop.should_stop()


def send_due(session: Session, loop: Loop) -> int:
    """Drains what is due on the loop's channel; returns how many were handed over or tried.

    Commits, several times: the exception among services. Safe beside any number of others, and after any kill.
    """
    line: Line | None = None
    tried = 0
    try:
        while not loop.should_stop():
            claimed = _claim(session, loop)
            if not claimed:
                break
            for start in range(0, len(claimed), WINDOW):
                if loop.should_stop():
                    break
                window = claimed[start : start + WINDOW]
                if line is None or not line.usable:
                    if line is not None:
                        line.close()
                    line = _open(session, loop, claimed[start:])
                    if line is None:
                        return tried
                tried += _send_window(session, loop, line, window)
            else:
                continue
            break
        return tried
    finally:
        if line is not None:
            line.close()
        _release(session, loop)


def _claim(session: Session, loop: Loop) -> list[int]:
    now = loop.clock()
    with transaction(session):
        ids = list(
            session.scalars(
                sa.select(Delivery.id)
                .outerjoin(Campaign, Campaign.id == Delivery.campaign_id)
                .where(
                    Delivery.channel == loop.channel.name,
                    Delivery.status == Status.QUEUED,
                    Delivery.due_at <= now,
                    sa.or_(Delivery.lease_owner.is_(None), Delivery.lease_until < now),
                    sa.or_(Delivery.campaign_id.is_(None), Campaign.status.in_(_SENDS)),
                )
                .order_by(Delivery.priority, Delivery.due_at, Delivery.id)
                .limit(CLAIM)
                .with_for_update(skip_locked=True, of=Delivery)
            )
        )
        if ids:
            session.execute(
                sa.update(Delivery)
                .where(Delivery.id.in_(ids))
                .values(lease_owner=loop.owner, lease_until=now + schedule.LEASE)
                .execution_options(synchronize_session=False)
            )
            ids = held.check_again(session, ids, now)
    return ids


def _open(session: Session, loop: Loop, rest: Sequence[int]) -> Line | None:
    """None when the receiver cannot be reached: the claimed rows wait a little, no try is used up."""
    try:
        return loop.channel.open()
    except ChannelError as error:
        now = loop.clock()
        wait = schedule.next_try(1, now, loop.jitter(), getattr(error, "retry_after_s", None))
        with transaction(session):
            session.execute(
                sa.update(Delivery)
                .where(Delivery.id.in_(rest), Delivery.lease_owner == loop.owner, Delivery.status == Status.QUEUED)
                .values(due_at=wait, reason=str(error), lease_owner=None, lease_until=None)
                .execution_options(synchronize_session=False)
            )
        log.warning("channel cannot be reached", channel=str(loop.channel.name), waiting=len(rest), code=error.code)
        return None


def _send_window(session: Session, loop: Loop, line: Line, ids: Sequence[int]) -> int:
    marked = _mark(session, loop, ids)
    if not marked:
        return 0
    told = _Told(loop)
    try:
        line.send([marked[key].parcel for key in ids if key in marked], told)
    finally:
        _record(session, loop, marked, told)
    return len(told.outcomes)


@dataclass(frozen=True, slots=True)
class _Marked:
    parcel: Parcel
    tries: int
    give_up_at: datetime
    campaign_id: int | None
    office_id: int | None
    counted_on: date


def _mark(session: Session, loop: Loop, ids: Sequence[int]) -> dict[int, _Marked]:
    """Marks `sending` and writes the attempts, in one committed transaction; only what this returns may leave."""
    now = loop.clock()
    with transaction(session):
        rows = session.execute(
            sa.update(Delivery)
            .where(
                Delivery.id.in_(ids),
                Delivery.status == Status.QUEUED,
                Delivery.lease_owner == loop.owner,
                Delivery.lease_until > now,
                sa.or_(
                    Delivery.campaign_id.is_(None),
                    sa.exists().where(Campaign.id == Delivery.campaign_id, Campaign.status.in_(_SENDS)),
                ),
            )
            .values(
                status=Status.SENDING,
                reason="",
                tries=Delivery.tries + 1,
                changed_at=now,
                lease_until=now + schedule.LEASE,
            )
            .returning(
                Delivery.id,
                Delivery.tries,
                Delivery.give_up_at,
                Delivery.campaign_id,
                Delivery.office_id,
                Delivery.counted_on,
            )
            .execution_options(synchronize_session=False)
        ).all()
        if not rows:
            return {}
        ready = parcels(session, [row.id for row in rows], loop.envelope)
        session.execute(
            sa.insert(Attempt),
            [
                {"delivery_id": r.id, "number": r.tries, "worker": loop.owner, "started_at": now, "answer": ""}
                for r in rows
            ],
        )
        _history(session, loop, [(r.id, Status.QUEUED, Status.SENDING, "") for r in rows], now)
        for row in rows:
            _count(session, loop, row.campaign_id, row.office_id, row.counted_on, Status.QUEUED, Status.SENDING, now)
    return {r.id: _Marked(ready[r.id], r.tries, r.give_up_at, r.campaign_id, r.office_id, r.counted_on) for r in rows}


def _record(session: Session, loop: Loop, marked: dict[int, _Marked], told: _Told) -> None:
    """Writes each outcome. What was marked and not begun goes back and gives its try back; what was begun and has no
    outcome stays `sending` and becomes unclear with its lease."""
    now = loop.clock()
    with transaction(session):
        mine = set(
            session.scalars(
                sa.select(Delivery.id)
                .where(
                    Delivery.id.in_(list(marked)),
                    Delivery.status == Status.SENDING,
                    Delivery.lease_owner == loop.owner,
                )
                .with_for_update()
            )
        )
        settled = [
            _settle(loop, key, row, told.outcomes.get(key), now)
            for key, row in marked.items()
            if key in mine and (key in told.outcomes or key not in told.begun)
        ]
        if not settled:
            return
        session.execute(sa.update(Delivery), [each.values for each in settled])
        for each in settled:
            _finish_attempt(session, each, now)
            row = marked[each.key]
            _count(session, loop, row.campaign_id, row.office_id, row.counted_on, Status.SENDING, each.status, now)
        _history(session, loop, [(e.key, Status.SENDING, e.status, e.why) for e in settled], now)
    for each in settled:
        log.info("outcome", delivery=each.key, status=str(each.status), attempt=marked[each.key].tries)


@dataclass(frozen=True, slots=True)
class _Settled:
    key: int
    status: Status
    why: str
    values: dict[str, object]
    number: int
    outcome: AttemptOutcome | None  # None: the try was not begun and is given back
    code: str | None = None
    answer: str = ""


def _settle(loop: Loop, key: int, row: _Marked, outcome: Outcome | None, now: datetime) -> _Settled:
    """The class of the outcome decides, and the default is the careful one."""
    values: dict[str, object] = {"id": key, "changed_at": now, "lease_owner": None, "lease_until": None}
    match outcome:
        case None:
            values |= {"status": Status.QUEUED, "reason": "", "tries": row.tries - 1, "due_at": now}
            return _Settled(key, Status.QUEUED, "not begun", values, row.tries, None)
        case Receipt(answer=answer, provider_id=provider_id):
            values |= {"status": Status.ACCEPTED, "reason": "", "provider_id": provider_id}
            return _Settled(key, Status.ACCEPTED, "", values, row.tries, AttemptOutcome.RECEIPT, None, answer)
        case TryLater() if (due_at := _next(loop, row, outcome, now)) < row.give_up_at:
            values |= {"status": Status.QUEUED, "reason": str(outcome), "due_at": due_at}
            status = Status.QUEUED
            if not outcome.used_a_try:
                values["tries"] = row.tries - 1
                return _Settled(key, status, str(outcome), values, row.tries, None)
        case TryLater():
            values |= {"status": Status.FAILED, "reason": f"given up: {outcome}"}
            status = Status.FAILED
        case Refused():
            values |= {"status": Status.REFUSED, "reason": str(outcome)}
            status = Status.REFUSED
        case _:
            values |= {"status": Status.UNCLEAR, "reason": str(outcome)}
            status = Status.UNCLEAR
    kind = _OUTCOMES.get(type(outcome), AttemptOutcome.UNCLEAR)
    return _Settled(key, status, str(outcome), values, row.tries, kind, outcome.code, outcome.answer)


def _next(loop: Loop, row: _Marked, outcome: TryLater, now: datetime) -> datetime:
    return schedule.next_try(row.tries, now, loop.jitter(), outcome.retry_after_s)


def _finish_attempt(session: Session, each: _Settled, now: datetime) -> None:
    which = (Attempt.delivery_id == each.key, Attempt.number == each.number)
    if each.outcome is None:
        session.execute(sa.delete(Attempt).where(*which).execution_options(synchronize_session=False))
        return
    session.execute(
        sa.update(Attempt)
        .where(*which)
        .values(finished_at=now, outcome=each.outcome, code=each.code, answer=each.answer)
        .execution_options(synchronize_session=False)
    )


def _history(session: Session, loop: Loop, moves: Sequence[tuple[int, Status, Status, str]], now: datetime) -> None:
    session.execute(
        sa.insert(DeliveryChange),
        [
            {"delivery_id": key, "at": now, "old": old, "new": new, "why": why, "by": f"worker:{loop.owner}"}
            for key, old, new, why in moves
        ],
    )


def _count(
    session: Session,
    loop: Loop,
    campaign_id: int | None,
    office_id: int | None,
    counted_on: date,
    old: Status,
    new: Status,
    at: datetime,
) -> None:
    counts.moved(
        session,
        campaign_id=campaign_id,
        office_id=office_id,
        channel=loop.channel.name,
        counted_on=counted_on,
        old=old,
        new=new,
        at=at,
    )


def _release(session: Session, loop: Loop) -> None:
    """Gives back at once what was claimed and not begun."""
    with transaction(session):
        session.execute(
            sa.update(Delivery)
            .where(Delivery.lease_owner == loop.owner, Delivery.status == Status.QUEUED)
            .values(lease_owner=None, lease_until=None)
            .execution_options(synchronize_session=False)
        )


def sweep_leases(session: Session, now: datetime) -> int:
    """What a dead worker left in `sending` becomes `unclear`; its claims come back by themselves. Returns how many."""
    rows = session.scalars(
        sa.select(Delivery)
        .where(Delivery.status == Status.SENDING, Delivery.lease_until < now)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        worker = row.lease_owner
        deliveries.move(
            session,
            row,
            Status.UNCLEAR,
            now,
            "the worker stopped in the middle; it may have arrived",
            deliveries.SYSTEM,
        )
        log.warning("lease ran out while sending", delivery=row.id, worker=worker)
    return len(rows)


def due_channels(session: Session, now: datetime, channels: Sequence[ChannelName]) -> list[ChannelName]:
    """Which of these have something that could be claimed now."""
    return [
        channel
        for channel in channels
        if session.scalar(
            sa.select(sa.literal(1))
            .select_from(Delivery)
            .outerjoin(Campaign, Campaign.id == Delivery.campaign_id)
            .where(
                Delivery.channel == channel,
                Delivery.status == Status.QUEUED,
                Delivery.due_at <= now,
                sa.or_(Delivery.lease_owner.is_(None), Delivery.lease_until < now),
                sa.or_(Delivery.campaign_id.is_(None), Campaign.status.in_(_SENDS)),
            )
            .limit(1)
        )
    ]
