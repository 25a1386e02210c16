"""Letters that were signed, at `/letters`: each with its proof, its answer, and what a member sends by hand."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid
from campaign.domain.events import ResponseKind
from campaign.domain.texts import tidy_line
from campaign.extensions import db
from campaign.models.confidential import ConfidentialText
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.services import counts, deliveries, reminders, responses, stories
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context, printed
from campaign.web.actions import packets, record, tracker, views
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import AnswerForm, PressForm
from campaign.web.paging import page_of

NUMBER_LIMIT = 100  # characters of a confirmation number


@bp.get("/letters")
@access.members_only
def my_letters() -> ResponseReturnValue:
    return render_template("actions/my_letters.html", **_list_context())


@bp.get("/letters/list")
@access.members_only
def letters_list() -> ResponseReturnValue:
    """The rows alone, for a page that looks again."""
    return render_template("actions/_my_letters_list.html", **_list_context())


def _list_context() -> dict[str, Any]:
    session, now = db.session(), context.now()
    page = page_of(stories.mine_query(access.member_id(), access.me().campaign_id), request.args, session)
    lines = stories.lines(session, page.rows)
    rows = tracker.rows(lines, context.zone(), now)
    here = {name: request.args[name] for name in ("before", "after") if name in request.args}
    return {
        "rows": rows,
        "page": page,
        "moving": stories.moving(lines),
        "watch": stories.watch(lines, now),
        "poll_url": url_for(".letters_list", _external=False, **here),
        "summary": tracker.summary(rows),
        "standing": sum(not row.taken_back for row in rows),
        "yours": [row for row in rows if row.yours_to_send],
        "open": views.open_campaigns(session, access.me().campaign_id),
        "now": now,
    }


def _letter_context(found: Letter) -> dict[str, Any]:
    story, now = stories.story(db.session(), found), context.now()
    (row,) = tracker.rows([story.line], context.zone(), now)
    return {
        "story": story,
        "letter": found,
        "row": row,
        "now": now,
        "moving": story.moving,
        "watch": stories.watch([story.line], now),
    }


@bp.get("/letters/<reference>")
@access.members_only
def letter(reference: str) -> ResponseReturnValue:
    values = _letter_context(access.own_letter(reference))
    found, docket, confidential = values["letter"], None, None
    if found.docket_id is not None:
        docket, confidential = db.session.get(Docket, found.docket_id), db.session.get(ConfidentialText, found.id)
    steps = record.steps(values["story"])
    return render_template("actions/letter.html", **values, record=steps, docket=docket, confidential=confidential)


@bp.get("/letters/<reference>/letter.pdf")
@access.members_only
def letter_pdf(reference: str) -> ResponseReturnValue:
    return printed.answer(access.own_letter(reference))


@bp.route("/letters/<reference>/answer", methods=["GET", "POST"])
@access.members_only
def answer(reference: str) -> ResponseReturnValue:
    """The member reports what came to their own mailbox."""
    found = access.own_letter(reference)
    if request.method == "GET" and stories.never_left(db.session(), found):
        return redirect(url_for(".letter", reference=reference), 303)
    form = AnswerForm(received_on=counts.day_of(db.session(), context.now()))
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            try:
                _record_answer(found.id, form, access.me().by, "member")
            except Invalid as error:
                found = access.own_letter(reference)
                views.put_error(form, error)
            else:
                flash("Saved. Thank you: your association sees that they answered.")
                return redirect(url_for(".letter", reference=reference), 303)
        status = 422
    return render_template("actions/answer.html", letter=found, form=form), status


def _record_answer(letter_id: int, form: Any, by: str, source: str) -> None:
    with unit_of_work() as rows:
        now = context.now()
        responses.record(
            rows,
            rows.get_one(Letter, letter_id),
            ResponseKind(form.kind.data),
            received_at=views.moment_of(form.received_on.data, now, rows),
            now=now,
            by=by,
            source=source,
            text=form.text.data,
        )


@bp.get("/letters/<reference>/file")
@access.members_only
def file(reference: str) -> ResponseReturnValue:
    """What the member files by hand: the text to copy or the packet, the official page, and "I sent it".

    Of one that was called off nothing is to be filed: its own page says so."""
    found = access.own_letter(reference)
    values = _letter_context(found)
    if values["row"].off:
        return redirect(url_for(".letter", reference=reference), 303)
    if found.docket_id is not None:
        return packets.page(found, values)
    delivery = values["story"].delivery
    if delivery.channel is not ChannelName.HANDOFF:
        return redirect(url_for(".letter", reference=reference), 303)
    return render_template(
        "actions/file.html",
        **values,
        form=PressForm(),
        handoff=views.handoff_of(db.session(), found, delivery),
    )


@bp.post("/letters/<reference>/certify")
@access.members_only
def certify(reference: str) -> ResponseReturnValue:
    """The filer certifies what is in brackets, and says why it is confidential."""
    return packets.certify(access.own_letter(reference), _letter_context)


@bp.post("/letters/<reference>/filed")
@access.members_only
def filed(reference: str) -> ResponseReturnValue:
    """The member's word that they sent it; for a docket with the number that its portal gave."""
    found = access.own_letter(reference)
    if found.docket_id is not None:
        return packets.answer(found, _letter_context)
    proof = tidy_line(request.form.get("number") or "")[:NUMBER_LIMIT]
    letter_id, by = found.id, f"member:{found.member_id}"
    with unit_of_work() as rows:
        now = context.now()
        for delivery in deliveries.of_letter(rows, letter_id):
            if delivery.channel is ChannelName.HANDOFF:
                why = f"the member filed it, number {proof}" if proof else "the member says it was sent"
                deliveries.done_by_hand(rows, delivery.id, now, by, why)
        rows.flush()
        reminders.no_longer_needed(rows, rows.get_one(Letter, letter_id), now)
    flash("Recorded. Thank you.")
    return redirect(url_for(".letter", reference=reference), 303)
