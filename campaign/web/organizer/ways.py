"""A campaign's order of ways: seen with what each way could take now, changed step by step, saved at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.channels import CHANNEL_WORDS, WAYS, ChannelKind, ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.statuses import OVER
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.runtime import runtime
from campaign.services import metrics, reach, ways
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer import words
from campaign.web.organizer.blueprint import bp, campaign
from campaign.web.organizer.forms import OrderForm

_PAPER = str(ChannelKind.PRINT)


@dataclass(frozen=True, slots=True)
class Line:
    """One way on the page. `takes`: offices that it could write to now; `first`: of those, where it is the best in the order."""

    way: str
    takes: int
    first: int
    set_up: tuple[str, ...]  # in words, the channels of it that this installation has
    absent: tuple[str, ...]


@bp.route("/c/<slug>/ways", methods=["GET", "POST"])
@access.organizers_only
def order(slug: str) -> ResponseReturnValue:
    """Without a script: each press of a step shows the order that is not saved yet, and *Save order* keeps it."""
    here = campaign(slug)
    stored = ways.effective(here.channels)
    if request.method == "GET":
        return _page(here, stored, stored)
    form = OrderForm()
    if not form.validate():
        return _page(here, stored, stored, "Choose the order from the ways that the page shows."), 422
    chosen, seen = form.chosen, form.before
    if form.press.data != "save":
        return _page(here, _stepped(chosen, form.press.data or ""), seen)
    try:
        _save(here.id, chosen, seen)
    except Invalid as error:
        return _page(here, stored, stored, str(error)), error.status
    except WrongState as error:
        now_stored = ways.effective(access.campaign(slug).channels)
        return _page(here, chosen, now_stored, str(error)), error.status
    flash("Saved. Letters that are signed from now on follow this order.", "good")
    return redirect(url_for(".order", slug=slug), 303)


def _save(campaign_id: int, chosen: Sequence[str], seen: Sequence[str]) -> None:
    with unit_of_work() as session:
        ways.set_order(session, campaign_id, chosen, seen, database_now(), access.me().by)


def _stepped(chosen: tuple[str, ...], press: str) -> tuple[str, ...]:
    """The order after one press: a way moves up or down, is left out or put in. Paper stays the last; what cannot be changes
    nothing."""
    step, _, way = press.partition(" ")
    before_paper = [each for each in chosen if each != _PAPER]
    if way not in WAYS or way == _PAPER:
        return chosen
    if step == "in" and way not in before_paper:
        before_paper.append(way)
    elif step in ("out", "up", "down") and way in before_paper:
        place = before_paper.index(way)
        before_paper.remove(way)
        if step != "out":
            before_paper.insert(max(place + (1 if step == "down" else -1), 0), way)
    return (*before_paper, _PAPER)


def _page(here: Campaign, chosen: Sequence[str], seen: Sequence[str], problem: str = "") -> str:
    """`seen`: the order as it is stored, which the next press compares with."""
    session, now, set_up = db.session(), database_now(), runtime().set_up
    targeted = reach.offices(session, here.id, metrics.figures(session, here.id), now)
    by_office = ways.by_office(session, [line.office_id for line in targeted], chosen, set_up, now)
    lines = {way: _line(way, list(by_office.values()), set_up) for way in WAYS}
    return render_template(
        "organizer/ways.html",
        campaign=here,
        form=OrderForm(formdata=None, order=" ".join(chosen), seen=" ".join(seen)),
        chosen=[lines[way] for way in chosen],
        left_out=[line for way, line in lines.items() if way not in chosen],
        stored=seen,
        unsaved=tuple(chosen) != tuple(seen),
        problem=problem,
        over=here.status in OVER,
        targeted=len(targeted),
        dockets_by_machine=ChannelName.DOCKET_API in set_up,
        words=words,
        now=now,
    )


def _line(way: str, found: Sequence[Sequence[str]], set_up: frozenset[ChannelName]) -> Line:
    here = tuple(CHANNEL_WORDS[name] for name in WAYS[way] if name in set_up)
    absent = tuple(CHANNEL_WORDS[name] for name in WAYS[way] if name not in set_up)
    return Line(way, sum(way in each for each in found), sum(each[:1] == [way] for each in found), here, absent)
