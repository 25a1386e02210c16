"""Letters on paper: every word stands there, the same bytes each time, and what does not fit is refused by name."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pypdf
import pytest

from campaign.channels.printing.render import PrintedLetter, paragraphs, qr_svg, render_pdf
from campaign.domain.errors import Invalid

LETTER = PrintedLetter(
    id="0123456789abc",
    from_lines=("Association of Makers", "1 Demo Way", "Washington, DC 20001"),
    to_lines=(
        "The Honorable Marigold Testerly (demo)",
        "United States House of Representatives",
        "Washington, DC 20515",
    ),
    date="November 24, 2026",
    subject="Magnets made in Kokomo",
    salutation="Dear Representative Testerly:",
    body=("We make magnets.", "Thank you."),
    closing="Sincerely,",
    signature=("Ada Quillback", "Plant manager"),
    code="ABCD-EFGH",
    reference="0123456789abc",
    verify_url="https://act.association.example/verify/ABCDEFGH",
)


def _pages(*letters: PrintedLetter) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(letters)))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def test_the_last_word_of_letters_of_every_length_is_printed_and_no_signature_stands_alone() -> None:
    sizes = list(range(0, 900, 37))
    for at in range(0, len(sizes), 25):
        letters = [
            replace(
                LETTER,
                id=f"n{size}",
                body=(
                    *(["We make magnets and motors. " * 12] * (size // 84)),
                    "word " * (size % 84) + f"lastword{size}x",
                ),
                signature=("Ada Quillback", f"signer{size}x"),
            )
            for size in sizes[at : at + 25]
        ]
        pages = _pages(*letters)
        for size in sizes[at : at + 25]:
            assert sum(f"lastword{size}x" in page for page in pages) == 1
            signed = [page for page in pages if f"signer{size}x" in page]
            assert len(signed) == 1
            assert f"lastword{size}x" in signed[0]


@pytest.mark.parametrize("count", range(1000, 1400, 40))
def test_one_paragraph_longer_than_a_page_loses_nothing_and_takes_text_to_its_signature(count: int) -> None:
    text = " ".join(f"w{number}" for number in range(count))
    pages = _pages(replace(LETTER, body=(text,)))
    printed = " ".join(pages)
    assert len(pages) > 1
    assert all(f"w{number}" in printed for number in range(count))
    assert f"w{count - 1} Sincerely, Ada Quillback Plant manager" in pages[-1]
    assert "Page 1 of" not in pages[0] and f"Page 2 of {len(pages)}" in pages[1]


def test_text_is_never_markup() -> None:
    odd = '#panic("x") *bold* _it_ $x$ `code` @ref <label> // [y] \\ "q" = h'
    assert odd in _pages(replace(LETTER, body=(odd, "End.")))[0]


def test_the_same_letter_is_the_same_bytes() -> None:
    assert render_pdf([LETTER]) == render_pdf([LETTER])


def test_pages_are_numbered_within_each_letter_and_carry_the_code_as_text() -> None:
    long = replace(LETTER, id="long", body=("We make magnets and motors. " * 200,))
    pages = _pages(LETTER, long, replace(LETTER, id="other", code="WXYZ-0000"))
    assert [found[0] if (found := re.search(r"Page \d of \d", page)) else "" for page in pages] == [
        "",
        "",
        "Page 2 of 2",
        "",
    ]
    assert "Verification code WXYZ-0000" in pages[-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body": ("x" * 400,)}, "longer than a line"),
        ({"body": ("漢字",)}, "characters? that"),
        ({"body": ("a\x00b",)}, "cannot be printed"),
        ({"subject": "a\u202eb"}, "cannot be printed"),
        ({"to_lines": tuple(f"line {n}" for n in range(12))}, "window"),
        ({"to_lines": ("The Honorable", "x" * 90)}, "window|longer"),
        ({"from_lines": ("Name", *["a long line of the letterhead"] * 60)}, "letterhead"),
        ({"body": ()}, "needed"),
    ],
)
def test_what_cannot_be_printed_is_refused_with_its_reason_and_the_letters_id(
    change: dict[str, tuple[str, ...]], words: str
) -> None:
    bad = replace(LETTER, id="the-bad-one", **change)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match=f"the-bad-one.*({words})"):
        render_pdf([LETTER, bad])


def test_paragraphs_are_parted_by_blank_lines() -> None:
    assert paragraphs("Dear,\n\none\ntwo\n \n\nthree\n") == ("Dear,", "one\ntwo", "three")


def test_a_qr_code_is_a_drawing_of_its_own() -> None:
    drawn = qr_svg(LETTER.verify_url)
    assert drawn.startswith("<svg") and "http://www.w3.org/2000/svg" in drawn
