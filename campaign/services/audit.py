"""The record of who did what: append-only, each entry holding the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from campaign.models.audit import AuditEntry
from campaign.services import counts  # noqa: F401 - its listener must come first: rollups are locked before the chain

_KEY = "campaign.audit"
_START = "0" * 64
_LOCK = 4776_01  # any number, the same in every process


def record(session: Session, *, at: datetime, by: str, act: str, subject: str, **detail: Any) -> None:
    """Adds one entry, written as the transaction's last statement.

    The chain has one end, so writers wait for each other there. Whoever waited earlier, with rows still to lock, would
    deadlock with a colleague who holds one of those rows and waits for the chain.
    """
    entry = AuditEntry(at=at, by=by, act=act, subject=subject, detail=detail)
    session.info.setdefault(_KEY, []).append(entry)


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    entries: list[AuditEntry] = session.info.pop(_KEY, [])
    if not entries:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    previous = session.scalar(sa.select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)) or _START
    for entry in entries:
        entry.previous_hash = previous
        previous = entry.hash = _hash(entry)
        session.add(entry)
        session.flush()  # one by one: the chain's order is the order of ids


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, _previous: Any) -> None:
    session.info.pop(_KEY, None)


def first_broken(session: Session) -> AuditEntry | None:
    """The first entry that does not fit the one before it, or was changed; None when the chain holds."""
    previous = _START
    query = sa.select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=1000)
    with session.scalars(query) as entries:  # closes the server's cursor also when the chain breaks early
        for entry in entries:
            if entry.previous_hash != previous or entry.hash != _hash(entry):
                return entry
            previous = entry.hash
    return None


def _hash(entry: AuditEntry) -> str:
    text = json.dumps(
        [entry.at.astimezone(UTC).isoformat(), entry.by, entry.act, entry.subject, entry.detail, entry.previous_hash],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()
