"""Small worlds for tests, made by the services where there is one. Everything invented; addresses end in .example."""

from __future__ import annotations

import atexit
import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.references import TokenSigner
from campaign.domain.statuses import CampaignStatus
from campaign.domain.targeting import TargetKind
from campaign.domain.texts import fold
from campaign.extensions import db
from campaign.journal import Journal
from campaign.models.action import Action
from campaign.models.campaign import Campaign, CampaignRecommendation, Reason
from campaign.models.company import Company, Facility
from campaign.models.docket import Docket, Portal
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.office import Office, StaffContact
from campaign.models.organization import Organization
from campaign.models.recommendation import Ask, Recommendation, Sphere, Wording
from campaign.models.template import LetterTemplate, LetterTemplateVersion
from campaign.models.user import ROLES, Role, User
from campaign.services import drafts, previews, signing
from campaign.services.envelope import Envelope
from campaign.services.signing import Signature

NOW = datetime(2026, 6, 15, 14, 0, tzinfo=UTC)
SET_UP = frozenset(ChannelName)
"""Every channel, where a test does not say that one is missing."""
_numbers = count(1)


def journal(owner: str = "") -> Journal:
    """Of a worker of its own; in a folder that goes with the test run."""
    return Journal(Path(tempfile.mkdtemp(dir=_journals.name)), owner or f"worker-{next(_numbers)}")


_journals = tempfile.TemporaryDirectory(prefix="countersign-journals-")
atexit.register(_journals.cleanup)

ENVELOPE = Envelope(
    TokenSigner("a secret for tests, of 32 characters and more"), "bounces.test.example", "http://localhost:8000"
)

FRAMES: dict[str, Any] = {
    "company": {
        "house": {
            "subject": "{{ facility.city }} employer on {{ ask.vehicle }}",
            "opening": "I am {{ member.title }} of {{ member.company }} in {{ facility.city }}, in {{ office.seat }}.",
            "closing": "Thank you for your time.",
            "valediction": "Sincerely,",
        },
        "senate": {
            "subject": "{{ facility.city }} employer on {{ ask.vehicle }}",
            "opening": "I write as {{ member.title }} of {{ member.company }}; {{ facility.jobs }} people work with us.",
            "closing": "Thank you for considering our view.",
            "valediction": "Sincerely,",
        },
        "agency": {
            "subject": "Comments of {{ member.company }} on {{ docket.number }}",
            "heading": "RE: Docket No. {{ docket.number }}",
            "opening": "At {{ member.company }} we {{ facility.activity }} in {{ facility.city }}.",
            "closed_note": "Although the comment period has closed, we hope these remarks are still useful.",
            "closing": "We are ready to answer questions.",
            "valediction": "Respectfully submitted,",
            "shows_contact": False,
        },
    },
    "person": {
        "house": {
            "subject": "{{ member.city }} constituent on {{ ask.vehicle }}",
            "opening": "I live in {{ member.city }}, in {{ office.seat }}.",
            "closing": "Thank you for your time.",
            "valediction": "Sincerely,",
        },
        "senate": {
            "subject": "{{ member.city }} constituent on {{ ask.vehicle }}",
            "opening": "I live in {{ member.city }}.",
            "closing": "Thank you.",
            "valediction": "Sincerely,",
        },
    },
}


def organization() -> None:
    with transaction(db.session()) as session:
        session.add(
            Organization(
                id=1,
                name="Bluestem Test Association",
                postal_lines=["1 Demo Way NW", "Washington, DC 20036"],
                sending_address="letters@association.example",
                contact_email="desk@association.example",
            )
        )
        session.add_all(Role(name=name) for name in ROLES)


def user(session: Session, email: str, *roles: str, name: str = "", password: str | None = None) -> User:
    wanted = session.query(Role).filter(Role.name.in_(roles)).all()
    made = User(
        email=email,
        name=name,
        password=password,
        fs_uniquifier=secrets.token_hex(32),
        created_at=NOW,
        roles=wanted,
    )
    session.add(made)
    session.flush()
    return made


def company(session: Session, name: str | None = None, **site: Any) -> tuple[Company, Facility]:
    """A company with one site in Kokomo, Indiana (IN-5), unless told otherwise."""
    made = Company(name=name or f"Company {next(_numbers)}")
    made.search = fold(made.name)
    session.add(made)
    session.flush()
    return made, facility(session, made, **site)


def facility(session: Session, of: Company, **values: Any) -> Facility:
    row: dict[str, Any] = {
        "name": f"Plant {next(_numbers)}",
        "kind": "plant",
        "street": "12 Demo Way",
        "city": "Kokomo",
        "state": "IN",
        "zip": "46902",
        "jobs": 340,
        "product": "magnets",
        "activity": "make magnets",
        "minerals": ["neodymium", "dysprosium"],
    } | values
    made = Facility(company_id=of.id, **row)
    session.add(made)
    session.flush()
    return made


