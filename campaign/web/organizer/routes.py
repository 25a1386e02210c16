"""The desk at `/organize`: campaigns, one campaign's figures, what stands behind them, pause and resume."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.channels import WAYS
from campaign.domain.errors import Invalid
from campaign.domain.statuses import CAMPAIGN_MOVES, OVER, CampaignStatus, may_move
from campaign.extensions import db
from campaign.runtime import runtime
from campaign.services import campaigns as campaign_service
from campaign.services import dashboard as figures_of
from campaign.services import metrics, reach, ways
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.context import zone
from campaign.web.formats import as_zone
from campaign.web.organizer import pictures, queries, words
from campaign.web.organizer.blueprint import bp, campaign, causes
from campaign.web.organizer.forms import HoursForm, PressForm
from campaign.web.organizer.words import CAUSES, CHANNELS, cause, event, event_tone
from campaign.web.paging import SIZE, number

TOP_OFFICES = 10


@bp.get("/")
@access.organizers_only
def campaigns() -> ResponseReturnValue:
    rows = figures_of.campaigns(db.session(), campaign_service.listed(db.session()))
    return render_template("organizer/campaigns.html", rows=rows, now=database_now())


@bp.get("/c/<slug>")
@access.organizers_only
def dashboard(slug: str) -> ResponseReturnValue:
    return render_template("organizer/dashboard.html", **_dashboard(slug))


@bp.get("/c/<slug>/live")
@access.organizers_only
def live(slug: str) -> ResponseReturnValue:
    """The part of the dashboard that is read again every few seconds."""
    return render_template("organizer/_dashboard.html", **_dashboard(slug))


def _dashboard(slug: str) -> dict[str, Any]:
    here = campaign(slug)
    session, now = db.session(), database_now()
    found = metrics.figures(session, here.id)
    people = metrics.people(session, here.id)
    lines = reach.offices(session, here.id, found, now)
    grades = figures_of.Grades.of(found.by_channel)
    medians = figures_of.medians(session, here.id)
    today = now.astimezone(as_zone(zone())).date()
    end = max(found.handovers, default=today) if here.status in OVER else today
    return {
        "campaign": here,
        "figures": found,
        "people": people,
        "grades": grades,
        "families_now": figures_of.families(found.by_channel),
        "behind": figures_of.behind(session, here.id),
        "offices": lines[:TOP_OFFICES],
        "office_names": reach.names(session, [line.office_id for line in lines[:TOP_OFFICES]]),
        "office_count": len(lines),
        "reached": sum(line.reached for line in lines),
        "outbox": figures_of.outbox(session, here.id, now),
        "events": metrics.newest_events(session, here.id),
        "causes": causes(here),
        "heard": figures_of.last_heard(session),
        "today": today,
        "over": here.status in OVER,
        "now": now,
        "funnel": pictures.funnel(here.slug, people, found, grades, medians),
        "days": pictures.days(found.handovers, end, today),
        "standings": pictures.standings(found.by_channel),
        "spark": pictures.spark(found.handovers, end),
        "map": pictures.state_map(reach.by_state(lines)),
        "can_pause": may_move(CAMPAIGN_MOVES, here.status, CampaignStatus.PAUSED),
        "hours": here.sending_hours,
        "paused": queries.paused_by(session, here) if here.status is CampaignStatus.PAUSED else None,
        "words": {"causes": CAUSES, "channels": CHANNELS, "cause": cause, "event": event, "event_tone": event_tone},
    }


@bp.get("/c/<slug>/offices")
@access.organizers_only
def offices(slug: str) -> ResponseReturnValue:
    """Every targeted office, those with most letters first; with `?way=` those that could get letters that way now."""
    here = campaign(slug)
    session, now = db.session(), database_now()
    lines = reach.offices(session, here.id, metrics.figures(session, here.id), now)
    way = request.args.get("way", "")
    if way in WAYS:
        ids = [line.office_id for line in lines]
        takes = ways.by_office(session, ids, ways.effective(here.channels), runtime().set_up, now)
        lines = [line for line in lines if way in takes[line.office_id]]
    start = min(number(request.args.get("from")) or 0, len(lines))
    shown = lines[start : start + SIZE]
    return render_template(
        "organizer/offices.html",
        campaign=here,
        offices=shown,
        office_names=reach.names(session, [line.office_id for line in shown]),
        start=start,
        size=SIZE,
        total=len(lines),
        reached=sum(line.reached for line in lines),
        way=way if way in WAYS else None,
        words=words,
        now=now,
    )


@bp.get("/c/<slug>/sites")
@access.organizers_only
def sites(slug: str) -> ResponseReturnValue:
    """The companies' sites that the figure of jobs counts."""
    here = campaign(slug)
    after = number(request.args.get("after")) or 0
    rows = figures_of.sites(db.session(), here.id, after, SIZE + 1)
    return render_template(
        "organizer/sites.html",
        campaign=here,
        rows=rows[:SIZE],
        more=len(rows) > SIZE,
        after=after,
        behind=figures_of.behind(db.session(), here.id),
        now=database_now(),
    )


