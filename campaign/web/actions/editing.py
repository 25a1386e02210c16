"""Changes to one letter before it is signed: left out or taken in again, and its paragraphs."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.extensions import db
from campaign.models.action import Action
from campaign.runtime import runtime
from campaign.services import actions, drafts, previews
from campaign.services.previews import Prepared, Preview
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import comments, journey, views
from campaign.web.actions.blueprint import bp


@bp.post("/c/<slug>/act/letters/<target>/keep")
@access.members_only
def keep(slug: str, target: str) -> ResponseReturnValue:
    """Leaves an office out, or takes it in again."""
    _, action = journey.open_draft(slug)
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
    campaign, action = journey.open_draft(slug)
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
