"""Whether letters leave: channels, workers and what stands in their way, for all campaigns at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign import watch
from campaign.domain.channels import ChannelName
from campaign.domain.errors import NotFound
from campaign.domain.statuses import OVER
from campaign.extensions import db
from campaign.runtime import runtime
from campaign.services import breaker, campaigns, health, stranded, ways
from campaign.services.health import Figure
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer import words
from campaign.web.organizer.blueprint import bp
from campaign.web.paging import page_of

PIECES = 5
"""Pieces of letters that one press sends another way."""


@bp.get("/health")
@access.organizers_only
def sending() -> ResponseReturnValue:
    return _page("organizer/sending.html")


@bp.get("/health/live")
@access.organizers_only
def sending_live() -> ResponseReturnValue:
    """The part that is read again every few seconds."""
    return _page("organizer/_sending.html")


def _page(template: str) -> str:
    found = watch.look()
    running = [each for each in campaigns.listed(db.session()) if each.status not in OVER] if found.ready else []
    return render_template(
        template,
        orders=[(each, ways.effective(each.channels)) for each in running],
        health=found,
        kinds=health.UNWORKED,
        words=words,
        now=found.at,
    )


@bp.get("/health/<channel>/<figure>")
@access.organizers_only
def sending_rows(channel: str, figure: str) -> ResponseReturnValue:
    """What a figure of a channel counts. `?at=` is the moment up to which a figure of the last minute or hour was counted."""
    name, what = _channel(channel), _figure(figure)
    session, now = db.session(), database_now()
    at = _moment(request.args.get("at", ""), now) if what in health.SPANS else now
    page = page_of(health.rows(session, name, what, at), request.args, session)
    ids = [row.delivery_id if what in health.SPANS else row.id for row in page.rows]
    lines = health.lines(session, ids)
    return render_template(
        "organizer/sending_rows.html",
        channel=name,
        figure=what,
        page=page,
        lines=[(row, lines[key]) for row, key in zip(page.rows, ids, strict=True)],
        spans=health.SPANS,
        words=words,
        at=at,
        asked={"at": at.isoformat()} if what in health.SPANS else {},
        now=now,
    )


@bp.post("/health/<channel>/another-way")
@access.organizers_only
def another_way(channel: str) -> ResponseReturnValue:
    """What waits for a channel that is not set up here goes another way, in pieces that each stand for themselves."""
    name, set_up = _channel(channel), runtime().set_up
    moved, stay, after = 0, 0, 0
    for _ in range(PIECES):
        with unit_of_work() as session:
            piece = stranded.send_another_way(session, name, set_up, after, database_now(), access.me().by)
        moved, stay = moved + piece.moved, stay + piece.stay
        if piece.last is None:
            break
        after = piece.last
    else:
        flash("More wait: press again.", "warn")
    left = f" {stay:,} stay: an earlier try may have arrived, or every way has been tried." if stay else ""
    flash(f"Sent another way: {moved:,}.{left}", "good")
    return redirect(url_for(".sending"), 303)


def _channel(text: str) -> ChannelName:
    if text not in set(ChannelName):
        raise NotFound("There is no such channel.")
    return ChannelName(text)


def _moment(text: str, now: datetime) -> datetime:
    """`now` for anything that is no moment of the last day."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return now
    return at if at.tzinfo is not None and now - timedelta(days=1) <= at <= now else now


def _figure(text: str) -> Figure:
    if text not in set(Figure):
        raise NotFound("There is no such figure.")
    return Figure(text)


@bp.post("/health/<channel>/try")
@access.organizers_only
def try_channel(channel: str) -> ResponseReturnValue:
    """Does not wait for the moment at which a channel in trouble is tried again."""
    name = _channel(channel)
    with unit_of_work() as session:
        tried = breaker.try_now(session, name, database_now(), access.me().by)
    if tried:
        flash(f"{words.CHANNELS[name]} is tried again now, with one letter first.", "good")
    else:
        flash(f"{words.CHANNELS[name]} works again already; there is nothing to try.", "good")
    return redirect(url_for(".sending"), 303)
