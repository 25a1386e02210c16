"""Signing in by a mailed link; the password form is the library's (`/account/login`)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from campaign.domain.errors import NotFound
from campaign.extensions import limiter
from campaign.models.campaign import Campaign
from campaign.runtime import runtime
from campaign.services import links
from campaign.services.actions import OPEN
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.public.forms import AskForLinkForm

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.route("/sign-in", methods=["GET", "POST"])
@access.everyone
@limiter.limit("10/minute;60/hour", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """The same answer whether the address is known or not."""
    form = AskForLinkForm()
    wanted = _campaign_of(request.args.get("next", ""))
    if request.method == "POST":
        if not form.validate_on_submit():
            return render_template("account/sign_in.html", form=form, asked=False), 422
        with unit_of_work() as session:
            links.send_sign_in(session, form.email.data or "", runtime().envelope, database_now(), wanted)
        return render_template("account/sign_in.html", form=form, asked=True)
    return render_template("account/sign_in.html", form=form, asked=False)


def _campaign_of(path: str) -> Campaign | None:
    """The campaign whose page led here, so that the mailed link leads back to it; anything else is left out."""
    parts = path.split("/")
    if len(parts) < 3 or parts[:2] != ["", "c"]:
        return None
    try:
        found = access.public_campaign(parts[2])
    except NotFound:
        return None
    return found if found.status in OPEN else None
