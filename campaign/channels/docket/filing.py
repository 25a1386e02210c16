"""A letter to be filed at a docket by a person, and the two texts that its brackets make of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.domain import brackets
from campaign.domain.letters import PUBLIC_VERSION

PUBLIC_MARK = PUBLIC_VERSION
CONFIDENTIAL_MARK = "BUSINESS CONFIDENTIAL"
_MARK_LINES = frozenset({PUBLIC_MARK, CONFIDENTIAL_MARK})
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE"})
MOST_NAME = 60  # characters of the submitter in a file's name


class Version(StrEnum):
    """Its value begins the names of its files, as the Trade Representative's notices ask for."""

    PUBLIC = "P"
    CONFIDENTIAL = "BCI"

    @property
    def mark(self) -> str:
        return PUBLIC_MARK if self is Version.PUBLIC else CONFIDENTIAL_MARK


@dataclass(frozen=True, slots=True)
class Submitter:
    """As the portal's form asks for them; empty parts are left out."""

    organization: str
    first: str
    last: str
    title: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        return self.organization or f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Filing:
    """The cargo of a parcel that a person files. `paragraphs` as signed, with their brackets; `heading` are the lines above
    the salutation, without a mark of the version."""

    reference: str
    docket: str
    docket_title: str
    agency: str
    portal_url: str
    closes_at: datetime
    submitter: Submitter
    date: str
    to_lines: tuple[str, ...]
    subject: str
    heading: tuple[str, ...]
    salutation: str
    paragraphs: tuple[str, ...]
    closing: str
    signature: tuple[str, ...]
    marked: bool = True  # no version is marked where the portal publishes whatever it is given
    reason: str = ""  # why the bracketed passages are confidential, as the filer certified it; public

    def __repr__(self) -> str:
        return f"Filing({self.reference})"

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)

    @property
    def versions(self) -> tuple[Version, ...]:
        """The public one alone where nothing is bracketed."""
        if any(brackets.has_passages(each) for each in self.paragraphs):
            return (Version.CONFIDENTIAL, Version.PUBLIC)
        return (Version.PUBLIC,)

    def body(self, version: Version) -> tuple[str, ...]:
        """The paragraphs of one version: brackets as they are, or their content deleted."""
        if version is Version.CONFIDENTIAL:
            return self.paragraphs
        return tuple(brackets.public(each) for each in self.paragraphs)


def heading_lines(heading: str) -> tuple[str, ...]:
    """Without a line that marks the version: the mark stands at the top of each page of the right one."""
    return tuple(line for line in heading.split("\n") if line.strip() and line.strip().upper() not in _MARK_LINES)


def file_name(version: Version, submitter: str, kind: str) -> str:
    """ "BCI_Quillback_Magnetics.pdf": the version's letters, the submitter's name in safe characters, the kind."""
    return f"{version.value}_{safe_name(submitter)}.{kind}"


def safe_name(submitter: str) -> str:
    plain = unicodedata.normalize("NFKD", submitter.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return _UNSAFE.sub("_", plain).strip("_")[:MOST_NAME].rstrip("_") or "Submitter"


def mark_of(filing: Filing, version: Version) -> str:
    """What stands at the top of each page."""
    return version.mark if filing.marked else ""


def title_of(filing: Filing, version: Version) -> str:
    """Of a file, for those who read its properties."""
    return f"{filing.subject} ({version.mark.title()})" if filing.marked else filing.subject


def certified_sentence(filing: Filing) -> str:
    """What the filer certifies, in the words of the notices."""
    return (
        f"{filing.submitter.name} certifies that the information in brackets is business confidential and would not "
        "customarily be released to the public."
    )


def note_of(filing: Filing, version: Version) -> str:
    """The small line under the mark."""
    if len(filing.versions) == 1:
        return ""
    if version is Version.PUBLIC:
        return f"{brackets.DELETED} marks a deleted confidential passage"
    return "Confidential passages are in brackets"
