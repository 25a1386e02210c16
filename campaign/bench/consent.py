"""From a letter that is due to the relay's yes, on an idle system: beat, worker and broker as `campaign run` starts them."""

from __future__ import annotations

import os
import random
import threading
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from campaign.bench import deliver, world
from campaign.bench.sink import Sink
from campaign.cli.run import children
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.delivery import Attempt, Delivery
from campaign.runtime import runtime
from campaign.supervisor import Supervisor
from campaign.unit_of_work import database_now

_WORKING = ("beat", "worker1", "upkeep")
_PATIENCE_S = 120.0


def run(url: str, letters: int) -> dict[str, Any]:
    """One letter after the other, at moments that no beat knows. They fall due as after the time for undo: nobody wakes a
    worker for them, beat finds them."""
    waits: list[float] = []
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the way Flask documents

    def feed() -> None:
        try:
            with app.app_context():
                _send_one(db.session())  # the processes are up once this one has left
                for _ in range(letters):
                    sleep(random.uniform(0.2, 2.5))  # noqa: S311 - so that no beat is met on purpose
                    waits.append(_send_one(db.session()))
        finally:
            supervisor.stop()

    with Sink() as sink:
        os.environ |= deliver.environment(url, sink.address)
        working = [each for each in children(runtime().settings) if each.name in _WORKING]
        supervisor = Supervisor(working, echo=lambda _: None)
        thread = threading.Thread(target=feed)
        thread.start()
        supervisor.run()
        thread.join()
    return {
        "letters": len(waits),
        "median_s": round(median(waits), 2),
        "p95_s": round(quantiles(waits, n=20)[-1], 2),
        "longest_s": round(max(waits), 2),
        "relay": sink.seen,
    }


def _send_one(session: Session) -> float:
    """Seconds from due to the outcome, by the database's clock. Raises TimeoutError."""
    now = database_now()
    with transaction(session):
        campaign_id = world.build(session, 1, now)
    began = monotonic()
    while monotonic() - began < _PATIENCE_S:
        found = session.execute(
            sa.select(Delivery.due_at, Attempt.finished_at)
            .join(Attempt, Attempt.delivery_id == Delivery.id)
            .where(Delivery.campaign_id == campaign_id, Attempt.finished_at.is_not(None))
        ).first()
        session.rollback()
        if found is not None:
            return float((found.finished_at - found.due_at).total_seconds())
        sleep(0.05)
    raise TimeoutError("the letter did not leave")
