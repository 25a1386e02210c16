"""Confidential passages of a docket letter, in square brackets: where they are, what is wrong with them, both versions.

The rule is that of the Trade Representative's notices and of 15 CFR 2016.5: what is confidential stands in brackets in the
business-confidential version, and the public version leaves it out. Nothing here guesses: a bracket that is open, nested or
stray is a fault with its place, and so is a figure or phrase that stands in brackets in one place and in clear in another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaign.domain import repeats

DELETED = "[***]"
"""What stands in the public version for each passage, whatever its length."""

_SIGNS = re.compile(r"[\[\]\uff3b\uff3d\u3010\u3011\u27e6\u27e7\u3014\u3015]|\n[^\S\n]*\n")
_AROUND = 6  # words shown on either side of a place


@dataclass(frozen=True, slots=True)
class Passage:
    """`start` and `end` enclose both brackets; `line` counts from 1."""

    start: int
    end: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Fault:
    """`message` says what is wrong and what to do, without the letter's text; `words` are those at the place."""

    code: str  # open, nested, stray, empty, other_sign, figure, phrase
    line: int
    words: str
    message: str

    @property
    def place(self) -> str:
        return f"Line {self.line}: “{self.words}”"


MESSAGES = {
    "open": "A bracket is opened and not closed before the paragraph ends. Close it with ].",
    "nested": "A bracket is opened inside another. One pair for each passage; close the first before the second.",
    "stray": "A bracket is closed that was never opened. Open it with [, or take it away.",
    "empty": "Brackets with nothing to hide between them. Put the passage inside, or take them away.",
    "other_sign": "A bracket of another kind hides nothing. Use [ and ].",
    "figure": "A figure that is confidential in brackets elsewhere stands here in clear. Bracket it here too, or take it out.",
    "phrase": "Words that are confidential in brackets elsewhere stand here in clear. Bracket them here too, or take them out.",
}


def passages(text: str) -> list[Passage]:
    """The well-formed ones, in order. Text with LF line ends."""
    return _read(text)[0]


def has_passages(text: str) -> bool:
    return bool(passages(text))


def public(text: str) -> str:
    """Each passage with its brackets replaced by DELETED. Text without brackets is returned as it is."""
    made, at = [], 0
    for passage in passages(text):
        made += [text[at : passage.start], DELETED]
        at = passage.end
    return "".join([*made, text[at:]])


def faults(text: str) -> list[Fault]:
    """Everything that stops a pair of versions, in the order of the text: brackets first, then what they would not hide.

    Repeats are looked for only when the brackets themselves are right. They compare figures by value ("1,200" is "1200" and
    "1.2 thousand") and words without case, accents and apostrophes; a figure in words ("twelve hundred") is not found.
    """
    found, wrong = _read(text)
    return wrong or _repeated(text, found)


def _read(text: str) -> tuple[list[Passage], list[Fault]]:
    found: list[Passage] = []
    wrong: list[Fault] = []
    opened: int | None = None
    for match in _SIGNS.finditer(text):
        sign, at = match[0], match.start()
        if sign == "[":
            if opened is not None:
                wrong.append(_fault("nested", text, at))
            else:
                opened = at
        elif sign == "]":
            if opened is None:
                wrong.append(_fault("stray", text, at))
                continue
            inside = text[opened + 1 : at]
            if any(c.isalnum() for c in inside):
                found.append(Passage(opened, at + 1, inside, _line(text, opened)))
            else:
                wrong.append(_fault("empty", text, opened))
            opened = None
        elif sign.startswith("\n"):
            if opened is not None:
                wrong.append(_fault("open", text, opened))
            opened = None
        else:
            wrong.append(_fault("other_sign", text, at))
    if opened is not None:
        wrong.append(_fault("open", text, opened))
    return found, wrong


def _repeated(text: str, found: list[Passage]) -> list[Fault]:
    if not found:
        return []
    clear = _blanked(text, found)
    wrong: dict[int, str] = {}  # one fault for a place, and a figure says more than a phrase
    for passage in found:
        for code, at in repeats.in_clear(passage.text, text[passage.end :], clear):
            wrong[at] = "figure" if wrong.get(at) == "figure" else code
    return [_fault(code, text, at) for at, code in sorted(wrong.items())]


def _blanked(text: str, found: list[Passage]) -> str:
    """The text with a bar for each character of a passage, so that places stay and nothing joins over a gap."""
    made, at = [], 0
    for passage in found:
        made += [text[at : passage.start], "|" * (passage.end - passage.start)]
        at = passage.end
    return "".join([*made, text[at:]])


def _fault(code: str, text: str, at: int) -> Fault:
    return Fault(code, _line(text, at), _words_at(text, at), MESSAGES[code])


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _words_at(text: str, at: int) -> str:
    """Some words before and after, of the same line."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    before = text[start:at].split()[-_AROUND:]
    after = text[at : end if end >= 0 else len(text)].split()[:_AROUND]
    glue = "" if text[start:at][-1:].strip() else " "
    return (" ".join(before) + (glue if before else "") + " ".join(after)).strip()
