"""`/healthz` touches nothing; `/readyz` asks the database and names silent workers without failing for them."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from campaign import paths
from campaign.extensions import db, limiter
from campaign.models.delivery import Worker
from campaign.unit_of_work import database_now
from campaign.web import access

bp = Blueprint("health", __name__)
limiter.exempt(bp)

SILENT_AFTER = timedelta(minutes=2)


def migration_head() -> str:
    return (paths.MIGRATIONS / "versions" / "HEAD").read_text().strip()


@bp.get("/healthz")
@access.everyone
def healthz() -> ResponseReturnValue:
    return jsonify(status="alive")


@bp.get("/readyz")
@access.everyone
def readyz() -> ResponseReturnValue:
    problems, notes = [], []
    try:
        found = MigrationContext.configure(db.session.connection()).get_current_revision()
        if found != migration_head():
            problems.append("the database is not migrated: run campaign db upgrade")
        else:
            newest = db.session.scalar(sa.select(sa.func.max(Worker.seen_at)).where(Worker.kind == "worker"))
            if newest is None:
                notes.append("no worker has started yet")
            elif database_now() - newest > SILENT_AFTER:
                notes.append("no worker has been heard of for two minutes; letters wait and are safe")
    except DBAPIError:
        db.session.rollback()
        problems.append("the database does not answer")
    return jsonify(
        status="not ready" if problems else "ready", problems=problems, notes=notes
    ), 503 if problems else 200
