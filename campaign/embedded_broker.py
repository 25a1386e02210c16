"""The broker of `make run`: Celery's filesystem transport, with messages that appear whole.

The original creates a message file under its final name and then writes: a worker that looks in between reads an empty
file, loses the message and exits. Here the file is written under another name and renamed. A file that is broken all the same
(the machine lost power, someone cut it) is put aside with one warning: rows are the queue, so nothing is lost with it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

log = structlog.get_logger()


class Channel(filesystem.Channel):
    def _put(self, queue: str, message: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        name = f"{int(monotonic() * 1000):015d}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        part = folder / f".{name}.part"
        try:
            with part.open("xb", buffering=0) as file:
                file.write(str_to_bytes(dumps(message)))
            part.replace(folder / name)
        except OSError as error:
            raise ChannelError(f"cannot queue {name}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - the original takes none
        try:
            return super()._get(queue)
        except ValueError as error:  # json.JSONDecodeError; the file has been moved to the processed folder
            log.warning("a broken message file was put aside", queue=queue)
            raise Empty from error


class Transport(filesystem.Transport):
    Channel = Channel


def options(folder: Path) -> dict[str, Any]:
    """Celery's `broker_transport_options`; makes the folders, which must exist before any process starts."""
    names = {part: folder / part for part in ("queue", "control", "done")}
    for path in names.values():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "data_folder_in": str(names["queue"]),
        "data_folder_out": str(names["queue"]),
        "control_folder": str(names["control"]),
        "processed_folder": str(names["done"]),
        "store_processed": True,
        "polling_interval": 0.25,
    }


def empty(folder: Path) -> None:
    """At start, while no process uses it: what lies there are wake-ups of the run before."""
    shutil.rmtree(folder, ignore_errors=True)


def forget_done(folder: Path, older_than_s: float, now: float) -> int:
    """Deletes processed messages; returns how many."""
    gone = 0
    for entry in os.scandir(folder / "done"):
        if now - entry.stat().st_mtime > older_than_s:
            Path(entry.path).unlink(missing_ok=True)
            gone += 1
    return gone
