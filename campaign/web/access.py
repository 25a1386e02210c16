"""Who may load what. Every view states its rule here, and every object named in a URL is loaded here and nowhere else.

What the actor may not know of is 404, what they know and may not do is 403. A test walks all routes: one without a rule
fails it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from flask import Flask, g, redirect, request, url_for
from flask import Response as FlaskResponse

from campaign import accounts
from campaign.domain.errors import NotAllowed, NotFound, SignedOut
from campaign.domain.references import is_reference
from campaign.domain.statuses import CampaignStatus
from campaign.extensions import db
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.event import Event
from campaign.models.letter import Letter
from campaign.models.printing import PrintBatch
from campaign.models.response import Response
from campaign.models.user import STAFF
from campaign.runtime import runtime
from campaign.services import actions

F = TypeVar("F", bound=Callable[..., Any])

STAFF_METHODS = frozenset({"password", "demonstration"})
PUBLIC_STATUSES = frozenset(
    {CampaignStatus.LIVE, CampaignStatus.PAUSED, CampaignStatus.CLOSING, CampaignStatus.CLOSED, CampaignStatus.ARCHIVED}
)


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in person. `by` is how the record names them. Roles of staff count only in a session that a password
    began: who also is a member comes by mailed links too, and a mailbox is no password."""

    user_id: int
    name: str
    email: str
    roles: frozenset[str]
    member_id: int | None = None
    company: str = ""
    campaign_id: int | None = None  # a door opens one campaign only
    as_staff: bool = False

    @property
    def by(self) -> str:
        return f"user:{self.user_id}"

    @property
    def is_organizer(self) -> bool:
        return self.as_staff and bool(self.roles & STAFF)

    @property
    def is_admin(self) -> bool:
        return self.as_staff and "admin" in self.roles


def actor() -> Actor | None:
    """Read once a request."""
    if "actor" not in g:
        g.actor = _load_actor()
    found: Actor | None = g.actor
    return found


def _load_actor() -> Actor | None:
    visit = accounts.visit()
    if visit is None:
        return None
    return Actor(
        user_id=visit.user.id,
        name=visit.member.name if visit.member else visit.user.name,
        email=visit.user.email,
        roles=frozenset(role.name for role in visit.user.roles),
        member_id=visit.member.id if visit.member else None,
        company=visit.company.name if visit.company else "",
        campaign_id=visit.campaign_id,
        as_staff=visit.method in STAFF_METHODS,
    )


def _rule(name: str, check: Callable[[], Any]) -> Callable[[F], F]:
    def decorate(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            answer = check()
            return answer if answer is not None else view(*args, **kwargs)

        guarded.access_rule = name  # type: ignore[attr-defined]
        return cast(F, guarded)

    return decorate


def _nobody() -> Any:
    """To the sign-in page and back. A form cannot be replayed: its words are shown, so that they are not lost."""
    if request.method == "POST":
        raise SignedOut("You are signed out.")
    return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")), 302)


def _check_member() -> Any:
    who = actor()
    if who is None:
        return _nobody()
    if who.member_id is None:
        raise NotAllowed("This page is for members. You are signed in as staff.")
    return None


def _check_organizer() -> Any:
    who = actor()
    if who is None and request.method == "POST":
        raise SignedOut("You are signed out.")
    if who is None:
        return redirect(url_for("security.login", next=request.path), 302)
    if not who.is_organizer:
        if who.roles & STAFF:
            raise NotAllowed("This page needs your password. Sign out, then sign in as staff.")
        raise NotFound("There is no such page.")
    return None


def _check_admin() -> Any:
    answer = _check_organizer()
    if answer is None and not cast(Actor, actor()).is_admin:
        raise NotAllowed("This page is for administrators.")
    return answer


def _check_scraper() -> Any:
    """A program that reads figures: by its token or, where none is set, from this machine and never in a production.

    With a proxy before us everybody comes from this machine, so what was forwarded is refused then.
    """
    settings = runtime().settings
    if settings.metrics_token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), settings.metrics_token.encode()):
            return None
        return FlaskResponse("The token of CAMPAIGN_METRICS_TOKEN is wanted.\n", 401, {"WWW-Authenticate": "Bearer"})
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "Via"))
    if settings.production or forwarded or not _is_loopback(request.remote_addr):
        return FlaskResponse("Set CAMPAIGN_METRICS_TOKEN to read figures from here.\n", 403)
    return None


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


everyone = _rule("everyone", lambda: None)
members_only = _rule("members", _check_member)
organizers_only = _rule("organizers", _check_organizer)
admins_only = _rule("admins", _check_admin)
scrapers_only = _rule("scrapers", _check_scraper)


