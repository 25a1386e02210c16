"""What the simulated Congress has received and still owes: one SQLite file of its own, beside the project's database.

A message is committed before the relay says 250, so this file is the judge of what was handed over and how often. Answers
are rows with a due time, so that a restart neither loses nor doubles one.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaign.simulator.clock import Anchor
from campaign.simulator.offices import AnswerKind, Planned

_CAMPAIGN_ID = re.compile(rb"<CampaignId>([^<]{1,500})</CampaignId>")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, envelope_from TEXT NOT NULL, envelope_to TEXT NOT NULL,
  office TEXT, from_header TEXT NOT NULL, to_header TEXT NOT NULL, reply_to TEXT NOT NULL, subject TEXT NOT NULL,
  body TEXT NOT NULL, raw BLOB NOT NULL, received_at REAL NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_message_id ON messages (message_id, envelope_to);
CREATE INDEX IF NOT EXISTS messages_office ON messages (office, id);
CREATE INDEX IF NOT EXISTS messages_envelope_to ON messages (envelope_to, id);
CREATE TABLE IF NOT EXISTS turned_away (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, envelope_to TEXT NOT NULL, office TEXT, outcome TEXT NOT NULL,
  at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS turned_away_message_id ON turned_away (message_id, envelope_to);
CREATE TABLE IF NOT EXISTS answers (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message INTEGER NOT NULL REFERENCES messages (id), kind TEXT NOT NULL,
  due_at REAL NOT NULL, delivered_at REAL);
CREATE INDEX IF NOT EXISTS answers_due ON answers (due_at) WHERE delivered_at IS NULL;
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), real REAL, simulated REAL, speed REAL);
"""


@dataclass(frozen=True, slots=True)
class NewMessage:
    message_id: str
    envelope_from: str
    envelope_to: str
    office: str | None
    from_header: str
    to_header: str
    reply_to: str
    subject: str
    body: str
    raw: bytes
    received_at: float
    outcome: str  # taken, dropped, or answer: an office's answer to a member's own mailbox


@dataclass(frozen=True, slots=True)
class Message(NewMessage):
    id: int

    @property
    def campaign_id(self) -> str:
        """As the gateways' XML names it; mail names none."""
        found = _CAMPAIGN_ID.search(self.raw) if self.raw.startswith(b"<?xml") else None
        return found[1].decode("utf-8", "replace") if found else ""


@dataclass(frozen=True, slots=True)
class DueAnswer:
    id: int
    kind: AnswerKind
    due_at: float
    message: Message


