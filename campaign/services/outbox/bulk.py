"""The statements of the send loop: one for a whole window, whatever its size, on SQLite and PostgreSQL.

Rows travel as one JSON parameter and are unpacked by the database, so that each statement is compiled once and a window of five
hundred letters costs what one of five does in round trips. Every statement is guarded: it changes only rows that are still as
the loop believes them to be, and says which those were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.base import Instant
from campaign.models.delivery import Delivery

_SENDS = """(d.campaign_id IS NULL OR EXISTS (
                SELECT 1 FROM campaigns c WHERE c.id = d.campaign_id AND c.status IN ('live', 'closing')))"""

_RECORDS = {  # a list of objects as rows: PostgreSQL by a typed record set, SQLite by json_each
    "postgresql": "jsonb_to_recordset(CAST(:rows AS jsonb)) AS v({columns})",
    "sqlite": "(SELECT {extracts} FROM json_each(:rows)) AS v",
}
_TYPES = {
    "id": "bigint",
    "status": "text",
    "reason": "text",
    "due_at": "timestamptz",
    "tries": "smallint",
    "provider_id": "text",
    "number": "smallint",
    "outcome": "text",
    "code": "text",
    "answer": "text",
    "old": "text",
    "new": "text",
    "why": "text",
}


IN_HAND = (
    Delivery.id,
    Delivery.tries,
    Delivery.give_up_at,
    Delivery.campaign_id,
    Delivery.office_id,
    Delivery.counted_on,
)


def _rows(dialect: str, *names: str) -> str:
    columns = ", ".join(f"{name} {_TYPES[name]}" for name in names)
    extracts = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    return _RECORDS[dialect].format(columns=columns, extracts=extracts)


def _statements(dialect: str) -> dict[str, sa.TextClause | sa.TextualSelect]:
    """Rows in hand are found by their ids: both planners would rather begin with the few rows of an owner, or in `sending`, and
    compare each of them with each of the JSON. The `+` and the empty text keep them from it."""
    owner = "+d.lease_owner" if dialect == "sqlite" else "(d.lease_owner || '')"
    status = "+d.status" if dialect == "sqlite" else "(d.status || '')"
    key = "id" if dialect == "sqlite" else "d.id"  # SQLite knows no alias here
    texts = {
        "mark": f"""
            UPDATE deliveries AS d
            SET status = 'sending', reason = '', tries = tries + 1, changed_at = :now,
                lease_owner = :owner, lease_until = :until
            FROM {_rows(dialect, "id")}
            WHERE d.id = v.id AND d.status = 'queued' AND d.due_at <= :now AND d.give_up_at > :now AND {_SENDS}
            RETURNING {key}, tries, give_up_at, campaign_id, office_id, counted_on""",
        "settle": f"""
            UPDATE deliveries AS d
            SET status = v.status, reason = v.reason, due_at = COALESCE(v.due_at, d.due_at), tries = v.tries,
                provider_id = COALESCE(v.provider_id, d.provider_id), changed_at = :now,
                lease_owner = NULL, lease_until = NULL
            FROM {_rows(dialect, "id", "status", "reason", "due_at", "tries", "provider_id")}
            WHERE d.id = v.id AND {status} = 'sending' AND {owner} = :owner
            RETURNING {key}""",
        "attempts": f"""
            INSERT INTO attempts (delivery_id, number, worker, started_at, answer)
            SELECT v.id, v.number, :owner, :now, '' FROM {_rows(dialect, "id", "number")} WHERE true""",
        "finish": f"""
            UPDATE attempts AS a SET finished_at = :now, outcome = v.outcome, code = v.code, answer = v.answer
            FROM {_rows(dialect, "id", "number", "outcome", "code", "answer")}
            WHERE a.delivery_id = v.id AND a.number = v.number""",
        "unbegun": f"""
            DELETE FROM attempts WHERE EXISTS (
                SELECT 1 FROM {_rows(dialect, "id", "number")}
                WHERE attempts.delivery_id = v.id AND attempts.number = v.number)""",
        "history": f"""
            INSERT INTO delivery_changes (delivery_id, at, old, new, why, by)
            SELECT v.id, :now, v.old, v.new, v.why, :by FROM {_rows(dialect, "id", "old", "new", "why")} WHERE true""",
        "renew": f"""
            UPDATE deliveries AS d SET lease_until = :until
            WHERE d.lease_owner = :owner AND d.status = 'sending' AND d.lease_until > :now
            RETURNING {key}""",
    }
    moments = [sa.bindparam(name, type_=Instant()) for name in ("now", "until")]
    made = {
        name: sa.text(text).bindparams(*(each for each in moments if f":{each.key}" in text))
        for name, text in texts.items()
    }
    return made | {"mark": made["mark"].columns(*IN_HAND)}


_TELL = frozenset({"mark", "settle", "renew"})
_BY_DIALECT = {dialect: _statements(dialect) for dialect in _RECORDS}


def moment(session: Session, at: datetime) -> str:
    """A moment inside the JSON parameter, in the form in which the database keeps it."""
    at = at.astimezone(UTC)
    if session.get_bind().dialect.name == "sqlite":
        return at.strftime("%Y-%m-%d %H:%M:%S.%f")
    return at.isoformat()


def run(session: Session, name: str, rows: Sequence[Mapping[str, Any]] = (), **values: Any) -> Sequence[sa.Row[Any]]:
    """One statement by name; what it returns of the rows that it changed, the id first, for those that say."""
    statement = _BY_DIALECT[session.get_bind().dialect.name][name]
    if rows:
        values["rows"] = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
    result = session.execute(statement, values)
    return result.all() if name in _TELL else []
