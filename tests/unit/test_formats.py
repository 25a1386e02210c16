"""How pages write dates, numbers and spans of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from jinja2 import Environment

from campaign.web import filters
from campaign.web.formats import (
    clock,
    day,
    deadline,
    duration,
    in_days,
    initials,
    lines,
    moment,
    number,
    percent,
    plural,
    short_day,
    time_tag,
    zone_words,
)

AT = datetime(2026, 3, 12, 18, 4, 11, tzinfo=UTC)
TODAY = date(2026, 3, 12)


def test_a_day_has_its_year_only_in_another_year() -> None:
    assert day(date(2026, 3, 12), today=TODAY) == "March 12"
    assert day(date(2027, 3, 12), today=TODAY) == "March 12, 2027"
    assert short_day(AT, today=TODAY) == "Mar 12"


def test_a_time_is_written_in_the_zone_of_the_reader() -> None:
    assert clock(AT) == "2:04 pm"
    assert clock(AT, "America/Los_Angeles", seconds=True) == "11:04:11 am"
    assert moment(AT, "Pacific/Honolulu", TODAY) == "Mar 12, 8:04 am"


def test_noon_and_midnight_are_twelve() -> None:
    assert clock(datetime(2026, 3, 12, 16, 0, tzinfo=UTC)) == "12:00 pm"
    assert clock(datetime(2026, 3, 12, 4, 5, tzinfo=UTC)) == "12:05 am"


def test_clocks_that_change_overnight_are_followed() -> None:
    assert clock(datetime(2026, 3, 8, 6, 59, tzinfo=UTC)) == "1:59 am"
    assert clock(datetime(2026, 3, 8, 7, 0, tzinfo=UTC)) == "3:00 am"


def test_a_deadline_is_eastern_and_says_so_whoever_reads_it() -> None:
    last_minute = datetime(2026, 3, 20, 3, 59, tzinfo=UTC)
    assert deadline(last_minute, TODAY) == "Thu, March 19, 11:59 pm ET"
    assert deadline(last_minute.astimezone(timezone(timedelta(hours=9))), TODAY) == "Thu, March 19, 11:59 pm ET"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        clock(datetime(2026, 3, 12, 18, 4))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2026, 3, 19), "in 7 days, March 19"),
        (date(2026, 3, 13), "tomorrow, March 13"),
        (date(2026, 3, 12), "today, March 12"),
        (date(2026, 3, 11), "yesterday, March 11"),
        (date(2025, 12, 31), "71 days ago, December 31, 2025"),
    ],
)
def test_a_distance_always_comes_with_its_day(on: date, words: str) -> None:
    assert in_days(on, TODAY) == words


def test_a_deadline_after_midnight_in_utc_is_still_today_in_washington() -> None:
    assert in_days(datetime(2026, 3, 13, 3, 59, tzinfo=UTC), TODAY) == "today, March 12"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (42.4, "42 s"),
        (60, "1 min"),
        (372, "6 min 12 s"),
        (3600, "1 h"),
        (10920, "3 h 2 min"),
        (10979, "3 h 2 min"),
        (19 * 86400, "19 days"),
        (-3, "0 s"),
        (None, "–"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_a_timedelta_reads_like_its_seconds() -> None:
    assert duration(timedelta(minutes=6, seconds=12)) == "6 min 12 s"


def test_unknown_is_a_dash_and_zero_is_zero() -> None:
    assert (number(None), number(0), number(1968), number(3.25, 1)) == ("–", "0", "1,968", "3.2")
    assert (day(None), clock(None), moment(None), deadline(None)) == ("–", "–", "–", "–")


def test_a_share_of_few_is_given_as_counts() -> None:
    assert percent(168, 203) == "82.8%"
    assert percent(3, 11) == "3 of 11"
    assert percent(19, 20) == "95.0%"
    assert percent(1, 0) == "–"
    assert percent(None, 5) == "–"


def test_words_follow_the_count() -> None:
    assert (plural(1, "letter"), plural(1968, "letter"), plural(0, "reply", "replies")) == (
        "1 letter",
        "1,968 letters",
        "0 replies",
    )


@pytest.mark.parametrize(
    ("name", "seal"),
    [
        ("Rep. Carolyn Ostrander", "CO"),
        ("Sen. Denise Aguirre-Holt", "DA"),
        ("U.S. Trade Representative", "TR"),
        ("李", "李"),
        ("Ñandú O’Brien", "ÑO"),
        ("", "?"),
        ("(3)", "?"),
    ],
)
def test_a_seal_passes_over_titles(name: str, seal: str) -> None:
    assert initials(name) == seal


def test_kept_line_ends_do_not_let_markup_through() -> None:
    assert lines("Maya <b>\nPlant") == "Maya &lt;b&gt;<br>Plant"


def test_a_time_element_carries_the_exact_moment_in_utc() -> None:
    eastern = AT.astimezone(timezone(timedelta(hours=-4)))
    assert time_tag(eastern, "2:04 pm") == '<time datetime="2026-03-12T18:04:11Z">2:04 pm</time>'
    assert time_tag(TODAY, "<March>") == '<time datetime="2026-03-12">&lt;March&gt;</time>'
    assert time_tag(None, "<–>") == "&lt;–&gt;"


def test_a_zone_is_named_for_people() -> None:
    assert zone_words("America/Chicago") == "Central time"
    assert zone_words("America/Indiana/Knox") == "Knox time"


def _draw(source: str, **context: object) -> str:
    environment = Environment(autoescape=True)
    filters.register(environment)
    return environment.from_string(source).render(at=AT, now=AT, **context)


def test_filters_take_zone_and_day_from_the_page() -> None:
    assert _draw("{{ at|moment }}", zone="America/Denver") == "Mar 12, 12:04 pm"
    assert _draw("{{ at|clock(zone='America/Chicago') }}") == "1:04 pm"
    assert _draw("{{ at|deadline }}", zone="Pacific/Honolulu") == "Thu, March 12, 2:04 pm ET"
    assert _draw("{{ at|in_days }}") == "today, March 12"


def test_the_time_filter_uses_the_words_of_another() -> None:
    assert _draw("{{ at|time('clock', seconds=true) }}") == '<time datetime="2026-03-12T18:04:11Z">2:04:11 pm</time>'
