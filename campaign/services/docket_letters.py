"""What a letter to a docket must be before it is signed: what its portal takes, and with brackets that hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaign.channels.docket import comment
from campaign.channels.docket.comment import Comment, Submitter
from campaign.channels.docket.filing import Filing
from campaign.domain import brackets
from campaign.domain.letters import Letter
from campaign.models.company import Company, Facility
from campaign.models.docket import Docket, Portal
from campaign.models.member import Member


@dataclass(frozen=True, slots=True)
class Trouble:
    """`message` holds nothing of the letter; `place` is its line and some words, for the page of its writer alone."""

    message: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who comments: a company, or a person where `company` is empty."""

    first: str
    last: str
    company: str = ""
    email: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


def sender_of(member: Member, site: Facility, company: Company | None) -> Sender:
    """Who a member comments as: their company, or themselves from where they live."""
    name = company.name if company else ""
    return Sender(member.first, member.last, name, member.email, site.city, site.state, site.zip)


def comment_text(paragraphs: Sequence[str]) -> str:
    """What stands in the comment box: name and organization have fields of their own there."""
    return "\n\n".join(paragraphs)


def comment_of(docket: Docket, paragraphs: Sequence[str], sender: Sender, letter: Filing | None = None) -> Comment:
    """As regulations.gov takes it. `letter`: what a file is made of, where the text is too long for its box."""
    text = comment_text(paragraphs)
    if sender.company:
        return Comment(
            docket.document_id,
            text,
            Submitter.ORGANIZATION,
            organization=sender.company,
            organization_type=docket.organization_type,
            email=sender.email,
            letter=letter,
        )
    return Comment(
        docket.document_id,
        text,
        Submitter.INDIVIDUAL,
        first_name=sender.first,
        last_name=sender.last,
        email=sender.email,
        city=sender.city,
        state=sender.state,
        zip=sender.zip,
        country="United States",
        letter=letter,
    )


def troubles(letter: Letter, docket: Docket, sender: Sender) -> tuple[Trouble, ...]:
    """Why this letter cannot be filed at this docket's portal as it stands; empty when it can."""
    if docket.portal is Portal.USTR:
        faults = brackets.faults(comment_text(letter.paragraphs))
        return tuple(Trouble(fault.message, fault.place) for fault in faults)
    found = comment.problems(comment_of(docket, letter.paragraphs, sender))
    return tuple(Trouble(message) for message in found)
