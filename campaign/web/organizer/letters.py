"""Letters at the desk: the list and its file, one letter's story, and what a person may do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from campaign.channels.smtp.quotes import blocks
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import NOT_LEFT, OVER, ResponseState, Status
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.confidential import ConfidentialText
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.runtime import runtime
from campaign.services import (
    cancellations,
    counts,
    decisions,
    deliveries,
    doubts,
    fall_through,
    meetings,
    responses,
    stories,
    stranded,
)
from campaign.services.cancellations import Cancelled
from campaign.services.decisions import Decision
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access, printed
from campaign.web.actions.views import moment_of, put_error
from campaign.web.organizer import csvfile, letter_filter, queries, words
from campaign.web.organizer.blueprint import bp, campaign
from campaign.web.organizer.forms import AnswerForm, DecisionForm, PressForm
from campaign.web.organizer.letter_filter import Filter
from campaign.web.paging import page_of


@bp.get("/c/<slug>/letters")
@access.organizers_only
def letters(slug: str) -> ResponseReturnValue:
    here = campaign(slug)
    session = db.session()
    wanted = Filter.of(request.args)
    page = page_of(letter_filter.letters(here.id, wanted), request.args, session)
    return render_template(
        "organizer/letters.html",
        campaign=here,
        wanted=wanted,
        page=page,
        lines=stories.lines(session, page.rows),
        writers=queries.writers(session, page.rows) if page.rows else {},
        words=words,
        statuses=list(Status),
        channels=list(ChannelName),
        responses=list(ResponseState),
        cancellable=letter_filter.cancellable_count(session, here.id, wanted),
        now=database_now(),
    )


@bp.get("/c/<slug>/letters.csv")
@access.organizers_only
def letters_csv(slug: str) -> ResponseReturnValue:
    """The list as it is filtered, streamed."""
    here = campaign(slug)
    campaign_id, wanted = here.id, Filter.of(request.args)

    def lines() -> Iterator[str]:
        # asked here and not before: the view's session ends with the view, and the stream has one of its own
        yield from csvfile.letters(letter_filter.export(db.session(), campaign_id, wanted))

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="letters-{here.slug}.csv"'
    return answer


@bp.get("/c/<slug>/letters/<reference>")
@access.organizers_only
def letter(slug: str, reference: str) -> ResponseReturnValue:
    return letter_page(slug, access.letter(slug, reference))


def letter_page(
    slug: str, found: Letter, form: DecisionForm | None = None, status: int = 200, meanwhile: bool = False
) -> ResponseReturnValue:
    """`meanwhile`: somebody else decided while this person was still reading."""
    session = db.session()
    here = campaign(slug)
    story = stories.story(session, found)
    named = queries.people(
        session, [*(what.by for what in story.line.changes), *(a.recorded_by for a in story.responses)]
    )
    page = render_template(
        "organizer/letter.html",
        campaign=here,
        letter=found,
        story=story,
        writer=queries.writers(session, [found])[found.member_id],
        consent=queries.consent(session, found),
        confidential=session.get(ConfidentialText, found.id) if found.docket_id is not None else None,
        rows=words.timeline(story, named),
        people=named,
        words=words,
        form=form if form is not None and form.decision.choices else decision_form(here, story.delivery),
        notes=words.NOTES,
        meetings=meetings.of_responses(session, [each.id for each in story.responses]) if story.responses else {},
        quotes=blocks,
        cancellable=story.delivery.status in NOT_LEFT,
        stranded=stranded.is_stranded(story.delivery, runtime().set_up),
        postable=story.delivery.channel is ChannelName.PRINT and story.delivery.status is Status.QUEUED,
        press=PressForm(formdata=None),
        meanwhile=meanwhile,
        now=database_now(),
    )
    return page, status


def decision_form(here: Campaign, delivery: Delivery) -> DecisionForm:
    """A closed campaign sends nothing more, so nothing is offered to be sent; nor is another way where none is left."""
    offered = decisions.offered(delivery, runtime().set_up)
    not_now: set[Decision] = set()
    if here.status in OVER:
        not_now = {Decision.SEND_AGAIN, Decision.ANOTHER_WAY}
    elif Decision.ANOTHER_WAY in offered and not _has_another_way(delivery):
        not_now = {Decision.ANOTHER_WAY}
    form = DecisionForm()
    form.decision.choices = [
        SelectChoice(each.value, words.decision(each, delivery.status)) for each in offered if each not in not_now
    ]
    return form


def _has_another_way(delivery: Delivery) -> bool:
    session = db.session()
    letter = session.get(Letter, delivery.letter_id) if delivery.letter_id is not None else None
    if delivery.status is Status.QUEUED and doubts.among_these(session, [delivery.id]):
        return False
    return letter is not None and fall_through.next_route(session, letter, runtime().set_up, database_now()) is not None


@bp.get("/c/<slug>/letters/<reference>/letter.pdf")
@access.organizers_only
def letter_pdf(slug: str, reference: str) -> ResponseReturnValue:
    return printed.answer(access.letter(slug, reference))


@bp.post("/c/<slug>/letters/<reference>/decide")
@access.organizers_only
def decide(slug: str, reference: str) -> ResponseReturnValue:
    found = access.letter(slug, reference)
    delivery = deliveries.of_letter(db.session(), found.id)[-1]
    form = decision_form(campaign(slug), delivery)
    if not form.decision.choices:
        return letter_page(slug, found, form, 409, meanwhile=True)
    if not form.validate_on_submit():
        return letter_page(slug, found, form, 422)
    delivery_id, was = delivery.id, delivery.status
    note, choice = (form.note.data or "").strip(), Decision(form.decision.data)
    with unit_of_work() as session:
        came = decisions.decide_all(
            session, [delivery_id], was, choice, runtime().set_up, database_now(), note, access.me().by
        )
    if came.meanwhile:
        return letter_page(slug, access.letter(slug, reference), None, 409, meanwhile=True)
    if came.barred:
        form.decision.errors = [words.BARRED]
        return letter_page(slug, access.letter(slug, reference), form, 422)
    flash("Recorded with your name.", "good")
    return redirect(url_for(".letter", slug=slug, reference=reference), 303)


@bp.route("/c/<slug>/letters/<reference>/cancel", methods=["GET", "POST"])
@access.organizers_only
def cancel(slug: str, reference: str) -> ResponseReturnValue:
    """Asks first; then says the truth about who won."""
    found = access.letter(slug, reference)
    form = PressForm()
    delivery = deliveries.of_letter(db.session(), found.id)[-1]
    if not form.validate_on_submit():
        return render_template(
            "organizer/cancel.html",
            campaign=campaign(slug),
            letter=found,
            cancellable=delivery.status in NOT_LEFT,
            in_doubt=bool(doubts.among_these(db.session(), [delivery.id])),
            form=form,
            now=database_now(),
        )
    delivery_id = delivery.id
    with unit_of_work() as session:
        done = cancellations.cancel(session, delivery_id, database_now(), "cancelled by an organizer", access.me().by)
    if done is Cancelled.TOO_LATE:
        raise WrongState("Too late: this letter has left already, or is leaving now.")
    if done is Cancelled.IN_DOUBT:
        flash("Cancelled. It is not sent again, but an earlier try may have arrived.", "warn")
    else:
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
    form = AnswerForm(received_on=counts.day_of(db.session(), database_now()))
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            try:
                _record(found.id, form)
            except Invalid as error:
                put_error(form, error)
            else:
                flash("Answer recorded.", "good")
                return redirect(url_for(".letter", slug=slug, reference=reference), 303)
        status = 422
    page = render_template(
        "organizer/answer.html",
        campaign=campaign(slug),
        letter=access.letter(slug, reference),
        form=form,
        now=database_now(),
    )
    return page, status


def _record(letter_id: int, form: AnswerForm) -> None:
    received_on: Any = form.received_on.data  # validated: a date
    with unit_of_work() as session:
        now = database_now()
        responses.record(
            session,
            session.get_one(Letter, letter_id),
            ResponseKind(form.kind.data),
            received_at=moment_of(received_on, now, session),
            now=now,
            by=access.me().by,
            source="organizer",
            text=form.text.data or "",
            postmarked_on=form.postmarked_on.data,
        )
