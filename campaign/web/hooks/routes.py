"""`/hooks/...`: posted by machines, without cookie or form; the signature is the key."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from campaign.channels.printing import house_events
from campaign.domain.errors import NotFound
from campaign.extensions import csrf, limiter
from campaign.runtime import runtime
from campaign.services import print_events
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access

bp = Blueprint("hooks", __name__, url_prefix="/hooks")

LARGEST = 64 * 1024


@bp.post("/print")
@access.everyone
@csrf.exempt  # type: ignore[untyped-decorator]
@limiter.limit("600/minute")
def print_notice() -> ResponseReturnValue:
    """204 once it is stored, also the second time. No page where no secret is set."""
    secret = runtime().settings.print_provider_hook_secret
    if not secret:
        raise NotFound("There is no such page.")
    raw = request.stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        return "", 413
    now = database_now()
    given = request.headers.get("Lob-Signature", "")
    notice = house_events.on_event(raw, request.headers.get("Lob-Signature-Timestamp", ""), given, secret, now)
    try:
        with unit_of_work() as session:
            print_events.take(session, notice, raw, now)
    except IntegrityError:  # the same notice at the same moment: the other one stored it
        pass
    return "", 204
