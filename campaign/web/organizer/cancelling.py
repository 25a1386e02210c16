"""Cancelling a list of letters: asked first, done in pieces that each stand for themselves, and told as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.extensions import db
from campaign.services import cancellations
from campaign.services.cancellations import Cancellation
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.formats import number, plural
from campaign.web.organizer import letter_filter
from campaign.web.organizer.blueprint import bp, campaign
from campaign.web.organizer.forms import CancelForm
from campaign.web.organizer.letter_filter import Filter

BATCH = 500
LONGEST_S = 10.0  # a request that takes longer may be cut off by a proxy; the rest is asked for again


@bp.route("/c/<slug>/letters/cancel", methods=["GET", "POST"])
@access.organizers_only
def cancel_letters(slug: str) -> ResponseReturnValue:
    """What has not left of the filtered list, and nothing that was signed after the question was asked."""
    here, wanted = campaign(slug), Filter.of(request.args)
    form = CancelForm()
    if not form.validate_on_submit():
        return render_template(
            "organizer/cancel_letters.html",
            campaign=here,
            wanted=wanted,
            found=letter_filter.cancellable(db.session(), here.id, wanted),
            form=form,
            now=database_now(),
        )
    upto, seen = form.upto.data or 0, form.seen.data or 0
    ids = [key for key in db.session.scalars(letter_filter.not_left(here.id, wanted)) if key <= upto]
    began = monotonic()
    done, undone = cancel_all(ids, access.me().by, lambda: monotonic() - began > LONGEST_S)
    flash(told(done, undone, max(seen - len(ids), 0)), "good")
    back = ".cancel_letters" if undone else ".letters"
    same: dict[str, Any] = {"slug": slug, **wanted.arguments}
    return redirect(url_for(back, **same), 303)


def cancel_all(ids: Sequence[int], by: str, should_stop: Callable[[], bool]) -> tuple[Cancellation, int]:
    """What was done, and how many are still to do. Commits piece by piece: what is cut off has done what it did, and no more."""
    done = Cancellation()
    for start in range(0, len(ids), BATCH):
        if start and should_stop():
            return done, len(ids) - start
        with unit_of_work() as session:
            piece = ids[start : start + BATCH]
            done += cancellations.cancel_many(session, piece, database_now(), "cancelled by an organizer", by)
    return done, 0


def told(done: Cancellation, undone: int, gone_before: int) -> str:
    """ "Cancelled 988 letters. 12 had left meanwhile, or are leaving now." """
    parts = [f"Cancelled {plural(done.cancelled, 'letter')}." if done.cancelled else "No letter was cancelled."]
    if done.in_doubt:
        parts.append(f"{number(done.in_doubt)} of them may have arrived by an earlier try.")
    if done.left:
        parts.append(f"{number(done.left)} had left meanwhile, or {'is' if done.left == 1 else 'are'} leaving now.")
    if done.ended:
        parts.append(f"{number(done.ended)} had been cancelled or had expired already.")
    if gone_before:
        parts.append(f"{number(gone_before)} of those you saw had left or ended before you pressed.")
    if undone:
        parts.append(f"{number(undone)} are still to do: press again, or keep them.")
    return " ".join(parts)