class Store:
    """Safe to use from several threads; every method is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._db.row_factory = sqlite3.Row
        # WAL with NORMAL: a commit survives the kill of this process, which is what the tests judge by
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON"):
            self._db.execute(line).close()
        self._db.executescript(_SCHEMA).close()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def keep(self, messages: Sequence[NewMessage], answers: Sequence[Sequence[Planned]]) -> None:
        """All or none of the messages, each with the answers that it will get."""
        with self._transaction() as db:
            for message, planned in zip(messages, answers, strict=True):
                insert(db, message, planned)

    def turn_away(self, message_id: str, recipient: str, office: str | None, outcome: str, at: float) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT INTO turned_away (message_id, envelope_to, office, outcome, at) VALUES (?, ?, ?, ?, ?)",
                (message_id, recipient, office, outcome, at),
            )

    def times_turned_away(self, message_id: str, recipient: str) -> int:
        rows = self._rows(
            "SELECT count(*) AS n FROM turned_away WHERE message_id = ? AND envelope_to = ?", message_id, recipient
        )
        return int(rows[0]["n"])

    def due(self, now: float, limit: int = 100) -> list[DueAnswer]:
        rows = self._rows(
            "SELECT a.id AS answer_id, a.kind, a.due_at, m.* FROM answers a JOIN messages m ON m.id = a.message"
            " WHERE a.delivered_at IS NULL AND a.due_at <= ? ORDER BY a.due_at, a.id LIMIT ?",
            now,
            limit,
        )
        return [DueAnswer(row["answer_id"], AnswerKind(row["kind"]), row["due_at"], _message(row)) for row in rows]

    def waiting(self) -> int:
        return int(self._rows("SELECT count(*) AS n FROM answers WHERE delivered_at IS NULL")[0]["n"])

    def delivered(self, answer: DueAnswer, now: float, copy: NewMessage | None = None) -> None:
        """The answer has arrived; `copy` is what lies in a member's own mailbox now. Twice changes nothing."""
        with self._transaction() as db:
            done = db.execute(
                "UPDATE answers SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL", (now, answer.id)
            )
            if done.rowcount and copy is not None:
                insert(db, copy, ())

    def messages(self, since: int = 0, limit: int = 1000) -> list[Message]:
        return self._messages("WHERE id > ? ORDER BY id LIMIT ?", since, limit)

    def message(self, number: int) -> Message | None:
        return next(iter(self._messages("WHERE id = ?", number)), None)

    def inbox(self, office: str, limit: int = 200) -> list[Message]:
        return self._messages("WHERE office = ? ORDER BY id DESC LIMIT ?", office, limit)

    def mailbox(self, address: str, limit: int = 200) -> list[Message]:
        return self._messages("WHERE office IS NULL AND envelope_to = ? ORDER BY id DESC LIMIT ?", address, limit)

    def offices(self) -> list[tuple[str, int]]:
        rows = self._rows("SELECT office, count(*) AS n FROM messages WHERE office IS NOT NULL GROUP BY 1 ORDER BY 1")
        return [(row["office"], row["n"]) for row in rows]

    def mailboxes(self) -> list[tuple[str, int]]:
        rows = self._rows(
            "SELECT envelope_to AS a, count(*) AS n FROM messages WHERE office IS NULL GROUP BY 1 ORDER BY 1"
        )
        return [(row["a"], row["n"]) for row in rows]

    def outcomes(self) -> dict[str, int]:
        rows = self._rows(
            "SELECT outcome, count(*) AS n FROM messages GROUP BY 1"
            " UNION ALL SELECT outcome, count(*) FROM turned_away GROUP BY 1"
        )
        return {row["outcome"]: row["n"] for row in rows}

    def doubles(self) -> dict[str, int]:
        """Message-IDs that one recipient was handed more than once, with the count: what must stay empty."""
        rows = self._rows(
            "SELECT message_id, count(*) AS n FROM messages WHERE outcome IN ('taken', 'dropped')"
            " GROUP BY message_id, envelope_to HAVING count(*) > 1"
        )
        return {row["message_id"]: row["n"] for row in rows}

    def anchor(self) -> Anchor | None:
        rows = self._rows("SELECT real, simulated, speed FROM clock")
        return Anchor(rows[0]["real"], rows[0]["simulated"], rows[0]["speed"]) if rows else None

    def set_anchor(self, anchor: Anchor) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO clock (id, real, simulated, speed) VALUES (1, ?, ?, ?)",
                (anchor.real, anchor.simulated, anchor.speed),
            )

    def _messages(self, where: str, *values: object) -> list[Message]:
        return [_message(row) for row in self._rows(f"SELECT * FROM messages {where}", *values)]  # noqa: S608 - ours

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock, closing(self._db.execute(sql, values)) as cursor:
            return cursor.fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


_COLUMNS = tuple(NewMessage.__dataclass_fields__)


def insert(db: sqlite3.Connection, message: NewMessage, answers: Sequence[Planned]) -> None:
    """In the caller's transaction."""
    marks = ", ".join("?" for _ in _COLUMNS)
    done = db.execute(
        f"INSERT INTO messages ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our own column names
        tuple(getattr(message, name) for name in _COLUMNS),
    )
    db.executemany(
        "INSERT INTO answers (message, kind, due_at) VALUES (?, ?, ?)",
        [(done.lastrowid, str(answer.kind), message.received_at + answer.after_s) for answer in answers],
    )


def _message(row: sqlite3.Row) -> Message:
    return Message(id=row["id"], **{name: row[name] for name in _COLUMNS})