def member(session: Session, of: Company | None = None, **values: Any) -> Member:
    n = next(_numbers)
    row: dict[str, Any] = {
        "first": "Ada",
        "last": f"Quillback{n}",
        "title": "plant manager",
        "email": f"ada.{n}@company.example",
    } | values
    made = Member(
        user_id=user(session, row["email"], "member").id, company_id=of.id if of else None, created_at=NOW, **row
    )
    made.search = fold(f"{made.name} {made.email}")
    session.add(made)
    session.flush()
    return made


def recommendation(
    session: Session, key: str | None = None, docket: Docket | None = None, **values: Any
) -> Recommendation:
    key = key or f"R{next(_numbers)}"
    targets = [TargetKind.AGENCY] if docket else [TargetKind.HOUSE, TargetKind.SENATE]
    row: dict[str, Any] = {
        "sphere": Sphere.INTERNATIONAL if docket else Sphere.DOMESTIC,
        "title": f"Recommendation {key}",
        "why": "It matters.",
        "vehicle": "H.R. 4776",
    } | values
    made = Recommendation(
        key=key,
        docket_id=docket.id if docket else None,
        asks=[
            Ask(target=target, vehicle=row["vehicle"], line=f"Please act on {row['vehicle']}.") for target in targets
        ],
        wordings=[
            Wording(
                letter="a", text=f"Wording a of {key} for {{{{ facility.city }}}}, which we hope is read with care."
            ),
            Wording(
                letter="b", text=f"Wording b of {key} for {{{{ facility.city }}}}, in other words for the same thing."
            ),
        ],
        facts=[],
        bills=[],
        sponsors=[],
        **row,
    )
    session.add(made)
    session.flush()
    return made


def docket(session: Session, **values: Any) -> Docket:
    office = session.query(Office).filter(Office.code == "USTR").one()
    row: dict[str, Any] = {
        "number": f"DEMO-2026-{next(_numbers):04}",
        "title": "Demonstration docket",
        "portal": Portal.USTR,
        "portal_url": "http://localhost:8026/docket",
        "opens_at": NOW - timedelta(days=10),
        "closes_at": NOW + timedelta(days=10),
    } | values
    made = Docket(office_id=office.id, **row)
    session.add(made)
    session.flush()
    return made


def campaign(session: Session, *cards: Recommendation, **values: Any) -> Campaign:
    """A live campaign with these recommendations."""
    n = next(_numbers)
    template = LetterTemplate(name=f"Template {n}")
    session.add(template)
    session.flush()
    session.add(
        LetterTemplateVersion(
            template_id=template.id,
            number=1,
            frames=FRAMES,
            thanks="Thank you for your leadership on {{ ask.vehicle }}.",
            next_step="Please help it to its next step.",
            created_at=NOW,
        )
    )
    row: dict[str, Any] = {
        "slug": f"campaign-{n}",
        "name": f"Campaign {n}",
        "status": CampaignStatus.LIVE,
        "opens_at": NOW - timedelta(days=21),
        "closes_at": NOW + timedelta(days=30),
        "channels": ["smtp", "handoff", "print"],
        "consent_text": "You send these letters as yourself.",
    } | values
    made = Campaign(template_id=template.id, **row)
    session.add(made)
    session.flush()
    session.add_all(
        CampaignRecommendation(campaign_id=made.id, recommendation_id=card.id, rank=rank)
        for rank, card in enumerate(cards, 1)
    )
    session.add_all(
        Reason(campaign_id=made.id, key=key, label=label, wording_a=a, wording_b=a, rank=rank)
        for rank, (key, label, a) in enumerate(
            [
                ("jobs", "Jobs", "{{ facility.jobs }} people in {{ facility.city }} count on steady deliveries."),
                ("lead", "Lead times", "Delivery times for {{ facility.main_input }} have become hard to predict."),
                ("single", "Single source", "For {{ facility.main_input }} we have very few suppliers to choose from."),
            ]
        )
    )
    session.flush()
    return made


def staff_address(session: Session, *codes: str) -> None:
    """Gives these offices (all offices of Congress where none is named) a staff address at offices.example."""
    query = session.query(Office).filter(Office.code.in_(codes)) if codes else session.query(Office)
    for office in query:
        if office.code != "USTR":
            session.add(StaffContact(office_id=office.id, email=f"{office.code.lower()}@offices.example"))
    session.flush()


def draft(session: Session, who: Member, on: Campaign, *keys: str, story: str = "", now: datetime = NOW) -> Action:
    action = drafts.start(session, who, on, None, now)
    drafts.choose(session, action, keys, now)
    drafts.tell(session, action, jobs=None, reasons=[], story=story, now=now)
    session.flush()
    return action


def signed(
    session: Session, who: Member, on: Campaign, *keys: str, story: str = "", now: datetime = NOW, undo_s: int = 60
) -> list[Letter]:
    action = draft(session, who, on, *keys, story=story, now=now)
    shown = previews.preview(session, action, SET_UP, now).digest
    _, letters = signing.sign(session, action.id, Signature(who.name, shown, "test"), SET_UP, now, undo_s=undo_s)
    return letters
