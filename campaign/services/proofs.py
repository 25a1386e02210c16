"""The nightly proof: every figure recounted from its rows, and the record of acts checked link by link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.proof import Proof
from campaign.services import audit, counts, inserts, metrics

HOUR = 3  # of the organization's zone; a night without a three o'clock begins it at the next look
ABANDONED = timedelta(hours=2)  # a proof that has run for so long has lost its worker
_TOLD = 20


def begin(session: Session, now: datetime) -> date | None:
    """The day to be proved now, claimed for this process; None when it is too early, done, or another's.

    Does not commit; once committed, no other process begins the same day.
    """
    local = now.astimezone(counts.zone(session))
    if local.hour < HOUR:
        return None
    inserts.if_absent(
        session, Proof, {"day": local.date(), "started_at": now - 2 * ABANDONED, "told": [], "differences": 0}
    )
    mine: date | None = session.execute(
        sa.update(Proof)
        .where(Proof.day == local.date(), Proof.finished_at.is_(None), Proof.started_at < now - ABANDONED)
        .values(started_at=now)
        .returning(Proof.day)
        .execution_options(synchronize_session=False)
    ).scalar()
    return mine


@dataclass(frozen=True, slots=True)
class Found:
    """`told` holds the first differences in words; `broken_at` is the id of the first entry that breaks the record's chain."""

    differences: int
    told: tuple[str, ...]
    broken_at: int | None


def look(session: Session) -> Found:
    """Reads only. The session must see one moment (`unit_of_work.snapshot`): else what moves meanwhile looks like a
    difference."""
    found = metrics.differences(session)
    broken = audit.first_broken(session)
    return Found(len(found), tuple(str(each) for each in found[:_TOLD]), broken.id if broken else None)


def finish(session: Session, day: date, found: Found, now: datetime) -> None:
    """Does not commit."""
    session.execute(
        sa.update(Proof)
        .where(Proof.day == day)
        .values(
            finished_at=now,
            differences=found.differences,
            told=list(found.told),
            broken_at=found.broken_at,
        )
    )


def latest(session: Session) -> Proof | None:
    """The newest that was finished."""
    return session.scalars(
        sa.select(Proof).where(Proof.finished_at.is_not(None)).order_by(Proof.day.desc()).limit(1)
    ).first()
