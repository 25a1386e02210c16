"""Dockets as organizers keep them: entered by hand, or read from regulations.gov."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from campaign.channels.docket.documents import Document
from campaign.domain import docket_rules, hosts
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.texts import tidy_line
from campaign.models.docket import Docket, Portal
from campaign.models.letter import Letter
from campaign.models.office import Office, OfficeKind
from campaign.models.organization import Organization
from campaign.services import audit

TITLE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One document's comment period as it shall stand. Times aware; `closes_at` is its last second."""

    office_id: int
    portal: Portal
    number: str
    title: str
    document_id: str
    portal_url: str
    opens_at: datetime
    closes_at: datetime
    by_machine: bool = False  # this installation has a key for the portal's interface
    organization_type: str = docket_rules.ORGANIZATION_TYPE


def query() -> sa.Select[Docket]:
    """All, with their agencies, to be paged."""
    return sa.select(Docket).options(joinedload(Docket.office))


def find(session: Session, docket_id: int) -> Docket:
    found = session.scalar(query().where(Docket.id == docket_id))
    if found is None:
        raise NotFound("There is no such docket.")
    return found


def letters_of(session: Session, docket_ids: Sequence[int]) -> Mapping[int, int]:
    """How many signed letters go to each; a docket without one is not in it."""
    counted = (
        sa.select(Letter.docket_id, sa.func.count()).where(Letter.docket_id.in_(docket_ids)).group_by(Letter.docket_id)
    )
    return {number: count for number, count in session.execute(counted) if number is not None}


def agencies(session: Session) -> Sequence[Office]:
    return session.scalars(sa.select(Office).where(Office.kind == OfficeKind.AGENCY).order_by(Office.code)).all()


def enter(session: Session, entry: Entry, now: datetime, by: str, docket_id: int | None = None) -> Docket:
    """Makes a docket, or changes one. Recorded. Raises Invalid with its field, WrongState for what letters hold on to.

    A letter that waits for a docket follows its new dates; its number and document stay once somebody signed for them.
    """
    _check(session, entry)
    if docket_id is None:
        docket = Docket(**_values(entry))
        session.add(docket)
        session.flush()
        audit.record(session, at=now, by=by, act="docket entered", subject=f"docket:{docket.id}", **_told(docket))
        return docket
    docket = find(session, docket_id)
    before = _told(docket)
    fixed = (docket.office_id, docket.portal, docket.number, docket.document_id)
    if fixed != (entry.office_id, entry.portal, entry.number, entry.document_id) and letters_of(session, [docket.id]):
        raise WrongState("Letters have been signed for this docket: its agency, portal, number and document stay.")
    for name, value in _values(entry).items():
        setattr(docket, name, value)
    session.flush()
    after = _told(docket)
    if after != before:
        audit.record(
            session, at=now, by=by, act="docket changed", subject=f"docket:{docket.id}", before=before, after=after
        )
    return docket


def take_over(
    session: Session,
    office_id: int,
    number: str,
    documents: Sequence[Document],
    now: datetime,
    by: str,
    *,
    pages: str = "",
    by_machine: bool = False,
) -> list[Docket]:
    """The documents of a docket that take comments, each a row: made, or brought to what the portal says. Twice is safe.

    `pages` is what the address of a document's page begins with, where that is not the real portal's.
    """
    made = []
    for document in documents:
        if document.docket != number or document.closes_at is None or document.withdrawn:
            continue
        existing = session.scalar(
            sa.select(Docket).where(
                Docket.office_id == office_id, Docket.number == number, Docket.document_id == document.id
            )
        )
        entry = Entry(
            office_id=office_id,
            portal=Portal.REGULATIONS_GOV,
            number=number,
            title=document.title[:TITLE_LIMIT] or number,
            document_id=document.id,
            portal_url=existing.portal_url if existing else f"{pages}{document.id}" if pages else "",
            opens_at=document.opens_at or (existing.opens_at if existing else now),
            closes_at=document.closes_at,
            by_machine=by_machine,
            organization_type=existing.organization_type if existing else docket_rules.ORGANIZATION_TYPE,
        )
        made.append(enter(session, entry, now, by, existing.id if existing else None))
    return made


def _check(session: Session, entry: Entry) -> None:
    organization = session.get(Organization, 1)
    demonstration = organization is not None and organization.is_demonstration
    docket_rules.check_number(entry.portal, entry.number, demonstration=demonstration)
    docket_rules.check_document_id(entry.number, entry.document_id)
    if not entry.title:
        raise Invalid("Enter the docket's title as its notice has it.", "title")
    if entry.portal_url and not hosts.is_safe(entry.portal_url):
        raise Invalid("Enter an https address, or leave it empty.", "portal_url")
    if entry.opens_at >= entry.closes_at:
        raise Invalid("A docket closes after it opens.", "closes_on")
    other = session.scalar(
        sa.select(Office.kind).where(Office.id == entry.office_id),
    )
    if other is not OfficeKind.AGENCY:
        raise Invalid("Choose the agency.", "office")


def check_free(session: Session, entry: Entry, docket_id: int | None) -> None:
    """Raises Invalid when another row stands for the same document."""
    same = sa.select(Docket.id).where(
        Docket.office_id == entry.office_id, Docket.number == entry.number, Docket.document_id == entry.document_id
    )
    found = session.scalar(same.where(Docket.id != docket_id) if docket_id else same)
    if found is not None:
        raise Invalid("This docket is here already. A second document needs its document id.", "number")


def _values(entry: Entry) -> dict[str, Any]:
    return {
        "office_id": entry.office_id,
        "portal": entry.portal,
        "number": entry.number,
        "title": tidy_line(entry.title),
        "document_id": entry.document_id,
        "portal_url": entry.portal_url,
        "opens_at": entry.opens_at,
        "closes_at": entry.closes_at,
        "by_machine": entry.by_machine and entry.portal is Portal.REGULATIONS_GOV and bool(entry.document_id),
        "organization_type": tidy_line(entry.organization_type) or docket_rules.ORGANIZATION_TYPE,
    }


def _told(docket: Docket) -> dict[str, str]:
    """For the record."""
    return {
        "number": docket.number,
        "document": docket.document_id,
        "portal": str(docket.portal),
        "title": docket.title,
        "organization_type": docket.organization_type,
        "opens": docket.opens_at.astimezone(docket_rules.EASTERN).isoformat(),
        "closes": docket.closes_at.astimezone(docket_rules.EASTERN).isoformat(),
    }
