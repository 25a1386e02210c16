"""The member's journey at `/c/SLUG/act` and their letters at `/letters`. Each step is a form and a 303."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import ActionStatus
from campaign.extensions import db, limiter
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.mail import MailKind
from campaign.models.match import ConfirmedBy
from campaign.models.member import Member
from campaign.runtime import runtime
from campaign.services import actions, deliveries, mails, responses, sites, stories
from campaign.services.actions import Preview, Signature
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access, outgoing, printed
from campaign.web.actions import views
from campaign.web.actions.forms import AnswerForm, FactsForm, PickForm, PressForm, SignForm, SiteForm, WhereForm
from campaign.web.paging import page_of

bp = Blueprint("actions", __name__)


def _draft(slug: str) -> tuple[Campaign, Action]:
    """The member's action in this campaign, begun if there is none."""
    campaign = access.own_campaign(slug)
    action = actions.find(db.session(), access.member_id(), campaign)
    if action is None:
        actions.check_open(campaign, database_now())
        campaign_id = campaign.id
        with unit_of_work() as session:
            member = session.get_one(Member, access.member_id())
            actions.start(session, member, session.get_one(Campaign, campaign_id), None, database_now())
        campaign = access.own_campaign(slug)
        action = actions.find(db.session(), access.member_id(), campaign)
    if action is None:
        raise NotFound("There is no such letter.")
    return campaign, action


def _editing(slug: str) -> tuple[Campaign, Action]:
    """The draft; raises WrongState when it is signed or the campaign takes no letters."""
    campaign, action = _draft(slug)
    actions.check_open(campaign, database_now())
    actions.check_draft(action)
    return campaign, action


@bp.get("/c/<slug>/act")
@access.members_only
def act(slug: str) -> ResponseReturnValue:
    """To the step where the member left off."""
    _, action = _draft(slug)
    step = ".sent" if action.status is not ActionStatus.DRAFT else ".pick"
    return redirect(url_for(step, slug=slug), 303)


@bp.route("/c/<slug>/act/pick", methods=["GET", "POST"])
@access.members_only
def pick(slug: str) -> ResponseReturnValue:
    campaign, action = _draft(slug)
    if action.status is not ActionStatus.DRAFT and request.method == "GET":
        return redirect(url_for(".sent", slug=slug), 303)
    _editing(slug)
    session = db.session()
    site = session.get_one(Facility, action.facility_id)
    cards = views.cards(session, campaign, site, database_now())
    form = PickForm(choices=actions.keys_of(session, action))
    form.choices.choices = [(card.key, card.title) for card in cards]
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            with unit_of_work() as rows:
                mine = views.own(rows, action.id)
                actions.choose(rows, mine, form.choices.data, database_now())
                settled = sites.seats(rows, rows.get_one(Facility, mine.facility_id), database_now()).settled
            return redirect(url_for(".facts" if settled else ".where", slug=slug), 303)
        status = 422
    panel = actions.preview(session, action, database_now(), keys=views.known(form.choices.data, cards))
    page = render_template(
        "actions/pick.html", campaign=campaign, site=site, cards=cards, form=form, preview=panel, step="pick"
    )
    return page, status


@bp.get("/c/<slug>/act/pick/panel")
@access.members_only
def panel(slug: str) -> ResponseReturnValue:
    """The side panel for the boxes that are ticked now; writes nothing."""
    campaign, action = _editing(slug)
    session = db.session()
    cards = views.cards(session, campaign, session.get_one(Facility, action.facility_id), database_now())
    keys = views.known(request.args.getlist("choices"), cards)[: actions.MOST_CHOICES]
    return render_template(
        "actions/_panel.html", campaign=campaign, preview=actions.preview(session, action, database_now(), keys=keys)
    )


