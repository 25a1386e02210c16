"""CSV that a spreadsheet shows and does not calculate."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.web.organizer.csvfile import cell, stream

ODD = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("=+-@\t\r\n\"', ;|＝")), max_size=20)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1-800-555-0101",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1:A9)",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        "'=1",
        '"=1',
        "＝1",
        "＋1",
        "＠x",
        '=HYPERLINK("https://evil.example","click")',
        "\u00a0=1",
    ],
)
def test_text_that_starts_like_a_formula_is_marked_as_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["340", "-12", "+3.5", "0.42", 340, -1, 0])
def test_numbers_stay_numbers(value: object) -> None:
    assert cell(value) == str(value)


@pytest.mark.parametrize("text", ["Ada", "H.R. 4776", "a=b", "n-1", "", "O'Brien", "5-axis mill"])
def test_ordinary_text_stays(text: str) -> None:
    assert cell(text) == text


def test_nothing_is_an_empty_cell() -> None:
    assert cell(None) == ""


@given(st.lists(st.lists(ODD, min_size=2, max_size=2), max_size=4))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    text = "".join(stream(("a", "b"), rows))
    assert text.startswith("\ufeffa,b\r\n")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read == [["a", "b"], *([cell(value) for value in row] for row in rows)]


@given(ODD)
def test_no_cell_begins_with_what_a_spreadsheet_calculates(text: str) -> None:
    made = cell(text)
    number = made.lstrip("+-").replace(".", "", 1)
    assert not made.startswith(("=", "+", "-", "@", "\t", "\r")) or number.isdigit()


def test_many_rows_leave_in_pieces_and_none_is_lost() -> None:
    pieces = list(stream(("a", "b"), ((n, "x" * 100) for n in range(2_000))))
    assert len(pieces) > 5
    assert "".join(pieces).count("\r\n") == 2_001
