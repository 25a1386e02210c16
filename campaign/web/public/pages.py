"""Standing pages that every footer leads to, and the icon that browsers ask for by themselves."""

from __future__ import annotations

from flask import render_template, send_from_directory
from flask.typing import ResponseReturnValue

from campaign import paths
from campaign.web import access
from campaign.web.public.routes import bp


@bp.get("/privacy")
@access.everyone
def privacy() -> ResponseReturnValue:
    return render_template("public/privacy.html")


@bp.get("/accessibility")
@access.everyone
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html")


@bp.get("/help")
@access.everyone
def help_() -> ResponseReturnValue:
    return render_template("public/help.html")


@bp.get("/favicon.ico")
@access.everyone
def favicon() -> ResponseReturnValue:
    return send_from_directory(paths.STATIC, "favicon.ico", max_age=86400)
