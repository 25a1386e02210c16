"""The declarative base: naming convention, type map, and the small mixins that every aggregate shares."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware moment, always UTC. SQLite keeps it as text with six digits, so that text order is time order."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64 bits; SQLite's own row id is one too, but only a column declared INTEGER becomes it."""

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _checked(constraint: sa.Constraint, table: sa.Table) -> str:
    """Names a CHECK: its own name, or the column's where an enum brings it (the type map gives them all one name)."""
    del table
    name = str(constraint.name)
    if name == "strenum" and isinstance(constraint, sa.CheckConstraint):
        return next(iter(constraint.columns)).name
    return name


def enum_type(enum: type[StrEnum]) -> sa.Enum:
    """A checked VARCHAR that holds the values of the enum."""
    return sa.Enum(
        enum,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=32,
        create_constraint=True,
        name=enum.__name__.lower(),
    )


class Base(DeclarativeBase):
    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "checked": _checked,
                # the empty field makes SQLAlchemy apply the convention to constraints that have a name
                "ck": "ck_%(table_name)s_%(checked)s%(constraint_name).0s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: Instant(),
            int: BigId,
            str: sa.Text(),
            dict[str, Any]: Json,
            list[str]: Json,
            StrEnum: enum_type(StrEnum),
        },
    )


class HasId:
    id: Mapped[int] = mapped_column(BigId, primary_key=True)


class HasCreation:
    created_at: Mapped[datetime]
