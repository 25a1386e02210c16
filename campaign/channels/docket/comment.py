"""A comment as regulations.gov takes it, with every limit of its interface (open.gsa.gov, Regulations.gov API v4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from campaign.channels.docket.filing import Filing
from campaign.domain import brackets, docket_rules

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

LIMITS = {
    "comment": docket_rules.COMMENT_LIMIT,
    "first_name": 25,
    "last_name": 25,
    "organization": 120,
    "email": 100,
    "city": 50,
    "state": 50,
    "country": 50,
    "phone": 50,
    "zip": 10,
}
"""In characters and in UTF-8 bytes alike."""

MOST_FILES = 20
MOST_FILE_BYTES = 10 * 1024 * 1024
"""Of the web form; the interface names neither."""

_WORDS = {
    "comment": "The comment",
    "first_name": "The first name",
    "last_name": "The last name",
    "organization": "The organization's name",
    "email": "The e-mail address",
    "city": "The city",
    "state": "The state",
    "country": "The country",
    "phone": "The telephone number",
    "zip": "The ZIP code",
}
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Submitter(StrEnum):
    """In upper case, as the guide has it; the machine-readable document says title case."""

    ANONYMOUS = "ANONYMOUS"
    INDIVIDUAL = "INDIVIDUAL"
    ORGANIZATION = "ORGANIZATION"


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes
    content_type: str = PDF


@dataclass(frozen=True, slots=True)
class Comment:
    """The cargo of a parcel for regulations.gov. `text` has LF line ends; `document_id` is a document's, not a docket's.

    What does not fit into the portal's box goes as a file, made of `letter` when it is sent (attachment.py).

    An individual is named with `first_name` and `last_name`; an organization with `organization` and, where its agency asks for
    one, `organization_type`. A receipt goes to `email` only when `send_receipt` is set.
    """

    document_id: str
    text: str
    submitter: Submitter
    first_name: str = ""
    last_name: str = ""
    organization: str = ""
    organization_type: str = ""
    email: str = ""
    send_receipt: bool = False
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    country: str = ""
    category: str = ""
    letter: Filing | None = None
    files: tuple[File, ...] = ()

    @property
    def is_attached(self) -> bool:
        return docket_rules.over(self.text, docket_rules.COMMENT_LIMIT) > 0

    @property
    def box(self) -> str:
        """What stands in the portal's comment box."""
        if not self.is_attached:
            return self.text
        return f"Please see the attached comment of {self.organization or f'{self.first_name} {self.last_name}'}."

    def __repr__(self) -> str:
        return f"Comment({self.document_id})"


def problems(comment: Comment) -> list[str]:
    """What the portal would refuse, in words for a person and without the text; empty when nothing is known."""
    found = [] if comment.document_id else ["The docket has no document to comment on; staff enter its id."]
    if not comment.text.strip():
        found.append("The comment has no text.")
    found += [_too_long(name, getattr(comment, name if name != "comment" else "box")) for name in LIMITS]
    found += [*_of_text(comment), *_of_submitter(comment), *_of_files(comment.files)]
    return [each for each in found if each]


def _too_long(name: str, text: str) -> str:
    limit = LIMITS[name]
    cut = docket_rules.over(text, limit)
    if not cut:
        return ""
    size = docket_rules.length(text)
    return f"{_WORDS[name]} has {size.characters:,} characters in {size.bytes:,} bytes; {limit:,} of each fit. Cut {cut:,}."


def _of_text(comment: Comment) -> list[str]:
    found = []
    if sign := docket_rules.emoji(comment.box):
        found.append(f"The portal takes no emoji: take out the character U+{ord(sign):04X}.")
    if brackets.has_passages(comment.text):
        found.append("This portal publishes the whole comment: take out what stands in brackets.")
    if "\r" in comment.text:
        found.append("The comment's line ends are not in their one form.")
    return found


def _of_submitter(comment: Comment) -> list[str]:
    found = []
    if comment.submitter is Submitter.INDIVIDUAL and not (comment.first_name and comment.last_name):
        found.append("A person needs a first and a last name.")
    if comment.submitter is Submitter.ORGANIZATION and not comment.organization:
        found.append("An organization needs its name.")
    if comment.send_receipt and not comment.email:
        found.append("A receipt needs an e-mail address.")
    return found


def _of_files(files: tuple[File, ...]) -> list[str]:
    found = [f"At most {MOST_FILES} files go with a comment."] if len(files) > MOST_FILES else []
    if len({file.name for file in files}) < len(files):
        found.append("Two files have the same name.")
    if any(not _FILE_NAME.fullmatch(file.name) for file in files):
        found.append("A file's name may hold letters, digits, dots, dashes and underscores only.")
    if any(not 0 < len(file.content) <= MOST_FILE_BYTES for file in files):
        found.append("A file is empty or larger than 10 MB.")
    return found


def attributes(comment: Comment, submission_key: str = "") -> dict[str, Any]:
    """Of `POST /comments`; what is empty is left out, and a person's place is sent for persons alone."""
    person = comment.submitter is Submitter.INDIVIDUAL
    body: dict[str, Any] = {
        "commentOnDocumentId": comment.document_id,
        "comment": comment.box,
        "submissionType": "API",
        "submitterType": comment.submitter.value,
        "firstName": comment.first_name,
        "lastName": comment.last_name,
        "organization": comment.organization,
        "organizationType": comment.organization_type,
        "email": comment.email,
        "city": comment.city if person else "",
        "stateProvinceRegion": comment.state if person else "",
        "zip": comment.zip if person else "",
        "phone": comment.phone if person else "",
        "country": comment.country if person else "",
        "category": comment.category,
        "submissionKey": submission_key,
        "files": [file.name for file in comment.files],
    }
    if comment.submitter is Submitter.ORGANIZATION:  # who writes for it stands in the text
        body["firstName"] = body["lastName"] = ""
    return {name: value for name, value in body.items() if value} | {"sendEmailReceipt": comment.send_receipt}
