"""The application factory: settings, extensions, blueprints, error pages, commands."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from dotenv import load_dotenv
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from campaign import accounts, gateways, logs, paths, queueing, web
from campaign.channels import registry
from campaign.channels.docket.regulations import Access
from campaign.channels.printing.prices import Prices
from campaign.channels.registry import PostValues, RelayValues
from campaign.database import engine_options
from campaign.domain.references import TokenSigner
from campaign.extensions import celery, csrf, db, limiter, migrate
from campaign.runtime import Runtime, attach
from campaign.settings import Environment, Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Raises CannotStart with every fault of the settings at once."""
    if settings is None:
        load_dotenv(".env")
        settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, as_json=settings.production)
    app = Flask("campaign", template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.config.from_mapping(_flask_config(settings))
    attach(
        app,
        Runtime(
            settings=settings,
            signer=TokenSigner(settings.secret_key, settings.old_secret_keys),
            channels=registry.make_channels(
                RelayValues(
                    settings.smtp_host,
                    settings.smtp_port,
                    settings.smtp_username,
                    settings.smtp_password,
                    settings.smtp_starttls,
                    settings.bounce_domain,
                    settings.smtp_connections,
                    settings.dkim_key_file,
                    settings.dkim_selector,
                    settings.dkim_domain,
                ),
                gateways.gateways(settings),
                _post_values(settings) if settings.print_provider_url else None,
                Access(settings.regulations_url, settings.regulations_key) if settings.regulations_key else None,
            ),
        ),
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(paths.MIGRATIONS), compare_type=True)
    csrf.init_app(app)
    limiter.init_app(app)
    accounts.init_app(app)
    queueing.configure(celery, app, settings)
    web.init_app(app)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    return app


def _post_values(settings: Settings) -> PostValues:
    prices = Prices(settings.print_provider_first_sheet_cents, settings.print_provider_further_sheet_cents)
    return PostValues(settings.print_provider_url, settings.print_provider_key, settings.print_provider_duplex, prices)


def _flask_config(settings: Settings) -> dict[str, object]:
    https = settings.base_url.startswith("https:")
    return {
        "TRUSTED_HOSTS": [urlsplit(settings.base_url).hostname, "localhost", "127.0.0.1"],
        "TESTING": settings.env is Environment.TEST,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.old_secret_keys),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "countersign",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session; a form may wait over lunch
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 500,
        "PREFERRED_URL_SCHEME": "https" if https else "http",
        "RATELIMIT_STORAGE_URI": settings.ratelimit_storage_url,
        "RATELIMIT_HEADERS_ENABLED": True,
        "RATELIMIT_ENABLED": settings.env is not Environment.TEST,
    }
