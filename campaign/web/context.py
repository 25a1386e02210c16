"""What every template may use: the organization, the actor, and addresses of static files that change with their content."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, g, url_for

from campaign import accounts, paths
from campaign.extensions import db
from campaign.models.organization import Organization
from campaign.unit_of_work import database_now
from campaign.web import access


def organization() -> Organization | None:
    """The one row, read once a request; None before the installation is set up."""
    if "organization" not in g:
        visit = accounts.visit()
        g.organization = visit.organization if visit else db.session.get(Organization, 1)
    found: Organization | None = g.organization
    return found


def now() -> datetime:
    """By the database's clock, the same for all of a request."""
    if "now" not in g:
        visit = accounts.visit()
        g.now = visit.now if visit else database_now()
    found: datetime = g.now
    return found


def zone() -> str:
    found = organization()
    return found.time_zone if found else "America/New_York"


@lru_cache(maxsize=64)
def _version(path: Path, _mtime: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def static_url(filename: str) -> str:
    path = paths.STATIC / filename
    return url_for("static", filename=filename, v=_version(path, path.stat().st_mtime))


def init_app(app: Flask) -> None:
    @app.context_processor
    def common() -> dict[str, Any]:
        return {
            "organization": organization(),
            "actor": access.actor(),
            "zone": zone(),
            "static_url": static_url,
        }
