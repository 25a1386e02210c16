"""From frozen facts to the letter: pure, strict, no clock and no database.

A letter is a list of parts, the same list for preview, edit, tracker and paper. The association's statement and the member's
own message are kept apart by part: `own` marks what the member wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from campaign.domain import brackets, template_language
from campaign.domain.errors import CannotRender
from campaign.domain.template_language import Fault, group
from campaign.domain.texts import digest, tidy, tidy_line

PUBLIC_VERSION = "PUBLIC VERSION"
"""A line of a docket letter's heading; it is true as long as nothing is bracketed."""

FIELDS: Mapping[str, frozenset[str]] = {
    "member": frozenset({"name", "title", "company", "street", "city", "state", "zip"}),
    "facility": frozenset(
        {"kind", "city", "state_name", "jobs", "product", "activity", "role", "minerals", "main_input"}
    ),
    "office": frozenset({"salutation", "seat", "committee"}),
    "ask": frozenset({"line", "vehicle"}),
    "docket": frozenset({"number", "title", "closes_on"}),
}
"""Every field that a letter template may name."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The sources of a letter to one kind of target. `heading` stands above the salutation (a docket's RE: lines)."""

    subject: str
    opening: str
    closing: str
    valediction: str
    heading: str = ""
    closed_note: str = ""  # added when the docket has closed and the letter goes as an ordinary one
    shows_contact: bool = True  # a comment is public: no e-mail and phone in its signature
    nothing_confidential: str = ""  # ends the closing of a comment; falls away once a passage is bracketed

    def faults(self) -> list[tuple[str, Fault]]:
        """Where and what, for every source of the frame."""
        return [
            (name, fault)
            for name, source in asdict(self).items()
            if isinstance(source, str)
            for fault in template_language.faults(source, FIELDS)
        ]


@dataclass(frozen=True, slots=True)
class AskText:
    """One recommendation as this office will read it; `paragraph` is a source, `line` and `vehicle` are values."""

    key: str
    line: str
    vehicle: str
    paragraph: str
    thanks: str = ""  # to a sponsor, before the ask


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """Everything that a letter says. `reasons` are sources by key, `story` the member's own words: a value, never a source."""

    member: Mapping[str, str]
    facility: Mapping[str, str]
    office: Mapping[str, str]
    address_block: tuple[str, ...]
    asks: Sequence[AskText]
    signature: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)
    story: str = ""
    docket: Mapping[str, str] = field(default_factory=dict)
    docket_closed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One paragraph. `own` marks the member's words, `edited` an association's paragraph that the member rewrote."""

    key: str
    text: str
    own: bool = False
    edited: bool = False
    editable: bool = True
    only_here: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """What is shown, signed, stored and sent."""

    subject: str
    address_block: tuple[str, ...]
    salutation: str
    parts: tuple[Part, ...]
    valediction: str
    signature: tuple[str, ...]

    @property
    def body(self) -> str:
        """The text that goes out, LF line ends, a blank line between paragraphs."""
        return "\n\n".join(
            [self.salutation, *(part.text for part in self.parts), self.valediction, "\n".join(self.signature)]
        )

    @property
    def statement(self) -> str:
        return "\n\n".join(part.text for part in self.parts if not part.own)

    @property
    def message(self) -> str:
        return "\n\n".join(part.text for part in self.parts if part.own)

    @property
    def digest(self) -> str:
        return digest(self.subject, self.body)

    def stored_parts(self) -> list[dict[str, Any]]:
        return [asdict(part) for part in self.parts]

    def with_edits(self, edits: Mapping[str, str]) -> Letter:
        """The letter with paragraphs in the member's words, by part key. Equal text is no edit; an empty one drops it.

        Raises CannotRender when nothing would be left.
        """
        parts: list[Part] = []
        for part in self.parts:
            text = tidy(edits.get(part.key, part.text))
            if not part.editable or text == part.text:
                parts.append(part)
            elif text:
                parts.append(Part(part.key, text, own=True, edited=not part.own, only_here=part.only_here))
        if not parts:
            raise CannotRender("keep at least one paragraph", field="parts")
        return self._with(parts)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What the letter says, without its heading: the text of a comment, and where brackets may hide something."""
        return tuple(part.text for part in self.parts if part.key != "heading")

    def confidential(self, sentence: str) -> Letter:
        """The letter once a passage is bracketed: no longer marked as a public version, and without the sentence that nothing
        in it is confidential, whoever wrote the rest of its closing."""
        return self._with([_confidential(part, sentence) for part in self.parts])

    def public(self) -> Letter:
        """Each bracketed passage deleted, for good: what stays is what the public version says."""
        return self._with([each if each.key == "heading" else _public(each) for each in self.parts])

    def _with(self, parts: Sequence[Part]) -> Letter:
        return Letter(self.subject, self.address_block, self.salutation, tuple(parts), self.valediction, self.signature)


