"""A letter in the parts that the layout places, checked and made into the layout's data. No typesetter is loaded here."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

import segno

from campaign.domain.errors import Invalid

_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ID = re.compile(r"[a-z0-9-]{1,64}")
_QUIET = 4  # modules; ISO/IEC 18004
_MASK = 3
_DARK = re.compile(rb"\x01+")


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """A letter in the parts that the layout places. Texts are plain; a line feed inside a paragraph is a line break.

    `id` names it in errors and is never printed; lower-case letters, digits and dashes.
    """

    id: str
    from_lines: tuple[str, ...]  # letterhead: name first
    to_lines: tuple[str, ...]  # as in the window of the envelope
    date: str
    subject: str
    salutation: str
    body: tuple[str, ...]  # paragraphs
    closing: str
    signature: tuple[str, ...]
    code: str
    reference: str
    verify_url: str


def paragraphs(text: str) -> tuple[str, ...]:
    """A plain letter's text in paragraphs: blank lines part them."""
    return tuple(part.strip("\n") for part in re.split(r"\n[ \t]*\n", text) if part.strip())


def check(letter: PrintedLetter) -> None:
    """Raises Invalid, naming the letter by its id, for what no printer can set."""
    if not _ID.fullmatch(letter.id):
        raise ValueError("the letter's id holds a character that a label cannot")
    if not letter.from_lines or not letter.to_lines or not letter.body or not letter.signature:
        raise Invalid(f"letter {letter.id}: sender, addressee, text and signature are needed to print it")
    texts = (*letter.from_lines, *letter.to_lines, *letter.body, *letter.signature)
    for text in (*texts, letter.date, letter.subject, letter.salutation, letter.closing):
        if found := _UNPRINTABLE.search(text):
            raise Invalid(f"letter {letter.id}: the character U+{ord(found[0]):04X} cannot be printed")


def as_data(letter: PrintedLetter) -> dict[str, object]:
    """As the layout reads it."""
    fields = asdict(letter)
    return {
        **{name: fields[name] for name in ("id", "date", "subject", "salutation", "closing", "code", "verify_url")},
        "from": letter.from_lines,
        "to": letter.to_lines,
        "body": letter.body,
        "signature": letter.signature,
        "ref": letter.reference,
        "qr": qr_svg(letter.verify_url),
    }


def qr_svg(url: str) -> str:
    """A QR code as SVG, with the quiet zone that readers need.

    One mask for all: every reader takes any, and to find the prettiest of eight takes longer than to set the letter.
    """
    rows = segno.make(url, error="m", micro=False, mask=_MASK).matrix
    size = len(rows) + 2 * _QUIET
    path = "".join(
        f"M{found.start() + _QUIET} {y + _QUIET}.5h{len(found[0])}"
        for y, row in enumerate(rows)
        for found in _DARK.finditer(bytes(row))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {size} {size}">'
        f'<path stroke="#000" d="{path}"/></svg>'
    )
