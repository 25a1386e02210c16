"""After signing: where the letters are, and taking them back within a minute."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from campaign.domain.statuses import ActionStatus
from campaign.extensions import db
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.runtime import runtime
from campaign.services import signing, sites, stories
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions import tracker, views
from campaign.web.actions.blueprint import bp


def _signed(slug: str) -> tuple[Campaign, Action | None]:
    """The member's action here, whatever became of the campaign; None when there is none or it is a draft."""
    campaign, action = access.own_action(slug)
    return campaign, action if action is not None and action.status is not ActionStatus.DRAFT else None


@bp.get("/c/<slug>/act/sent")
@access.members_only
def sent(slug: str) -> ResponseReturnValue:
    campaign, action = _signed(slug)
    if action is None:
        return redirect(url_for(".pick", slug=slug), 303)
    return render_template("actions/sent.html", **_context(campaign, action))


@bp.get("/c/<slug>/act/sent/status")
@access.members_only
def sent_status(slug: str) -> ResponseReturnValue:
    """The part of the page that changes by itself; nothing once the letters are drafts again."""
    campaign, action = _signed(slug)
    if action is None:
        return "", 204
    return render_template("actions/_sent_status.html", **_context(campaign, action))


def _context(campaign: Campaign, action: Action) -> dict[str, Any]:
    session, now = db.session(), context.now()
    lines = stories.lines(session, signing.signed_letters(session, action))
    rows = tracker.rows(lines, context.zone(), now)
    leaves_at = stories.leaves_at(lines, now)
    member = session.get_one(Member, action.member_id)
    return {
        "campaign": campaign,
        "action": action,
        "rows": rows,
        "leaves_at": leaves_at,
        "seconds_left": math.ceil((leaves_at - now).total_seconds()) if leaves_at else 0,
        "undo_s": runtime().settings.undo_seconds,
        "going": sum(row.leaves_by_itself for row in rows),
        "yours": [row for row in rows if row.yours_to_send],
        "moving": stories.moving(lines),
        "watch": stories.watch(lines, now),
        "summary": tracker.summary(rows),
        "now": now,
        "copy_to": _copy_to(member, lines),
        "other_sites": sites.unwritten(session, member, campaign),
        "share_url": f"{runtime().envelope.base_url}{url_for('public.campaign', slug=campaign.slug)}",
    }


def _copy_to(member: Member, lines: list[stories.Line]) -> str:
    """The address that the copy went to, when one did."""
    if not lines:
        return ""
    mail = db.session.scalar(
        sa.select(MemberMail.id).where(
            MemberMail.member_id == member.id,
            MemberMail.kind == MailKind.COPY,
            MemberMail.key == f"consent:{lines[0].letter.consent_id}",
        )
    )
    return member.email if mail is not None else ""


@bp.post("/c/<slug>/act/undo")
@access.members_only
def undo(slug: str) -> ResponseReturnValue:
    _, action = _signed(slug)
    if action is None:
        return redirect(url_for(".letters_", slug=slug), 303)
    action_id = action.id
    with unit_of_work() as rows:
        found = signing.undo(rows, action_id, context.now())
    if found.left and found.cancelled:
        flash(views.partly_undone(found))
    elif found.left:
        flash("Undo came too late: your letters have left.")
    elif found.cancelled:
        flash("Undone. Nothing has left; your letters are drafts again.")
    return redirect(url_for(".letters_" if found.cancelled else ".sent", slug=slug), 303)
