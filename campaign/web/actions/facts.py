"""The journey's second step: facts of the site, reasons and own words, kept while they are typed and measured."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.extensions import db, limiter
from campaign.services import actions, campaign_contents, drafts, previews, sites
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import journey, views
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import FactsForm


@bp.route("/c/<slug>/act/facts", methods=["GET", "POST"])
@access.members_only
def facts(slug: str) -> ResponseReturnValue:
    campaign, action = journey.open_draft(slug)
    session, place = db.session(), action.facility
    if not action.choices:
        return redirect(url_for(".pick", slug=slug), 303)
    form = FactsForm(jobs=action.jobs, reasons=list(action.reasons), story=action.story)
    status = 200
    if request.method == "POST":
        form.reasons.choices = views.pills(campaign_contents.reasons_of(session, campaign.id), place)
        if form.validate_on_submit():
            _tell(action.id, form)
            return redirect(url_for(".letters_", slug=slug), 303)
        status = 422
    outline, writer = previews.drafting(session, action, context.now())
    form.reasons.choices = views.pills(writer.reasons.values(), place)
    page = render_template(
        "actions/facts.html",
        campaign=campaign,
        site=place,
        sites=sites.of_member(session, writer.member),
        seats=outline.seats,
        form=form,
        meter=views.meter(outline, writer, action, form),
        story_limit=drafts.STORY_LIMIT,
        step="facts",
    )
    return page, status


def _tell(action_id: int, form: FactsForm) -> None:
    with unit_of_work() as rows:
        drafts.tell(
            rows,
            actions.locked(rows, action_id),
            jobs=form.jobs.data,
            reasons=form.reasons.data or [],
            story=form.story.data or "",
            now=context.now(),
        )


@bp.post("/c/<slug>/act/facts/save")
@access.members_only
@limiter.limit("30/minute")
def save(slug: str) -> ResponseReturnValue:
    """Keeps what is being typed; 400, which the page shows as not saved, while it cannot be used yet."""
    campaign, action = journey.open_draft(slug)
    form = FactsForm()
    form.reasons.choices = views.pills(campaign_contents.reasons_of(db.session(), campaign.id), action.facility)
    if not form.validate_on_submit():
        return "", 400
    _tell(action.id, form)
    return "", 204


@bp.post("/c/<slug>/act/facts/meter")
@access.members_only
@limiter.limit("120/minute")
def meter(slug: str) -> ResponseReturnValue:
    """The meter for words that are being typed; writes nothing."""
    _, action = journey.open_draft(slug)
    form = FactsForm()
    outline, writer = previews.drafting(db.session(), action, context.now())
    form.reasons.choices = views.pills(writer.reasons.values(), action.facility)
    return render_template("actions/_meter.html", meter=views.meter(outline, writer, action, form))
