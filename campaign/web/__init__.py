"""The pages: one package per blueprint, thin edges around the services."""

from __future__ import annotations

from flask import Flask

from campaign.web import access, context, errors, filters, headers
from campaign.web.account import bp as account
from campaign.web.actions import bp as actions
from campaign.web.health import bp as health
from campaign.web.hooks import bp as hooks
from campaign.web.organizer import bp as organizer
from campaign.web.public import bp as public


def init_app(app: Flask) -> None:
    for bp in (public, account, actions, organizer, health, hooks):
        app.register_blueprint(bp)
    access.init_app(app)
    errors.init_app(app)
    headers.init_app(app)
    context.init_app(app)
    filters.init_app(app)
