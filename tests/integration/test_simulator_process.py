"""The simulated Congress as the process that `campaign simulate` starts: answers come home, and it ends when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from campaign.channels.smtp import maildir
from campaign.channels.smtp.client import SmtpChannel
from campaign.domain.errors import CannotStart
from campaign.settings import Environment, Settings
from campaign.simulator.run import main
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

RUN = "from campaign.cli.simulate import simulate; simulate()"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _running(var: Path, relay: int, pages: int) -> Iterator[subprocess.Popen[bytes]]:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")},
        "CAMPAIGN_VAR_DIR": str(var),
        "CAMPAIGN_SMTP_PORT": str(relay),
        "CAMPAIGN_SIMULATOR_PORT": str(pages),
    }
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", RUN], env=environ, cwd=root)
    try:
        _until(lambda: _answers(relay) and _answers(pages))
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _until(true: Callable[[], object]) -> None:
    """Polls a condition of another process; fails after 15 seconds."""
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.05)


def _lead(pages: int, seconds: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{pages}/clock.json",
        json.dumps({"lead_seconds": seconds}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - http to loopback
        assert json.load(response)["simulation"] is True


def _told(pages: int) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{pages}/messages.json", timeout=5) as response:
        told = json.load(response)
    assert isinstance(told, dict)
    return told


def _new(var: Path) -> list[str]:
    folder = var / "inbox" / "new"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_answers_survive_a_kill_and_come_exactly_once(tmp_path: Path) -> None:
    relay, pages = _free_port(), _free_port()
    with _running(tmp_path, relay, pages) as process:
        line = SmtpChannel("127.0.0.1", relay).open()
        form = [
            a_parcel(n, headers=(("X-Simulate", "form"),), reply_to="r+x@bounces.countersign.example") for n in (1, 2)
        ]
        line.send(form, Notes())
        process.send_signal(signal.SIGKILL)
        process.wait()
        line.close()
    with _running(tmp_path, relay, pages) as process:
        assert _told(pages)["waiting"] == 4
        _lead(pages, 200)
        _until(lambda: len(_new(tmp_path)) == 4)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 2
    with _running(tmp_path, relay, pages):
        assert _told(pages)["waiting"] == 0
        assert len(_new(tmp_path)) == 4

    raw: list[bytes] = []
    assert maildir.read_new(tmp_path / "inbox", lambda _, each: raw.append(each.head)) == 4
    assert all(b"imulat" in each for each in raw)
    assert sum(b"Auto-Submitted: auto-replied" in each for each in raw) == 2


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = Settings(
            var_dir=tmp_path, smtp_port=_free_port(), simulator_port=port, inbox_maildir=tmp_path / "in"
        )
        with pytest.raises(CannotStart, match=f"Port {port} is taken.*CAMPAIGN_SIMULATOR_PORT"):
            main(settings)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(env=Environment.PRODUCTION),
        Settings(simulator_host="0.0.0.0"),  # noqa: S104 - what must be refused
        Settings(smtp_host="relay.example.org"),
    ],
)
def test_it_refuses_production_and_every_address_but_loopback(settings: Settings) -> None:
    with pytest.raises(CannotStart):
        main(settings)
