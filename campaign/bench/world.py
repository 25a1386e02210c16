"""A database full of queued letters, written by bulk statements: what is measured is how they leave, not how they came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.domain.references import new_reference
from campaign.domain.statuses import ActionStatus, CampaignStatus, Status
from campaign.models.action import Action, Consent
from campaign.models.campaign import Campaign
from campaign.models.company import Company, Facility
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.office import Chamber, Office, OfficeKind
from campaign.models.organization import Organization
from campaign.models.rollup import Measure, Rollup
from campaign.models.template import LetterTemplate, LetterTemplateVersion
from campaign.models.user import User
from campaign.services import counts

BODY = "\n\n".join(
    ["To the Office:"]
    + ["We make magnets in Kokomo, and the people who work with us would like to plan further than a season. " * 4] * 4
    + ["Respectfully,", "Ada Quillback"]
)
"""About 1.7 KB: an ordinary letter."""


def build(session: Session, letters: int, now: datetime) -> int:
    """One campaign with `letters` queued letters, all due; returns the campaign's id. The caller commits."""
    if session.get(Organization, 1) is None:
        session.add(Organization(id=1, name="Benchmark", postal_lines=[], sending_address="letters@bench.example"))
    campaign, version, member, facility, office = _fixtures(session, now)
    action = Action(
        member_id=member.id,
        campaign_id=campaign.id,
        facility_id=facility.id,
        status=ActionStatus.APPROVED,
        reasons=[],
        story="",
        signings=1,
        created_at=now,
        changed_at=now,
    )
    session.add(action)
    session.flush()
    first = (session.scalar(sa.select(sa.func.max(Letter.id))) or 0) + 1
    day = counts.day_of(session, now)
    for numbers in _batches(letters):
        session.execute(sa.insert(Consent), [_consent(first + n, action.id, now) for n in numbers])
        session.execute(
            sa.insert(Letter),
            [_letter(first + n, action, campaign, member, office, version, now, day) for n in numbers],
        )
        session.execute(sa.insert(Delivery), [_delivery(first + n, campaign.id, office.id, now, day) for n in numbers])
        session.execute(
            sa.insert(DeliveryChange),
            [
                {"delivery_id": first + n, "at": now, "old": None, "new": Status.QUEUED, "why": "signed", "by": "bench"}
                for n in numbers
            ],
        )
    for measure in (Measure.STANDING, Measure.MOVES):
        session.add(
            Rollup(
                campaign_id=campaign.id,
                measure=measure,
                day=day,
                office_id=office.id,
                channel=ChannelName.SMTP,
                status=str(Status.QUEUED),
                count=letters,
            )
        )
    return campaign.id


def _batches(letters: int) -> Iterator[range]:
    for start in range(0, letters, 1000):
        yield range(start, min(start + 1000, letters))


def _fixtures(session: Session, now: datetime) -> tuple[Campaign, LetterTemplateVersion, Member, Facility, Office]:
    name = new_reference()
    company = Company(name=f"Company {name}")
    user = User(email=f"{name}@bench.example", fs_uniquifier=name, created_at=now)
    template = LetterTemplate(name=name)
    # an agency, whose holder no election changes: the check before each hand-over finds it as it was
    office = session.scalar(sa.select(Office).where(Office.code == "BENCH")) or Office(
        code="BENCH",
        kind=OfficeKind.AGENCY,
        chamber=Chamber.EXECUTIVE,
        title="Office of the Benchmark",
        head_name="Nobody",
        head_last="Nobody",
    )
    session.add_all([company, user, template, office])
    session.flush()
    facility = Facility(
        company_id=company.id, name="Plant", kind="plant", street="1 Demo Way", city="Kokomo", state="IN", zip="46902"
    )
    member = Member(
        user_id=user.id, company_id=company.id, first="Ada", last="Quillback", email=user.email, created_at=now
    )
    version = LetterTemplateVersion(template_id=template.id, number=1, frames={}, created_at=now)
    campaign = Campaign(
        slug=name,
        name="Benchmark",
        status=CampaignStatus.LIVE,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=30),
        channels=["smtp"],
        template_id=template.id,
    )
    session.add_all([facility, member, version, campaign])
    session.flush()
    return campaign, version, member, facility, office


def _consent(number: int, action_id: int, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "action_id": action_id,
        "number": number,
        "signed_name": "Ada Quillback",
        "text": "",
        "digest": "0" * 64,
        "at": now,
        "method": "bench",
        "network": "",
    }


def _letter(
    number: int,
    action: Action,
    campaign: Campaign,
    member: Member,
    office: Office,
    version: LetterTemplateVersion,
    now: datetime,
    day: date,
) -> dict[str, Any]:
    return {
        "id": number,
        "reference": new_reference(),
        "action_id": action.id,
        "consent_id": number,
        "campaign_id": campaign.id,
        "member_id": member.id,
        "office_id": office.id,
        "holder": "held:Nobody",
        "template_version_id": version.id,
        "target": office.code,
        "addressee": "Office of the Benchmark",
        "subject": "Kokomo employer on H.R. 4776",
        "address_block": [],
        "salutation": "To the Office:",
        "parts": [],
        "valediction": "Respectfully,",
        "signature": ["Ada Quillback"],
        "body": BODY,
        "statement": "",
        "message": "",
        "digest": "0" * 64,
        "overlap": 0.0,
        "signed_at": now,
        "signed_on": day,
        "response": "none",
        "search": "",
    }


def _delivery(number: int, campaign_id: int, office_id: int, now: datetime, day: date) -> dict[str, Any]:
    return {
        "id": number,
        "letter_id": number,
        "consent_id": number,
        "campaign_id": campaign_id,
        "office_id": office_id,
        "channel": ChannelName.SMTP,
        "to_address": "bench+silent@offices.example",
        "status": Status.QUEUED,
        "reason": "",
        "priority": 5,
        "due_at": now,
        "give_up_at": now + timedelta(days=5),
        "tries": 0,
        "counted_on": day,
        "created_at": now,
        "changed_at": now,
    }
