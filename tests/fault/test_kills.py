"""Sending processes that are killed at random moments. The relay's own log is the judge, not our rows."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from campaign.bench.sink import Sink
from tests.fault.processes import Found, RelayLog, Workers, environment, found, prepared, until

LATE_MS = "20"  # the relay's, for each letter: time for all kills
CONNECTIONS = 8  # of a process: so many letters may be unclear by one kill
QUICK = {"letters": 3_000, "kills": 5}
LONG = {"letters": 20_000, "kills": 25}  # of a round


def sent_under_kills(var: Path, database_url: str, *, letters: int, kills: int, seed: int) -> Found:
    """All letters by two processes, one of which is killed again and again, each time when the relay has taken so and so many."""
    settings = prepared(var, database_url, letters)
    dice = random.Random(seed)  # noqa: S311 - moments, no secrets
    log = RelayLog(var / "relay.log")
    with Sink("--late-ms", LATE_MS, "--log", str(var / "relay.log")) as sink:
        host, port = sink.address
        env = environment(
            var,
            CAMPAIGN_DATABASE_URL=settings.database_url,
            CAMPAIGN_SMTP_HOST=host,
            CAMPAIGN_SMTP_PORT=str(port),
            CAMPAIGN_SMTP_CONNECTIONS=str(CONNECTIONS),
            CAMPAIGN_LOG_LEVEL="ERROR",
        )
        workers = Workers(env, var)
        try:
            workers.start(2)
            for moment in sorted(dice.sample(range(letters * 9 // 10), kills)):
                log.wait_for(moment)
                until(lambda: bool(workers.ready()))
                place = dice.choice(workers.ready())
                os.kill(workers.processes[place].pid, signal.SIGKILL)
                workers.replace(place)
            assert workers.end() == [0, 0], (var / "log").read_text()
        finally:
            workers.kill()
    assert workers.starts == 2 + kills
    return found(settings, log)


def judge(result: Found, *, letters: int, kills: int) -> None:
    assert result.lost == []
    assert result.twice == []
    assert result.unknown == []
    assert result.unlisted == set()
    assert result.most_unclear <= CONNECTIONS
    assert set(result.statuses) <= {"accepted", "unclear"}
    assert sum(result.statuses.values()) == letters
    assert result.statuses.get("unclear", 0) <= kills * CONNECTIONS
    assert result.differences == []


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; empty: a SQLite file in the var folder."""
    url: str = request.getfixturevalue("fresh_postgres") if request.param == "postgresql" else ""
    return url


def test_kills_lose_nothing_send_nothing_twice_and_leave_few_unclear(database: str, tmp_path: Path) -> None:
    judge(sent_under_kills(tmp_path, database, **QUICK, seed=5), **QUICK)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_200_kills_on_postgresql(seed: int, fresh_postgres: str, tmp_path: Path) -> None:
    judge(sent_under_kills(tmp_path, fresh_postgres, **LONG, seed=seed), **LONG)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_50_kills_on_sqlite(seed: int, tmp_path: Path) -> None:
    judge(sent_under_kills(tmp_path, "", **LONG, seed=seed), **LONG)
