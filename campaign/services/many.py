"""Lists of ids as one parameter, so that a statement is the same text, and prepared once, whatever their number."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session


def among(session: Session, column: InstrumentedAttribute[Any], ids: Collection[int]) -> sa.ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return column == sa.any_(sa.literal(list(ids), ARRAY(sa.BigInteger)))
    each = sa.func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(sa.select(each.c.value))
