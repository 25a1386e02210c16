"""The waiting room: mail that no signed token ties to a letter, until a person attaches it to one or sets it aside.

What speaks for a letter here (thread ids, the sender's domain, the subject) anybody can write, so it makes candidates only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.references import REFERENCE_LENGTH
from campaign.domain.texts import like, tidy
from campaign.models.event import Event, MailDecision, MailFacts
from campaign.models.letter import Letter
from campaign.models.office import StaffContact
from campaign.models.response import Response
from campaign.services import audit, responses

RECENT = timedelta(days=180)
MOST_CANDIDATES = 8
_REFERENCE = re.compile(rf"<([0-9a-hjkmnp-tv-z]{{{REFERENCE_LENGTH}}})@")
_PREFIX = re.compile(r"^\s*(?:(?:re|fwd?|aw|wg|automatic reply|undeliverable|undelivered mail)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A letter, and why it may be the one, strongest reason first."""

    letter: Letter
    reasons: tuple[str, ...]


def waits() -> sa.ColumnElement[bool]:
    """Of an event: nobody was found for it and nobody has decided."""
    return sa.and_(Event.delivery_id.is_(None), ~sa.exists().where(MailDecision.event_id == Event.id))


def listed(search: str = "") -> sa.Select[Event]:
    """Newest first by id."""
    query = sa.select(Event).where(waits())
    if search:
        said = aliased(MailFacts)  # an export joins the table itself
        query = query.where(sa.exists().where(said.event_id == Event.id, said.search.like(like(search), escape="\\")))
    return query


def facts_of(session: Session, events: Sequence[Event]) -> dict[int, MailFacts]:
    """By event id. One statement."""
    ids = [event.id for event in events]
    return {row.event_id: row for row in session.scalars(sa.select(MailFacts).where(MailFacts.event_id.in_(ids)))}


def decision(session: Session, event_id: int) -> MailDecision | None:
    return session.get(MailDecision, event_id)


def candidates(session: Session, event: Event, facts: MailFacts | None) -> list[Candidate]:
    """Letters signed before the mail came, the likeliest first; at most eight. Three statements."""
    if facts is None:
        return []
    before = (Letter.signed_at <= event.received_at, Letter.signed_at >= event.received_at - RECENT)
    named = {match[1] for each in facts.threads if (match := _REFERENCE.search(each))}
    subject = _PREFIX.sub("", facts.subject)
    domain = facts.from_address.rpartition("@")[2].lower()
    ways: list[tuple[str, sa.ColumnElement[bool], int]] = []
    if named:
        ways.append(("it answers a mail of ours", Letter.reference.in_(named), 4))
    if domain:
        offices = sa.select(StaffContact.office_id).where(StaffContact.email.like(like(f"@{domain}"), escape="\\"))
        ways.append(("it comes from the office’s domain", Letter.office_id.in_(offices), 2))
    if subject:
        ways.append(("it has the letter’s subject", Letter.subject == subject, 1))
    found: dict[int, tuple[Letter, list[str], int]] = {}
    for reason, condition, weight in ways:
        rows = session.scalars(sa.select(Letter).where(condition, *before).order_by(Letter.id.desc()).limit(50))
        for letter in rows:
            _, reasons, total = found.get(letter.id, (letter, [], 0))
            found[letter.id] = (letter, [*reasons, reason], total + weight)
    best = sorted(found.values(), key=lambda each: (-each[2], -each[0].id))[:MOST_CANDIDATES]
    return [Candidate(letter, tuple(reasons)) for letter, reasons, _ in best]


def attach(session: Session, event_id: int, letter_id: int, kind: ResponseKind, at: datetime, by: str) -> Response:
    """The mail becomes a response to the letter, by a person's word. The event itself stays as it came.

    Raises WrongState when another person was faster, Invalid for a letter that was signed after the mail came.
    """
    event = _decide(session, event_id, letter_id, f"attached as {kind}", at, by)
    facts = session.get(MailFacts, event_id)
    answer = responses.record(
        session,
        session.get_one(Letter, letter_id),
        kind,
        received_at=event.received_at,
        now=at,
        by=by,
        source=event.source,
        source_id=event.source_id,
        text=facts.text if facts else "",
        event_id=event.id,
    )
    audit.record(session, at=at, by=by, act=f"attached mail as {kind}", subject=f"event:{event_id}", letter=letter_id)
    return answer


def set_aside(session: Session, event_id: int, why: str, at: datetime, by: str) -> None:
    """It belongs to no letter. Raises Invalid without a reason, WrongState when another person was faster."""
    why = tidy(why)
    if not why:
        raise Invalid("Say why it belongs to no letter.", field="why")
    _decide(session, event_id, None, why, at, by)
    audit.record(session, at=at, by=by, act="set mail aside", subject=f"event:{event_id}", why=why)


def _decide(session: Session, event_id: int, letter_id: int | None, why: str, at: datetime, by: str) -> Event:
    event = session.get(Event, event_id)
    if event is None:
        raise NotFound("There is no such mail.")
    if event.delivery_id is not None:
        raise WrongState("This mail belongs to a letter already.")
    session.add(MailDecision(event_id=event_id, letter_id=letter_id, why=why, by=by, at=at))
    try:
        session.flush()  # waits for whoever decides at the same moment
    except IntegrityError as error:
        raise WrongState("Somebody else has dealt with this mail meanwhile.") from error
    return event
