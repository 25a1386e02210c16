"""Cancelling what has not left, one or many; of some an earlier try may have arrived, and then that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.statuses import DELIVERY_MOVES, ENDED, NOT_LEFT, Status, check_move
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.services import audit, counts, deliveries, doubts

_IN_DOUBT = "; an earlier try may have arrived"


class Cancelled(StrEnum):
    """What an attempt to cancel found."""

    DONE = "done"
    IN_DOUBT = "in_doubt"  # done, and an earlier try may have arrived
    TOO_LATE = "too_late"


def cancel(session: Session, delivery_id: int, at: datetime, why: str, by: str) -> Cancelled:
    """Cancels what has not left. A claim that was not yet marked `sending` loses: its mark finds no queued row."""
    delivery = deliveries.locked(session, delivery_id)
    if delivery.status not in NOT_LEFT:
        return Cancelled.TOO_LATE
    in_doubt = bool(doubts.among_these(session, [delivery_id]))
    deliveries.move(session, delivery, Status.CANCELLED, at, why + _IN_DOUBT * in_doubt, by)
    return Cancelled.IN_DOUBT if in_doubt else Cancelled.DONE


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What became of letters that were to be cancelled: `left` were away or leaving when their turn came, `ended` had been
    cancelled or had expired by then. `in_doubt`: of those cancelled, an earlier try may have arrived."""

    cancelled: int = 0
    left: int = 0
    ended: int = 0
    in_doubt: int = 0

    def __add__(self, other: Cancellation) -> Cancellation:
        return Cancellation(
            self.cancelled + other.cancelled,
            self.left + other.left,
            self.ended + other.ended,
            self.in_doubt + other.in_doubt,
        )


def cancel_many(session: Session, ids: Sequence[int], at: datetime, why: str, by: str) -> Cancellation:
    """Cancels those of these that have not left, in one statement each for rows, history and counts; one entry in the record.

    Rows are locked in the order of their ids, and those that have left are not even waited for. Safe twice. Does not commit;
    meant for some hundreds at a time, as workers wait for counts and record meanwhile.
    """
    rows = session.execute(
        sa.select(
            Delivery.id,
            Delivery.status,
            Delivery.campaign_id,
            Delivery.office_id,
            Delivery.channel,
            Delivery.counted_on,
        )
        .where(Delivery.id.in_(ids), Delivery.status.in_(NOT_LEFT))
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    mine = [row.id for row in rows]
    doubted = doubts.among_these(session, mine)
    if rows:
        for status in {row.status for row in rows}:
            check_move(DELIVERY_MOVES, status, Status.CANCELLED)
        _cancel_rows(session, [row for row in rows if row.id not in doubted], at, why, by)
        _cancel_rows(session, [row for row in rows if row.id in doubted], at, why + _IN_DOUBT, by)
        campaigns = sorted({row.campaign_id for row in rows if row.campaign_id is not None})
        subject = f"campaign:{campaigns[0]}" if len(campaigns) == 1 else "letters"
        audit.record(session, at=at, by=by, act="letters cancelled", subject=subject, number=len(rows))
    ended = session.scalar(
        sa.select(sa.func.count()).where(Delivery.id.in_(set(ids) - set(mine)), Delivery.status.in_(ENDED))
    )
    return Cancellation(len(mine), len(set(ids)) - len(mine) - (ended or 0), ended or 0, len(doubted))


def _cancel_rows(session: Session, rows: Sequence[Any], at: datetime, why: str, by: str) -> None:
    if not rows:
        return
    session.execute(
        sa.update(Delivery)
        .where(Delivery.id.in_([row.id for row in rows]))
        .values(status=Status.CANCELLED, reason=why, changed_at=at, lease_owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.insert(DeliveryChange),
        [
            {"delivery_id": row.id, "at": at, "old": row.status, "new": Status.CANCELLED, "why": why, "by": by}
            for row in rows
        ],
    )
    for channel in {row.channel for row in rows}:
        moves = ((row, row.status, Status.CANCELLED) for row in rows if row.channel is channel)
        counts.moved_together(session, channel, moves, at)
