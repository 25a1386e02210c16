"""What the send loop promises besides speed: a slow relay, fair shares, limits, flat memory. Each beside its own limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.bench import deliver, world
from campaign.bench.sink import Sink
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.delivery import Attempt, Delivery
from campaign.services import campaigns
from campaign.supervisor import Supervisor
from campaign.unit_of_work import database_now


def slow_relay(
    session: Session, url: str, *, letters: int, workers: int, connections: int, late_ms: int
) -> dict[str, Any]:
    """A relay that answers each letter late: no more can leave than connections / delay."""
    deliver.prepare(session, letters)
    with Sink("--late-ms", str(late_ms)) as sink:
        deliver.run_workers(
            workers,
            deliver.environment(url, sink.address) | {"CAMPAIGN_SMTP_CONNECTIONS": str(connections)},
        )
    limit = workers * connections * 1000 / late_ms
    per_second = (letters - workers * connections) / sink.seen[
        "seconds"
    ]  # the first of each connection start the clock
    return {
        "counts": deliver.counts(session),
        "per_second": round(per_second, 1),
        "limit_per_second": limit,
        "ratio": round(per_second / limit, 3),
        "relay": sink.seen,
    }


def pacing(session: Session, url: str, *, per_second: float, seconds: int, workers: int) -> dict[str, Any]:
    """A limit over all workers, counted where letters arrive."""
    letters = int(per_second * seconds)
    deliver.prepare(session, letters)
    with Sink() as sink:
        deliver.run_workers(
            workers,
            deliver.environment(url, sink.address) | {"CAMPAIGN_SMTP_PER_SECOND": str(per_second)},
        )
    return {
        "counts": deliver.counts(session),
        "limit_per_second": per_second,
        "most_in_a_second": sink.seen["most_in_a_second"],
        "used": round((letters - 1) / sink.seen["seconds"] / per_second, 3),
        "relay": sink.seen,
    }


def fairness(session: Session, url: str, *, letters: int, late: int, workers: int) -> dict[str, Any]:
    """`late` letters of a campaign that starts a second after `letters` of another: how long each of them waits."""
    deliver.prepare(session, letters)
    started: list[tuple[int, datetime, int]] = []

    def start_another(_supervisor: Supervisor) -> None:
        sleep(1)
        own = db.session()
        waiting = deliver.counts(own).get("queued", 0)
        now = database_now()
        with transaction(own):
            started.append((world.build(own, late, now), now, waiting))

    with Sink() as sink:
        done = deliver.run_workers(workers, deliver.environment(url, sink.address), meanwhile=start_another)
    campaign_id, launched, waiting = started[0]
    finished = session.scalars(
        sa.select(Attempt.finished_at)
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .where(Delivery.campaign_id == campaign_id)
    ).all()
    session.rollback()
    waits = sorted((moment - launched).total_seconds() for moment in finished if moment is not None)
    return {
        "counts": deliver.counts(session),
        "queued_before_it": waiting,
        "p95_wait_s": round(quantiles(waits, n=20)[-1], 2),
        "longest_wait_s": round(waits[-1], 2),
        "drained_in_s": round(done.seconds, 1),
        "relay": sink.seen,
    }


def pause(session: Session, url: str, *, letters: int, workers: int) -> dict[str, Any]:
    """How long after the click of a pause the last letter reaches the relay, which takes 20 ms for each."""
    deliver.prepare(session, letters)
    clicked: list[float] = []

    def click(supervisor: Supervisor) -> None:
        sleep(1.5)
        own = db.session()
        campaign_id = own.scalars(sa.select(Delivery.campaign_id).limit(1)).one()
        clicked.append(monotonic())
        with transaction(own):
            campaigns.pause(own, campaign_id or 0, database_now(), "user:bench")
        sleep(3)
        supervisor.stop()

    with Sink("--late-ms", "20") as sink:
        deliver.run_workers(workers, deliver.environment(url, sink.address), meanwhile=click)
    return {
        "counts": deliver.counts(session),
        "workers": workers,
        "last_arrival_after_click_s": round(sink.seen["last_at"] - clicked[0], 3),
        "relay": sink.seen,
    }


def memory(session: Session, url: str, *, letters: int, workers: int) -> dict[str, Any]:
    """Memory of the worker processes while they send; it must not grow with the number of letters.

    A page that several of them share counts once: the figure is what the tree takes from the machine. `resident_mb` is the sum
    of what each holds, shared pages as often as they are held.
    """
    deliver.prepare(session, letters)
    seen: list[float] = []
    resident: list[float] = []

    def watch(supervisor: Supervisor) -> None:
        while any(child.process is not None and child.process.poll() is None for child in supervisor.children):
            pids = [child.process.pid for child in supervisor.children if child.process is not None]
            seen.append(sum(_memory_mb(pid, "Pss") for pid in pids))
            resident.append(sum(_memory_mb(pid, "Rss") for pid in pids))
            sleep(0.25)

    with Sink() as sink:
        deliver.run_workers(workers, deliver.environment(url, sink.address), meanwhile=watch)
    working = [mb for mb in seen if mb] or [0.0]
    return {
        "counts": deliver.counts(session),
        "workers": workers,
        "first_quarter_mb": _middle(working[: len(working) // 4 or 1]),
        "last_quarter_mb": _middle(working[-(len(working) // 4 or 1) :]),
        "most_mb": round(max(working), 1),
        "resident_mb": round(max(resident), 1),
        "relay": sink.seen,
    }


def _middle(values: Sequence[float]) -> float:
    return round(sorted(values)[len(values) // 2], 1)


def _memory_mb(pid: int, which: str) -> float:
    """`Pss` shares out the pages that several processes hold, `Rss` does not. 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{which}:")), 0.0)
