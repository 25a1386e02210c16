"""Sending hours are those of the wall clock in the campaign's zone, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.hours import WEEKDAYS, SendingHours

OFFICE = SendingHours("America/New_York", time(8), time(18), WEEKDAYS)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2026, 6, 15, 12, 0, tzinfo=UTC), True),  # a Monday, 8 in the morning
        (datetime(2026, 6, 15, 11, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 15, 21, 59, tzinfo=UTC), True),
        (datetime(2026, 6, 15, 22, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 13, 15, 0, tzinfo=UTC), False),  # a Saturday
        (datetime(2026, 12, 14, 12, 30, tzinfo=UTC), False),  # winter: 7:30
    ],
)
def test_hours_are_those_of_the_zone(moment: datetime, is_open: bool) -> None:
    assert OFFICE.is_open(moment) is is_open


def test_what_waits_on_friday_evening_leaves_on_monday_morning() -> None:
    friday = datetime(2026, 6, 12, 23, 0, tzinfo=UTC)
    assert OFFICE.next_opening(friday) == datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


ZONES = ["America/New_York", "America/Phoenix", "Asia/Tokyo", "Pacific/Guam", "UTC"]
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))
HOURS = st.builds(
    lambda zone, opens, minute, long, days: SendingHours(zone, time(opens, minute), time(opens + long, minute), days),
    st.sampled_from(ZONES),
    st.integers(0, 15),
    st.sampled_from([0, 30]),
    st.integers(1, 8),
    st.frozensets(st.integers(1, 7), min_size=1),
)


@given(MOMENTS, HOURS)
def test_it_opens_again_within_the_week(moment: datetime, hours: SendingHours) -> None:
    """Or the next one, where the only day's hours are those that a clock change skips."""
    opening = hours.next_opening(moment)
    skipped = timedelta(days=7) if len(hours.days) == 1 else timedelta()
    assert moment <= opening <= moment + timedelta(days=7, hours=1) + skipped
    assert (opening == moment) is hours.is_open(moment)
    assert hours.is_open(opening)
    assert opening == moment or not hours.is_open(opening - timedelta(minutes=1))


def _ny(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2026 in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_the_clock_of_the_office_counts_on_both_sides_of_a_clock_change() -> None:
    """Sunday, March 8 and November 1, 2026 are the days of the change in New York."""
    daily = SendingHours("America/New_York", time(9), time(17))
    assert daily.next_opening(_ny(3, 7, 23)) == _ny(3, 8, 13), "the evening before: 9 is an hour earlier in UTC"
    assert daily.next_opening(_ny(3, 7, 13)) == _ny(3, 7, 14)
    assert daily.next_opening(_ny(10, 31, 22)) == _ny(11, 1, 14)
    assert daily.next_opening(_ny(10, 31, 12)) == _ny(10, 31, 13)


def test_hours_that_are_skipped_lie_an_hour_later_and_those_skipped_whole_are_shut() -> None:
    """From 2 to 3 in the morning of March 8 no clock of New York shows anything."""
    begins_in_it = SendingHours("America/New_York", time(2, 30), time(5))
    assert begins_in_it.next_opening(_ny(3, 8, 6)) == _ny(3, 8, 7, 30)
    assert [begins_in_it.is_open(_ny(3, 8, 7, minute)) for minute in (0, 29, 30)] == [False, False, True]
    within_it = SendingHours("America/New_York", time(2, 30), time(3, 30))
    assert not within_it.is_open(_ny(3, 8, 7, 30))
    assert within_it.next_opening(_ny(3, 8, 6)) == _ny(3, 9, 6, 30)


def test_an_hour_that_comes_twice_opens_and_closes_once() -> None:
    """1:30 in the morning of November 1 is 5:30 and again 6:30 in UTC."""
    opens = SendingHours("America/New_York", time(1, 30), time(4))
    assert [opens.is_open(_ny(11, 1, hour, 30)) for hour in (4, 5, 6, 8)] == [False, True, True, True]
    assert opens.is_open(_ny(11, 1, 6, 10)), "1:10 the second time"
    closes = SendingHours("America/New_York", time(0), time(1, 30))
    assert [closes.is_open(_ny(11, 1, hour, 29)) for hour in (4, 5, 6)] == [True, True, False]


@pytest.mark.parametrize(
    ("hours", "meets"),
    [
        (SendingHours("America/New_York", time(17, 59), time(20)), True),
        (SendingHours("America/New_York", time(18), time(20)), False),
        (SendingHours("America/Los_Angeles", time(5), time(6), WEEKDAYS), True),
        (SendingHours("America/Los_Angeles", time(15), time(16), WEEKDAYS), False),
        (SendingHours("America/New_York", time(9), time(10), {6, 7}), False),
        (SendingHours("Asia/Tokyo", time(6), time(7), {6}), True),  # Friday evening in New York, until daylight ends
    ],
)
def test_two_hours_meet_where_both_are_open_at_once(hours: SendingHours, meets: bool) -> None:
    summer = datetime(2026, 6, 15, 23, 0, tzinfo=UTC)
    assert hours.meets(OFFICE, summer) is OFFICE.meets(hours, summer) is meets
