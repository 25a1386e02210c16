"""The wheel, installed elsewhere, finds its templates and migrations and runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, and nothing of the checkout on the path."""
    built, target = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("elsewhere")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = built.glob("*.whl")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            str(target),
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    return target


def run(installed: Path, var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=var,
        env=clean | {"PYTHONPATH": str(installed), "CAMPAIGN_VAR_DIR": str(var), "CAMPAIGN_LOG_LEVEL": "WARNING"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_wheel_migrates_and_answers_elsewhere(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "-m", "campaign", "db", "upgrade").returncode == 0
    page = """
import campaign, workers.app
from campaign.app import create_app
print(campaign.__file__)
answer = create_app().test_client().get("/")
print(answer.status_code, b"Countersign" in answer.data)
"""
    found = run(installed, tmp_path, "-c", page)
    assert found.returncode == 0, found.stderr
    where, answer = found.stdout.strip().splitlines()
    assert where.startswith(str(installed))
    assert answer == "200 True"


def test_the_wheel_brings_the_real_congress(installed: Path, tmp_path: Path) -> None:
    run(installed, tmp_path, "-m", "campaign", "db", "upgrade")
    load = """
from campaign.app import create_app
from campaign.services import snapshots
from campaign.unit_of_work import database_now, unit_of_work
with create_app().app_context():
    with unit_of_work() as session:
        snapshots.load_shipped(session, database_now())
"""
    assert run(installed, tmp_path, "-c", load).returncode == 0
    found = run(installed, tmp_path, "-m", "campaign", "offices", "match", "--zip", "46902", "--json")
    assert found.returncode == 0
    assert "IN-5" in found.stdout
