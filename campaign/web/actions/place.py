"""Where the member writes from: which of their sites, and which seat where the site's ZIP fits several."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.statuses import ActionStatus
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.match import ConfirmedBy
from campaign.models.member import Member
from campaign.services import drafts, sites
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import journey, views
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import SiteForm, WhereForm


@bp.route("/c/<slug>/act/where", methods=["GET", "POST"])
@access.members_only
def where(slug: str) -> ResponseReturnValue:
    """The site's ZIP fits several seats: the member chooses between named people."""
    campaign, action = journey.open_draft(slug)
    session, site = db.session(), action.facility
    seats = sites.seats(session, site, context.now())
    form = WhereForm()
    if seats.settled and not seats.chosen:
        return redirect(url_for(".facts", slug=slug), 303)
    house = views.candidates(session, seats, context.now())
    form.seat.choices = views.seat_choices(seats, house)
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            site_id = site.id
            with unit_of_work() as rows:
                place = rows.get_one(Facility, site_id)
                sites.choose(rows, place, form.seat.data, context.now(), ConfirmedBy.MEMBER)
            return redirect(url_for(".facts", slug=slug), 303)
        status = 422
    page = render_template(
        "actions/where.html",
        campaign=campaign,
        site=site,
        seats=seats,
        form=form,
        why=views.why_choose(seats),
        notes=views.seat_notes(seats, house),
        step="pick",
    )
    return page, status


@bp.route("/c/<slug>/act/site", methods=["GET", "POST"])
@access.members_only
def site(slug: str) -> ResponseReturnValue:
    """Another site: another action, with the words carried over."""
    campaign, action = journey.draft(slug)
    session = db.session()
    member = session.get_one(Member, access.member_id())
    own = sites.of_member(session, member)
    form = SiteForm(site=str(action.facility_id))
    form.site.choices = [(str(each.id), each.name) for each in own]
    notes = {str(each.id): f"{each.street}, {each.city}, {each.state} {each.zip}" for each in own}
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            campaign_id, member_id = campaign.id, member.id
            now = context.now()
            with unit_of_work() as rows:
                mine = drafts.start(
                    rows,
                    rows.get_one(Member, member_id),
                    rows.get_one(Campaign, campaign_id),
                    int(form.site.data),
                    now,
                )
                mine.changed_at = now  # the journey goes on with the site that was chosen last
                settled = sites.seats(rows, rows.get_one(Facility, mine.facility_id), now).settled
                signed = mine.status is not ActionStatus.DRAFT
            if signed:
                return redirect(url_for(".sent", slug=slug), 303)
            return redirect(url_for(".facts" if settled else ".where", slug=slug), 303)
        status = 422
    page = render_template("actions/site.html", campaign=campaign, sites=own, form=form, notes=notes, step="facts")
    return page, status
