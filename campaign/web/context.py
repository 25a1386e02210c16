"""What every template may use: the organization, the actor, and addresses of static files that change with their content."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, g, url_for

from campaign import paths
from campaign.extensions import db
from campaign.models.organization import Organization
from campaign.web import access


def organization() -> Organization | None:
    """The one row, read once a request; None before the installation is set up."""
    if "organization" not in g:
        g.organization = db.session.get(Organization, 1)
    found: Organization | None = g.organization
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
