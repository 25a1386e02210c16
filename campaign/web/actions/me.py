"""What we know of the member, at `/me`. Read-only: the association keeps these facts."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from campaign.extensions import db
from campaign.models.company import Company
from campaign.models.member import Member
from campaign.services import sites
from campaign.web import access, context
from campaign.web.actions.blueprint import bp


@bp.get("/me")
@access.members_only
def me() -> ResponseReturnValue:
    session, now = db.session(), context.now()
    member = session.get_one(Member, access.member_id())
    places = [(site, sites.seats(session, site, now)) for site in sites.of_member(session, member)]
    organization = context.organization()
    return render_template(
        "actions/me.html",
        member=member,
        company=session.get(Company, member.company_id) if member.company_id else None,
        places=places,
        contact=organization.contact_email if organization else "",
    )
