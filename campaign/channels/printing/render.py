"""Letters to PDF by typst: no file but our layout, no font of the machine, no network, the same bytes every time."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import segno
import typst

from campaign.domain.errors import Invalid

MAX_BATCH = 50  # letters in one document; above it the memory of the typesetter grows without measure

# Both come inside the typst package; Libertinus Serif and DejaVu Sans Mono are free fonts (OFL 1.1; Bitstream Vera licence)
_FONTS = ["Libertinus Serif", "DejaVu Sans Mono"]
_LAYOUT = Path(__file__).with_name("letter.typ")
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ID = re.compile(r"[a-z0-9-]{1,64}")


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


def render_pdf(letters: Sequence[PrintedLetter], *, title: str = "Letters", author: str = "Countersign") -> bytes:
    """One PDF (tagged, PDF/UA-1) with each letter on pages of its own, numbered within the letter.

    Raises Invalid, naming the letter by its id, when a text holds a character that the fonts cannot print, a word or an
    address that does not fit: nothing is cut, boxed or run off the paper in silence. At most MAX_BATCH letters.
    """
    if not 1 <= len(letters) <= MAX_BATCH:
        raise ValueError(f"1 to {MAX_BATCH} letters at a time")
    for letter in letters:
        _check(letter)
    try:
        return _compiled(letters, title, author)
    except typst.TypstError as error:
        if len(letters) == 1:
            raise _fault(letters[0], error) from error
    for letter in letters:  # which one was it?
        render_pdf([letter], title=title, author=author)
    raise Invalid("these letters can be printed one by one, but not together")


def paragraphs(text: str) -> tuple[str, ...]:
    """A plain letter's text in paragraphs: blank lines part them."""
    return tuple(part.strip("\n") for part in re.split(r"\n[ \t]*\n", text) if part.strip())


def _check(letter: PrintedLetter) -> None:
    if not _ID.fullmatch(letter.id):
        raise ValueError("the letter's id holds a character that a label cannot")
    if not letter.from_lines or not letter.to_lines or not letter.body or not letter.signature:
        raise Invalid(f"letter {letter.id}: sender, addressee, text and signature are needed to print it")
    texts = (*letter.from_lines, *letter.to_lines, *letter.body, *letter.signature)
    for text in (*texts, letter.date, letter.subject, letter.salutation, letter.closing):
        if found := _UNPRINTABLE.search(text):
            raise Invalid(f"letter {letter.id}: the character U+{ord(found[0]):04X} cannot be printed")


def _compiled(letters: Sequence[PrintedLetter], title: str, author: str) -> bytes:
    data = {
        "title": title,
        "author": author,
        "fonts": _FONTS,
        "letters": [_as_data(letter) for letter in letters],
    }
    with tempfile.TemporaryDirectory(prefix="countersign-print-") as root:
        # the layout comes as bytes and the root is empty: nothing of this machine can be read or linked to
        compiler = typst.Compiler(
            input=_LAYOUT.read_bytes(),
            root=root,
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data)},
            package_path=root,
            package_cache_path=root,
        )
        made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return made


def _as_data(letter: PrintedLetter) -> dict[str, object]:
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
    """A QR code as SVG, with the quiet zone that readers need."""
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, border=4)
    return drawn.getvalue().decode()


def _fault(letter: PrintedLetter, error: typst.TypstError) -> Invalid:
    said = f"{error.message}\n{error.diagnostic}"
    known = {
        "too-wide:": "a word is longer than a line; put a blank into it",
        "address:": "the address does not fit into the envelope's window",
        "letterhead:": "the letterhead has too many lines",
        "could not be displayed": "it holds a character that the printer's fonts do not have",
        "glyph": "it holds a character that the printer's fonts do not have",
    }
    for sign, words in known.items():
        if sign in said:
            return Invalid(f"letter {letter.id}: {words}")
    return Invalid(f"letter {letter.id} cannot be printed")
