"""Charts are well-formed images without inline styles, and bring their figures as a table."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from campaign.web import charts
from campaign.web.charts import Reach, Step

FUNNEL = [[Step("Invited", 4860), Step("Signed", 611, time="71 s")], [Step("Letters", 1968), Step("Answered", 118)]]


def _numbers(svg: Markup, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf'(?<![a-z-]){name}="([\d.]+)', svg)]


@pytest.mark.parametrize(
    "svg",
    [
        charts.meter(0.48, "Overlap", limit=0.7),
        charts.families_meter({"you": 1, "move": 0, "there": 9}, "All"),
        charts.sparkline([1, 5, 3], "Rising"),
        charts.bars([1, 2, 3], ["a", "b", "c"], "Bars").svg,
        charts.funnel(FUNNEL, "Funnel").svg,
        charts.tile_map({"OH": Reach(11, 11), "MA": Reach(0, 3)}, "Map").svg,
        charts.positions_bar([1, 2, 3, 4, 5], "Positions").svg,
    ],
)
def test_every_chart_is_one_image_with_a_sentence_and_no_style(svg: Markup) -> None:
    root = ET.fromstring(svg)  # noqa: S314 (our own text)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"]
    assert "style=" not in svg


def test_words_of_others_cannot_leave_their_place() -> None:
    evil = '"><script>alert(1)</script>'
    svg = charts.funnel([[Step(evil, 1)]], evil).svg + charts.bars([1], [evil], evil).svg
    assert "<script>" not in svg


def test_a_meter_stays_between_empty_and_full() -> None:
    assert 'width="100%" height="100%"/></svg>' in charts.meter(1.7, "More than all")
    assert 'width="0%"' in charts.meter(-0.2, "Less than none")


def test_pieces_of_a_bar_fill_it_and_a_small_one_stays_visible() -> None:
    svg = charts.families_meter({"you": 1, "there": 100_000, "stuck": 2}, "All")
    widths, starts = _numbers(svg, "width"), _numbers(svg, "x")
    assert min(widths) >= 1.2
    assert starts[-1] + widths[-1] == pytest.approx(100, abs=0.05)


def test_a_bar_without_letters_has_no_pieces() -> None:
    assert "<rect" not in charts.families_meter({"you": 0}, "None")


def test_the_shares_of_a_funnel_are_of_the_step_before_in_its_own_group() -> None:
    rows = charts.funnel(FUNNEL, "Funnel").rows
    assert rows == (
        ("Invited", "4,860", "", ""),
        ("Signed", "611", "12.6%", "71 s"),
        ("Letters", "1,968", "", ""),
        ("Answered", "118", "6.0%", ""),
    )


def test_an_empty_funnel_is_drawn_without_dividing_by_zero() -> None:
    assert charts.funnel([[Step("Invited", 0), Step("Signed", 0)]], "Nothing yet").rows[1][2] == "–"


def test_the_map_has_every_state_dc_and_the_territories() -> None:
    codes = re.findall(r"[A-Z]{2}", charts.TILES)
    assert len(codes) == len(set(codes)) == 56
    bottom = charts.TILES.split("\n")[-2]
    assert all(code in bottom for code in ("PR", "VI", "GU", "AS", "MP"))


def test_the_map_tells_reached_from_untouched_and_from_no_members() -> None:
    svg = charts.tile_map({"OH": Reach(11, 11), "MA": Reach(0, 3)}, "Map").svg
    assert "OH: 11 of 11 offices reached" in svg
    assert "MA: 0 of 3 offices reached yet" in svg
    assert "AK: no members" in svg


def test_the_map_refuses_a_place_without_a_tile() -> None:
    with pytest.raises(KeyError, match="ZZ"):
        charts.tile_map({"ZZ": Reach(1, 1)}, "Map")


def test_bars_want_a_name_each() -> None:
    with pytest.raises(ValueError, match="one name a bar"):
        charts.bars([1, 2], ["a"], "Bars")


@pytest.mark.parametrize("highest", [0, 1, 2, 3, 9, 24, 61, 1_000_000])
def test_the_highest_bar_stays_inside_the_picture(highest: int) -> None:
    heights = _numbers(charts.bars([highest], ["now"], "Bars").svg, "height")
    assert max(heights) <= 80


def test_a_line_of_one_value_is_no_line() -> None:
    assert charts.sparkline([3], "One") == ""
