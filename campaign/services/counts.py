"""Rollups: signed differences, gathered while a transaction changes rows and written once, as its last statement.

Written sorted by key, in one upsert: two workers that wrote in several steps deadlocked each other at once. Every writer of
statuses and responses goes through here, and `metrics.recount` proves that nobody forgot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.domain.statuses import ResponseState, Status
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.organization import Organization
from campaign.models.rollup import Measure, Rollup

Key = tuple[int, Measure, date, int, ChannelName, str]
_KEY = "campaign.counts"
_ZONE = "campaign.zone"


def zone(session: Session) -> ZoneInfo:
    """The organization's: every figure names its days in it, whoever looks."""
    if _ZONE not in session.info:
        session.info[_ZONE] = session.scalar(sa.select(Organization.time_zone).where(Organization.id == 1)) or "UTC"
    return ZoneInfo(session.info[_ZONE])


def day_of(session: Session, moment: datetime) -> date:
    return moment.astimezone(zone(session)).date()


def moved(
    session: Session,
    *,
    campaign_id: int | None,
    office_id: int | None,
    channel: ChannelName,
    counted_on: date,
    old: Status | None,
    new: Status,
    at: datetime,
    n: int = 1,
) -> None:
    """Counts `n` letters' deliveries that moved; `old` None when they were made. Member mail (no office) is not counted."""
    if campaign_id is None or office_id is None:
        return
    deltas = _deltas(session)
    if old is not None:
        deltas[(campaign_id, Measure.STANDING, counted_on, office_id, channel, str(old))] -= n
    deltas[(campaign_id, Measure.STANDING, counted_on, office_id, channel, str(new))] += n
    deltas[(campaign_id, Measure.MOVES, day_of(session, at), office_id, channel, str(new))] += n


class Counted(Protocol):
    """What a row is counted by."""

    @property
    def campaign_id(self) -> int | None: ...
    @property
    def office_id(self) -> int | None: ...
    @property
    def counted_on(self) -> date: ...


def moved_together(
    session: Session, channel: ChannelName, moves: Iterable[tuple[Counted, Status, Status]], at: datetime
) -> None:
    """The same for many of one channel, added up first: they share few campaigns, offices and days."""
    sums = Counter((row.campaign_id, row.office_id, row.counted_on, old, new) for row, old, new in moves)
    for (campaign_id, office_id, counted_on, old, new), n in sums.items():
        moved(
            session,
            campaign_id=campaign_id,
            office_id=office_id,
            channel=channel,
            counted_on=counted_on,
            old=old,
            new=new,
            at=at,
            n=n,
        )


def responded(
    session: Session,
    *,
    campaign_id: int,
    office_id: int,
    channel: ChannelName,
    counted_on: date,
    old: ResponseState,
    new: ResponseState,
) -> None:
    """Counts a letter whose response state changed; letters without any response have no row."""
    deltas = _deltas(session)
    if old is not ResponseState.NONE:
        deltas[(campaign_id, Measure.RESPONSES, counted_on, office_id, channel, str(old))] -= 1
    deltas[(campaign_id, Measure.RESPONSES, counted_on, office_id, channel, str(new))] += 1


def superseded(session: Session, delivery: Delivery) -> None:
    """Counts a letter's delivery no more among what stands: another took its place. Its moves stay counted."""
    if delivery.campaign_id is None or delivery.office_id is None:
        return
    key = (delivery.campaign_id, Measure.STANDING, delivery.counted_on, delivery.office_id)
    _deltas(session)[(*key, delivery.channel, str(delivery.status))] -= 1


def answers_follow(session: Session, letter: Letter, old: ChannelName, new: ChannelName) -> None:
    """A letter's answers are counted by the channel that it took last."""
    if letter.response is not ResponseState.NONE:
        key = (letter.campaign_id, Measure.RESPONSES, letter.signed_on, letter.office_id)
        _deltas(session)[(*key, old, str(letter.response))] -= 1
        _deltas(session)[(*key, new, str(letter.response))] += 1


def _deltas(session: Session) -> Counter[Key]:
    found: Counter[Key] = session.info.setdefault(_KEY, Counter())
    return found


def _write(session: Session) -> None:
    deltas: Counter[Key] | None = session.info.pop(_KEY, None)
    if not deltas:
        return
    session.flush()
    columns = ("campaign_id", "measure", "day", "office_id", "channel", "status")
    rows = [dict(zip(columns, key, strict=True)) | {"count": n} for key, n in sorted(deltas.items()) if n]
    if rows:
        upsert(session, rows)


def upsert(session: Session, rows: list[dict[str, Any]]) -> None:
    """Adds `count` to each row's key."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Rollup)
    statement = statement.on_conflict_do_update(
        index_elements=["campaign_id", "measure", "day", "office_id", "channel", "status"],
        set_={"count": Rollup.count + statement.excluded.count},
    )
    session.execute(statement.values(rows) if len(rows) < 500 else statement, None if len(rows) < 500 else rows)


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    _write(session)


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, _previous: Any) -> None:
    session.info.pop(_KEY, None)
    session.info.pop(_ZONE, None)
