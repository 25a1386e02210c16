"""A Maildir folder as the way in: one file a mail, written whole, moved when it has been dealt with.

A mail server that delivers into a Maildir needs no more from us than the folder's name. A kill at any instruction leaves a
file in `new/` and it is read again; its name is the mail's unique id, by which the reader of the callback knows it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

MAX_RAW = 25 * 1024 * 1024  # octets that are read of one file

Take = Callable[[str, bytes], None]


def make(folder: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)


def deliver(folder: Path, name: str, raw: bytes) -> None:
    """Puts a mail into `new/` under `name`; twice is safe, also when it has been read in between."""
    make(folder)
    if (folder / "new" / name).exists() or any((folder / "cur").glob(f"{name}:*")):
        return
    written = folder / "tmp" / name
    with written.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    written.rename(folder / "new" / name)


def read_new(folder: Path, take: Take, limit: int = 500) -> int:
    """Gives each new mail to `take(unique id, raw)` and moves it to `cur/` once that has returned; how many were moved.

    `take` commits. A mail whose `take` raised stays and the others go on; then the first error is raised.
    """
    make(folder)
    moved, first_error = 0, None
    for path in sorted((folder / "new").iterdir())[:limit]:
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            take(unique_id(path), read_raw(path))
            path.rename(folder / "cur" / f"{unique_id(path)}:2,S")
            moved += 1
        except FileNotFoundError:
            continue  # another process was faster; the event's unique id keeps it from counting twice
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one mail, the next is read
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return moved


def unique_id(path: Path) -> str:
    return path.name.partition(":")[0]


def read_raw(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_RAW)
