"""Our own mail to members: rendered once, kept as a row, sent as a delivery like any letter."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from campaign import paths
from campaign.domain.references import TokenKind, new_reference
from campaign.domain.texts import tidy_line
from campaign.models.company import Company
from campaign.models.mail import BULK, MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.services import deliveries, suppressions
from campaign.services.envelope import Envelope


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(paths.TEMPLATES / "email"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def send(
    session: Session,
    kind: MailKind,
    member: Member,
    key: str,
    envelope: Envelope,
    now: datetime,
    *,
    campaign_id: int | None = None,
    template: str = "",
    **facts: Any,
) -> MemberMail | None:
    """Queues one mail; the same member, kind and key a second time returns the first one and sends nothing.

    `template` is its folder, by default that of the kind.

    None when the member's address is not written to: a bounce or a complaint stops everything, an unsubscribe only campaign
    mail.
    """
    existing = session.scalar(
        sa.select(MemberMail).where(MemberMail.member_id == member.id, MemberMail.kind == kind, MemberMail.key == key)
    )
    if existing is not None:
        return existing
    barred = suppressions.standing(session, member.email)
    if barred is not None and suppressions.bars(barred.reason, bulk=kind in BULK):
        return None
    reference = new_reference()
    unsubscribe = (
        f"{envelope.base_url}/unsubscribe/{envelope.signer.sign(TokenKind.UNSUBSCRIBE, reference)}"
        if kind in BULK
        else None
    )
    values = _facts(session, member) | facts | {"unsubscribe_url": unsubscribe}
    mail = MemberMail(
        reference=reference,
        member_id=member.id,
        kind=kind,
        key=key,
        campaign_id=campaign_id,
        subject=tidy_line(_render(template or kind, "subject.txt", values)),
        text=_render(template or kind, "body.txt", values).strip() + "\n",
        html=_render(template or kind, "body.html", values),
        unsubscribe_url=unsubscribe,
        created_at=now,
    )
    session.add(mail)
    session.flush()
    priority = deliveries.PRIORITY_BULK if kind in BULK else deliveries.PRIORITY_ONE_OFF
    deliveries.enqueue_mail(session, mail, member.email, priority=priority, now=now)
    return mail


def _render(folder: str, name: str, values: dict[str, Any]) -> str:
    return _environment().get_template(f"{folder}/{name}").render(values)


def _facts(session: Session, member: Member) -> dict[str, Any]:
    company = session.get(Company, member.company_id) if member.company_id else None
    organization = session.get_one(Organization, 1)
    return {
        "member": {"name": member.name, "first": member.first, "company": company.name if company else ""},
        "organization": {
            "name": organization.name,
            "postal_lines": organization.postal_lines,
            "contact_email": organization.contact_email,
            "is_demonstration": organization.is_demonstration,
        },
    }
