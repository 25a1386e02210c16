"""Whether letters leave: channels, workers and what stands in their way, for all campaigns at once."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from campaign import watch
from campaign.domain.channels import ChannelName
from campaign.domain.errors import NotFound
from campaign.services import breaker, health
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.organizer import words
from campaign.web.organizer.blueprint import bp


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
    return render_template(
        template,
        health=found,
        kinds=health.UNWORKED,
        words=words,
        now=found.at,
    )


@bp.post("/health/<channel>/try")
@access.organizers_only
def try_channel(channel: str) -> ResponseReturnValue:
    """Does not wait for the moment at which a channel in trouble is tried again."""
    if channel not in set(ChannelName):
        raise NotFound("There is no such channel.")
    name = ChannelName(channel)
    with unit_of_work() as session:
        tried = breaker.try_now(session, name, database_now(), access.me().by)
    if tried:
        flash(f"{words.CHANNELS[name]} is tried again now, with one letter first.", "good")
    else:
        flash(f"{words.CHANNELS[name]} works again already; there is nothing to try.", "good")
    return redirect(url_for(".sending"), 303)
