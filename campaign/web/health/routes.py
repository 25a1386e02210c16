"""`/healthz` touches nothing; `/readyz` asks the database, and names a silent broker or worker without failing for it."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from campaign import watch
from campaign.extensions import limiter
from campaign.services.health import Part
from campaign.web import access

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
