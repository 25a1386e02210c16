"""Signing in by a mailed link; the password form is the library's (`/account/login`)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from campaign.extensions import limiter
from campaign.services import links
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access, outgoing
from campaign.web.public.forms import AskForLinkForm

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.route("/sign-in", methods=["GET", "POST"])
@access.everyone
@limiter.limit("10/minute;60/hour", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """The same answer whether the address is known or not."""
    form = AskForLinkForm()
    if request.method == "POST":
        if not form.validate_on_submit():
            return render_template("account/sign_in.html", form=form, asked=False), 422
        with unit_of_work() as session:
            links.send_sign_in(session, form.email.data or "", outgoing.envelope(), database_now())
        return render_template("account/sign_in.html", form=form, asked=True)
    return render_template("account/sign_in.html", form=form, asked=False)