@bp.route("/c/<slug>/pause", methods=["GET", "POST"])
@access.organizers_only
def pause(slug: str) -> ResponseReturnValue:
    """Asks first; says so where nothing is to be paused. Pausing what is paused changes nothing."""
    here = campaign(slug)
    form = PressForm()
    if not form.validate_on_submit():
        paused = queries.paused_by(db.session(), here) if here.status is CampaignStatus.PAUSED else None
        return render_template("organizer/pause.html", campaign=here, form=form, paused=paused, now=database_now())
    campaign_id = here.id
    with unit_of_work() as session:
        campaign_service.pause(session, campaign_id, database_now(), access.me().by)
    flash("Paused. Nothing leaves until you resume; letters that are signed meanwhile wait.", "good")
    return redirect(url_for(".dashboard", slug=slug), 303)


@bp.route("/c/<slug>/resume", methods=["GET", "POST"])
@access.organizers_only
def resume(slug: str) -> ResponseReturnValue:
    """Asks first; says so where nothing is paused. Resuming what is live changes nothing."""
    here = campaign(slug)
    form = PressForm()
    outbox = figures_of.outbox(db.session(), here.id, database_now())
    if not form.validate_on_submit():
        return render_template(
            "organizer/resume.html", campaign=here, form=form, outbox=outbox, words=words, now=database_now()
        )
    campaign_id, was_paused = here.id, here.status is CampaignStatus.PAUSED
    with unit_of_work() as session:
        campaign_service.resume(session, campaign_id, database_now(), access.me().by)
    freed = f"Resumed. {words.released(outbox.waiting)}"
    flash(freed if was_paused else "Sending was not paused. Letters leave as they fall due.", "good")
    return redirect(url_for(".dashboard", slug=slug), 303)


@bp.route("/c/<slug>/hours", methods=["GET", "POST"])
@access.organizers_only
def hours(slug: str) -> ResponseReturnValue:
    """The hours in which letters leave; a pause stops them at any hour."""
    here = campaign(slug)
    form = HoursForm(opens=here.sends_from, closes=here.sends_until, weekends=here.sends_weekends)
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                _set_hours(here.id, form)
            except Invalid as error:
                form[error.field or "closes"].errors = [str(error)]
            else:
                flash("Saved. What is due leaves in these hours.", "good")
                return redirect(url_for(".dashboard", slug=slug), 303)
    return render_template("organizer/hours.html", campaign=here, form=form, now=database_now()), status


def _set_hours(campaign_id: int, form: HoursForm) -> None:
    with unit_of_work() as session:
        campaign_service.set_hours(
            session,
            campaign_id,
            form.opens.data,
            form.closes.data,
            database_now(),
            access.me().by,
            weekends=form.weekends.data,
        )
