"""Makes the files of a print batch, one document after the other: the edge between rows, files and the typesetter's process.

Killed at any point and started again, it goes on with the first file that is not there; a file that is there is never written
again. Who works at a batch holds a lock on its folder, which ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog

from campaign.channels.printing import press
from campaign.channels.printing.options import Options
from campaign.channels.printing.press import Press, PressFailed
from campaign.domain.references import is_reference
from campaign.domain.statuses import BatchState
from campaign.models.organization import Organization
from campaign.models.printing import PrintBatch
from campaign.services import printing
from campaign.services.envelope import Envelope
from campaign.unit_of_work import database_now, reading, unit_of_work

log = structlog.get_logger()

KEPT = timedelta(days=30)
"""How long the files of a posted batch stay: letters hold names and addresses."""


def folder(var_dir: Path, reference: str) -> Path:
    """Raises ValueError for what is no reference: the name becomes a path."""
    if not is_reference(reference):
        raise ValueError("no reference of a batch")
    return var_dir / "print" / reference


def file_name(number: int) -> str:
    return f"part-{number:03}.pdf"


def files(where: Path) -> list[Path]:
    """Those that are whole, in order."""
    return sorted(where.glob("part-*.pdf"))


def make(
    batch_id: int,
    var_dir: Path,
    envelope: Envelope,
    should_stop: Callable[[], bool] = lambda: False,
    told: Callable[[int], None] = lambda _file: None,
) -> bool:
    """Makes what is missing until all is there, the batch is stopped, or `should_stop` says so after a file.

    True when there is nothing left to do for this call's caller: the batch is ready, stopped or given up. False: more to do,
    or another process is at it. A typesetter that died is replaced once; where that fails too the batch is stopped. Commits
    after each file.
    """
    with reading() as session:
        batch = session.get_one(PrintBatch, batch_id)
        reference, options = batch.reference, Options(duplex=batch.duplex, marks=batch.marks)
        author = session.get_one(Organization, 1).name
    where = folder(var_dir, reference)
    with ExitStack() as stack:
        lock = stack.enter_context(_held(where))
        if lock is None:
            return False
        typesetter = stack.enter_context(Press(kept=lock))
        work = _Work(batch_id, where, envelope, options, f"Letters, batch {reference}", author, typesetter)
        return work.run(should_stop, told)


_Next = tuple[int, press.Order, dict[str, str]]
"""A file's number, what to set, and by reference why other letters of it are left out."""


class _Work:
    """One process at one batch. While a document is set, the next one is read and drawn."""

    def __init__(
        self,
        batch_id: int,
        where: Path,
        envelope: Envelope,
        options: Options,
        title: str,
        author: str,
        typesetter: Press,
    ) -> None:
        self._batch_id = batch_id
        self._where = where
        self._envelope = envelope
        self._options = options
        self._title = title
        self._author = author
        self._press = typesetter

    def run(self, should_stop: Callable[[], bool], told: Callable[[int], None]) -> bool:
        """The typesetter is given the next document before what came of this one is written down: it never waits for us."""
        ahead = self._next(0)
        if ahead is not None:
            self._begin(ahead)
        while ahead is not None:
            number, order, gone = ahead
            following = self._next(number)  # while this one is being set
            sheet = self._finish(order)
            if sheet is None:
                return True
            goes_on = self._wanted()
            enough = following is not None and should_stop()
            if following is not None and goes_on and not enough:
                self._begin(following)
            with unit_of_work() as session:
                printing.set_file(session, self._batch_id, number, sheet.pages, sheet.refused | gone)
            told(number)
            if not goes_on:
                return True
            if enough:
                return False
            ahead = following
        with unit_of_work() as session:
            printing.ready(session, self._batch_id, database_now())
        return True

    def _begin(self, ahead: _Next) -> None:
        """A typesetter that cannot be given it is found dead, and replaced, by `_finish`."""
        if ahead[1].count:
            with suppress(PressFailed):
                self._press.begin(ahead[1])

    def _finish(self, order: press.Order) -> press.Sheet | None:
        """What the document holds; nothing, and the batch is stopped, where the typesetter failed twice."""
        if not order.count:
            return press.Sheet({}, order.refused)
        try:
            return self._press.finish(order)
        except PressFailed:
            return self._once_more(order)

    def _wanted(self) -> bool:
        with reading() as session:
            return session.get_one(PrintBatch, self._batch_id).state is BatchState.MAKING

    def _next(self, after: int) -> _Next | None:
        """The next document that is not there. One that is there, and that its maker did not live to record, is recorded."""
        while True:
            with reading() as session:
                number = printing.next_file(session, self._batch_id, after)
                if number is None:
                    return None
                found = printing.file(session, self._batch_id, number, self._envelope)
            pdf = self._where / file_name(number)
            there = press.written(pdf)
            if there is None:
                order = press.order(found.letters, pdf, title=self._title, author=self._author, options=self._options)
                return number, order, found.gone
            with unit_of_work() as session:
                printing.set_file(session, self._batch_id, number, there.pages, there.refused | found.gone)
            after = number

    def _once_more(self, order: press.Order) -> press.Sheet | None:
        try:
            self._press.begin(order)
            return self._press.finish(order)
        except PressFailed as error:
            log.error("print batch stopped", batch=self._batch_id, error=str(error))
            with unit_of_work() as session:
                printing.stop(session, self._batch_id, database_now(), "system", str(error))
            return None


@contextmanager
def _held(where: Path) -> Iterator[int | None]:
    """The lock of the one process that works in this folder; None where that is another.

    The folder is made where it is missing, for its owner alone.
    """
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    where.mkdir(exist_ok=True, mode=0o700)
    handle = os.open(where / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    except BlockingIOError:
        yield None
    finally:
        os.close(handle)


def remove(var_dir: Path, reference: str) -> None:
    """The files of a batch that was given up or is long posted; twice is safe."""
    shutil.rmtree(folder(var_dir, reference), ignore_errors=True)


def remove_old(var_dir: Path) -> int:
    """Files that are not needed any more; how many folders."""
    here = [each.name for each in (var_dir / "print").glob("*") if is_reference(each.name)]
    if not here:
        return 0
    with reading() as session:
        gone = printing.no_longer_needed(session, here, database_now() - KEPT)
    for reference in gone:
        remove(var_dir, reference)
    return len(gone)
