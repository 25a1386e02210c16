"""What offices answered: the list with its search, one answer with the lines it answers, and a person's word on what it is."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from campaign.channels.smtp.quotes import blocks, preview
from campaign.domain.errors import NotFound
from campaign.domain.events import ResponseKind
from campaign.domain.texts import tidy_line
from campaign.extensions import db
from campaign.models.letter import Letter
from campaign.models.response import Response as Answer
from campaign.services import mailroom, meetings, responses
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer import csvfile, mails, queries, words
from campaign.web.organizer.blueprint import bp, campaign
from campaign.web.organizer.forms import JudgeForm
from campaign.web.paging import page_of


@bp.get("/c/<slug>/answers")
@access.organizers_only
def answers(slug: str) -> ResponseReturnValue:
    """Newest first, by when they were recorded. `?q=` searches their own words, `?proposed=1` shows what nobody has judged."""
    here, session = campaign(slug), db.session()
    search, proposed = tidy_line(request.args.get("q", ""))[:200], request.args.get("proposed") == "1"
    page = page_of(responses.listed(here.id, search, proposed=proposed), request.args, session)
    ids = [row.letter_id for row in page.rows]
    letters = {row.id: row for row in session.scalars(sa.select(Letter).where(Letter.id.in_(ids)))}
    return render_template(
        "organizer/answers.html",
        campaign=here,
        page=page,
        letters=letters,
        writers=queries.writers(session, list(letters.values())) if letters else {},
        meetings=meetings.of_responses(session, [row.id for row in page.rows]),
        preview=preview,
        wanted={name: value for name, value in (("q", search), ("proposed", "1" if proposed else "")) if value},
        words=words,
        now=database_now(),
    )


@bp.get("/c/<slug>/answers.csv")
@access.organizers_only
def answers_csv(slug: str) -> ResponseReturnValue:
    campaign_id, search = campaign(slug).id, tidy_line(request.args.get("q", ""))[:200]
    proposed = request.args.get("proposed") == "1"

    def lines() -> Iterator[str]:
        query = responses.listed(campaign_id, search, proposed=proposed).add_columns(Letter)
        rows = db.session().execute(query.order_by(Answer.id).execution_options(yield_per=500))
        yield from csvfile.stream(csvfile.ANSWERS, (csvfile.answer(letter, answer) for answer, letter in rows))

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="answers-{slug}.csv"'
    return answer


@bp.get("/c/<slug>/answers/<int:response_id>")
@access.organizers_only
def reply(slug: str, response_id: int) -> ResponseReturnValue:
    letter, answer = access.answer(slug, response_id)
    return _page(slug, letter, answer, JudgeForm(formdata=None, kind=answer.kind.value)), 200


def _page(slug: str, letter: Letter, answer: Answer, form: JudgeForm) -> str:
    session = db.session()
    return render_template(
        "organizer/reply.html",
        campaign=campaign(slug),
        letter=letter,
        answer=answer,
        blocks=blocks(answer.text),
        meeting=meetings.of_responses(session, [answer.id]).get(answer.id),
        facts=mailroom.facts(session, answer.event_id) if answer.event_id else None,
        saved=answer.event_id is not None and mailroom.has_body(session, answer.event_id),
        people=queries.people(session, [by for by in (answer.recorded_by, answer.judged_by) if by]),
        words=words,
        form=form,
        now=database_now(),
    )


@bp.post("/c/<slug>/answers/<int:response_id>")
@access.organizers_only
def judge(slug: str, response_id: int) -> ResponseReturnValue:
    letter, answer = access.answer(slug, response_id)
    form = JudgeForm()
    if not form.validate_on_submit():
        return _page(slug, letter, answer, form), 422
    with unit_of_work() as session:
        responses.judge(session, response_id, ResponseKind(form.kind.data), database_now(), access.me().by)
    flash("Recorded with your name.", "good")
    return redirect(url_for(".reply", slug=slug, response_id=response_id), 303)


@bp.get("/c/<slug>/answers/<int:response_id>/mail.eml")
@access.organizers_only
def answer_mail(slug: str, response_id: int) -> ResponseReturnValue:
    _, answer = access.answer(slug, response_id)
    if answer.event_id is None:
        raise NotFound("This answer did not come by mail.")
    return mails.saved(answer.event_id)


@bp.get("/c/<slug>/answers/<int:response_id>/meeting.ics")
@access.organizers_only
def answer_meeting(slug: str, response_id: int) -> ResponseReturnValue:
    """The invitation as it came, to be saved into a calendar by a person."""
    _, answer = access.answer(slug, response_id)
    found = meetings.of_responses(db.session(), [answer.id]).get(answer.id)
    if found is None:
        raise NotFound("This answer offers no meeting.")
    return mails.attachment(found.calendar, f"meeting-{answer.id}.ics", "text/calendar")
