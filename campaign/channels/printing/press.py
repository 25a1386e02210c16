"""Who asks the typesetter: starts its process, gives it an order, waits for the answer, and replaces it when it dies."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, BinaryIO

from campaign.channels.printing.letter import PrintedLetter, as_data, check
from campaign.channels.printing.options import PLAIN, Options
from campaign.domain.errors import CampaignError, Invalid

LONGEST_S = 120.0  # for one document; the slowest seen took 4 s

RENEWED_AFTER = 25  # documents: the typesetter keeps a little memory of each


class PressFailed(CampaignError):
    """The typesetter's process died or did not answer: nothing was written. Trying again is safe."""

    status = 503


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one file holds: `pages` of each letter by its id, and why others were left out."""

    pages: dict[str, int]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Order:
    """One document to set. `body` is the line that the typesetter reads; `refused` what never comes to it."""

    pdf: Path
    body: bytes
    refused: dict[str, str]
    count: int


def order(letters: Sequence[PrintedLetter], pdf: Path, *, title: str, author: str, options: Options = PLAIN) -> Order:
    """Checks and draws what needs no typesetter, so that it can be done while another document is set."""
    data: list[dict[str, object]] = []
    refused: dict[str, str] = {}
    for letter in letters:
        try:
            check(letter)
        except Invalid as error:
            refused[letter.id] = str(error).partition(": ")[2] or str(error)
        else:
            data.append(as_data(letter))
    body = {
        "letters": data,
        "title": title,
        "author": author,
        "duplex": options.duplex,
        "marks": options.marks,
        "pdf": str(pdf),
        "told": str(answer_file(pdf)),
    }
    return Order(pdf, json.dumps(body).encode() + b"\n", refused, len(data))


def answer_file(pdf: Path) -> Path:
    return pdf.with_suffix(".json")


def written(pdf: Path) -> Sheet | None:
    """What a file that is there holds; None where it has not been made. No PDF, but an answer: all were refused."""
    try:
        told = json.loads(answer_file(pdf).read_bytes())
    except (OSError, ValueError):
        return None
    sheet = Sheet(told["pages"], told["refused"])
    return sheet if pdf.exists() or not sheet.pages else None


class Press:
    """A typesetter's process, started with the first order. Not for several threads.

    It also holds the open file `kept`: a lock on it ends only when we and a typesetter that outlived us are both gone.
    """

    def __init__(self, longest_s: float = LONGEST_S, kept: int | None = None) -> None:
        self._longest_s = longest_s
        self._kept = () if kept is None else (kept,)
        self._orders = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Press:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def begin(self, wanted: Order) -> None:
        """Hands the order over and does not wait. Raises PressFailed."""
        if self._orders >= RENEWED_AFTER:  # none is open: the one before was finished
            self.close()
        process = self._process or self._started()
        self._orders += 1
        try:
            _pipe(process.stdin).write(wanted.body)
            _pipe(process.stdin).flush()
        except OSError:
            self._broken()

    def finish(self, wanted: Order) -> Sheet:
        """The answer to the order that was begun. Raises PressFailed."""
        if self._process is None:
            raise PressFailed("The typesetter had ended before.")
        line = _line(_pipe(self._process.stdout), monotonic() + self._longest_s)
        if not line.endswith(b"\n"):
            self._broken()
        told: dict[str, Any] = json.loads(line)
        return Sheet(told["pages"], told["refused"] | wanted.refused)

    def close(self) -> None:
        """Ends the process; twice is safe."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._orders = 0

    def _started(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "campaign.channels.printing.typesetter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its words may hold a letter's
            pass_fds=self._kept,
            # no setting and no secret of ours is in its hands
            env={"MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8", "TMPDIR": tempfile.gettempdir()},
        )
        return self._process

    def _broken(self) -> None:
        self.close()
        raise PressFailed("The typesetter ended or did not answer.")


def _pipe(pipe: Any) -> BinaryIO:
    found: BinaryIO = pipe
    return found


def _line(pipe: BinaryIO, until: float) -> bytes:
    """One line; less where the process ended or time ran out."""
    read = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not read.endswith(b"\n") and selector.select(max(0.0, until - monotonic())):
            piece = os.read(pipe.fileno(), 65536)
            if not piece:
                break
            read += piece
    return read
