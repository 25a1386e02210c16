"""What a kill may find in a sending process's journal: never less than what is true of a letter."""

from __future__ import annotations

import mmap
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from campaign import journal
from campaign.journal import Journal, Kind, State

ANSWERS = """
import sys
from pathlib import Path
from campaign.journal import Journal, Kind
book = Journal(Path(sys.argv[1]), "worker")
book.open_window([7])
book.begins(7)
print("begun", flush=True)
while True:
    book.answered(7, Kind.RECEIPT, "250", "250 2.0.0 taken")
    if sys.argv[2] == "once":
        print("answered", flush=True)
        sys.stdin.read()
"""
LOOKS_FOR_S = 1.5


@contextmanager
def answering(folder: Path, often: str) -> Iterator[subprocess.Popen[str]]:
    """A process that writes the answer to one letter, `once`, or `ever` again."""
    process = subprocess.Popen(
        [sys.executable, "-c", ANSWERS, str(folder), often], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_begun_letter_never_looks_untouched_while_its_answer_is_written(tmp_path: Path) -> None:
    """A kill in that moment would have it sent again."""
    slot = journal._HEAD.size + journal._HALF_SIZE + journal._HALF.size  # the first of the half that is used first
    found: set[int] = set()
    with (
        answering(tmp_path, "ever"),
        (tmp_path / "worker.jnl").open("r+b") as file,
        mmap.mmap(file.fileno(), 0) as seen,
    ):
        until = monotonic() + LOOKS_FOR_S
        while monotonic() < until:
            found |= {seen[slot + journal._STATE_AT] for _ in range(1000)}
    assert State.UNTOUCHED not in found


def test_a_killed_process_leaves_its_last_answer(tmp_path: Path) -> None:
    with answering(tmp_path, "once") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "answered\n"
        assert list(journal.left_behind(tmp_path)) == [], "it lives"
        assert journal.living(tmp_path) == {"worker"}
        process.kill()
        process.wait()
        (left,) = journal.left_behind(tmp_path)
    assert left.same_boot
    (entry,) = left.entries
    assert (entry.delivery_id, entry.state, entry.kind) == (7, State.ANSWERED, Kind.RECEIPT)
    assert (entry.code, entry.answer) == ("250", "250 2.0.0 taken")
    assert journal.living(tmp_path) == set()


@pytest.mark.parametrize("garbage", [b"", b"\0" * 100, b"\xff" * 400_000], ids=["empty", "short", "noise"])
def test_a_file_that_a_power_cut_spoiled_proves_nothing_and_stops_nobody(garbage: bytes, tmp_path: Path) -> None:
    (tmp_path / "gone.jnl").write_bytes(garbage)
    (left,) = journal.left_behind(tmp_path)
    assert (left.entries, left.same_boot) == ((), False)


def test_a_journal_of_another_boot_is_not_read_at_all(tmp_path: Path) -> None:
    """Its pages reached the disk in any order: a head that is whole says nothing of the rest."""
    book = Journal(tmp_path, "worker")
    book.open_window([7])
    head = bytes(book._map[: journal._HEAD.size]).replace(journal.boot_id().encode(), b"b" * 36)
    (tmp_path / "gone.jnl").write_bytes(head + b"\xff" * (journal._SIZE - len(head)))
    left = [each for each in journal.left_behind(tmp_path) if each.owner == "gone"]
    assert [(each.entries, each.same_boot) for each in left] == [((), False)]
    book.forget()
    book.close()


def test_a_journal_without_room_on_the_disk_fails_before_anything_is_sent_and_leaves_no_file(tmp_path: Path) -> None:
    """A hole in the file would kill the process at the first store that finds no room."""
    child = """
import resource, sys
from pathlib import Path
from campaign.journal import Journal
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    Journal(Path(sys.argv[1]), "worker")
except OSError:
    print("no room")
"""
    ended = subprocess.run(
        [sys.executable, "-c", child, str(tmp_path)], capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout == "no room\n"
    assert list(tmp_path.iterdir()) == []
