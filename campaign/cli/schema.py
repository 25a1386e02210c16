"""`campaign db upgrade`."""

from __future__ import annotations

import logging

import click
from flask.cli import with_appcontext
from flask_migrate import upgrade as run_migrations

from campaign.runtime import runtime


def upgrade_database() -> None:
    """Brings the schema to the newest migration. Twice is safe."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    runtime().settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    run_migrations()


@click.group("db")
def db_group() -> None:
    """The database's schema."""


@db_group.command()
@with_appcontext
def upgrade() -> None:
    """Run the migrations that are missing."""
    upgrade_database()
    click.echo("The database is up to date.")
