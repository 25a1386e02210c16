"""Lists by keyset: page 1,000 costs what page 1 costs. Rows are ordered by id, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """`older` and `newer` are the values of the `before` and `after` arguments of the neighboring pages, or None."""

    rows: Sequence[Any]
    older: int | None
    newer: int | None


def number(text: str | None) -> int | None:
    """A page argument: None for anything that is not a plain number of a sensible size."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def page_of(
    query: sa.Select[Any], arguments: Mapping[str, str], session: Session, *, key: Any = None, size: int = SIZE
) -> Page:
    """One page of a query that selects one entity, whose `id` column is `key` (its own one by default)."""
    entity = query.column_descriptions[0]["entity"]
    column = key if key is not None else entity.id
    before, after = number(arguments.get("before")), number(arguments.get("after"))
    if after is not None:
        rows = list(session.scalars(query.where(column > after).order_by(None).order_by(column).limit(size + 1)))
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, rows[-1].id if rows else None, rows[0].id if more else None)
    if before is not None:
        query = query.where(column < before)
    rows = list(session.scalars(query.order_by(None).order_by(column.desc()).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, rows[-1].id if more else None, rows[0].id if before is not None and rows else None)
