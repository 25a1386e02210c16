"""Error pages: one map from our errors to answers. A stack trace reaches the log, never a person."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, current_app, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from campaign.domain.errors import CampaignError, SignedOut
from campaign.extensions import db
from campaign.web import access

log = structlog.get_logger()

TITLES = {
    400: "We could not read that",
    403: "You cannot do this",
    404: "Nothing is here",
    405: "Nothing is here",
    409: "That has changed meanwhile",
    410: "This link has stopped working",
    413: "That is too large",
    422: "We could not use that",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "Back in a moment",
}
SENTENCES = {
    400: "Go back, load the page again and repeat what you did.",
    403: "Your role does not allow it.",
    404: "The address may be mistyped, or the page is not yours to see.",
    405: "The address may be mistyped, or the page is not yours to see.",
    409: "Go back and load the page again to see how it stands now.",
    410: "Ask for a new one.",
    413: "Send less text or a smaller file.",
    422: "Go back and check what you entered.",
    429: "Wait a few minutes, then try again.",
    500: "Nothing you signed is lost. Try again in a minute.",
    503: "The database is busy. Nothing you signed is lost. Try again in a few seconds.",
}
_SKIPPED = frozenset({"csrf_token", "password", "submit", "shown", "agree", "choices", "reasons", "kind", "included"})
"""Secrets, and what was ticked or hidden: a person can do that again, and its code says nothing to them."""
_LABELS = {"story": "Your own words", "jobs": "People there", "text": "What they wrote", "received_on": "Received on"}


def page(
    status: int, message: str | None = None, *, template: str = "errors/page.html", **context: Any
) -> ResponseReturnValue:
    """An error page that needs no database and no route: it is drawn without the context that other pages get."""
    retry_after_s = {429: 900, 503: 5}.get(status)
    body = current_app.jinja_env.get_template(template).render(
        status=status,
        title=TITLES.get(status, TITLES[400]),
        message=message or SENTENCES.get(status, SENTENCES[400]),
        where="/account/sign-in",
        retry_after_s=retry_after_s,
        **context,
    )
    answer = make_response(body, status)
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def _ours(error: CampaignError) -> ResponseReturnValue:
    db.session.rollback()
    return page(error.status, str(error))


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    return page(error.code)


def _csrf(error: CSRFError) -> ResponseReturnValue:
    """An old form: what was typed is shown again, so that it can be copied back."""
    if _wants_a_visit() and access.actor() is None:
        return _signed_out(error)
    return page(
        400,
        "This form was open too long, or in another window. Load the page again and repeat it.",
        typed=_typed(),
        back_url=_page_of_form(),
    )


def _signed_out(_error: Exception) -> ResponseReturnValue:
    """The visit ended while somebody typed: their words, and the way back to the page on which they stood."""
    back_url = url_for("account.sign_in", next=_page_of_form())
    return page(400, template="errors/signed_out.html", typed=_typed(), back_url=back_url)


def _wants_a_visit() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "access_rule", "everyone") in ("members", "organizers", "admins")


def _page_of_form() -> str:
    """Where the form stood: its own address, or the start when that only takes forms."""
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter is not None and adapter.test(request.path, "GET") else "/"


def _typed() -> list[tuple[str, str]]:
    return [
        (_LABELS.get(name) or name.replace("_", " ").capitalize(), value)
        for name, values in request.form.lists()
        if name not in _SKIPPED
        for value in values
        if value.strip()
    ]


def _limited(_error: RateLimitExceeded) -> ResponseReturnValue:
    return page(429)


def _database(error: DBAPIError) -> ResponseReturnValue:
    db.session.rollback()
    if isinstance(error, DataError):  # PostgreSQL refuses NUL in text, and numbers that do not fit
        return page(422)
    if isinstance(error, OperationalError):
        log.warning("database not available", error=type(error.orig).__name__)
        return page(503)
    raise error


def _unexpected(error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    log.error("unexpected", exc_info=error, endpoint=request.endpoint)
    return page(500)


def init_app(app: Flask) -> None:
    app.register_error_handler(CampaignError, _ours)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(SignedOut, _signed_out)
    app.register_error_handler(RateLimitExceeded, _limited)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _unexpected)
