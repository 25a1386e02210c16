"""A Maildir folder as the way in: one file a mail, written whole, moved when it has been dealt with.

A mail server that delivers into a Maildir needs no more from us than the folder's name. A kill at any instruction leaves a
file in `new/` and it is read again; its name is the mail's unique id, by which the reader of the callback knows it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from campaign.channels.smtp.raw import RawMail

Take = Callable[[str, RawMail], None]


def make(folder: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)


def deliver(folder: Path, name: str, raw: bytes) -> None:
    """Puts a mail into `new/` under `name`; twice is safe, also when it has been read in between."""
    deliver_pieces(folder, name, (raw,))


def deliver_pieces(folder: Path, name: str, pieces: Iterable[bytes]) -> None:
    """The same for a mail that is not in memory as a whole."""
    make(folder)
    if not is_new(folder, name):
        return
    with (folder / "tmp" / name).open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    publish(folder, name)


def is_new(folder: Path, name: str) -> bool:
    """Whether no mail of that name was ever delivered, as far as the folder remembers."""
    return not (folder / "new" / name).exists() and not (folder / "cur" / f"{name}:2,S").exists()


def publish(folder: Path, name: str) -> None:
    """Moves a file of `tmp/` that is whole and on disk into `new/`, and makes the move itself durable."""
    (folder / "tmp" / name).rename(folder / "new" / name)
    descriptor = os.open(folder / "new", os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_new(folder: Path, take: Take, limit: int = 500) -> int:
    """Gives each new mail to `take(unique id, mail)` and moves it to `cur/` once that has returned; how many were moved.

    `take` commits. A mail whose `take` raised stays and the others go on; then the first error is raised.
    """
    make(folder)
    moved, first_error = 0, None
    for path in sorted((folder / "new").iterdir())[:limit]:
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            take(unique_id(path), RawMail.read(path))
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


def forget(folder: Path, before: float) -> int:
    """Deletes what was read and lies in `cur/` since before `before` (seconds since 1970); how many files. Twice is safe."""
    gone = 0
    with suppress(FileNotFoundError), os.scandir(folder / "cur") as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another process was faster
                if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before:
                    Path(entry.path).unlink()
                    gone += 1
    return gone
