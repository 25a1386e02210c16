"""Who works, who was heard, and which work nobody does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.delivery import Worker
from campaign.services.health.shapes import Part, Problem, WorkerHealth

HEARD = timedelta(seconds=90)  # a worker says every 20 seconds that it lives
SHOWN = timedelta(hours=1)  # a worker that ended longer ago is listed no more

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


def of(session: Session, now: datetime) -> tuple[WorkerHealth, ...]:
    """Last seen first: those of the last hour and, where none is heard, the last one, however long ago that was."""
    rows = session.scalars(sa.select(Worker).order_by(Worker.seen_at.desc()).limit(200)).all()
    return tuple(
        WorkerHealth(row.name, tuple(row.kind.split(",")), row.started_at, row.seen_at, now - row.seen_at < HEARD)
        for n, row in enumerate(rows)
        if n == 0 or now - row.seen_at < SHOWN
    )


def unworked(workers: Sequence[WorkerHealth]) -> tuple[str, ...]:
    """Kinds of work that nobody who is heard does. A silent upkeep worker silences beat too, and is the cause to name."""
    done = {kind for each in workers if each.heard for kind in each.kinds}
    return tuple(kind for kind in UNWORKED if kind not in done and not (kind == "beat" and "upkeep" not in done))


def problems(workers: Sequence[WorkerHealth], missing: Sequence[str], letters_due: bool) -> tuple[Problem, ...]:
    if not workers:
        words = "No worker has been started yet. " + UNWORKED["delivery"]
        return (Problem(Part.WORKERS, words, " ".join(_START.values()), holds=letters_due),)
    return tuple(
        Problem(Part.WORKERS, UNWORKED[kind], _START[kind], holds=letters_due and kind == "delivery")
        for kind in missing
    )