@bp.route("/c/<slug>/act/where", methods=["GET", "POST"])
@access.members_only
def where(slug: str) -> ResponseReturnValue:
    """The site's ZIP fits several seats: the member chooses between named people."""
    campaign, action = _editing(slug)
    session = db.session()
    site = session.get_one(Facility, action.facility_id)
    seats = sites.seats(session, site, database_now())
    form = WhereForm()
    form.seat.choices = views.seat_choices(seats)
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            site_id = site.id
            with unit_of_work() as rows:
                now = database_now()
                sites.choose(rows, rows.get_one(Facility, site_id), form.seat.data, now, ConfirmedBy.MEMBER)
            return redirect(url_for(".facts", slug=slug), 303)
        status = 422
    return render_template("actions/where.html", campaign=campaign, site=site, seats=seats, form=form, step="pick"), status


@bp.route("/c/<slug>/act/site", methods=["GET", "POST"])
@access.members_only
def site(slug: str) -> ResponseReturnValue:
    """Another site: another action, with the words carried over."""
    campaign, action = _draft(slug)
    session = db.session()
    member = session.get_one(Member, access.member_id())
    own = sites.of_member(session, member)
    form = SiteForm(site=str(action.facility_id))
    form.site.choices = [(str(each.id), f"{each.name}, {each.city}, {each.state}") for each in own]
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            campaign_id, member_id = campaign.id, member.id
            with unit_of_work() as rows:
                now = database_now()
                mine = actions.start(
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
    return render_template("actions/site.html", campaign=campaign, sites=own, form=form, step="facts"), status


@bp.route("/c/<slug>/act/facts", methods=["GET", "POST"])
@access.members_only
def facts(slug: str) -> ResponseReturnValue:
    campaign, action = _editing(slug)
    session = db.session()
    if not action.choices:
        return redirect(url_for(".pick", slug=slug), 303)
    place = session.get_one(Facility, action.facility_id)
    form = FactsForm(jobs=action.jobs, reasons=list(action.reasons), story=action.story)
    form.reasons.choices = views.reasons(session, campaign, place)
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            _tell(action.id, form)
            return redirect(url_for(".letters_", slug=slug), 303)
        status = 422
    page = render_template(
        "actions/facts.html",
        campaign=campaign,
        site=place,
        sites=sites.of_member(session, session.get_one(Member, access.member_id())),
        seats=sites.seats(session, place, database_now()),
        form=form,
        meter=views.meter(session, action, form, database_now()),
        story_limit=actions.STORY_LIMIT,
        step="facts",
    )
    return page, status


def _tell(action_id: int, form: FactsForm) -> None:
    with unit_of_work() as rows:
        actions.tell(
            rows,
            views.own(rows, action_id),
            jobs=form.jobs.data,
            reasons=form.reasons.data or [],
            story=form.story.data,
            now=database_now(),
        )


@bp.post("/c/<slug>/act/facts/meter")
@access.members_only
@limiter.limit("120/minute")
def meter(slug: str) -> ResponseReturnValue:
    """The meter for words that are being typed; writes nothing."""
    campaign, action = _editing(slug)
    form = FactsForm()
    session = db.session()
    form.reasons.choices = views.reasons(session, campaign, session.get_one(Facility, action.facility_id))
    return render_template("actions/_meter.html", meter=views.meter(session, action, form, database_now()))


@bp.get("/c/<slug>/act/letters")
@access.members_only
def letters_(slug: str) -> ResponseReturnValue:
    campaign, action = _draft(slug)
    if action.status is not ActionStatus.DRAFT:
        return redirect(url_for(".sent", slug=slug), 303)
    actions.check_open(campaign, database_now())
    if not action.choices:
        return redirect(url_for(".pick", slug=slug), 303)
    view = actions.preview(db.session(), action, database_now())
    if not view.seats.settled:
        return redirect(url_for(".where", slug=slug), 303)
    return _letters_page(campaign, action, view, SignForm(name=access.me().name, shown=view.digest))


def _letters_page(campaign: Campaign, action: Action, view: Preview, form: SignForm, error: str = "") -> str:
    form.shown.data = view.digest
    return render_template(
        "actions/letters.html",
        campaign=campaign,
        action=action,
        site=db.session.get_one(Facility, action.facility_id),
        preview=view,
        public=actions.public_count(view),
        consent=actions.consent_text(campaign, len(view.going), actions.public_count(view)),
        form=form,
        error=error,
        step="letters",
    )


@bp.post("/c/<slug>/act/letters")
@access.members_only
@limiter.limit("30/minute")
def sign(slug: str) -> ResponseReturnValue:
    """Signs. A second press of the same button leads to the same page and sends nothing more."""
    campaign, action = _draft(slug)
    if action.status is not ActionStatus.DRAFT:
        return redirect(url_for(".sent", slug=slug), 303)
    now = database_now()
    form = SignForm()
    view = actions.preview(db.session(), action, now)
    form.count = len(view.going)
    if not form.validate_on_submit():
        return _letters_page(campaign, action, view, form), 422
    action_id = action.id
    try:
        with unit_of_work() as rows:
            signed = Signature(form.name.data, form.shown.data, "web", views.network(request.remote_addr))
            _, made = actions.sign(rows, action_id, signed, database_now(), undo_s=runtime().settings.undo_seconds)
            _send_copy(rows, made, database_now())
    except (Invalid, WrongState) as error:
        campaign, action = _draft(slug)
        if action.status is not ActionStatus.DRAFT:
            return redirect(url_for(".sent", slug=slug), 303)
        if isinstance(error, Invalid) and error.field == "name":
            form.name.errors = [str(error)]
        fresh = actions.preview(db.session(), action, database_now())
        return _letters_page(campaign, action, fresh, form, "" if form.errors else str(error)), error.status
    return redirect(url_for(".sent", slug=slug), 303)


def _send_copy(rows: Any, made: list[Any], now: datetime) -> None:
    """A copy of all letters to the member, in the same transaction."""
    if not made:
        return
    member = rows.get_one(Member, made[0].member_id)
    campaign = rows.get_one(Campaign, made[0].campaign_id)
    envelope = outgoing.envelope()
    mails.send(
        rows,
        MailKind.COPY,
        member,
        f"consent:{made[0].consent_id}",
        envelope,
        now,
        campaign={"name": campaign.name, "summary": campaign.summary},
        url=f"{envelope.base_url}/letters",
        letters=[{"addressee": each.addressee, "subject": each.subject, "body": each.body} for each in made],
    )


@bp.post("/c/<slug>/act/letters/<target>/keep")
@access.members_only
def keep(slug: str, target: str) -> ResponseReturnValue:
    """Leaves an office out, or takes it in again."""
    _, action = _editing(slug)
    _known_target(action, target)
    included = request.form.get("included") == "yes"
    with unit_of_work() as rows:
        actions.edit(views.own(rows, action.id), target, database_now(), included=included)
    return redirect(url_for(".letters_", slug=slug, _anchor=f"letter-{target}"), 303)


def _known_target(action: Action, target: str) -> Any:
    view = actions.preview(db.session(), action, database_now())
    for each in view.prepared:
        if each.target == target:
            return each
    raise NotFound("There is no such letter.")


@bp.route("/c/<slug>/act/letters/<target>/edit", methods=["GET", "POST"])
@access.members_only
def edit(slug: str, target: str) -> ResponseReturnValue:
    """One letter's paragraphs, each in its own field. Saving the same text is no edit."""
    campaign, action = _editing(slug)
    prepared = _known_target(action, target)
    if prepared.written.letter is None:
        raise WrongState(prepared.written.problem)
    form = views.edit_form(prepared, views.plain_parts(db.session(), action, target, database_now()))
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            try:
                with unit_of_work() as rows:
                    actions.edit(
                        views.own(rows, action.id),
                        target,
                        database_now(),
                        included=True,
                        edits=views.edits_of(form),
                    )
                return redirect(url_for(".letters_", slug=slug, _anchor=f"letter-{target}"), 303)
            except Invalid as error:
                form.form_errors.append(str(error))
        status = 422
    page = render_template("actions/edit.html", campaign=campaign, prepared=prepared, form=form, step="letters")
    return page, status


@bp.get("/c/<slug>/act/sent")
@access.members_only
def sent(slug: str) -> ResponseReturnValue:
    campaign, action = _draft(slug)
    if action.status is ActionStatus.DRAFT:
        return redirect(url_for(".pick", slug=slug), 303)
    return render_template("actions/sent.html", **_sent_context(campaign, action))


@bp.get("/c/<slug>/act/sent/status")
@access.members_only
def sent_status(slug: str) -> ResponseReturnValue:
    """The part of the page that changes by itself."""
    campaign, action = _draft(slug)
    return render_template("actions/_sent_status.html", **_sent_context(campaign, action))


def _sent_context(campaign: Campaign, action: Action) -> dict[str, Any]:
    session, now = db.session(), database_now()
    lines = stories.lines(session, actions.signed_letters(session, action))
    return {
        "campaign": campaign,
        "action": action,
        "lines": lines,
        "leaves_at": stories.leaves_at(lines, now),
        "now": now,
        "moving": stories.moving(lines),
        "form": PressForm(),
    }


@bp.post("/c/<slug>/act/undo")
@access.members_only
def undo(slug: str) -> ResponseReturnValue:
    _, action = _draft(slug)
    action_id = action.id
    with unit_of_work() as rows:
        found = actions.undo(rows, action_id, database_now())
    if found.left and found.cancelled:
        flash(views.partly_undone(found), "warn")
    elif found.left:
        flash("Undo came too late: your letters have left.", "warn")
    elif found.cancelled:
        flash("Undone. Nothing has left; your letters are drafts again.", "good")
    return redirect(url_for(".letters_" if found.cancelled else ".sent", slug=slug), 303)


# --- letters that were signed ---------------------------------------------------------------------------------------


@bp.get("/letters")
@access.members_only
def my_letters() -> ResponseReturnValue:
    session = db.session()
    page = page_of(stories.mine_query(access.member_id(), access.me().campaign_id), request.args, session)
    lines = stories.lines(session, page.rows)
    return render_template(
        "actions/my_letters.html",
        lines=lines,
        page=page,
        moving=stories.moving(lines),
        open=views.open_campaigns(session, access.me().campaign_id),
    )


@bp.get("/letters/<reference>")
@access.members_only
def letter(reference: str) -> ResponseReturnValue:
    found = access.own_letter(reference)
    story = stories.story(db.session(), found)
    return render_template("actions/letter.html", story=story, letter=found, form=PressForm(), moving=story.moving)


@bp.get("/letters/<reference>/letter.pdf")
@access.members_only
def letter_pdf(reference: str) -> ResponseReturnValue:
    return printed.answer(access.own_letter(reference))


@bp.route("/letters/<reference>/answer", methods=["GET", "POST"])
@access.members_only
def answer(reference: str) -> ResponseReturnValue:
    """The member reports what came to their own mailbox."""
    found = access.own_letter(reference)
    form = AnswerForm()
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            try:
                _record_answer(found.id, form, access.me().by, "member")
            except Invalid as error:
                views.put_error(form, error)
            else:
                flash("Saved. Thank you: your association sees that they answered.", "good")
                return redirect(url_for(".letter", reference=reference), 303)
        status = 422
    return render_template("actions/answer.html", letter=found, form=form), status


def _record_answer(letter_id: int, form: AnswerForm, by: str, source: str) -> None:
    with unit_of_work() as rows:
        now = database_now()
        responses.record(
            rows,
            views.letter_row(rows, letter_id),
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
    """What the member files by hand: the text to copy, the official page, and "I sent it"."""
    found = access.own_letter(reference)
    story = stories.story(db.session(), found)
    if story.delivery.channel not in BY_HAND:
        return redirect(url_for(".letter", reference=reference), 303)
    return render_template("actions/file.html", letter=found, story=story, form=PressForm())


@bp.post("/letters/<reference>/filed")
@access.members_only
def filed(reference: str) -> ResponseReturnValue:
    """The member's word that they sent it."""
    found = access.own_letter(reference)
    proof = (request.form.get("number") or "").strip()[:100]
    letter_id, by = found.id, f"member:{found.member_id}"
    with unit_of_work() as rows:
        now = database_now()
        for delivery in deliveries.of_letter(rows, letter_id):
            if delivery.channel is ChannelName.HANDOFF:
                why = f"the member filed it, number {proof}" if proof else "the member says it was sent"
                deliveries.done_by_hand(rows, delivery.id, now, by, why)
    flash("Recorded. Thank you.", "good")
    return redirect(url_for(".letter", reference=reference), 303)

