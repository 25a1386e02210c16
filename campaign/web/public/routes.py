"""Pages for anybody: open campaigns, one campaign, the door of a personal link, unsubscribing, checking a letter."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign import accounts
from campaign.domain.errors import Gone
from campaign.domain.references import Token, TokenKind, is_reference
from campaign.domain.statuses import CampaignStatus
from campaign.extensions import csrf, db, limiter
from campaign.models.campaign import Campaign
from campaign.models.company import Company
from campaign.models.letter import Letter
from campaign.models.mail import MemberMail
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.models.suppression import SuppressionReason
from campaign.models.user import STAFF, Link, User
from campaign.runtime import runtime
from campaign.services import campaign_contents, campaigns, invitations, links, metrics, stories, suppressions
from campaign.services.invitations import Door
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.public import door
from campaign.web.public.forms import AskForLinkForm, PressForm

bp = Blueprint("public", __name__)


@bp.get("/")
@access.everyone
def home() -> ResponseReturnValue:
    shown = campaigns.listed(
        db.session(), (CampaignStatus.LIVE, CampaignStatus.PAUSED, CampaignStatus.CLOSING, CampaignStatus.CLOSED)
    )
    return render_template("public/home.html", campaigns=shown, now=context.now())


@bp.route("/c/<slug>", methods=["GET", "POST"])
@access.everyone
@limiter.limit("10/minute;60/hour", methods=["POST"])
def campaign(slug: str) -> ResponseReturnValue:
    """The public page. A cold visitor asks for their link here; a member who is signed in goes on."""
    found = access.public_campaign(slug)
    form = AskForLinkForm()
    asked = False
    if request.method == "POST":
        if not form.validate_on_submit():
            return _campaign_page(found, form, asked=False), 422
        with unit_of_work() as session:
            links.send_sign_in(session, form.email.data or "", runtime().envelope, context.now(), found)
        asked = True
    return _campaign_page(found, form, asked=asked)


def _campaign_page(found: Campaign, form: AskForLinkForm, *, asked: bool) -> str:
    session = db.session()
    return render_template(
        "public/campaign.html",
        campaign=found,
        cards=campaign_contents.cards_of(session, found.id),
        figures=metrics.figures(session, found.id),
        form=form,
        asked=asked,
        now=context.now(),
        open=found.status in (CampaignStatus.LIVE, CampaignStatus.PAUSED),
    )


@bp.route("/go/<token>", methods=["GET", "POST"])
@access.everyone
@limiter.limit("60/minute")
def go(token: str) -> ResponseReturnValue:
    """Every personal link that we mail. Loading it changes nothing; its one button does."""
    read = runtime().signer.read(token)
    if read is None:
        return _no_door("This link is not complete. Open it again from the mail, or ask for a new one.", 404)
    match read.kind:
        case TokenKind.INVITATION:
            return _invitation(read)
        case TokenKind.SIGN_IN:
            return _sign_in_link(read)
        case _:
            return _no_door("This link is not complete. Open it again from the mail, or ask for a new one.", 404)


def _invitation(read: Token) -> ResponseReturnValue:
    session = db.session()
    leads = invitations.door(session, read.reference)
    if leads is None:
        return _no_door("This link is not known here any more.", 410)
    found, slug = leads.campaign, leads.campaign.slug
    if found.status not in (CampaignStatus.LIVE, CampaignStatus.PAUSED):
        return _no_door(f"{found.name} has ended. This link worked until it closed.", 410, found)
    if not leads.active:
        return _no_door("This link has stopped working. Ask your association for help.", 410)
    if request.method == "GET" or not PressForm().validate_on_submit():
        return render_template("public/door.html", **door.view(session, leads, context.now()), form=PressForm())
    _enter(leads)
    return redirect(url_for("actions.act", slug=slug), 303)


def _enter(leads: Door) -> None:
    invitation_id, user_id, campaign_id = leads.invitation.id, leads.member.user_id, leads.campaign.id
    with unit_of_work() as session:
        invitations.opened(session, invitation_id, context.now())
        accounts.sign_in(session.get_one(User, user_id), "invitation", campaign_id)
    g.pop("actor", None)


def _sign_in_link(read: Token) -> ResponseReturnValue:
    session = db.session()
    now = context.now()
    link = session.scalar(sa.select(Link).where(Link.reference == read.reference))
    if link is None or link.used_at is not None or link.expires_at <= now:
        return _no_door("This link was used or is too old. Enter your e-mail and we send a new one.", 410)
    user = session.get_one(User, link.user_id)
    if request.method == "GET" or not PressForm().validate_on_submit():
        return render_template("public/sign_in_link.html", name=user.name, form=PressForm())
    link_id = link.id
    with unit_of_work() as rows:
        user, next_path = links.use(rows, link_id, context.now())
        # mailed links are for members; only the demonstration hands out links to staff
        staff = rows.get_one(Organization, 1).is_demonstration and user.has(*STAFF)
        accounts.sign_in(user, "demonstration" if staff else "link")
    g.pop("actor", None)
    return redirect(next_path or url_for("organizer.campaigns" if staff else "actions.my_letters"), 303)


def _no_door(message: str, status: int, found: Campaign | None = None) -> ResponseReturnValue:
    return render_template("public/no_door.html", message=message, campaign=found, form=AskForLinkForm()), status


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
@access.everyone
@csrf.exempt  # type: ignore[untyped-decorator]
@limiter.limit("60/minute")
def unsubscribe(token: str) -> ResponseReturnValue:
    """RFC 8058: mail programs post here without cookie or form; loading the page changes nothing."""
    read = runtime().signer.read(token)
    session = db.session()
    mail = (
        session.scalar(sa.select(MemberMail).where(MemberMail.reference == read.reference))
        if read is not None and read.kind is TokenKind.UNSUBSCRIBE
        else None
    )
    if mail is None:
        raise Gone("This link is not complete. Open it again from the mail.")
    done = False
    if request.method == "POST":
        address = session.get_one(Member, mail.member_id).email
        with unit_of_work() as rows:
            suppressions.suppress(rows, address, SuppressionReason.UNSUBSCRIBED, context.now())
        done = True
    return render_template("public/unsubscribe.html", done=done, token=token)


@bp.get("/verify/<code>")
@access.everyone
@limiter.limit("60/minute")
def verify(code: str) -> ResponseReturnValue:
    """For an office: is this letter genuine, who signed it and when. Says the same for anything unknown."""
    code = code.strip().lower()
    letter = db.session.scalar(sa.select(Letter).where(Letter.reference == code)) if is_reference(code) else None
    signer = db.session.get(Member, letter.member_id) if letter is not None else None
    company = db.session.get(Company, signer.company_id) if signer is not None and signer.company_id else None
    page = render_template(
        "public/verify.html",
        letter=letter,
        signer=signer,
        company=company.name if company else "",
        never_left=letter is not None and stories.never_left(db.session(), letter),
    )
    return page, 200 if letter else 404
