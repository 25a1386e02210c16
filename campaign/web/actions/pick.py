"""The journey's first step at `/c/SLUG/act`: which recommendations. Each step is a form and a 303."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.errors import WrongState
from campaign.domain.statuses import ActionStatus
from campaign.extensions import db, limiter
from campaign.models.action import Action
from campaign.models.recommendation import Recommendation
from campaign.services import actions, campaign_contents, drafts, previews, sites
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import journey, views
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import PickForm


@bp.get("/c/<slug>/act")
@access.members_only
def act(slug: str) -> ResponseReturnValue:
    """To the step where the member left off; to the public page, which says what came of it, when it is over."""
    try:
        _, action = journey.draft(slug)
    except WrongState:
        return redirect(url_for("public.campaign", slug=slug), 303)
    step = ".sent" if action.status is not ActionStatus.DRAFT else ".pick"
    return redirect(url_for(step, slug=slug), 303)


@bp.route("/c/<slug>/act/pick", methods=["GET", "POST"])
@access.members_only
def pick(slug: str) -> ResponseReturnValue:
    campaign, action = journey.open_draft(slug)
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
    campaign, action = journey.open_draft(slug)
    found = campaign_contents.cards_of(db.session(), campaign.id)
    cards = views.cards(found, action.facility, context.now())
    return render_template(
        "actions/_panel.html", campaign=campaign, **_panel(action, found, cards, request.form.getlist("choices"))
    )
