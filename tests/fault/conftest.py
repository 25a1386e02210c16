"""Real processes, real kills."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.integration.conftest import _sql, postgres_server

__all__ = ["postgres_server"]


@pytest.fixture
def fresh_postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"countersign_fault_{uuid.uuid4().hex[:12]}"
    _sql(postgres_server, f"CREATE DATABASE {name}")
    yield sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    _sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")
