"""What the simulated print provider was given, and what it still has to tell. One SQLite file of its own."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
  id TEXT PRIMARY KEY, idempotency_key TEXT UNIQUE, digest TEXT NOT NULL, mark TEXT NOT NULL, to_name TEXT NOT NULL,
  fields TEXT NOT NULL, pdf BLOB NOT NULL, taken_at REAL NOT NULL, cancelled_at REAL);
CREATE INDEX IF NOT EXISTS letters_mark ON letters (mark);
CREATE TABLE IF NOT EXISTS events (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, letter TEXT NOT NULL REFERENCES letters (id),
  word TEXT NOT NULL, due_at REAL NOT NULL, told_at REAL);
CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE told_at IS NULL;
CREATE TABLE IF NOT EXISTS faults (key TEXT PRIMARY KEY, times INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Taken:
    id: str
    digest: str
    mark: str
    to_name: str
    taken_at: float
    cancelled: bool


@dataclass(frozen=True, slots=True)
class DueEvent:
    id: str
    letter: str
    mark: str
    word: str
    due_at: float


class PrinterStore:
    """Safe in several threads; every method is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL").close()
        self._db.executescript(_SCHEMA).close()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def by_key(self, key: str) -> Taken | None:
        return next(iter(self._letters("WHERE idempotency_key = ?", key)), None)

    def by_mark(self, mark: str) -> list[Taken]:
        return self._letters("WHERE mark = ? ORDER BY taken_at", mark)

    def letter(self, number: str) -> Taken | None:
        return next(iter(self._letters("WHERE id = ?", number)), None)

    def letters(self, limit: int = 200) -> list[Taken]:
        return self._letters("ORDER BY taken_at DESC LIMIT ?", limit)

    def keep(
        self, key: str, digest: str, fields: dict[str, str], pdf: bytes, now: float, plan: Sequence[tuple[str, float]]
    ) -> Taken:
        """Takes a letter with what will be told of it: pairs of word and moment. The same key a second time is refused by the
        database (IntegrityError)."""
        number = f"ltr_{secrets.token_hex(8)}"
        with self._transaction() as db:
            db.execute(
                "INSERT INTO letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    number,
                    key or None,
                    digest,
                    fields.get("metadata[letter]", ""),
                    fields["to[name]"],
                    json.dumps(fields),
                    pdf,
                    now,
                ),
            )
            db.executemany(
                "INSERT INTO events (id, letter, word, due_at) VALUES (?, ?, ?, ?)",
                [(f"evt_{secrets.token_hex(8)}", number, word, due) for word, due in plan],
            )
        found = self.letter(number)
        if found is None:
            raise LookupError(number)
        return found

    def cancel(self, number: str, now: float) -> bool:
        """True while nothing of it has been told as mailed; twice is once."""
        with self._transaction() as db:
            late = db.execute(
                "SELECT 1 FROM events WHERE letter = ? AND word = 'letter.mailed' AND due_at <= ?", (number, now)
            ).fetchone()
            if late is not None:
                return False
            db.execute("UPDATE letters SET cancelled_at = coalesce(cancelled_at, ?) WHERE id = ?", (now, number))
            db.execute("DELETE FROM events WHERE letter = ? AND told_at IS NULL", (number,))
        return True

    def due(self, now: float, limit: int = 100) -> list[DueEvent]:
        return self._events("WHERE e.told_at IS NULL AND e.due_at <= ? ORDER BY e.due_at, e.number LIMIT ?", now, limit)

    def told(self, event: DueEvent, now: float) -> None:
        with self._transaction() as db:
            db.execute("UPDATE events SET told_at = ? WHERE id = ?", (now, event.id))

    def happened(self, now: float, limit: int = 100) -> list[DueEvent]:
        """What may be fetched instead of waited for, oldest first."""
        return self._events("WHERE e.due_at <= ? ORDER BY e.due_at, e.number LIMIT ?", now, limit)

    def faulty(self, key: str) -> int:
        """How often a fault was shown for this letter; counts one more."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO faults VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET times = times + 1", (key,)
            ).close()
            return int(db.execute("SELECT times FROM faults WHERE key = ?", (key,)).fetchone()[0])

    def _letters(self, where: str, *values: object) -> list[Taken]:
        with self._lock:
            rows = self._db.execute(
                f"SELECT id, digest, mark, to_name, taken_at, cancelled_at FROM letters {where}",  # noqa: S608 - ours
                values,
            ).fetchall()
        return [
            Taken(
                row["id"], row["digest"], row["mark"], row["to_name"], row["taken_at"], row["cancelled_at"] is not None
            )
            for row in rows
        ]

    def _events(self, where: str, *values: object) -> list[DueEvent]:
        with self._lock:
            rows = self._db.execute(
                f"SELECT e.id, letter, mark, word, due_at FROM events e JOIN letters l ON l.id = letter {where}",  # noqa: S608
                values,
            ).fetchall()
        return [DueEvent(*row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE").close()
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK").close()
                raise
            self._db.execute("COMMIT").close()
