"""Text as XML and the gateways can carry it. Cleaning twice is cleaning once."""

from __future__ import annotations

import re
import unicodedata

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry (its production 2, Char)."""
_BLANKS = re.compile(r"[ \t\n]+")
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_BLANKS_IN_LINE = re.compile(r"[ \t]+")


def clean(text: str) -> str:
    """Without what XML cannot carry; line ends as LF, no-break spaces as spaces, in NFC."""
    text = _NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """One line; blanks at the ends are gone and repeated ones collapsed, as the schema's type `token` reads it."""
    return _visible(_BLANKS.sub(" ", clean(text)).strip(" "))


def paragraphs(text: str) -> str:
    """Its line ends stay; blanks inside and around lines are treated as in `line`."""
    lines = (_BLANKS_IN_LINE.sub(" ", each).strip(" ") for each in clean(text).split("\n"))
    return _visible("\n".join(lines).strip("\n"))


def same_words(one: str, other: str) -> bool:
    """Whether a person would call the texts identical: blanks, line ends and case do not count."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def phone(text: str) -> str | None:
    """NNN-NNN-NNNN; None for what cannot be made into that without guessing, an extension among it."""
    if any(each.isalpha() for each in text):
        return None
    digits = "".join(each for each in text if each in "0123456789")
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else None


def _visible(text: str) -> str:
    """Empty where nobody would see anything: other kinds of space, and characters without width."""
    return text if any(unicodedata.category(each) not in _UNSEEN for each in text) else ""
