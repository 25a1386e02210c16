"""Where the address stands on the finished sheet: inside the window of a #10 envelope, however the sheet slides in it.

Read from the PDF by another program (poppler), which measures every word as it is drawn.

The envelope is 9.5 by 4.125 in; its window, 4.5 by 1.125 in, lies 0.875 in from the left and 0.5 in from the bottom. The sheet,
folded at 3.75 in, is smaller and slides: the address shows in every position, and nothing else shows in any.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from xml.etree import ElementTree as ET

import pypdf
import pytest

from campaign.channels.printing.options import Options
from campaign.channels.printing.render import PrintedLetter, render_pdf, typeset
from tests.services import IN_CI
from tests.unit.test_printing import LETTER

POPPLER = shutil.which("pdftotext")
WIDE, HIGH, FOLD, SHEET = 9.5, 4.125, 3.75, 8.5
SIDEWAYS, UP = WIDE - SHEET, HIGH - FOLD  # how far the sheet slides
LEFT, RIGHT = 0.875, 0.875 + 4.5 - SIDEWAYS
TOP, BOTTOM = FOLD + UP - 0.5 - 1.125, FOLD - 0.5
_WORD = "{http://www.w3.org/1999/xhtml}word"
_PAGE = "{http://www.w3.org/1999/xhtml}page"

SHORT = ("USTR", "Washington, DC 20508")
LONG = (  # set in the smallest size that there is
    "The Honorable Maximiliana Quillback de la Fontaine",
    "Chairwoman, Subcommittee on Energy and Minerals",
    "Committee on Natural Resources",
    "United States House of Representatives",
    "2123 Rayburn House Office Building",
    "Washington, DC 20515-0001",
)
ADDRESSES = [LETTER.to_lines, SHORT, LONG]


def _with(lines: tuple[str, ...]) -> PrintedLetter:
    return replace(LETTER, to_lines=lines, body=("We make magnets.", "Thank you."))


def _words(pdf: bytes, page: int) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Each word of a page with its box in inches: left, top, right, bottom."""
    if POPPLER is None:
        message = "no pdftotext (package poppler-utils): where the address stands on paper is not measured"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run([POPPLER, "-bbox", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60)
    pages = list(ET.fromstring(done.stdout).iter(_PAGE))  # noqa: S314 - of our own document
    return [
        (word.text or "", tuple(float(word.attrib[side]) / 72 for side in ("xMin", "yMin", "xMax", "yMax")))  # type: ignore[misc]
        for word in pages[page].iter(_WORD)
    ]


@pytest.mark.parametrize("lines", ADDRESSES, ids=["usual", "shortest", "longest"])
@pytest.mark.parametrize("duplex", [False, True])
def test_every_word_of_the_address_shows_in_the_window_and_nothing_else_does(
    lines: tuple[str, ...], duplex: bool
) -> None:
    made = typeset([_with(lines), _with(lines)], title="t", author="a", options=Options(duplex=duplex, marks=True))
    for page in (0, 2 if duplex else 1):
        seen = [
            word
            for word, (left, top, right, bottom) in _words(made.pdf, page)
            if left < RIGHT + SIDEWAYS and right > LEFT - SIDEWAYS and top < BOTTOM + UP and bottom > TOP - UP
        ]
        whole = [
            word
            for word, (left, top, right, bottom) in _words(made.pdf, page)
            if left >= LEFT and right <= RIGHT and top >= TOP and bottom <= BOTTOM
        ]
        assert whole == " ".join(lines).split()
        assert seen == whole


@pytest.mark.parametrize("lines", ADDRESSES, ids=["usual", "shortest", "longest"])
def test_the_first_line_begins_at_the_windows_left_edge_on_any_machine(lines: tuple[str, ...]) -> None:
    """Without poppler: pypdf knows where a line begins, and not where it ends."""
    places: dict[str, tuple[float, float]] = {}

    def place(text: str, cm: list[float], tm: list[float], _font: object, _size: float) -> None:
        if text.strip():
            places.setdefault(text.strip(), (cm[4] + tm[4], cm[5] + tm[5]))

    page = pypdf.PdfReader(io.BytesIO(render_pdf([_with(lines)]))).pages[0]
    page.extract_text(visitor_text=place)
    x, y = next(at for text, at in places.items() if lines[0].startswith(text) or text.startswith(lines[0]))
    assert LEFT * 72 <= x <= (LEFT + 0.2) * 72
    assert TOP * 72 < float(page.mediabox.height) - y < BOTTOM * 72
