"""The journey's third step: the letters as they would go, and their signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from campaign.domain.errors import Invalid, WrongState
from campaign.domain.statuses import ActionStatus
from campaign.extensions import db, limiter
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.letter import Letter
from campaign.models.mail import MailKind
from campaign.runtime import runtime
from campaign.services import mails, previews, signing
from campaign.services.previews import Preview
from campaign.services.signing import Signature
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import journey, views
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import SignForm


@bp.get("/c/<slug>/act/letters")
@access.members_only
def letters_(slug: str) -> ResponseReturnValue:
    campaign, action = journey.open_draft(slug)
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
        campaign, action = journey.draft(slug)
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
        campaign, action = journey.draft(slug)
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
