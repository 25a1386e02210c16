"""A sending process's own book of the letters in its hands, readable after a SIGKILL.

A file in a local folder, mapped shared and locked for life: a store into a shared mapping survives the process that made it, so
what a dead process had begun, and what answers it had read, can be told from the file. A lock that can be had means a dead
owner. Another boot proves nothing: after a power cut a whole window is unclear, and the documents say so.

Two halves are used in turn, since the outcomes of one window are committed together with the mark of the next. A slot's state
is written last, in one byte.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import secrets
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

WINDOW = 500  # letters in a half
_ANSWER = 200  # octets kept of an answer
_HEAD = struct.Struct("<8s36s20x")  # magic, boot id
_HALF = struct.Struct("<II")  # count, in use
_SLOT = struct.Struct(f"<qBB12sH{_ANSWER}s")  # delivery id, state, kind, code, length of answer, answer
_STATE_AT = 8
_ANSWERED = struct.Struct(f"<B12sH{_ANSWER}s")  # of a slot what stands behind its state
_MAGIC = b"csjnl001"
_HALF_SIZE = _HALF.size + WINDOW * _SLOT.size
_SIZE = _HEAD.size + 2 * _HALF_SIZE


class State(IntEnum):
    UNTOUCHED = 0  # marked `sending` in the database; nothing of it was written to the wire that could complete it
    BEGUN = 1  # the next write may complete it at the receiver
    ANSWERED = 2  # the outcome stands in the slot


class Kind(IntEnum):
    """The class of an outcome, as one byte."""

    NONE = 0
    RECEIPT = 1
    TRY_LATER = 2
    TRY_LATER_FREE = 3  # and no try was used
    REFUSED = 4
    UNCLEAR = 5
    MISCONFIGURED = 6
    FALLS_THROUGH = 7  # refused, and another channel may have it


@dataclass(frozen=True, slots=True)
class Entry:
    delivery_id: int
    state: State
    kind: Kind
    code: str | None
    answer: str


def owner_name(pid: int = 0) -> str:
    """A name that no other process has or had: host, process id (our own by default), nonce."""
    return f"{socket.gethostname()}.{pid or os.getpid()}.{secrets.token_hex(4)}"


def boot_id() -> str:
    """Changes with each start of the machine; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class Journal:
    """Opened by the process that sends, after any fork: a lock belongs to the open file. One per thread that sends."""

    def __init__(self, folder: Path, owner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.owner = owner
        self.path = folder / f"{owner}.jnl"
        made = folder / f".{owner}.part"  # under another name until it is whole and locked
        self._fd = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        _reserve(self._fd, made)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._map = mmap.mmap(self._fd, _SIZE)
        _HEAD.pack_into(self._map, 0, _MAGIC, boot_id().encode())
        made.rename(self.path)
        self._half = 0
        self._slots: dict[int, int] = {}

    def open_window(self, ids: Sequence[int]) -> None:
        """Writes a window's ids into the half that is not in use, all untouched; before the commit that marks them."""
        half = 1 - self._half
        base = _HEAD.size + half * _HALF_SIZE
        _HALF.pack_into(self._map, base, 0, 0)
        self._slots = {}
        for number, delivery_id in enumerate(ids):
            at = base + _HALF.size + number * _SLOT.size
            _SLOT.pack_into(self._map, at, delivery_id, State.UNTOUCHED, Kind.NONE, b"", 0, b"")
            self._slots[delivery_id] = at
        _HALF.pack_into(self._map, base, len(ids), 1)
        self._half = half

    def close_other(self) -> None:
        """The outcomes of the window before are committed: its half says nothing any more."""
        _HALF.pack_into(self._map, _HEAD.size + (1 - self._half) * _HALF_SIZE, 0, 0)

    def forget(self) -> None:
        """Nothing is in hand: all that was is committed."""
        for half in (0, 1):
            _HALF.pack_into(self._map, _HEAD.size + half * _HALF_SIZE, 0, 0)
        self._slots = {}

    def begins(self, delivery_id: int) -> None:
        self._map[self._slots[delivery_id] + _STATE_AT] = State.BEGUN

    def answered(self, delivery_id: int, kind: Kind, code: str | None, answer: str) -> None:
        state_at = self._slots[delivery_id] + _STATE_AT
        text = answer.encode("utf-8", "replace")[:_ANSWER]
        # packing wipes its place first: a state inside would look untouched for a moment, and a kill then would send it again
        _ANSWERED.pack_into(
            self._map, state_at + 1, kind, (code or "").encode("ascii", "replace")[:12], len(text), text
        )
        self._map[state_at] = State.ANSWERED

    def entries(self) -> list[Entry]:
        """What is open, of both halves."""
        return list(_entries(self._map))

    def close(self) -> None:
        """Ends the file, when nothing is in hand; twice is safe."""
        if self._fd < 0:
            return
        self.path.unlink(missing_ok=True)
        self._map.close()
        os.close(self._fd)
        self._fd = -1


def _reserve(descriptor: int, path: Path) -> None:
    """Takes the room now: on a full disk this says so, where a later store into the mapping would kill the process."""
    try:
        if os.write(descriptor, bytes(_SIZE)) < _SIZE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class Left:
    """The journal of a dead process. `same_boot` False: its entries prove nothing."""

    owner: str
    path: Path
    entries: tuple[Entry, ...]
    same_boot: bool


def living(folder: Path) -> set[str]:
    """Owners on this machine whose process lives."""
    found = set()
    for path in folder.glob("*.jnl"):
        descriptor = _open(path)
        if descriptor is None:
            continue
        try:
            if not _locked(descriptor):
                found.add(path.stem)
        finally:
            os.close(descriptor)
    return found


def left_behind(folder: Path) -> Iterator[Left]:
    """The journals of dead owners, each held locked while it is looked at, so that one process alone settles it.

    The caller deletes `path` once it has committed what the journal says.
    """
    for path in sorted(folder.glob("*.jnl")):
        descriptor = _open(path)
        if descriptor is None:
            continue
        try:
            if _locked(descriptor) and path.exists():
                yield _read(path, descriptor)
        finally:
            os.close(descriptor)


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR)
    except OSError:
        return None  # its owner ended meanwhile


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(path: Path, descriptor: int) -> Left:
    data = os.pread(descriptor, _SIZE, 0)
    if len(data) < _SIZE or data[:8] != _MAGIC:
        return Left(path.stem, path, (), same_boot=False)
    boot = _HEAD.unpack_from(data)[1].rstrip(b"\0").decode("ascii", "replace")
    if not boot or boot != boot_id():
        return Left(path.stem, path, (), same_boot=False)  # what the disk kept of it may be any mixture
    return Left(path.stem, path, tuple(_entries(data)), same_boot=True)


def _entries(data: bytes | mmap.mmap) -> Iterator[Entry]:
    for half in (0, 1):
        base = _HEAD.size + half * _HALF_SIZE
        count, in_use = _HALF.unpack_from(data, base)
        for number in range(count if in_use else 0):
            delivery_id, state, kind, code, length, answer = _SLOT.unpack_from(
                data, base + _HALF.size + number * _SLOT.size
            )
            yield Entry(
                delivery_id,
                State(state),
                Kind(kind),
                code.rstrip(b"\0").decode("ascii", "replace") or None,
                answer[:length].decode("utf-8", "replace"),
            )
