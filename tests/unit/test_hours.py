"""Sending hours are those of the wall clock in the campaign's zone, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.hours import SendingHours

OFFICE = SendingHours("America/New_York", time(8), time(18), weekends=False)


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


@given(
    st.integers(0, 2 * 365 * 24 * 60),
    st.integers(0, 22),
    st.booleans(),
    st.sampled_from(["America/New_York", "Asia/Tokyo", "Pacific/Guam", "UTC"]),
)
def test_it_opens_again_within_four_days(minutes: int, hour: int, weekends: bool, zone: str) -> None:
    hours = SendingHours(zone, time(hour), time(hour + 1), weekends=weekends)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opening = hours.next_opening(moment)
    assert moment <= opening <= moment + timedelta(days=4)
    assert (opening == moment) is hours.is_open(moment)
