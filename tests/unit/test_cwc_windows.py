"""Maintenance windows on the clock of Washington, and both nights in which it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.cwc import windows
from campaign.domain.districts import EASTERN, Chamber

NIGHT = "house daily 00:00-06:00"


def until(text: str, at: str, chamber: Chamber = Chamber.HOUSE) -> str | None:
    """Both as UTC without zone; None while it is open."""
    found = windows.closed_until(windows.read(text), chamber, datetime.fromisoformat(at).replace(tzinfo=UTC))
    return None if found is None else found.strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        (NIGHT, "2026-06-15T03:59:59", None),
        (NIGHT, "2026-06-15T04:00:00", "2026-06-15T10:00"),  # midnight in summer
        (NIGHT, "2026-06-15T09:59:59", "2026-06-15T10:00"),
        (NIGHT, "2026-06-15T10:00:00", None),
        (NIGHT, "2026-12-15T04:30:00", None),
        (NIGHT, "2026-12-15T05:00:00", "2026-12-15T11:00"),  # midnight in winter
        # forward on 8 March 2026: 02:00 EST is 03:00 EDT, so the night has five hours
        (NIGHT, "2026-03-08T05:00:00", "2026-03-08T10:00"),
        (NIGHT, "2026-03-08T10:00:00", None),
        ("house sun 02:30-04:00", "2026-03-08T06:59:59", None),  # 02:30 does not come: it begins with the change
        ("house sun 02:30-04:00", "2026-03-08T07:00:00", "2026-03-08T08:00"),
        ("house sun 01:00-02:30", "2026-03-08T06:30:00", "2026-03-08T07:00"),
        ("house sun 01:00-02:30", "2026-03-08T07:00:00", None),
        # back on 1 November 2026: 02:00 EDT is 01:00 EST, so the night has seven hours
        (NIGHT, "2026-11-01T04:00:00", "2026-11-01T11:00"),
        (NIGHT, "2026-11-01T10:30:00", "2026-11-01T11:00"),
        ("house sun 00:00-01:30", "2026-11-01T05:45:00", "2026-11-01T06:30"),  # 01:30 comes twice: until the second
        ("house sun 01:30-03:00", "2026-11-01T05:30:00", "2026-11-01T08:00"),  # from the first
        # over midnight, to midnight, one after the other, days
        ("house sat 22:00-02:00", "2026-06-21T05:00:00", "2026-06-21T06:00"),
        ("house sat 22:00-02:00", "2026-06-22T05:00:00", None),
        ("house daily 22:00-24:00; house daily 00:00-01:00", "2026-06-15T02:30:00", "2026-06-15T05:00"),
        ("house fri-mon 10:00-11:00", "2026-06-15T14:30:00", "2026-06-15T15:00"),
        ("house tue,wed 10:00-11:00", "2026-06-15T14:30:00", None),
        ("senate daily 00:00-06:00", "2026-06-15T05:00:00", None),
        ("", "2026-06-15T05:00:00", None),
    ],
)
def test_a_gateway_is_shut_until_the_end_of_its_hours(text: str, at: str, expected: str | None) -> None:
    assert until(text, at) == expected


def test_the_senate_has_its_own_hours() -> None:
    both = "house daily 00:00-06:00; senate sun 02:00-04:00"
    assert until(both, "2026-06-21T06:30:00", Chamber.SENATE) == "2026-06-21T08:00"


@pytest.mark.parametrize(
    "text",
    ["daily 00:00-06:00", "house 00:00-06:00", "house daily 0-6", "house daily 25:00-06:00", "house xmas 00:00-06:00"],
)
def test_what_is_no_window_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"no (window|time|day)"):
        windows.read(text)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - UTC is added below
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_at_the_end_it_is_open_and_a_moment_before_it_is_shut(at: datetime, begins: int, ends: int) -> None:
    if begins == ends:
        ends += 1
    text = "house daily " + "-".join(f"{each // 60 % 24:02}:{each % 60:02}" for each in (begins, ends))
    read, now = windows.read(text), at.replace(tzinfo=UTC)
    found = windows.closed_until(read, Chamber.HOUSE, now)
    wall = now.astimezone(EASTERN).time()
    (window,) = read
    if window.begins < window.ends and window.begins <= wall < window.ends:
        assert found is not None
    if found is not None:
        assert now < found <= now + timedelta(hours=25)
        assert windows.closed_until(read, Chamber.HOUSE, found) is None
        assert windows.closed_until(read, Chamber.HOUSE, found - timedelta(seconds=1)) == found
