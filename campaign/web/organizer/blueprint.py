"""The blueprint of the desk, and what every page of it has: the rail and the campaign of the address, read once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, g, request, url_for

from campaign import watch
from campaign.domain.statuses import CampaignStatus
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.letter import Letter
from campaign.web import access
from campaign.web.formats import as_zone
from campaign.web.organizer import needs_a_person

bp = Blueprint("organizer", __name__, url_prefix="/organize")

_PLACES = (
    ("Dashboard", "dashboard", "gauge", ("dashboard", "pause", "resume", "offices", "sites")),
    ("Letters", "letters", "mail", ("letters", "letter", "cancel", "cancel_letters", "answer", "decide")),
    ("Ways", "order", "arrow", ("order",)),
    ("Print", "prints", "print", ("prints", "print_batch", "print_posted", "print_given_up")),
    ("Answers", "answers", "speech", ("answers", "reply", "judge")),
    ("Needs a person", "attention", "hand", ("attention",)),
)
_DOCKETS = ("docket_list", "docket_new", "docket", "docket_fetch")


def campaign(slug: str) -> Campaign:
    """`access.campaign`, asked once a request."""
    if "desk_campaign" not in g:
        g.desk_campaign = access.campaign(slug)
    found: Campaign = g.desk_campaign
    return found


@bp.context_processor
def shell() -> dict[str, Any]:
    """The rail: only places that exist. The count is of letters that wait for a person."""
    here = (request.endpoint or "").rpartition(".")[2]
    general = [
        _link("Campaigns", "campaigns", "list", here == "campaigns"),
        _link("Sending", "sending", "plane", here in ("sending", "sending_rows")),
        _link("Gateways", "gateways", "capitol", here == "gateways"),
        _link("Waiting mail", "waiting", "mail", here in ("waiting", "waiting_mail")),
        _link("Dockets", "docket_list", "globe", here in _DOCKETS),
    ]
    rail = [{"title": None, "links": general}]
    slug = (request.view_args or {}).get("slug")
    if slug is not None and "desk_campaign" in g:
        links = [_link(words, name, icon, here in pages, slug=slug) for words, name, icon, pages in _PLACES]
        links[-1].update(count=_waiting(g.desk_campaign), hot=True)
        rail.append({"title": g.desk_campaign.name, "links": links})
    return {
        "rail": rail,
        "home_url": url_for("organizer.campaigns"),
        "sign_out_url": url_for("security.logout"),
        "campaign_day": campaign_day,
        "sheet_parts": sheet_parts,
        "alerts": watch.alerts,
    }


def campaign_day(of: Campaign, now: datetime) -> str:
    """ ", day 27 of 36" while it runs; what its dates say otherwise would mislead."""
    if of.status not in (CampaignStatus.LIVE, CampaignStatus.PAUSED) or of.opens_at is None or of.closes_at is None:
        return ""
    zone = as_zone(of.time_zone)
    first, last, today = (at.astimezone(zone).date() for at in (of.opens_at, of.closes_at, now))
    return f", day {(today - first).days + 1} of {(last - first).days + 1}" if first <= today <= last else ""


def sheet_parts(letter: Letter) -> list[dict[str, Any]]:
    """The letter as components/sheet.html wants it."""
    body = [
        {"text": part["text"], "own": part.get("own", False), "only": part.get("only_here", False)}
        for part in letter.parts
    ]
    signature = "\n".join([letter.valediction, *letter.signature])
    return [{"text": letter.salutation}, *body, {"text": signature, "kind": "signature"}]


def causes(of: Campaign) -> list[Any]:
    """`needs_a_person.causes`; the rail counts from them where a page has read them."""
    g.desk_causes = needs_a_person.causes(db.session(), of.id)
    found: list[Any] = g.desk_causes
    return found


def _waiting(of: Campaign) -> int:
    if "desk_causes" in g:
        return sum(row.number for row in g.desk_causes)
    return needs_a_person.count(db.session(), of.id)


def _link(label: str, name: str, icon: str, current: bool, **values: Any) -> dict[str, Any]:
    return {"label": label, "url": url_for(f"organizer.{name}", **values), "icon": icon, "current": current}
