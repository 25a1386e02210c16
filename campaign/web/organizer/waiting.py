"""Mail without a letter: what carries no token of ours waits here until a person attaches it or sets it aside."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from campaign.channels.smtp.quotes import blocks, preview
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.texts import tidy_line
from campaign.extensions import db
from campaign.models.event import Event, MailFacts
from campaign.services import mailroom
from campaign.services import waiting as room
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.actions.views import put_error
from campaign.web.organizer import csvfile, mails, queries, words
from campaign.web.organizer.blueprint import bp
from campaign.web.organizer.forms import AsideForm, AttachForm
from campaign.web.paging import page_of


@bp.get("/waiting")
@access.organizers_only
def waiting() -> ResponseReturnValue:
    session, search = db.session(), _search()
    page = page_of(room.listed(search), request.args, session)
    return render_template(
        "organizer/waiting.html",
        page=page,
        facts=room.facts_of(session, page.rows),
        search=search,
        preview=preview,
        words=words,
        now=database_now(),
    )


@bp.get("/waiting.csv")
@access.organizers_only
def waiting_csv() -> ResponseReturnValue:
    search = _search()

    def lines() -> Iterator[str]:
        query = room.listed(search).add_columns(MailFacts).outerjoin(MailFacts, MailFacts.event_id == Event.id)
        rows = db.session().execute(query.order_by(Event.id).execution_options(yield_per=500))
        yield from csvfile.stream(csvfile.WAITING, (csvfile.waiting(event, facts) for event, facts in rows))

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="mail-without-a-letter.csv"'
    return answer


def _search() -> str:
    return tidy_line(request.args.get("q", ""))[:200]


@bp.get("/waiting/<int:event_id>")
@access.organizers_only
def waiting_mail(event_id: int) -> ResponseReturnValue:
    return _page(access.waiting_mail(event_id), AttachForm(formdata=None), AsideForm(formdata=None)), 200


@bp.get("/waiting/<int:event_id>/mail.eml")
@access.organizers_only
def waiting_saved(event_id: int) -> ResponseReturnValue:
    return mails.saved(access.waiting_mail(event_id).id)


@bp.post("/waiting/<int:event_id>/attach")
@access.organizers_only
def attach(event_id: int) -> ResponseReturnValue:
    event = access.waiting_mail(event_id)
    form = AttachForm()
    _offer(form, event)
    if not form.validate_on_submit():
        return _page(event, form, AsideForm(formdata=None)), 422
    try:
        letter_id = access.any_letter(form.chosen).id
        with unit_of_work() as session:
            kind = ResponseKind(form.kind.data)
            answer = room.attach(session, event_id, letter_id, kind, database_now(), access.me().by)
            response_id = answer.id
    except NotFound:
        form.reference.errors = ["No letter has this reference. It stands on the letter’s page."]
        return _page(event, form, AsideForm(formdata=None)), 422
    except Invalid as error:
        put_error(form, error)
        return _page(access.waiting_mail(event_id), form, AsideForm(formdata=None)), 422
    except WrongState:
        return _meanwhile(event_id)
    flash("Attached, with your name.", "good")
    slug = queries.slug_of_letter(db.session(), letter_id)
    return redirect(url_for(".reply", slug=slug, response_id=response_id), 303)


@bp.post("/waiting/<int:event_id>/aside")
@access.organizers_only
def aside(event_id: int) -> ResponseReturnValue:
    event = access.waiting_mail(event_id)
    form = AsideForm()
    if not form.validate_on_submit():
        return _page(event, AttachForm(formdata=None), form), 422
    try:
        with unit_of_work() as session:
            room.set_aside(session, event_id, form.why.data or "", database_now(), access.me().by)
    except Invalid as error:
        put_error(form, error)
        return _page(access.waiting_mail(event_id), AttachForm(formdata=None), form), 422
    except WrongState:
        return _meanwhile(event_id)
    flash("Set aside, with your name.", "good")
    return redirect(url_for(".waiting"), 303)


def _meanwhile(event_id: int) -> ResponseReturnValue:
    page = _page(access.waiting_mail(event_id), AttachForm(formdata=None), AsideForm(formdata=None), meanwhile=True)
    return page, 409


def _offer(form: AttachForm, event: Event) -> list[room.Candidate]:
    session = db.session()
    found = room.candidates(session, event, mailroom.facts(session, event.id))
    form.candidate.choices = [SelectChoice(each.letter.reference, each.letter.addressee) for each in found]
    return found


def _page(event: Event, form: AttachForm, aside_form: AsideForm, meanwhile: bool = False) -> str:
    session = db.session()
    found = _offer(form, event)
    decision = room.decision(session, event.id)
    facts = mailroom.facts(session, event.id)
    return render_template(
        "organizer/waiting_mail.html",
        event=event,
        facts=facts,
        blocks=blocks(facts.text) if facts else [],
        candidates=found,
        writers=queries.writers(session, [each.letter for each in found]) if found else {},
        decision=decision,
        decided_by=queries.people(session, [decision.by])[decision.by] if decision else "",
        attached=queries.answer_of_event(session, event.id) if decision and decision.letter_id else None,
        saved=mailroom.has_body(session, event.id),
        meanwhile=meanwhile,
        words=words,
        form=form,
        aside_form=aside_form,
        now=database_now(),
    )
