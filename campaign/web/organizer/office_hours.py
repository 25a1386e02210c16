"""The hours at which offices take letters, on the page of what offices want."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.errors import Invalid, NotFound
from campaign.services import office_hours
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer.blueprint import bp
from campaign.web.organizer.forms import OfficeHoursForm
from campaign.web.organizer.gateways import page


@bp.post("/gateways/hours")
@access.organizers_only
def keep_office_hours() -> ResponseReturnValue:
    form = OfficeHoursForm(prefix="hours")
    if form.validate_on_submit() and _kept(form):
        return redirect(url_for(".gateways"), 303)
    return page(hours=form), 422


@bp.post("/gateways/hours/<name>/forget")
@access.organizers_only
def forget_office_hours(name: str) -> ResponseReturnValue:
    """`name`: of a chamber, or the code of an office."""
    with unit_of_work() as session:
        office_hours.forget(session, office_hours.whom(session, name), database_now(), access.me().by)
    flash("Forgotten. What waited for these hours is due now, or when those of its chamber begin.", "good")
    return redirect(url_for(".gateways"), 303)


def _kept(form: OfficeHoursForm) -> bool:
    """Whether they are kept now; else the form says why not."""
    name = (form.code.data or "") if form.whom.data == "office" else form.whom.data
    try:
        with unit_of_work() as session:
            office_hours.keep(session, office_hours.whom(session, name), form.hours, database_now(), access.me().by)
    except Invalid as error:
        form.closes.errors = [str(error)]
    except NotFound as error:
        form.code.errors = [str(error)]
    else:
        flash("Saved. Outside these hours letters wait, and leave when they begin.", "good")
        return True
    return False
