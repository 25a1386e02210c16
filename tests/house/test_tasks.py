"""Every task has a queue, and every queue somebody who listens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from campaign import tasknames
from campaign.cli.run import children
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.settings import Settings

_ASK = """
import json
from workers.app import app
print(json.dumps({
    "tasks": sorted(name for name in app.tasks if not name.startswith("celery.")),
    "routes": {name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks if not name.startswith("celery.")},
    "queues": sorted(queue.name for queue in app.conf.task_queues),
    "beat": sorted(entry["task"] for entry in app.conf.beat_schedule.values()),
    "json_only": app.conf.accept_content,
}))
"""


@pytest.fixture(scope="module")
def worker(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a worker process knows; asked in a process of its own, as importing `workers.app` makes an application."""
    environment = os.environ | {
        "CAMPAIGN_VAR_DIR": str(tmp_path_factory.mktemp("worker")),
        "CAMPAIGN_BROKER_URL": "memory://",
        "PYTHONPATH": str(root),
    }
    asked = subprocess.run(
        [sys.executable, "-c", _ASK], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(asked.stdout.splitlines()[-1])
    return found


def test_every_name_of_a_task_has_a_task_and_every_task_a_name(worker: dict[str, Any]) -> None:
    assert worker["tasks"] == sorted(tasknames.QUEUES)


def test_every_task_goes_to_the_queue_of_its_name(worker: dict[str, Any]) -> None:
    assert worker["routes"] == tasknames.QUEUES
    assert worker["queues"] == sorted(set(tasknames.QUEUES.values()))


def test_beat_asks_for_tasks_that_exist(worker: dict[str, Any]) -> None:
    assert set(worker["beat"]) <= set(worker["tasks"])
    assert set(worker["beat"]) == set(tasknames.QUEUES) - {tasknames.DELIVER}


def test_messages_are_json_only(worker: dict[str, Any]) -> None:
    assert worker["json_only"] == ["json"]


def _queues(text: str) -> set[str]:
    return {name for group in re.findall(r"-Q[ =](\S+)", text) for name in group.strip("`").split(",")}


def test_campaign_run_starts_a_consumer_for_every_queue(house_settings: Settings) -> None:
    commands = " ".join(" ".join(child.arguments) for child in children(house_settings))
    assert _queues(commands) == set(tasknames.QUEUES.values())


def test_workers_drain_every_channel_that_no_person_finishes() -> None:
    assert set(tasknames.WORKED) | BY_HAND == set(ChannelName)
    assert not set(tasknames.WORKED) & BY_HAND
