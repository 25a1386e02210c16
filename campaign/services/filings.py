"""A signed letter to a docket on its way: what is filed, until when, and what remains after the docket has closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from campaign.channels.docket.comment import Comment
from campaign.channels.docket.filing import Filing, Submitter, certified_sentence, heading_lines
from campaign.domain.channels import BY_THE_MEMBERS_WORD, ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.statuses import Status
from campaign.domain.texts import is_placeholder, tidy_line
from campaign.models.action import Action
from campaign.models.company import Company, Facility
from campaign.models.confidential import ConfidentialText
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket, Portal
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.services import confidential, counts, deliveries, fall_through, reminders
from campaign.services.docket_letters import comment_of, sender_of
from campaign.services.many import among
from campaign.services.routes import Route

NUMBER_LIMIT = 100  # characters of a confirmation number
SHORTEST_NUMBER = 3
_OPEN = frozenset({Status.QUEUED, Status.HELD})


@dataclass(frozen=True, slots=True)
class Open:
    """A letter with its docket and who files it."""

    letter: Letter
    docket: Docket
    member: Member
    site: Facility
    company: Company | None
    confidential: ConfidentialText | None  # where something in it is bracketed

    @property
    def paragraphs(self) -> tuple[str, ...]:
        return tuple(part["text"] for part in self.letter.parts if part["key"] != "heading")

    @property
    def is_certified(self) -> bool:
        """True also where there is nothing to certify."""
        return self.confidential is None or self.confidential.certified_at is not None

    @property
    def is_whole(self) -> bool:
        """False once its bracketed passages have been deleted."""
        return self.confidential is None or self.confidential.deleted_at is None

    @property
    def hides_passages(self) -> bool:
        """Whether bracketed passages are in it."""
        return self.confidential is not None and self.is_whole

    @property
    def heading(self) -> str:
        return "\n".join(part["text"] for part in self.letter.parts if part["key"] == "heading")

    def comment(self, zone: ZoneInfo) -> Comment:
        """As regulations.gov takes it."""
        sender = sender_of(self.member, self.site, self.company)
        return comment_of(self.docket, self.paragraphs, sender, self.filing(zone))

    def filing(self, zone: ZoneInfo) -> Filing:
        """As a person files it, with the day of signing in this zone."""
        letter, docket = self.letter, self.docket
        signed = letter.signed_at.astimezone(zone)
        return Filing(
            reference=letter.reference,
            docket=docket.number,
            docket_title=docket.title,
            agency=docket.office.code,
            portal_url=docket.portal_url,
            closes_at=docket.closes_at,
            submitter=self.submitter,
            date=f"{signed:%B} {signed.day}, {signed.year}",
            to_lines=tuple(letter.address_block),
            subject=letter.subject,
            heading=heading_lines(self.heading),
            salutation=letter.salutation,
            paragraphs=self.paragraphs,
            closing=letter.valediction,
            signature=tuple(letter.signature),
            marked=docket.portal is not Portal.REGULATIONS_GOV,
            reason=self.confidential.reason if self.confidential else "",
        )

    @property
    def submitter(self) -> Submitter:
        member = self.member
        company = self.company.name if self.company else ""
        return Submitter(company, member.first, member.last, member.title, member.email)


def _query() -> sa.Select[Letter, Docket, Member, Facility, Company, ConfidentialText]:
    return (
        sa.select(Letter, Docket, Member, Facility, Company, ConfidentialText)
        .join(Docket, Docket.id == Letter.docket_id)
        .join(Member, Member.id == Letter.member_id)
        .join(Action, Action.id == Letter.action_id)
        .join(Facility, Facility.id == Action.facility_id)
        .outerjoin(Company, Company.id == Facility.company_id)
        .outerjoin(ConfidentialText, ConfidentialText.letter_id == Letter.id)
        .options(joinedload(Docket.office))
    )


def of_letter(session: Session, letter_id: int) -> Open:
    """Raises WrongState for a letter that goes to no docket."""
    row = session.execute(_query().where(Letter.id == letter_id)).one_or_none()
    if row is None:
        raise WrongState("This letter goes to no docket.")
    return Open(*row)


def comments(session: Session, delivery_ids: Sequence[int]) -> dict[int, Comment]:
    """The cargo of deliveries to dockets of regulations.gov, by delivery id; others are not in it. Two statements."""
    rows = session.execute(
        _query()
        .add_columns(Delivery.id.label("delivery_id"))
        .join(Delivery, Delivery.letter_id == Letter.id)
        .where(among(session, Delivery.id, delivery_ids), Docket.portal == Portal.REGULATIONS_GOV)
    )
    zone = counts.zone(session)
    return {row.delivery_id: Open(*tuple(row)[:-1]).comment(zone) for row in rows}


def certify(session: Session, letter_id: int, reason: str, zone: ZoneInfo, now: datetime, by: str) -> None:
    """Records that the filer certifies the bracketed passages as not customarily public, and why they are confidential.

    Again replaces the reason. Raises Invalid with its field, WrongState for a letter without passages or whose docket has closed.
    """
    found = of_letter(session, letter_id)
    if found.confidential is None:
        raise WrongState("Nothing in this letter is in brackets: there is nothing to certify.")
    if now >= found.docket.closes_at:
        raise WrongState("This docket has closed, so nothing can be filed there any more.")
    filing = found.filing(zone)
    confidential.certify(found.confidential, filing.text, reason, certified_sentence(filing), now, by)


def filed(session: Session, letter_id: int, number: str, now: datetime, by: str, *, before_close: bool = False) -> None:
    """Records the member's word with the portal's confirmation number: delivered, member confirmed. Twice is safe.

    Raises Invalid for a number that is none, and WrongState once the docket has closed, unless the member says that they
    filed it before (`before_close`).
    """
    found = of_letter(session, letter_id)
    number = check_number(number)
    late = now >= found.docket.closes_at
    if late and not before_close:
        raise WrongState("This docket has closed, so nothing can be filed there any more.")
    why = f"the member filed it{' before it closed' if late else ''}, number {number}"
    for delivery in deliveries.locked_of_letter(session, letter_id):
        if delivery.channel not in BY_THE_MEMBERS_WORD:
            continue
        if delivery.status is Status.EXPIRED:
            raise WrongState("This letter was given up when its docket closed. Tell your association the number.")
        deliveries.done_by_hand(session, delivery.id, now, by, why)
    session.flush()
    reminders.no_longer_needed(session, found.letter, now)


def check_number(text: str) -> str:
    """The number in one line. Raises Invalid, naming the field."""
    number = tidy_line(text)
    if len(number) < SHORTEST_NUMBER or not any(c.isalnum() for c in number) or is_placeholder(number):
        raise Invalid("Enter the confirmation number that the portal showed you.", "number")
    if len(number) > NUMBER_LIMIT:
        raise Invalid(f"A confirmation number has at most {NUMBER_LIMIT} characters.", "number")
    return number


def post_instead(session: Session, letter_id: int, now: datetime, by: str) -> None:
    """After closing time: what was to be filed is ended, and the same letter goes by post. Twice is safe.

    Raises WrongState while the docket is open, when the letter was filed or is on its way, when the portal did not take it (a
    person decides), when somebody cancelled it, and once its confidential passages have been deleted.
    """
    found = of_letter(session, letter_id)
    if now < found.docket.closes_at:
        raise WrongState("This docket is still open: file the comment there.")
    deliveries.locked_of_letter(session, letter_id)
    ways = deliveries.of_letter(session, letter_id)  # again: another press may have added one while this one waited
    if any(each.channel is ChannelName.PRINT for each in ways):
        return
    confidential.check_whole(session, letter_id)
    for each in ways:
        if each.superseded:
            continue
        if each.status in _OPEN:
            deliveries.move(session, each, Status.EXPIRED, now, "the docket has closed", by)
        elif each.status is Status.CANCELLED:
            raise WrongState("This letter was cancelled: it is not sent at all.")
        elif each.status in (Status.REFUSED, Status.FAILED):
            raise WrongState("The portal did not take this letter. Your association decides how it goes on.")
        elif each.status is not Status.EXPIRED:
            raise WrongState("This letter has been filed, or may have been; it is not sent a second time.")
    fall_through.replace(session, ways[-1], Route(ChannelName.PRINT), now, by)
    session.flush()
    reminders.no_longer_needed(session, found.letter, now)
