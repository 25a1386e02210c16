"""What stands around the sending processes fails: connections to the database, the broker, beat, and a worker that slept."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from campaign.app import create_app
from campaign.bench.sink import Sink
from campaign.database import transaction
from campaign.domain.schedule import LEASE
from campaign.extensions import db
from campaign.models.delivery import Delivery
from campaign.services import outbox
from campaign.settings import Settings
from campaign.unit_of_work import database_now
from tests.fault.processes import Found, RelayLog, engine, environment, found, prepared, statuses, until
from tests.services import IN_CI, redis_url

LETTERS = 3_000
LATE_MS = "20"
CONNECTIONS = 8


@dataclass
class Run:
    settings: Settings
    log: RelayLog
    processes: dict[str, subprocess.Popen[bytes]]

    def wait_for_end(self, seconds: float = 120) -> None:
        until(lambda: not {"queued", "sending"} & set(statuses(self.settings)), seconds)

    def judge(self) -> Found:
        """Nothing was lost or sent twice, and no process had to be started again."""
        assert {name: process.poll() for name, process in self.processes.items()} == dict.fromkeys(self.processes)
        result = found(self.settings, self.log)
        assert (result.lost, result.twice, result.unknown, result.differences) == ([], [], [], [])
        assert result.unlisted == set()
        assert sum(result.statuses.values()) == LETTERS
        return result


@contextmanager
def sending(var: Path, database_url: str = "", broker_url: str = "filesystem://", beats: int = 1) -> Iterator[Run]:
    """Celery's processes on their way through 3,000 letters."""
    settings = replace(prepared(var, database_url, LETTERS), broker_url=broker_url)
    with Sink("--late-ms", LATE_MS, "--log", str(var / "relay.log")) as sink:
        host, port = sink.address
        env = environment(
            var,
            CAMPAIGN_DATABASE_URL=settings.database_url,
            CAMPAIGN_BROKER_URL=broker_url,
            CAMPAIGN_SMTP_HOST=host,
            CAMPAIGN_SMTP_PORT=str(port),
            CAMPAIGN_SMTP_CONNECTIONS=str(CONNECTIONS),
        )
        log = RelayLog(var / "relay.log")
        with engine(settings, env, beats) as processes:
            log.wait_for(100)
            yield Run(settings, log, processes)


def cut_connections(url: str) -> None:
    """All that others have to this database."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def test_a_database_that_drops_every_connection_in_mid_run_costs_no_letter_and_no_process(
    fresh_postgres: str, tmp_path: Path
) -> None:
    with sending(tmp_path, fresh_postgres) as run:
        for moment in range(200, LETTERS, LETTERS // 8):
            run.log.wait_for(moment)
            cut_connections(fresh_postgres)
        run.wait_for_end()
        assert run.judge().statuses == {"accepted": LETTERS}, "each journal knew what had become of its letters"


def _empty_folder(run: Run) -> None:
    folder = run.settings.var_dir / "broker" / "queue"
    for path in folder.glob("*.msg"):
        path.unlink(missing_ok=True)


def _empty_redis(run: Run) -> None:
    redis.Redis.from_url(run.settings.broker_url).flushdb()


@pytest.mark.parametrize(("name", "empty"), [("filesystem", _empty_folder), ("redis", _empty_redis)])
def test_a_broker_that_is_emptied_in_mid_run_loses_no_letter(
    name: str, empty: Callable[[Run], None], tmp_path: Path
) -> None:
    url = "filesystem://"
    if name == "redis":
        server = redis_url()
        if server is None:
            (pytest.fail if IN_CI else pytest.skip)("no redis on its usual port")
        url = server.rpartition("/")[0] + "/8"  # a database of its own: it is flushed
    with sending(tmp_path, broker_url=url) as run:
        for moment in range(200, LETTERS, LETTERS // 8):
            run.log.wait_for(moment)
            empty(run)
        run.wait_for_end()
        assert run.judge().statuses == {"accepted": LETTERS}


def test_two_beats_double_every_wake_up_and_no_letter(fresh_postgres: str, tmp_path: Path) -> None:
    with sending(tmp_path, fresh_postgres, beats=2) as run:
        assert set(run.processes) == {"beat", "beat2", "upkeep", "worker1", "worker2"}
        run.wait_for_end()
        assert run.judge().statuses == {"accepted": LETTERS}


def stopped_with_letters(run: Run) -> str:
    """Stops a worker that has letters in hand; its name in leases."""
    run.processes["worker1"].send_signal(signal.SIGSTOP)
    url = run.settings.database_url
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        owners = connection.scalars(
            sa.select(Delivery.lease_owner).where(Delivery.status == "sending").distinct()
        ).all()
    engine.dispose()
    mine = [owner for owner in owners if owner and f".{run.processes['worker1'].pid}." in owner]
    assert len(mine) == 1
    return mine[0]


@pytest.mark.long
@pytest.mark.parametrize("swept", [False, True], ids=["same machine", "swept by another machine"])
def test_a_worker_that_is_stopped_for_longer_than_its_lease_begins_nothing_when_it_comes_back(
    swept: bool, fresh_postgres: str, tmp_path: Path
) -> None:
    with sending(tmp_path, fresh_postgres) as run:
        run.log.wait_for(600)
        owner = stopped_with_letters(run)
        app = create_app(run.settings)
        with app.app_context():
            began = database_now()
            mine = sa.select(sa.func.count()).where(Delivery.lease_owner == owner, Delivery.status == "sending")
            in_hand = db.session().scalar(mine)
            until(lambda: database_now() > began + LEASE + timedelta(seconds=5), 90, 1)
            assert db.session().scalar(mine) == in_hand, "its journal is held: it settles them itself"
            if swept:  # a machine that cannot see the journal
                with transaction(db.session()) as session:
                    outbox.sweep_leases(session, database_now())
            db.session.remove()
            db.engine.dispose()
        before = run.log.count()
        run.processes["worker1"].send_signal(signal.SIGCONT)
        run.wait_for_end()
        result = run.judge()
        if swept:
            assert run.log.count() - before <= 1, "nobody may send what a person decides about"
            assert result.statuses["unclear"] == in_hand
        else:
            assert result.statuses == {"accepted": LETTERS}


def test_a_worker_that_is_asked_to_end_finishes_what_it_has_begun(tmp_path: Path) -> None:
    with sending(tmp_path) as run:
        run.log.wait_for(300)
        worker = run.processes.pop("worker1")
        worker.terminate()
        assert worker.wait(30) == 0
        run.wait_for_end()
        assert run.judge().statuses == {"accepted": LETTERS}
