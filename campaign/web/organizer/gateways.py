"""Which offices take letters by the gateways of Congress, the switch that keeps one out, and the ways and hours of offices."""

from __future__ import annotations

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.channels import KIND_WORDS, ChannelKind
from campaign.domain.districts import Chamber
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.extensions import db
from campaign.gateway_lists import configured
from campaign.models.gateway import GatewaySuspension
from campaign.models.office import Office
from campaign.models.user import User
from campaign.services import active_offices, office_hours, offices, preferences
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer import words
from campaign.web.organizer.blueprint import bp
from campaign.web.organizer.forms import OfficeHoursForm, PreferForm, SuspendForm

CHAMBERS = {Chamber.HOUSE: "House", Chamber.SENATE: "Senate"}


@bp.route("/gateways", methods=["GET", "POST"])
@access.organizers_only
def gateways() -> ResponseReturnValue:
    form, status = SuspendForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate() and _suspended(form):
            return redirect(url_for(".gateways"), 303)
    return page(form), status


@bp.post("/gateways/<code>/lift")
@access.organizers_only
def lift_suspension(code: str) -> ResponseReturnValue:
    with unit_of_work() as session:
        office = offices.office_by_code(session, code)
        lifted = active_offices.lift(session, office.id, database_now(), access.me().by)
    flash(f"The list decides about {code} again." if lifted else f"{code} was not suspended.", "good")
    return redirect(url_for(".gateways"), 303)


@bp.post("/gateways/prefer")
@access.organizers_only
def prefer_way() -> ResponseReturnValue:
    """What an office wants to get first."""
    form = PreferForm(prefix="prefer")
    if form.validate_on_submit() and _preferred(form):
        return redirect(url_for(".gateways"), 303)
    return page(prefers=form), 422


@bp.post("/gateways/<code>/forget")
@access.organizers_only
def forget_preference(code: str) -> ResponseReturnValue:
    with unit_of_work() as session:
        code = preferences.forget(session, code, database_now(), access.me().by).code
    flash(f"The campaign’s order counts for {code} again.", "good")
    return redirect(url_for(".gateways"), 303)


def _preferred(form: PreferForm) -> bool:
    """Whether it is kept now; else the form says why not."""
    kind = ChannelKind(form.way.data)
    try:
        with unit_of_work() as session:
            code = preferences.prefer(session, form.code.data or "", kind, database_now(), access.me().by).code
    except Invalid as error:
        form.way.errors = [str(error)]
    except NotFound as error:
        form.code.errors = [str(error)]
    else:
        flash(f"Letters to {code} try this first: {KIND_WORDS[kind]}.", "good")
        return True
    return False


def _suspended(form: SuspendForm) -> bool:
    """Whether it is suspended now; else the form says why not."""
    try:
        with unit_of_work() as session:
            office = offices.office_by_code(session, form.code.data or "")
            active_offices.suspend(session, office.id, form.reason.data or "", database_now(), access.me().by)
            code = office.code
    except Invalid as error:
        form.reason.errors = [str(error)]
    except (NotFound, WrongState) as error:
        form.code.errors = [str(error)]
    else:
        flash(f"No letter leaves for {code} by its gateway any more.", "good")
        return True
    return False


def page(
    form: SuspendForm | None = None, prefers: PreferForm | None = None, hours: OfficeHoursForm | None = None
) -> str:
    """With the one form that was sent, and the others empty."""
    session, now = db.session(), database_now()
    used = {channel.gateway.chamber for channel in configured()}
    standing = session.execute(
        sa.select(GatewaySuspension, Office.code, User.name, User.email)
        .join(Office, Office.id == GatewaySuspension.office_id)
        .outerjoin(User, sa.literal("user:") + sa.cast(User.id, sa.Text()) == GatewaySuspension.by)
        .where(GatewaySuspension.lifted_at.is_(None))
        .order_by(Office.code)
    ).all()
    preferring, kept_hours = preferences.standing(session), office_hours.listed(session)
    codes = {row.code for row in (*standing, *preferring, *kept_hours) if row.code}
    return render_template(
        "organizer/gateways.html",
        holders=offices.holders_by_code(session, codes, now),
        form=form or SuspendForm(formdata=None),
        now=now,
        chambers=CHAMBERS,
        lists=active_offices.list_states(session, now),
        used=used,
        standing=standing,
        prefers=prefers or PreferForm(prefix="prefer", formdata=None),
        preferring=preferring,
        kinds=KIND_WORDS,
        hours=hours or OfficeHoursForm(prefix="hours", formdata=None, days=[*"12345"]),
        kept_hours=kept_hours,
        words=words,
    )
