"""What the simulated gateways took: a table of their own in the simulator's file, and a line in the office's inbox.

Both are committed together, before the gateway answers: the file is the judge of what was handed over. The rules that somebody
changed lie beside them, so that a restart behaves as before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign.simulator.offices import Planned
from campaign.simulator.store import NewMessage, insert

_SCHEMA = """
CREATE TABLE IF NOT EXISTS gateway_messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, chamber TEXT NOT NULL, delivery_id TEXT NOT NULL, campaign_id TEXT NOT NULL,
  office TEXT NOT NULL, raw BLOB NOT NULL, received_at REAL NOT NULL, UNIQUE (chamber, delivery_id));
CREATE INDEX IF NOT EXISTS gateway_messages_campaign ON gateway_messages (campaign_id, id);
CREATE TABLE IF NOT EXISTS gateway_repeats (
  id INTEGER PRIMARY KEY, chamber TEXT NOT NULL, delivery_id TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS gateway_rules (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Filed:
    chamber: str
    delivery_id: str
    campaign_id: str
    office: str
    raw: bytes
    received_at: float


class GatewayStore:
    """Safe in several threads and processes: a connection for each call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._db() as db:
            db.executescript(_SCHEMA).close()

    @contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            with db:
                yield db

    def keep(self, filed: Filed, shown: NewMessage, answers: Sequence[Planned]) -> bool:
        """False, and nothing is kept but the repetition, for an id that the chamber has already."""
        with self._db() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO gateway_messages (chamber, delivery_id, campaign_id, office, raw, received_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (filed.chamber, filed.delivery_id, filed.campaign_id, filed.office, filed.raw, filed.received_at),
            )
            if done.rowcount:
                insert(db, shown, answers)
            else:
                db.execute(
                    "INSERT INTO gateway_repeats (chamber, delivery_id, at) VALUES (?, ?, ?)",
                    (filed.chamber, filed.delivery_id, filed.received_at),
                )
            return bool(done.rowcount)

    def knows(self, chamber: str, delivery_id: str) -> bool:
        query = "SELECT 1 FROM gateway_messages WHERE chamber = ? AND delivery_id = ?"
        with self._db() as db:
            return db.execute(query, (chamber, delivery_id)).fetchone() is not None

    def messages(self, campaign_id: str = "", limit: int = 1000) -> list[Filed]:
        """Oldest first; of one campaign where it is given."""
        query = "SELECT * FROM gateway_messages WHERE ? IN ('', campaign_id) ORDER BY id LIMIT ?"
        with self._db() as db:
            rows = db.execute(query, (campaign_id, limit)).fetchall()
        names = ("chamber", "delivery_id", "campaign_id", "office", "raw", "received_at")
        return [Filed(**{name: row[name] for name in names}) for row in rows]

    def campaigns(self) -> dict[str, int]:
        with self._db() as db:
            rows = db.execute(
                "SELECT campaign_id, count(*) AS n FROM gateway_messages GROUP BY 1 ORDER BY 1"
            ).fetchall()
        return {row["campaign_id"]: row["n"] for row in rows}

    def changed_rules(self) -> dict[str, Any]:
        """By name, as they were given in JSON."""
        with self._db() as db:
            return {row["name"]: json.loads(row["value"]) for row in db.execute("SELECT * FROM gateway_rules")}

    def keep_rules(self, changes: Mapping[str, Any]) -> None:
        rows = [(name, json.dumps(value)) for name, value in changes.items()]
        with self._db() as db:
            db.executemany("INSERT OR REPLACE INTO gateway_rules (name, value) VALUES (?, ?)", rows)

    def forget_rules(self) -> None:
        with self._db() as db:
            db.execute("DELETE FROM gateway_rules")

    def repeats(self) -> int:
        with self._db() as db:
            return int(db.execute("SELECT count(*) FROM gateway_repeats").fetchone()[0])
