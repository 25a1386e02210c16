"""The desk at `/organize`: campaigns, one campaign's figures, its letters, what needs a person, answers by hand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import NEEDS_A_PERSON, NOT_LEFT, ResponseState, Status
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.services import campaigns as campaign_service
from campaign.services import deliveries, metrics, responses, stories
from campaign.services.deliveries import DECISIONS, Cancelled, Decision
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access, printed
from campaign.web.actions.forms import AnswerForm
from campaign.web.actions.views import letter_row, moment_of, put_error
from campaign.web.organizer import csvfile, queries
from campaign.web.organizer.forms import DecisionForm, PressForm
from campaign.web.organizer.queries import Filter
from campaign.web.paging import number, page_of

bp = Blueprint("organizer", __name__, url_prefix="/organize")

DECISION_WORDS = {
    Decision.ARRIVED: "It arrived: record as sent",
    Decision.SEND_AGAIN: "It did not arrive: send once more",
    Decision.GIVE_UP: "Give up: this letter ends here",
}


@bp.get("/")
@access.organizers_only
def campaigns() -> ResponseReturnValue:
    rows = metrics.campaigns_with_figures(db.session(), campaign_service.listed(db.session()))
    return render_template("organizer/campaigns.html", rows=rows)


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
    campaign = access.campaign(slug)
    session, now = db.session(), database_now()
    found = metrics.figures(session, campaign.id)
    waiting, oldest = metrics.queue(session, campaign.id, now)
    return {
        "campaign": campaign,
        "figures": found,
        "people": metrics.people(session, campaign.id),
        "offices": metrics.offices(session, found),
        "events": metrics.newest_events(session, campaign.id),
        "causes": queries.causes(session, campaign.id),
        "attention": found.count(*NEEDS_A_PERSON),
        "waiting": waiting,
        "oldest": oldest,
        "now": now,
        "form": PressForm(),
    }


@bp.post("/c/<slug>/pause")
@access.organizers_only
def pause(slug: str) -> ResponseReturnValue:
    campaign_id = access.campaign(slug).id
    with unit_of_work() as session:
        campaign_service.pause(session, campaign_id, database_now(), access.me().by)
    flash("Paused. Nothing leaves until you resume; letters that are signed meanwhile wait.", "good")
    return redirect(url_for(".dashboard", slug=slug), 303)


@bp.post("/c/<slug>/resume")
@access.organizers_only
def resume(slug: str) -> ResponseReturnValue:
    campaign_id = access.campaign(slug).id
    with unit_of_work() as session:
        campaign_service.resume(session, campaign_id, database_now(), access.me().by)
    flash("Resumed. What waits leaves now.", "good")
    return redirect(url_for(".dashboard", slug=slug), 303)


@bp.get("/c/<slug>/letters")
@access.organizers_only
def letters(slug: str) -> ResponseReturnValue:
    campaign = access.campaign(slug)
    wanted = Filter.of(request.args)
    page = page_of(queries.letters(campaign.id, wanted), request.args, db.session())
    return render_template(
        "organizer/letters.html",
        campaign=campaign,
        wanted=wanted,
        page=page,
        lines=stories.lines(db.session(), page.rows),
        statuses=list(Status),
        channels=list(ChannelName),
        responses=list(ResponseState),
        figures=metrics.figures(db.session(), campaign.id),
    )


@bp.get("/c/<slug>/letters.csv")
@access.organizers_only
def letters_csv(slug: str) -> ResponseReturnValue:
    """The list as it is filtered, streamed."""
    campaign = access.campaign(slug)
    rows = queries.export(db.session(), campaign.id, Filter.of(request.args))
    answer = Response(stream_with_context(csvfile.letters(rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="letters-{campaign.slug}.csv"'
    return answer


@bp.get("/c/<slug>/letters/<reference>")
@access.organizers_only
def letter(slug: str, reference: str) -> ResponseReturnValue:
    found = access.letter(slug, reference)
    return _letter_page(access.campaign(slug), found, None)


def _letter_page(campaign: Campaign, found: Letter, form: DecisionForm | None, status: int = 200) -> ResponseReturnValue:
    story = stories.story(db.session(), found)
    page = render_template(
        "organizer/letter.html",
        campaign=campaign,
        letter=found,
        story=story,
        form=form or _decision_form(story.delivery),
        cancellable=story.delivery.status in NOT_LEFT,
        press=PressForm(),
    )
    return page, status


def _decision_form(delivery: Delivery) -> DecisionForm:
    form = DecisionForm()
    form.decision.choices = [(each.value, DECISION_WORDS[each]) for each in DECISIONS.get(delivery.status, ())]
    return form


@bp.get("/c/<slug>/letters/<reference>/letter.pdf")
@access.organizers_only
def letter_pdf(slug: str, reference: str) -> ResponseReturnValue:
    return printed.answer(access.letter(slug, reference))


@bp.post("/c/<slug>/letters/<reference>/decide")
@access.organizers_only
def decide(slug: str, reference: str) -> ResponseReturnValue:
    found = access.letter(slug, reference)
    delivery = deliveries.of_letter(db.session(), found.id)[-1]
    form = _decision_form(delivery)
    if not form.decision.choices:
        raise WrongState(f"This letter is {delivery.status} now; there is nothing left to decide about it.")
    if not form.validate_on_submit():
        return _letter_page(access.campaign(slug), found, form, 422)
    delivery_id = delivery.id
    with unit_of_work() as session:
        note = (form.note.data or "").strip()
        deliveries.decide(session, delivery_id, Decision(form.decision.data), database_now(), note, access.me().by)
    flash("Recorded with your name.", "good")
    if request.form.get("next") == "attention":
        return redirect(url_for(".attention", slug=slug), 303)
    return redirect(url_for(".letter", slug=slug, reference=reference), 303)


@bp.route("/c/<slug>/letters/<reference>/cancel", methods=["GET", "POST"])
@access.organizers_only
def cancel(slug: str, reference: str) -> ResponseReturnValue:
    """Asks first; then says the truth about who won."""
    found = access.letter(slug, reference)
    form = PressForm()
    if request.method == "GET" or not form.validate_on_submit():
        return render_template("organizer/cancel.html", campaign=access.campaign(slug), letter=found, form=form)
    delivery_id = deliveries.of_letter(db.session(), found.id)[-1].id
    with unit_of_work() as session:
        done = deliveries.cancel(session, delivery_id, database_now(), "cancelled by an organizer", access.me().by)
    if done is Cancelled.TOO_LATE:
        raise WrongState("Too late: this letter has left already, or is leaving now.")
    flash("Cancelled. This letter will not be sent.", "good")
    return redirect(url_for(".letter", slug=slug, reference=reference), 303)


@bp.post("/c/<slug>/letters/<reference>/posted")
@access.organizers_only
def posted(slug: str, reference: str) -> ResponseReturnValue:
    """A printed letter went to the mail."""
    found = access.letter(slug, reference)
    letter_id = found.id
    with unit_of_work() as session:
        for delivery in deliveries.of_letter(session, letter_id):
            if delivery.channel is ChannelName.PRINT:
                deliveries.done_by_hand(session, delivery.id, database_now(), access.me().by)
    flash("Recorded as posted.", "good")
    return redirect(url_for(".letter", slug=slug, reference=reference), 303)


@bp.route("/c/<slug>/letters/<reference>/answer", methods=["GET", "POST"])
@access.organizers_only
def answer(slug: str, reference: str) -> ResponseReturnValue:
    """A response by hand: what came to a member, by post or by telephone."""
    found = access.letter(slug, reference)
    form = AnswerForm()
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            letter_id = found.id
            try:
                with unit_of_work() as session:
                    now = database_now()
                    responses.record(
                        session,
                        letter_row(session, letter_id),
                        ResponseKind(form.kind.data),
                        received_at=moment_of(form.received_on.data, now, session),
                        now=now,
                        by=access.me().by,
                        source="organizer",
                        text=form.text.data,
                    )
            except Invalid as error:
                put_error(form, error)
            else:
                flash("Answer recorded.", "good")
                return redirect(url_for(".letter", slug=slug, reference=reference), 303)
        status = 422
    page = render_template("organizer/answer.html", campaign=access.campaign(slug), letter=access.letter(slug, reference), form=form)
    return page, status


@bp.get("/c/<slug>/attention")
@access.organizers_only
def attention(slug: str) -> ResponseReturnValue:
    """What needs a person, by cause, and one letter to decide about (`?letter=`, or the oldest)."""
    campaign = access.campaign(slug)
    session = db.session()
    page = page_of(queries.attention(campaign.id), request.args, session)
    by_id = {row.id: row for row in page.rows}
    rows = session.scalars(_letters_of(page.rows)).all() if page.rows else []
    lines = stories.lines(session, rows)
    chosen = by_id.get(number(request.args.get("letter")) or 0) or (page.rows[-1] if page.rows else None)
    story = stories.story(session, session.get_one(Letter, chosen.letter_id)) if chosen is not None else None
    return render_template(
        "organizer/attention.html",
        campaign=campaign,
        page=page,
        lines=lines,
        story=story,
        causes=queries.causes(session, campaign.id),
        form=_decision_form(story.delivery) if story else None,
        now=database_now(),
    )


def _letters_of(rows: Any) -> Any:
    return sa.select(Letter).where(Letter.id.in_([row.letter_id for row in rows])).order_by(Letter.id)


@bp.post("/c/<slug>/attention/bulk")
@access.organizers_only
def bulk(slug: str) -> ResponseReturnValue:
    """The same decision for several letters of one cause; one that another person decided meanwhile is left alone."""
    ids = [found for text in request.form.getlist("delivery") if (found := number(text)) is not None][:500]
    if not ids:
        raise Invalid("Choose at least one letter.")
    wanted = request.form.get("decision", "")
    if wanted not in {each.value for each in Decision}:
        raise Invalid("Choose what should happen.")
    access.deliveries_of(slug, ids)
    done = 0
    with unit_of_work() as session:
        for delivery_id in sorted(ids):
            try:
                deliveries.decide(session, delivery_id, Decision(wanted), database_now(), "", access.me().by)
                done += 1
            except WrongState:
                continue
    flash(f"Recorded for {done} of {len(ids)}.", "good" if done == len(ids) else "warn")
    return redirect(url_for(".attention", slug=slug), 303)

