"""Rows that two people may make at the same moment: the second finds the first, and nobody sees an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaign.models.base import Base


def if_absent(session: Session, table: type[Base], *rows: Mapping[str, Any]) -> None:
    """Inserts those that do not stand under one of the table's unique keys. Waits for whoever inserts the same just now."""
    session.flush()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(table).values(rows).on_conflict_do_nothing())
