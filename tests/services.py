"""What this machine has for the tests: servers on their usual loopback ports, a browser. Settings override each."""

from __future__ import annotations

import os
import shutil
import socket
from functools import cache

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@cache
def chromium() -> str | None:
    named = os.environ.get("CAMPAIGN_TEST_CHROMIUM")
    return named or next((found for name in CHROMIUM if (found := shutil.which(name))), None)


@cache
def redis_url() -> str | None:
    return os.environ.get("CAMPAIGN_TEST_REDIS_URL") or ("redis://127.0.0.1:6379/9" if listens(6379) else None)


@cache
def rabbitmq_url() -> str | None:
    return os.environ.get("CAMPAIGN_TEST_RABBITMQ_URL") or (
        "amqp://guest:guest@127.0.0.1:5672//" if listens(5672) else None
    )
