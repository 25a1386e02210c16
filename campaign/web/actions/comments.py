"""What the letters step shows of a docket letter: its size, its two versions, the notices that its portal asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint

from campaign.domain import brackets, docket_rules
from campaign.domain.docket_rules import COMMENT_LIMIT, Length
from campaign.domain.errors import Invalid
from campaign.domain.letters import Letter
from campaign.domain.texts import enumerated
from campaign.models.action import Action
from campaign.models.docket import Docket, Portal
from campaign.services import previews
from campaign.services.docket_letters import comment_text
from campaign.services.previews import Prepared, Preview
from campaign.web.actions.names import short_name

SITE = "https://www.regulations.gov"
USER_NOTICE, PRIVACY_NOTICE = f"{SITE}/user-notice", f"{SITE}/privacy-notice"


@dataclass(frozen=True, slots=True)
class Pair:
    """Both versions of a comment, paragraph by paragraph."""

    confidential: tuple[str, ...]
    public: tuple[str, ...]


def check(view: Preview, prepared: Prepared, action: Action, edits: Mapping[str, str]) -> None:
    """Raises Invalid when the comment would not be taken with these paragraphs; other letters always pass."""
    if prepared.docket is None:
        return
    to = prepared.written.destination
    written = view.writer.write(to, reasons=action.reasons, story=action.story, jobs=action.jobs, edits=edits)
    for trouble in previews.troubles_of(view.writer, written, prepared.docket):
        raise Invalid(f"{trouble.place} {trouble.message}".strip())


def size(letter: Letter) -> Length:
    """Of the text that goes into the portal's box."""
    return docket_rules.length(comment_text(letter.paragraphs))


def size_words(found: Length) -> str:
    """The same words as the page's script writes (app.js, total)."""
    words = f"{found.characters:,} characters in {found.bytes:,} bytes; {COMMENT_LIMIT:,} of each fit."
    return f"{words} It goes as an attached file." if found.most > COMMENT_LIMIT else words


def pair(letter: Letter) -> Pair | None:
    """None where nothing is in brackets, or they are not right yet."""
    texts = letter.paragraphs
    if not brackets.has_passages("\n\n".join(texts)) or brackets.faults("\n\n".join(texts)):
        return None
    return Pair(texts, tuple(brackets.public(text) for text in texts))


def bracketed_in_clear(view: Preview) -> str:
    """Whose letters show a bracketed passage of the member's though they go to no docket; empty when none does."""
    found = [
        short_name(each.written.addressee)
        for each in view.going
        if each.docket is None and each.written.letter is not None and _bracketed(each.written.letter)
    ]
    return enumerated(found)


def _bracketed(letter: Letter) -> bool:
    return any(part.own and brackets.has_passages(part.text) for part in letter.parts)


def notice_url(docket: Docket) -> str:
    """The notice that is commented on."""
    if docket.portal_url:
        return docket.portal_url
    if docket.portal is Portal.REGULATIONS_GOV:
        return (
            f"{SITE}/document/{quote(docket.document_id)}" if docket.document_id else f"{SITE}/docket/{docket.number}"
        )
    return f"https://comments.ustr.gov/s/docket?docketNumber={quote(docket.number)}"


def comment_url(docket: Docket) -> str:
    """Where a person comments."""
    if docket.portal_url or not docket.document_id:
        return notice_url(docket)
    return f"{SITE}/commenton/{quote(docket.document_id)}"


def register(bp: Blueprint) -> None:
    filters: dict[str, Callable[..., Any]] = {
        "comment_size": size,
        "size_words": size_words,
        "versions": pair,
        "bracketed_in_clear": bracketed_in_clear,
        "notice_url": notice_url,
        "comment_url": comment_url,
    }
    for name, filter_ in filters.items():
        bp.add_app_template_filter(filter_, name)
