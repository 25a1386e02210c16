"""What the simulated portals were given: documents, keys, uploads, comments, filings. Own tables in the simulator's file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS portal_documents (id TEXT PRIMARY KEY, docket TEXT NOT NULL, attributes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS portal_uploads (
  token TEXT PRIMARY KEY, submission_key TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL, size INTEGER);
CREATE TABLE IF NOT EXISTS portal_files (token TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS portal_keys (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS portal_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tracking TEXT NOT NULL UNIQUE, document TEXT NOT NULL, attributes TEXT NOT NULL,
  received_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS portal_filings (
  id INTEGER PRIMARY KEY AUTOINCREMENT, confirmation TEXT NOT NULL UNIQUE, docket TEXT NOT NULL, who TEXT NOT NULL,
  comment TEXT NOT NULL, files TEXT NOT NULL, received_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS portal_calls (id INTEGER PRIMARY KEY, caller TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS portal_notes (id INTEGER PRIMARY KEY, what TEXT NOT NULL);
"""


class PortalStore:
    """Safe in several threads: a connection for each call. A row is committed before the portal answers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._db() as db:
            db.executescript(_SCHEMA)

    @contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            with db:
                yield db

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._db() as db:
            return db.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> None:
        with self._db() as db:
            db.execute(query, values)

    # --- documents ----------------------------------------------------------------------------------------------------

    def put_document(self, number: str, attributes: Mapping[str, Any]) -> None:
        self._write(
            "INSERT OR REPLACE INTO portal_documents VALUES (?, ?, ?)",
            number,
            str(attributes.get("docketId", "")),
            json.dumps(attributes),
        )

    def document(self, number: str) -> dict[str, Any] | None:
        rows = self._rows("SELECT * FROM portal_documents WHERE id = ?", number)
        return json.loads(rows[0]["attributes"]) if rows else None

    def documents(self, docket: str) -> dict[str, dict[str, Any]]:
        rows = self._rows("SELECT * FROM portal_documents WHERE docket = ? ORDER BY id", docket)
        return {row["id"]: json.loads(row["attributes"]) for row in rows}

    # --- keys and uploads ---------------------------------------------------------------------------------------------

    def add_key(self, key: str) -> None:
        self._write("INSERT INTO portal_keys VALUES (?)", key)

    def knows_key(self, key: str) -> bool:
        return bool(self._rows("SELECT 1 FROM portal_keys WHERE id = ?", key))

    def add_upload(self, token: str, key: str, name: str, content_type: str) -> None:
        self._write("INSERT INTO portal_uploads VALUES (?, ?, ?, ?, NULL)", token, key, name, content_type)

    def upload(self, token: str) -> sqlite3.Row | None:
        return next(iter(self._rows("SELECT * FROM portal_uploads WHERE token = ?", token)), None)

    def uploaded(self, token: str, content: bytes) -> None:
        with self._db() as db:
            db.execute("INSERT OR REPLACE INTO portal_files VALUES (?, ?)", (token, content))
            db.execute("UPDATE portal_uploads SET size = ? WHERE token = ?", (len(content), token))

    def files(self, key: str) -> dict[str, bytes]:
        """What lies under this key, by name."""
        rows = self._rows(
            "SELECT u.name, f.content FROM portal_uploads u JOIN portal_files f ON f.token = u.token"
            " WHERE u.submission_key = ?",
            key,
        )
        return {row["name"]: row["content"] for row in rows}

    # --- comments and filings -----------------------------------------------------------------------------------------

    def add_comment(self, tracking: str, document: str, attributes: Mapping[str, Any], at: float) -> None:
        self._write(
            "INSERT INTO portal_comments (tracking, document, attributes, received_at) VALUES (?, ?, ?, ?)",
            tracking,
            document,
            json.dumps(attributes),
            at,
        )

    def comments(self) -> list[dict[str, Any]]:
        return [
            {
                "tracking": row["tracking"],
                "document": row["document"],
                "received_at": row["received_at"],
                "attributes": json.loads(row["attributes"]),
            }
            for row in self._rows("SELECT * FROM portal_comments ORDER BY id")
        ]

    def doubles(self) -> int:
        """Comments beyond the first with the same text and files by the same submitter on the same document."""
        found = [self._told(each["document"], each["attributes"]) for each in self.comments()]
        return len(found) - len(set(found))

    def _told(self, document: str, attributes: dict[str, Any]) -> str:
        """All that a comment says: the key of a submission is another for each filing."""
        said = {name: value for name, value in attributes.items() if name != "submissionKey"}
        files = self.files(attributes.get("submissionKey", ""))
        digests = [hashlib.sha256(files[name]).hexdigest() for name in attributes.get("files", ())]
        return json.dumps([document, said, digests], sort_keys=True)

    def add_filing(self, confirmation: str, docket: str, who: str, comment: str, files: list[str], at: float) -> None:
        self._write(
            "INSERT INTO portal_filings (confirmation, docket, who, comment, files, received_at) VALUES (?, ?, ?, ?, ?, ?)",
            confirmation,
            docket,
            who,
            comment,
            json.dumps(files),
            at,
        )

    def filings(self, docket: str | None = None) -> list[dict[str, Any]]:
        """Newest first, of one docket or of all."""
        query = "SELECT * FROM portal_filings WHERE ? IS NULL OR docket = ? ORDER BY id DESC LIMIT 200"
        rows = self._rows(query, docket, docket)
        return [dict(row) | {"files": json.loads(row["files"])} for row in rows]

    # --- limits and what must never be --------------------------------------------------------------------------------

    def calls_of(self, caller: str, since: float) -> int:
        rows = self._rows("SELECT count(*) AS n FROM portal_calls WHERE caller = ? AND at > ?", caller, since)
        return int(rows[0]["n"])

    def call(self, caller: str) -> None:
        with self._db() as db:
            db.execute("DELETE FROM portal_calls WHERE at < ?", (time.time() - 7200,))
            db.execute("INSERT INTO portal_calls (caller, at) VALUES (?, ?)", (caller, time.time()))

    def note(self, what: str) -> None:
        self._write("INSERT INTO portal_notes (what) VALUES (?)", what)

    def notes(self) -> list[str]:
        return [row["what"] for row in self._rows("SELECT what FROM portal_notes ORDER BY id")]
