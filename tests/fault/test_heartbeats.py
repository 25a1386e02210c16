"""Whatever the pool: each process that works is seen once, one that dies vanishes, and none is left when all have ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from campaign import embedded_broker
from campaign.models.delivery import Worker
from campaign.settings import Settings
from tests.fault.processes import environment, prepared, until
from tests.fault.test_running import broker

BEAT_S = "0.3"


@contextmanager
def _worker(settings: Settings, broker_url: str, *pool: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker with a faster heart."""
    if broker_url.startswith("filesystem:"):
        embedded_broker.options(settings.var_dir / "broker")
    env = environment(
        settings.var_dir,
        CAMPAIGN_DATABASE_URL=settings.database_url,
        CAMPAIGN_BROKER_URL=broker_url,
        CAMPAIGN_ENV="test",
    )
    start = (
        f"from workers import heart, app; heart.EVERY_S = {BEAT_S}; app.celery.worker_main(__import__('sys').argv[1:])"
    )
    words = ["worker", "-Q", "delivery", "--without-gossip", "--without-mingle", "--without-heartbeat", *pool]
    with (settings.var_dir / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", start, *words], env=env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def _seen(settings: Settings) -> list[int]:
    """Process ids of the workers in the list, doubles included."""
    engine = sa.create_engine(settings.database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = connection.scalars(sa.select(Worker.name)).all()
    return sorted(int(name.split(".")[-2]) for name in names)


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task").iterdir()  # any thread may have forked one
    return sorted(int(pid) for task in tasks for pid in (task / "children").read_text().split())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are read from /proc")
@pytest.mark.parametrize("name", ["redis", "rabbitmq"])
def test_each_child_of_a_prefork_pool_is_seen_once_and_a_dead_one_vanishes(name: str, tmp_path: Path) -> None:
    settings = prepared(tmp_path, letters=20)
    with _worker(settings, broker(name), "-P", "prefork", "-c", "2") as process:
        until(lambda: len(_seen(settings)) == 2)
        before = _seen(settings)
        assert before == _children(process), "the children, and not their parent"
        os.kill(before[0], signal.SIGKILL)
        until(lambda: before[0] not in _seen(settings) and len(_seen(settings)) == 2)
        assert _seen(settings) == _children(process)
        assert before[1] in _seen(settings), "who lived was not touched"
    assert _seen(settings) == [], "all ended in good order"


@pytest.mark.parametrize("pool", [("-P", "solo"), ("-P", "threads", "-c", "2")], ids=["solo", "threads"])
def test_a_pool_without_processes_is_one_worker(pool: tuple[str, ...], tmp_path: Path) -> None:
    settings = prepared(tmp_path, letters=20)
    with _worker(settings, broker("filesystem://"), *pool) as process:
        until(lambda: _seen(settings) == [process.pid])
    assert _seen(settings) == []
