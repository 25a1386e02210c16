"""Letters to PDF by typst: no file but our layout, no font of the machine, no network, the same bytes every time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typst

from campaign.channels.printing.letter import PrintedLetter, as_data, check, paragraphs, qr_svg
from campaign.channels.printing.options import MAX_BATCH, PLAIN, Options
from campaign.domain.errors import Invalid

__all__ = ["MAX_BATCH", "Options", "PrintedLetter", "Typeset", "paragraphs", "qr_svg", "render_pdf", "typeset"]

# Both come inside the typst package; Libertinus Serif and DejaVu Sans Mono are free fonts (OFL 1.1; Bitstream Vera licence)
_FONTS = ["Libertinus Serif", "DejaVu Sans Mono"]
_LAYOUT = Path(__file__).with_name("letter.typ")


@dataclass(frozen=True, slots=True)
class Typeset:
    """`pages` of each letter by its id, without the blank backs of duplex."""

    pdf: bytes
    pages: dict[str, int]


def render_pdf(letters: Sequence[PrintedLetter], *, title: str = "Letters", author: str = "Countersign") -> bytes:
    """One PDF (tagged, PDF/UA-1) with each letter on pages of its own, numbered within the letter.

    Raises Invalid, naming the letter by its id, when a text holds a character that the fonts cannot print, a word or an
    address that does not fit: nothing is cut, boxed or run off the paper in silence. At most MAX_BATCH letters.
    """
    try:
        return typeset(letters, title=title, author=author).pdf
    except typst.TypstError as error:
        if len(letters) == 1:
            raise fault(letters[0], error) from error
    for letter in letters:  # which one was it?
        render_pdf([letter], title=title, author=author)
    raise Invalid("these letters can be printed one by one, but not together")


def typeset(letters: Sequence[PrintedLetter], *, title: str, author: str, options: Options = PLAIN) -> Typeset:
    """As `render_pdf`, with the pages. Raises TypstError for what the layout refuses; `fault` puts it in words."""
    if not 1 <= len(letters) <= MAX_BATCH:
        raise ValueError(f"1 to {MAX_BATCH} letters at a time")
    for letter in letters:
        check(letter)
    return set_data([as_data(letter) for letter in letters], title, author, options)


def set_data(letters: Sequence[dict[str, object]], title: str, author: str, options: Options) -> Typeset:
    """Of letters as `as_data` makes them."""
    data = {
        "title": title,
        "author": author,
        "fonts": _FONTS,
        "duplex": options.duplex,
        "marks": options.marks,
        "letters": letters,
    }
    with tempfile.TemporaryDirectory(prefix="countersign-print-") as root:
        # the root holds nothing but the layout: nothing of this machine can be read or linked to
        layout = Path(root) / "letter.typ"
        layout.write_bytes(_LAYOUT.read_bytes())
        compiler = typst.Compiler(
            input=str(layout),
            root=root,
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data)},
            package_path=root,
            package_cache_path=root,
        )
        made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
        told = json.loads(compiler.query("<last>", field="value"))
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return Typeset(made, {each["id"]: each["pages"] for each in told})


_KNOWN = {
    "too-wide:": "a word is longer than a line; put a blank into it",
    "address:": "the address does not fit into the envelope's window",
    "letterhead:": "the letterhead has too many lines",
    "could not be displayed": "it holds a character that the printer's fonts do not have",
    "glyph": "it holds a character that the printer's fonts do not have",
}


def why(error: typst.TypstError) -> str:
    """What the layout refused, in words for a person."""
    said = f"{error.message}\n{error.diagnostic}"
    return next((words for sign, words in _KNOWN.items() if sign in said), "it cannot be printed")


def fault(letter: PrintedLetter, error: typst.TypstError) -> Invalid:
    return Invalid(f"letter {letter.id}: {why(error)}")
