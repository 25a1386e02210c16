"""`campaign run` as a whole: started, stopped in the middle, started again; taken ports; a folder with an awkward name."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from campaign.app import create_app
from campaign.bench import world
from campaign.cli.schema import upgrade_database
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.delivery import Delivery
from campaign.services import metrics
from campaign.settings import Environment, Settings
from campaign.simulator.store import Store
from tests.services import IN_CI, rabbitmq_url, redis_url

LETTERS = 2_000


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
            "CAMPAIGN_SIMULATED": "yes",
            "CAMPAIGN_LOG_LEVEL": "WARNING",
        }
        | changes
    )


@contextmanager
def running(env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "campaign", "run", "--no-demo"], env=env, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Looks again until it is so; fails when it does not become so in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.25)


def prepared(var: Path, database_url: str = "") -> Settings:
    """A migrated database with 2,000 letters due; gives its settings."""
    url = database_url or str(sa.URL.create("sqlite", database=str(var / "countersign.sqlite3")))
    settings = replace(
        Settings(), env=Environment.TEST, var_dir=var, database_url=url, secret_key="x" * 32, broker_url="memory://"
    )
    var.mkdir(parents=True, exist_ok=True)
    app = create_app(settings)
    with app.app_context():
        upgrade_database()
        with transaction(db.session()) as session:
            world.build(session, LETTERS, datetime.now(UTC))
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


def taken(var: Path) -> tuple[int, dict[str, int]]:
    """By the relay's own book: how many letters, and which of them more than once."""
    path = var / "simulator.sqlite3"
    if not path.exists():
        return 0, {}
    store = Store(path)
    try:
        return sum(number for _, number in store.offices()) + sum(
            number for _, number in store.mailboxes()
        ), store.doubles()
    finally:
        store.close()


BROKERS = ["filesystem://", "redis", "rabbitmq"]


def broker(name: str) -> str:
    url = {"redis": redis_url(), "rabbitmq": rabbitmq_url()}.get(name, name)
    if url is None:
        if IN_CI:
            pytest.fail(f"no {name} here")
        pytest.skip(f"no {name} on its usual port")
    return url


def test_stopped_in_the_middle_and_started_again_nothing_is_lost_and_nothing_sent_twice(tmp_path: Path) -> None:
    settings = prepared(tmp_path)
    env = environment(tmp_path)
    log = tmp_path / "log"
    with running(env, log) as process:
        until(lambda: taken(tmp_path)[0] > 100)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    first = taken(tmp_path)[0]
    assert 100 < first < LETTERS, "the stop came in the middle"
    assert set(statuses(settings)) == {"queued", "accepted"}
    with running(env, log):
        until(lambda: statuses(settings) == {"accepted": LETTERS}, 120)
    assert taken(tmp_path) == (LETTERS, {})
    assert unproven(settings) == []
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("name", ["redis", "rabbitmq"])
def test_two_workers_on_postgresql_and_a_real_broker(
    name: str, tmp_path: Path, postgres_server: str, fresh_postgres: str
) -> None:
    settings = prepared(tmp_path, fresh_postgres)
    env = environment(
        tmp_path, CAMPAIGN_DATABASE_URL=fresh_postgres, CAMPAIGN_BROKER_URL=broker(name), CAMPAIGN_WORKERS="2"
    )
    with running(env, tmp_path / "log"):
        until(lambda: statuses(settings) == {"accepted": LETTERS}, 120)
    assert taken(tmp_path) == (LETTERS, {})
    assert unproven(settings) == []


def test_a_taken_port_is_named_with_its_setting_and_leaves_no_process(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        for setting in ("CAMPAIGN_WEB_PORT", "CAMPAIGN_SMTP_PORT"):
            port = str(other.getsockname()[1])
            ended = subprocess.run(
                [sys.executable, "-m", "campaign", "run", "--no-demo"],
                env=environment(tmp_path, **{setting: port}),
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert ended.returncode == 1
            assert port in ended.stderr
            assert setting in ended.stderr
            assert "Traceback" not in ended.stderr


def test_a_queue_cut_by_a_kill_does_not_stop_the_next_start(tmp_path: Path) -> None:
    settings = prepared(tmp_path)
    env = environment(tmp_path)
    with running(env, tmp_path / "log") as process:
        until(lambda: taken(tmp_path)[0] > 20)
        process.kill()
        process.wait()
    queue = tmp_path / "broker" / "queue"
    until(lambda: no_child_left(tmp_path))
    queue.mkdir(parents=True, exist_ok=True)
    (queue / "000000000000001_cut.delivery.msg").write_text('{"body": "W1td')
    (queue / "000000000000002_cut.upkeep.msg").write_text("")
    with running(env, tmp_path / "log"):
        until(lambda: not {"queued", "sending"} & set(statuses(settings)), 150)
    found = statuses(settings)
    assert found["accepted"] + found.get("unclear", 0) == LETTERS
    assert found.get("unclear", 0) <= 8
    number, doubles = taken(tmp_path)
    assert doubles == {}
    assert number >= found["accepted"]


def no_child_left(var: Path) -> bool:
    """Whether every process that was started for this folder has ended, as they do when their supervisor is killed."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"CAMPAIGN_VAR_DIR={var}\0".encode() in entry.read_bytes():
                return False
        except OSError:
            continue
    return True


def test_a_folder_with_blanks_and_accents_in_its_name(tmp_path: Path) -> None:
    awkward = tmp_path / "My Projects" / "Ass’n – Æther"
    settings = prepared(awkward)
    with running(environment(awkward), tmp_path / "log"):
        until(lambda: taken(awkward)[0] > 50)
    assert "accepted" in statuses(settings)
