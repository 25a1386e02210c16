"""The member's journey at `/c/SLUG/act`, up to signing. Each step is a form and a 303."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.statuses import ActionStatus
from campaign.extensions import db, limiter
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.letter import Letter
from campaign.models.mail import MailKind
from campaign.models.match import ConfirmedBy
from campaign.models.member import Member
from campaign.models.recommendation import Recommendation
from campaign.runtime import runtime
from campaign.services import actions, campaign_contents, drafts, mails, previews, signing, sites
from campaign.services.previews import Prepared, Preview
from campaign.services.signing import Signature
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import comments, views
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import FactsForm, PickForm, SignForm, SiteForm, WhereForm


def _draft(slug: str) -> tuple[Campaign, Action]:
    """The member's action in this campaign, begun if there is none."""
    campaign, action = access.own_action(slug)
    if action is None:
        actions.check_open(campaign, context.now())
        campaign_id = campaign.id
        with unit_of_work() as session:
            member = session.get_one(Member, access.member_id())
            drafts.start(session, member, session.get_one(Campaign, campaign_id), None, context.now())
        campaign, action = access.own_action(slug)
    if action is None:
        raise NotFound("There is no such letter.")
    return campaign, action


def _editing(slug: str) -> tuple[Campaign, Action]:
    """The draft; raises WrongState when the campaign takes no letters or a form of a signed one is posted. Who comes back to
    a page of it (the browser's Back, an old tab) is led to what became of it."""
    campaign, action = _draft(slug)
    if action.status is not ActionStatus.DRAFT and request.method == "GET":
        abort(redirect(url_for(".sent", slug=slug), 303))
    actions.check_open(campaign, context.now())
    actions.check_draft(action)
    return campaign, action


@bp.get("/c/<slug>/act")
@access.members_only
def act(slug: str) -> ResponseReturnValue:
    """To the step where the member left off; to the public page, which says what came of it, when it is over."""
    try:
        _, action = _draft(slug)
    except WrongState:
        return redirect(url_for("public.campaign", slug=slug), 303)
    step = ".sent" if action.status is not ActionStatus.DRAFT else ".pick"
    return redirect(url_for(step, slug=slug), 303)


@bp.route("/c/<slug>/act/pick", methods=["GET", "POST"])
@access.members_only
def pick(slug: str) -> ResponseReturnValue:
    campaign, action = _editing(slug)
    action_id, site = action.id, action.facility
    found = campaign_contents.cards_of(db.session(), campaign.id)
    cards = views.cards(found, site, context.now())
    form = PickForm(choices=previews.keys_of(action, found))
    form.choices.choices = [(card.key, card.title) for card in cards]
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            with unit_of_work() as rows:
                mine = actions.locked(rows, action_id)
                drafts.choose(rows, mine, form.choices.data or [], context.now())
                settled = sites.seats(rows, mine.facility, context.now()).settled
            return redirect(url_for(".facts" if settled else ".where", slug=slug), 303)
        status = 422
    page = render_template(
        "actions/pick.html",
        campaign=campaign,
        site=site,
        cards=cards,
        form=form,
        now=context.now(),
        step="pick",
        **_panel(action, found, cards, form.choices.data),
    )
    return page, status


def _panel(
    action: Action, found: Sequence[Recommendation], cards: list[views.Card], ticked: list[str] | None
) -> dict[str, Any]:
    """What the ticked boxes make, for the side panel and the bar."""
    keys = views.known(ticked, cards)[: drafts.MOST_CHOICES]
    return {"outline": previews.outline(db.session(), action, found, keys, context.now()), "picked": len(keys)}


@bp.post("/c/<slug>/act/pick/panel")
@access.members_only
@limiter.limit("120/minute")
def panel(slug: str) -> ResponseReturnValue:
    """The side panel for the boxes that are ticked now; writes nothing."""
    campaign, action = _editing(slug)
    found = campaign_contents.cards_of(db.session(), campaign.id)
    cards = views.cards(found, action.facility, context.now())
    return render_template(
        "actions/_panel.html", campaign=campaign, **_panel(action, found, cards, request.form.getlist("choices"))
    )


@bp.route("/c/<slug>/act/where", methods=["GET", "POST"])
@access.members_only
def where(slug: str) -> ResponseReturnValue:
    """The site's ZIP fits several seats: the member chooses between named people."""
    campaign, action = _editing(slug)
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
    campaign, action = _draft(slug)
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


@bp.route("/c/<slug>/act/facts", methods=["GET", "POST"])
@access.members_only
def facts(slug: str) -> ResponseReturnValue:
    campaign, action = _editing(slug)
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
    campaign, action = _editing(slug)
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
    _, action = _editing(slug)
    form = FactsForm()
    outline, writer = previews.drafting(db.session(), action, context.now())
    form.reasons.choices = views.pills(writer.reasons.values(), action.facility)
    return render_template("actions/_meter.html", meter=views.meter(outline, writer, action, form))


@bp.get("/c/<slug>/act/letters")
@access.members_only
def letters_(slug: str) -> ResponseReturnValue:
    campaign, action = _editing(slug)
    if not action.choices:
        return redirect(url_for(".pick", slug=slug), 303)
    view = previews.preview(db.session(), action, runtime().set_up, context.now())
    if not view.seats.settled:
        return redirect(url_for(".where", slug=slug), 303)
    return _letters_page(campaign, action, view, SignForm(name=access.me().name, shown=view.digest))


