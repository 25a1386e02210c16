"""Delivery speed: N queued letters, W worker processes, one relay; beside it a bare `smtplib` loop in the same run.

The workers are the real send loop without Celery, under the supervisor that `campaign run` uses: one that is killed is started
again. Their ids are in a file, one a line, rewritten by rename at each start, so that a judge may kill them.
"""

from __future__ import annotations

import os
import resource
import shutil
import smtplib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from campaign.bench import world
from campaign.channels.smtp.message import build as build_message
from campaign.database import transaction
from campaign.domain.parcels import Parcel
from campaign.drain import recover, sweep_leases
from campaign.models.delivery import Delivery
from campaign.services import outbox
from campaign.supervisor import Child, Supervisor
from campaign.unit_of_work import database_now

LIMIT_LETTERS = 2_000  # of the bare loop: a second or so


def prepare(session: Session, letters: int) -> None:
    with transaction(session):
        world.build(session, letters, database_now())


def c_limit(host: str, port: int, letters: int = 20_000) -> float | None:
    """Letters per second of postfix's own load generator over ten kept sessions; None where it is not installed."""
    program = shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    options = ["-s", "10", "-m", str(letters), "-d", "-l", "2000", "-f", "b@bench.example", "-t", "c@offices.example"]
    began = monotonic()
    subprocess.run([program, *options, f"{host}:{port}"], check=True)
    return letters / (monotonic() - began)


def limit(host: str, port: int, parcel: Parcel) -> float:
    """Letters per second of `smtplib` over one kept connection, the bytes made before."""
    raw = build_message(parcel)
    messages = [raw.replace(b"<limit@", b"<limit%d@" % number) for number in range(LIMIT_LETTERS)]
    with smtplib.SMTP(host, port, timeout=30) as client:
        client.ehlo()
        began = monotonic()
        for message in messages:
            client.sendmail(parcel.envelope_sender, [parcel.to_address], message)
        return LIMIT_LETTERS / (monotonic() - began)


def counts(session: Session) -> dict[str, int]:
    rows = session.execute(sa.select(Delivery.status, sa.func.count()).group_by(Delivery.status)).all()
    session.rollback()
    return {str(status): number for status, number in rows}


def work(session: Session, loop: outbox.Loop, ready: Path, go: Path) -> None:
    """One worker process: says that it is ready, waits for the start, drains until nothing is left to do."""
    part = ready.with_name(f".{ready.name}.part")
    part.write_text(str(process_time()))
    part.replace(ready)
    while not go.exists():
        sleep(0.01)
    while not loop.should_stop():
        recover()
        sweep_leases()
        tried = outbox.send_due(session, loop)
        left = counts(session)
        if not left.get("queued", 0) and not left.get("sending", 0):
            return
        if not tried:
            sleep(0.2)


class _Workers(Supervisor):
    """Keeps the file of process ids up to date; a worker that ended well is done and not started again."""

    def __init__(self, children: list[Child], pids: Path | None) -> None:
        super().__init__(children, echo=lambda line: print(line, file=sys.stderr))
        self._pids = pids

    def _start(self, child: Child) -> None:
        super()._start(child)
        if self._pids is not None:
            part = self._pids.with_name(f".{self._pids.name}.part")
            living = [
                each.process.pid for each in self.children if each.process is not None and each.process.poll() is None
            ]
            part.write_text("".join(f"{pid}\n" for pid in living))
            part.replace(self._pids)

    def finished(self) -> bool:
        return all(each.process is not None and each.process.poll() == 0 for each in self.children)

    def _restart_dead(self) -> str:
        for child in self.children:
            if child.process is not None and child.process.poll() not in (None, 0):
                self._start(child)
        if self.finished():
            self.stop()
        return ""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the workers gave: seconds from their start signal to the last outcome, and their CPU seconds since."""

    seconds: float
    cpu_s: float
    memory_mb: float  # the largest of a worker, resident


def run_workers(
    workers: int,
    environment: Mapping[str, str],
    *,
    pids: Path | None = None,
    meanwhile: Callable[[Supervisor], None] = lambda _: None,
) -> Run:
    """Starts the workers, lets them go together and waits until nothing is left to send. `meanwhile` runs from the start
    signal on, in a thread with an application context of its own."""
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as name:
        folder = Path(name)
        go = folder / "go"
        arguments = ["-m", "campaign", "bench", "deliver-worker", "--go", str(go)]
        children = [
            Child(f"worker{n}", [*arguments, "--ready", str(folder / f"ready{n}")]) for n in range(1, workers + 1)
        ]
        os.environ |= environment
        supervisor = _Workers(children, pids)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        times: list[float] = []
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the way Flask documents

        def start() -> None:
            _start_clock(folder, workers, go, times)
            with app.app_context():
                meanwhile(supervisor)

        starter = threading.Thread(target=start)
        starter.start()
        supervisor.run()
        ended = monotonic()
        starter.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        starting = sum(float(each.read_text()) for each in folder.glob("ready*"))
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) - starting
    return Run(ended - times[0], cpu, after.ru_maxrss / 1024)


def run(
    session: Session, *, letters: int, workers: int, relay: tuple[str, int], pids: Path | None, database_url: str
) -> dict[str, Any]:
    """The figures, with both limits measured against the same relay just before."""
    prepare(session, letters)
    sample = Parcel(
        key=0,
        reference="0" * 13,
        message_id="<limit@bench.example>",
        to_address="bench@offices.example",
        subject="Kokomo employer on H.R. 4776",
        body=world.BODY,
        from_name="Ada Quillback",
        from_address="letters@bench.example",
        envelope_sender="b@bench.example",
        written_at=database_now(),
    )
    bare, of_c = limit(*relay, sample), c_limit(*relay)
    done = run_workers(workers, environment(database_url, relay), pids=pids)
    per_second = letters / done.seconds
    return {
        "counts": counts(session),
        "per_second": round(per_second, 1),
        "cpu_seconds_per_1000": round(done.cpu_s / letters * 1000, 3),
        "smtplib_per_second": round(bare, 1),
        "ratio": round(per_second / bare, 3),
        "smtp_source_per_second": round(of_c, 1) if of_c else None,
        "ratio_to_smtp_source": round(per_second / of_c, 3) if of_c else None,
        "workers": workers,
    }


def environment(database_url: str, relay: tuple[str, int]) -> dict[str, str]:
    """Of a worker process."""
    return {
        "CAMPAIGN_DATABASE_URL": database_url,
        "CAMPAIGN_SMTP_HOST": relay[0],
        "CAMPAIGN_SMTP_PORT": str(relay[1]),
        "CAMPAIGN_LOG_LEVEL": "ERROR",
    }


def _start_clock(folder: Path, workers: int, go: Path, times: list[float]) -> None:
    while len(list(folder.glob("ready*"))) < workers:
        sleep(0.01)
    times.append(monotonic())
    go.touch()