def _public(part: Part) -> Part:
    return replace(part, text=brackets.public(part.text))


def _confidential(part: Part, sentence: str) -> Part:
    if part.key == "heading":
        lines = [line for line in part.text.split("\n") if line.strip().upper() != PUBLIC_VERSION]
        return replace(part, text="\n".join(lines) or part.text)
    if part.key == "closing" and sentence and part.text != sentence:
        return replace(part, text=tidy(part.text.replace(sentence, "").replace("  ", " ")))
    return part


def render(frame: Frame, facts: LetterFacts) -> Letter:
    """Raises CannotRender, with the field, for anything unknown or empty. Same facts, same letter."""
    first = facts.asks[0] if facts.asks else None
    if first is None:
        raise CannotRender("a letter asks for at least one thing", field="ask")
    groups = _groups(facts, first)

    def text(source: str, **more: Any) -> str:
        return tidy(template_language.render(source, {**groups, **more}))

    parts: list[Part] = []
    if frame.heading and not facts.docket_closed:
        parts.append(Part("heading", text(frame.heading), editable=False))
    parts.append(Part("opening", text(frame.opening)))
    if facts.docket_closed and frame.closed_note:
        parts.append(Part("closed", text(frame.closed_note), only_here=True))
    if facts.story:
        parts.append(Part("story", tidy(facts.story), own=True))
    parts.extend(part for ask in facts.asks for part in _ask_parts(ask, text))
    if facts.reasons:
        parts.append(Part("reasons", " ".join(text(source) for source in facts.reasons.values())))
    closing = text(frame.closing)
    if frame.nothing_confidential and not facts.docket_closed:
        closing = f"{closing} {text(frame.nothing_confidential)}"
    parts.append(Part("closing", closing))
    return Letter(
        subject=tidy_line(text(frame.subject)),
        address_block=facts.address_block,
        salutation=_needed(facts.office.get("salutation"), "office.salutation"),
        parts=tuple(parts),
        valediction=text(frame.valediction),
        signature=facts.signature,
    )


def _groups(facts: LetterFacts, first: AskText) -> dict[str, Any]:
    return {
        "member": group("member", facts.member),
        "facility": group("facility", facts.facility),
        "office": group("office", facts.office),
        "docket": group("docket", facts.docket),
        "ask": group("ask", {"line": first.line, "vehicle": first.vehicle}),
    }


def _ask_parts(ask: AskText, text: Any) -> list[Part]:
    values = group("ask", {"line": ask.line, "vehicle": ask.vehicle})
    line = text(ask.line, ask=values)
    if ask.thanks:
        line = f"{text(ask.thanks, ask=values)} {line}"
    return [
        Part(f"paragraph:{ask.key}", text(ask.paragraph, ask=values)),
        Part(f"ask:{ask.key}", line, only_here=bool(ask.thanks)),
    ]


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise CannotRender(f"{name} is empty, and the letter needs it", field=name)
    return value