def _letters_page(campaign: Campaign, action: Action, view: Preview, form: SignForm, error: str = "") -> str:
    if form.shown.data != view.digest:  # the tick was for other letters
        form.agree.data = False
    form.shown.data = view.digest
    consent = signing.consent_text(campaign, len(view.going), signing.public_count(view))
    return render_template(
        "actions/letters.html",
        campaign=campaign,
        action=action,
        site=action.facility,
        preview=view,
        closest=max((round(each.written.overlap * 100) for each in view.going), default=None),
        consent=consent,
        consent_first=consent[: consent.index(".") + 1],
        form=form,
        error=error,
        step="letters",
        now=context.now(),
    )


@bp.post("/c/<slug>/act/letters")
@access.members_only
@limiter.limit("30/minute")
def sign(slug: str) -> ResponseReturnValue:
    """Signs. A second press of the same button leads to the same page and sends nothing more."""
    form = SignForm()
    if not form.validate_on_submit():
        campaign, action = _draft(slug)
        if action.status is not ActionStatus.DRAFT:
            return redirect(url_for(".sent", slug=slug), 303)
        view = previews.preview(db.session(), action, runtime().set_up, context.now())
        form.count = len(view.going)
        form.validate()  # again: its words name the number of letters
        return _letters_page(campaign, action, view, form), 422
    try:
        with unit_of_work() as rows:
            _, mine = access.own_action(slug)
            if mine is None:
                return redirect(url_for(".pick", slug=slug), 303)
            if mine.status is not ActionStatus.DRAFT:
                return redirect(url_for(".sent", slug=slug), 303)
            signed = Signature(form.name.data or "", form.shown.data or "", "web", views.network(request.remote_addr))
            here = runtime()
            undo_s = here.settings.undo_seconds
            mine, made = signing.sign(rows, mine.id, signed, here.set_up, context.now(), undo_s=undo_s)
            _send_copy(rows, mine, made, context.now())
    except (Invalid, WrongState) as error:
        campaign, action = _draft(slug)
        if action.status is not ActionStatus.DRAFT:
            return redirect(url_for(".sent", slug=slug), 303)
        if isinstance(error, Invalid) and error.field == "name":
            form.name.errors = [str(error)]
        fresh = previews.preview(db.session(), action, runtime().set_up, context.now())
        return _letters_page(campaign, action, fresh, form, "" if form.errors else str(error)), error.status
    return redirect(url_for(".sent", slug=slug), 303)


def _send_copy(rows: Session, action: Action, made: Sequence[Letter], now: datetime) -> None:
    """A copy of all letters to the member, in the same transaction."""
    if not made:
        return
    envelope = runtime().envelope
    mails.send(
        rows,
        MailKind.COPY,
        action.member,
        f"consent:{made[0].consent_id}",
        envelope,
        now,
        campaign={"name": action.campaign.name, "summary": action.campaign.summary},
        url=f"{envelope.base_url}/letters",
        letters=[{"addressee": each.addressee, "subject": each.subject, "body": each.body} for each in made],
    )


@bp.post("/c/<slug>/act/letters/<target>/keep")
@access.members_only
def keep(slug: str, target: str) -> ResponseReturnValue:
    """Leaves an office out, or takes it in again."""
    _, action = _editing(slug)
    _, prepared = _known_target(action, target)
    included = request.form.get("included") == "yes"
    if included and prepared.gone:
        raise WrongState("This letter has left already, and no office is written to twice.")
    action_id = action.id
    with unit_of_work() as rows:
        drafts.edit(actions.locked(rows, action_id), target, context.now(), included=included)
    return redirect(url_for(".letters_", slug=slug, _anchor=f"letter-{target}"), 303)


def _known_target(action: Action, target: str) -> tuple[Preview, Prepared]:
    view = previews.preview(db.session(), action, runtime().set_up, context.now())
    for each in view.prepared:
        if each.target == target:
            return view, each
    raise NotFound("There is no such letter.")


@bp.route("/c/<slug>/act/letters/<target>/edit", methods=["GET", "POST"])
@access.members_only
def edit(slug: str, target: str) -> ResponseReturnValue:
    """One letter's paragraphs, each in its own field. Saving the same text is no edit."""
    campaign, action = _editing(slug)
    view, prepared = _known_target(action, target)
    if prepared.written.letter is None:
        raise WrongState(prepared.written.problem)
    plain = views.plain_parts(view, prepared, action)
    titles = {key: view.writer.recommendations[key].title for key in prepared.written.destination.choices}
    form = views.edit_form(prepared, plain, titles)
    action_id = action.id
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            try:
                comments.check(view, prepared, action, views.edits_of(form))
                with unit_of_work() as rows:
                    drafts.edit(
                        actions.locked(rows, action_id),
                        target,
                        context.now(),
                        included=True,
                        edits=views.edits_of(form),
                        limit=views.paragraph_limit(prepared),
                    )
                return redirect(url_for(".letters_", slug=slug, _anchor=f"letter-{target}"), 303)
            except Invalid as error:
                form.form_errors.append(str(error))
        status = 422
    page = render_template(
        "actions/edit.html",
        campaign=campaign,
        prepared=prepared,
        form=form,
        limit=views.paragraph_limit(prepared),
        step="letters",
        now=context.now(),
    )
    return page, status
