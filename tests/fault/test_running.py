"""`campaign run` as a whole: started, stopped in the middle, started again; taken ports; a folder with an awkward name."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from campaign.simulator.store import Store
from tests.fault.processes import environment, prepared, statuses, unproven, until
from tests.services import IN_CI, rabbitmq_url, redis_url

LETTERS = 2_000


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