def me() -> Actor:
    """The actor on a page whose rule asked for one."""
    who = actor()
    if who is None:
        raise NotFound("There is no such page.")
    return who


def member_id() -> int:
    found = me().member_id
    if found is None:
        raise NotAllowed("This page is for members. You are signed in as staff.")
    return found


def public_campaign(slug: str) -> Campaign:
    """One that has been launched; drafts are known to organizers only, on their own pages."""
    found = db.session.scalar(sa.select(Campaign).where(Campaign.slug == slug, Campaign.status.in_(PUBLIC_STATUSES)))
    if found is None:
        raise NotFound("There is no such campaign.")
    return found


def own_action(slug: str) -> tuple[Campaign, Action | None]:
    """A launched campaign, with what the member began there: of several sites the one they touched last. One who came
    through another campaign's door does not get in."""
    query = actions.with_campaign(member_id()).where(Campaign.slug == slug, Campaign.status.in_(PUBLIC_STATUSES))
    if (scope := me().campaign_id) is not None:
        query = query.where(Campaign.id == scope)
    found = db.session.execute(query).unique().first()
    if found is None:
        raise NotFound("There is no such campaign.")
    return found.Campaign, found.Action


def campaign(slug: str) -> Campaign:
    """For organizers: any."""
    found = db.session.scalar(sa.select(Campaign).where(Campaign.slug == slug))
    if found is None:
        raise NotFound("There is no such campaign.")
    return found


def own_letter(reference: str) -> Letter:
    """A member's own; one who came through a door sees that campaign's."""
    query = sa.select(Letter).where(Letter.reference == reference, Letter.member_id == member_id())
    if (scope := me().campaign_id) is not None:
        query = query.where(Letter.campaign_id == scope)
    found = db.session.scalar(query) if is_reference(reference) else None
    if found is None:
        raise NotFound("There is no such letter.")
    return found


def letter(slug: str, reference: str) -> Letter:
    """For organizers: any letter of this campaign."""
    found = (
        db.session.scalar(
            sa.select(Letter)
            .join(Campaign, Campaign.id == Letter.campaign_id)
            .where(Letter.reference == reference, Campaign.slug == slug)
        )
        if is_reference(reference)
        else None
    )
    if found is None:
        raise NotFound("There is no such letter.")
    return found


def print_batch(slug: str, reference: str) -> PrintBatch:
    """For organizers: any print batch of this campaign."""
    found = (
        db.session.scalar(
            sa.select(PrintBatch)
            .join(Campaign, Campaign.id == PrintBatch.campaign_id)
            .where(PrintBatch.reference == reference, Campaign.slug == slug)
        )
        if is_reference(reference)
        else None
    )
    if found is None:
        raise NotFound("There is no such batch.")
    return found


def waiting_mail(event_id: int) -> Event:
    """For organizers: a mail without a letter, decided about or not. It belongs to no campaign."""
    found = db.session.get(Event, event_id)
    if found is None or found.delivery_id is not None:
        raise NotFound("There is no such mail.")
    return found


def answer(slug: str, response_id: int) -> tuple[Letter, Response]:
    """For organizers: an answer to a letter of this campaign."""
    found = db.session.execute(
        sa.select(Letter, Response)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .join(Response, Response.letter_id == Letter.id)
        .where(Campaign.slug == slug, Response.id == response_id)
    ).first()
    if found is None:
        raise NotFound("There is no such answer.")
    return found.Letter, found.Response


def any_letter(reference: str) -> Letter:
    """For organizers who look at mail without a letter: of whatever campaign."""
    found = (
        db.session.scalar(sa.select(Letter).where(Letter.reference == reference)) if is_reference(reference) else None
    )
    if found is None:
        raise NotFound("There is no such letter.")
    return found


def deliveries_of(slug: str, ids: list[int]) -> list[int]:
    """For a bulk act: the same ids, or 404 when one of them belongs to another campaign."""
    known = set(
        db.session.scalars(
            sa.select(Delivery.id)
            .join(Campaign, Campaign.id == Delivery.campaign_id)
            .where(Campaign.slug == slug, Delivery.id.in_(ids))
        )
    )
    if known != set(ids):
        raise NotFound("There is no such letter.")
    return ids


def init_app(app: Flask) -> None:
    """The library's views are public: they check for themselves."""
    for endpoint, view in app.view_functions.items():
        if endpoint == "static" or endpoint in ("security.login", "security.logout"):
            app.view_functions[endpoint] = everyone(view)
        elif endpoint.startswith("security."):
            app.view_functions[endpoint] = everyone(_not_here)


def _not_here(**_kwargs: Any) -> Any:
    """The library's other pages: a member without a password must not come to one through them."""
    raise NotFound("There is no such page.")
