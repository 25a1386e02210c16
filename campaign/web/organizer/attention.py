"""What needs a person: letters by cause, one to decide about, and the same decision for all of one cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.statuses import NEEDS_A_PERSON, Status
from campaign.extensions import db
from campaign.runtime import runtime
from campaign.services import decisions, deliveries, stories
from campaign.services.decisions import Decided, Decision
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer import needs_a_person, queries, words
from campaign.web.organizer.blueprint import bp, campaign, causes
from campaign.web.organizer.forms import DecisionForm
from campaign.web.organizer.letters import decision_form
from campaign.web.paging import SIZE, number

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """A kind of trouble with its reason: what the list is grouped by, and what an address of the page names."""

    status: Status
    reason: str

    @property
    def arguments(self) -> dict[str, Any]:
        return {"status": str(self.status), "reason": self.reason}


@bp.route("/c/<slug>/attention", methods=["GET", "POST"])
@access.organizers_only
def attention(slug: str) -> ResponseReturnValue:
    """By cause; `?status=&reason=` chooses one (the most urgent by default), `?letter=` a letter of it.

    A press decides about that letter and leads to the next of the same cause.
    """
    here = campaign(slug)
    if request.method == "GET":
        return _page(here.id, slug, None, 200)
    found = access.letter(slug, request.form.get("letter", ""))
    delivery, reference = deliveries.of_letter(db.session(), found.id)[-1], found.reference
    cause = Cause(delivery.status, delivery.reason)
    form = decision_form(here, delivery)
    if not form.decision.choices:
        return _changed(here.id, slug, delivery.id)
    if not form.validate_on_submit():
        return _page(here.id, slug, form, 422, reference)
    ids = _ids(slug, delivery.id)
    note, choice = (form.note.data or "").strip(), Decision(form.decision.data)
    with unit_of_work() as session:
        came = decisions.decide_all(
            session, ids, cause.status, choice, runtime().set_up, database_now(), note, access.me().by
        )
    if not came.done and came.meanwhile:
        return _changed(here.id, slug, ids[0])
    if not came.done:
        form.decision.errors = [words.BARRED]
        return _page(here.id, slug, form, 422, reference)
    flash(_recorded(came), "good" if came.done == len(ids) else "warn")
    return redirect(url_for(".attention", slug=slug, after=ids[-1], **cause.arguments), 303)


def _ids(slug: str, own: int) -> list[int]:
    """The letter that is open, or all that the page listed when the button says so."""
    if request.form.get("scope") != "all":
        return [own]
    listed = {found for text in request.form.getlist("delivery") if (found := number(text)) is not None}
    return access.deliveries_of(slug, sorted(listed | {own})[:MOST_AT_ONCE])


def _recorded(found: Decided) -> str:
    """ "Recorded for 3 of 6, with your name. 2 had been decided meanwhile and were left alone. 1 cannot be decided so …" """
    total = found.done + found.meanwhile + found.barred
    if total == 1:
        return "Recorded with your name."
    parts = [f"Recorded for {found.done} of {total}, with your name."]
    if found.meanwhile:
        parts.append(f"{found.meanwhile} had been decided meanwhile and were left alone.")
    if found.barred:
        parts.append(f"{found.barred} cannot be decided so, and still wait: open them one by one.")
    return " ".join(parts)


def _changed(campaign_id: int, slug: str, delivery_id: int) -> ResponseReturnValue:
    """Another person, or a notice, was faster: says who and what, and shows the list as it is now."""
    session = db.session()
    change = needs_a_person.last_change(session, delivery_id)
    who = queries.people(session, [change.by])[change.by]
    told = f"{who[:1].upper()}{who[1:]} was faster: the letter is {words.STATUSES[change.new].lower()} now."
    return _page(campaign_id, slug, None, 409, told=told)


def _page(
    campaign_id: int, slug: str, form: DecisionForm | None, status: int, reference: str = "", told: str = ""
) -> ResponseReturnValue:
    session, now = db.session(), database_now()
    waiting = causes(campaign(slug))
    reference = reference or request.args.get("letter", "")
    after = number(request.args.get("after")) or 0
    chosen = _chosen(waiting, slug, reference)
    rows: list[Any] = []
    if chosen is not None:
        rows = needs_a_person.waiting(session, campaign_id, chosen.status, chosen.reason, after, SIZE + 1)
        if not rows and after:
            after, rows = 0, needs_a_person.waiting(session, campaign_id, chosen.status, chosen.reason, 0, SIZE + 1)
    current = next((row for row in rows if row.Letter.reference == reference), rows[0] if rows else None)
    if reference and (current is None or current.Letter.reference != reference):
        return redirect(url_for(".letter", slug=slug, reference=access.letter(slug, reference).reference), 303)
    story = stories.story(session, current.Letter) if current is not None else None
    named = queries.people(session, [change.by for change in story.line.changes]) if story else {}
    page = render_template(
        "organizer/attention.html",
        campaign=campaign(slug),
        causes=waiting,
        chosen=chosen,
        rows=rows[:SIZE],
        more=len(rows) > SIZE,
        after=after,
        total=sum(row.number for row in waiting),
        oldest=min((row.oldest for row in waiting), default=None),
        current=current,
        next_letter=_next(rows, current),
        story=story,
        lines=words.timeline(story, named) if story else [],
        words=words,
        form=form or (decision_form(campaign(slug), story.delivery) if story else None),
        told=told,
        explained=words.explained(story) if story else None,
        now=now,
    )
    return page, status


def _chosen(waiting: list[Any], slug: str, reference: str) -> Cause | None:
    """The cause of the letter that is named, the one that the address names, or the most urgent."""
    known = [Cause(row.status, row.reason) for row in waiting]
    if reference:
        delivery = deliveries.of_letter(db.session(), access.letter(slug, reference).id)[-1]
        wanted = Cause(delivery.status, delivery.reason)
    else:
        status = request.args.get("status", "")
        wanted = Cause(
            Status(status) if status in set(NEEDS_A_PERSON) else Status.UNCLEAR, request.args.get("reason", "")
        )
    return wanted if wanted in known else (known[0] if known else None)


def _next(rows: list[Any], current: Any) -> Any:
    """The one after the current in the list, for Skip and J; None at the end."""
    places = [row.Letter.reference for row in rows]
    at = places.index(current.Letter.reference) if current is not None else len(places)
    return rows[at + 1] if at + 1 < len(rows) else None
