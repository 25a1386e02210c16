"""`/healthz` touches nothing; `/readyz` asks the database, and names a silent broker or worker without failing for it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import DBAPIError

from campaign import watch
from campaign.extensions import db, limiter
from campaign.runtime import runtime
from campaign.services import health
from campaign.services.health import Part
from campaign.web import access
from campaign.web.health import exposition

bp = Blueprint("health", __name__)
limiter.exempt(bp)

_FATAL = (Part.DATABASE, Part.MIGRATIONS)


@bp.get("/healthz")
@access.everyone
def healthz() -> ResponseReturnValue:
    return jsonify(status="alive")


@bp.get("/readyz")
@access.everyone
def readyz() -> ResponseReturnValue:
    """For everybody to read: no receiver's words, no figures."""
    found = watch.look(figures=False)
    problems = [each.words for each in found.problems if each.part in _FATAL]
    notes = [each.words for each in found.problems if each.part not in _FATAL]
    return jsonify(
        status="ready" if found.ready else "not ready", problems=problems, notes=notes
    ), 200 if found.ready else 503


@bp.get("/metrics")
@access.scrapers_only
def metrics() -> ResponseReturnValue:
    """Counts and times only: no name, address or reason."""
    set_up = runtime().set_up
    found = watch.look(figures=False)
    try:
        text = generate_latest(exposition.registry(db.session(), found, set_up))
    except DBAPIError as error:  # it went away between two questions
        db.session.rollback()
        gone = health.without_database(found.at, found.broker, type(error.orig).__name__)
        text = generate_latest(exposition.registry(db.session(), gone, set_up))
    return Response(text, content_type=CONTENT_TYPE_LATEST)
