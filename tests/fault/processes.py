"""What the tests of this folder share: databases with letters due, processes that send them, and what was found afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from campaign import embedded_broker
from campaign.app import create_app
from campaign.bench import world
from campaign.cli.run import children
from campaign.cli.schema import upgrade_database
from campaign.database import transaction
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery
from campaign.models.letter import Letter
from campaign.services import metrics
from campaign.settings import Environment, Settings
from campaign.web.organizer import needs_a_person


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(var: Path, **changes: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")}
    return (
        clean
        | {
            "CAMPAIGN_VAR_DIR": str(var),
            "CAMPAIGN_SECRET_KEY": "a secret for tests, of 32 characters and more",
            "CAMPAIGN_WEB_PORT": str(free_port()),
            "CAMPAIGN_SMTP_PORT": str(free_port()),
            "CAMPAIGN_SIMULATOR_PORT": str(free_port()),
            "CAMPAIGN_INTAKE_PORT": str(free_port()),
            "CAMPAIGN_SIMULATED": "yes",
            "CAMPAIGN_LOG_LEVEL": "WARNING",
        }
        | changes
    )


def until(true: Callable[[], bool], seconds: float = 60, every: float = 0.25) -> None:
    """Looks again until it is so; fails when it does not become so in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(every)


def prepared(var: Path, database_url: str = "", letters: int = 2_000) -> Settings:
    """A migrated database with so many letters due; gives its settings."""
    url = database_url or str(sa.URL.create("sqlite", database=str(var / "countersign.sqlite3")))
    settings = replace(
        Settings(), env=Environment.TEST, var_dir=var, database_url=url, secret_key="x" * 32, broker_url="memory://"
    )
    var.mkdir(parents=True, exist_ok=True)
    app = create_app(settings)
    with app.app_context():
        upgrade_database()
        with transaction(db.session()) as session:
            world.build(session, letters, datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    return settings


def statuses(settings: Settings) -> dict[str, int]:
    engine = sa.create_engine(settings.database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Delivery.status, sa.func.count()).group_by(Delivery.status)).all()
    return {str(status): number for status, number in rows}


def unproven(settings: Settings) -> list[str]:
    app = create_app(settings)
    with app.app_context():
        found = [str(each) for each in metrics.differences(db.session())]
        db.session.remove()
        db.engine.dispose()
    return found


class RelayLog:
    """The file of Message-IDs that a sink writes, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._text = b""

    def count(self) -> int:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
            self._read += len(fresh)
            self._text += fresh
        return self._text.count(b"\n")

    def wait_for(self, number: int) -> None:
        """Until the relay has taken so many letters."""
        until(lambda: self.count() >= number, 60, 0.002)

    def taken(self) -> Counter[str]:
        """How often each letter was taken, by its reference: the left half of its Message-ID."""
        self.count()
        return Counter(line.strip("<>").partition("@")[0] for line in self._text.decode().split())


@dataclass
class Workers:
    """Sending processes (`tests.fault.worker`), one for each place. One that was killed is started again."""

    env: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    starts: int = 0

    def start(self, number: int) -> None:
        self.processes += [self._started() for _ in range(number)]

    def replace(self, place: int) -> None:
        """Waits for the end of a process that was killed, and starts another in its place."""
        self.processes[place].wait(10)
        self.processes[place] = self._started()

    def ready(self) -> list[int]:
        """Places whose process sends."""
        return [place for place, process in enumerate(self.processes) if self._mark(process.pid).exists()]

    def end(self) -> list[int]:
        """Waits until all find nothing left to do; their exit codes."""
        return [process.wait(120) for process in self.processes]

    def kill(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _mark(self, pid: int) -> Path:
        return self.folder / f"ready-{pid}"

    def _started(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.fault.worker", str(self.folder)],
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@contextmanager
def engine(settings: Settings, env: dict[str, str], beats: int = 1) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes of `campaign run` that make letters leave, by name: beat, upkeep, worker1 and worker2. Without a supervisor:
    who ends is not started again."""
    var = settings.var_dir
    if settings.broker_url.startswith("filesystem:"):
        embedded_broker.options(var / "broker")
    arguments = {child.name: child.arguments for child in children(replace(settings, workers=2)) if child.stage == 0}
    arguments |= {
        f"beat{n}": [each.replace("beat-schedule", f"beat-schedule-{n}") for each in arguments["beat"]]
        for n in range(2, beats + 1)
    }
    processes = {}
    with (var / "log").open("ab") as log:
        try:
            for name, words in arguments.items():
                processes[name] = subprocess.Popen(
                    [sys.executable, *words], env=env, stdout=log, stderr=subprocess.STDOUT
                )
            yield processes
        finally:
            for process in processes.values():
                process.terminate()
            for process in processes.values():
                process.wait(60)


def on_the_screen(settings: Settings) -> set[str]:
    """The unclear letters that organizers are shown as needing a person, by reference."""
    app = create_app(settings)
    with app.app_context():
        session = db.session()
        shown = {
            row.Letter.reference
            for campaign_id in session.scalars(sa.select(Campaign.id))
            for cause in needs_a_person.causes(session, campaign_id)
            if cause.status == Status.UNCLEAR
            for row in needs_a_person.waiting(session, campaign_id, cause.status, cause.reason, 0, cause.number)
        }
        db.session.remove()
        db.engine.dispose()
    return shown


@dataclass(frozen=True)
class Found:
    """What became of every letter: by our rows, and by the relay's log."""

    statuses: dict[str, int]
    lost: list[str]  # accepted by our rows, and the relay knows nothing of it
    twice: list[str]
    unknown: list[str]  # the relay took it, and our rows say neither accepted nor unclear
    unlisted: set[str]  # unclear, and not on the screen of what needs a person
    most_unclear: int  # of one process
    differences: Sequence[str]


def found(settings: Settings, log: RelayLog) -> Found:
    taken = log.taken()
    engine = sa.create_engine(settings.database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Letter.reference, Delivery.status).join(Delivery)).all()
        unclear = connection.scalars(
            sa.select(sa.func.count()).where(Attempt.outcome == AttemptOutcome.UNCLEAR).group_by(Attempt.worker)
        ).all()
    listed = on_the_screen(settings)
    known: dict[str, Status] = {row.reference: row.status for row in rows}
    return Found(
        statuses=dict(Counter(str(status) for status in known.values())),
        lost=[each for each, status in known.items() if status == Status.ACCEPTED and each not in taken],
        twice=[each for each, times in taken.items() if times > 1],
        unknown=[each for each in taken if known.get(each) not in (Status.ACCEPTED, Status.UNCLEAR)],
        unlisted={each for each, status in known.items() if status == Status.UNCLEAR} ^ listed,
        most_unclear=max(unclear, default=0),
        differences=unproven(settings),
    )
