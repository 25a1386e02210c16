"""The draft that every step of the member's journey works on."""

from __future__ import annotations

from flask import abort, redirect, request, url_for

from campaign.domain.errors import NotFound
from campaign.domain.statuses import ActionStatus
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.member import Member
from campaign.services import actions, drafts
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context


def draft(slug: str) -> tuple[Campaign, Action]:
    """The member's action in this campaign, begun if there is none."""
    campaign, action = access.own_action(slug)
    if action is None:
        actions.check_open(campaign, context.now())
        campaign_id = campaign.id
        with unit_of_work() as session:
            member = session.get_one(Member, access.member_id())
            drafts.start(session, member, session.get_one(Campaign, campaign_id), None, context.now())
        campaign, action = access.own_action(slug)
    if action is None:
        raise NotFound("There is no such letter.")
    return campaign, action


def open_draft(slug: str) -> tuple[Campaign, Action]:
    """The draft; raises WrongState when the campaign takes no letters or a form of a signed one is posted. Who comes back to
    a page of it (the browser's Back, an old tab) is led to what became of it."""
    campaign, action = draft(slug)
    if action.status is not ActionStatus.DRAFT and request.method == "GET":
        abort(redirect(url_for(".sent", slug=slug), 303))
    actions.check_open(campaign, context.now())
    actions.check_draft(action)
    return campaign, action
