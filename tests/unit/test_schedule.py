"""When a letter is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate, takewhile
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.schedule import FIRST_WAIT, GIVE_UP_AFTER, LEASE, LONGEST_WAIT, RENEW_AFTER, next_try

NOW = datetime(2026, 6, 15, 14, tzinfo=UTC)
TRIES = st.integers(0, 10_000)
JITTER = st.floats(0, 1)
WISHES = st.one_of(st.none(), st.floats(-1e6, 1e9))


def wait(tries: int, jitter: float = 0.5, wish_s: float | None = None) -> timedelta:
    return next_try(tries, NOW, jitter, wish_s) - NOW


def test_the_waits_double_from_a_minute_to_four_hours() -> None:
    assert [wait(tries) for tries in (1, 2, 3, 4)] == [timedelta(minutes=n) for n in (1, 2, 4, 8)]
    assert wait(9) == wait(10_000) == LONGEST_WAIT == timedelta(hours=4)


@given(TRIES, JITTER)
def test_a_wait_lies_within_a_fifth_of_its_middle(tries: int, jitter: float) -> None:
    assert wait(tries) * 0.8 - timedelta(microseconds=2) <= wait(tries, jitter)
    assert wait(tries, jitter) <= wait(tries) * 1.2 + timedelta(microseconds=2)


@given(TRIES, JITTER)
def test_waits_grow_or_stay(tries: int, jitter: float) -> None:
    assert wait(tries, jitter) <= wait(tries + 1, jitter)


@given(TRIES, JITTER, WISHES)
def test_nothing_is_tried_again_in_the_past_or_at_once(tries: int, jitter: float, wish_s: float | None) -> None:
    assert wait(tries, jitter, wish_s) >= FIRST_WAIT * 0.8


@given(TRIES, JITTER, st.floats(0.1, 1e9))
def test_the_receivers_wish_is_waited_for_within_an_hour_and_shortens_nothing(
    tries: int, jitter: float, wish_s: float
) -> None:
    plain, wished = wait(tries, jitter), wait(tries, jitter, wish_s)
    assert wished >= plain
    assert wished >= min(timedelta(seconds=wish_s), timedelta(hours=1))
    assert wished <= max(plain, timedelta(hours=1))


def test_a_letter_is_tried_for_days_and_some_thirty_times() -> None:
    waits = accumulate(wait(tries) for tries in range(1, 1_000))
    assert 30 <= len(list(takewhile(lambda total: total < GIVE_UP_AFTER, waits))) <= 40


def test_a_wait_over_the_change_to_summer_time_has_its_full_length() -> None:
    eve = datetime(2026, 3, 8, 1, 59, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert next_try(2, eve, 0.5) - eve == timedelta(minutes=2)


def test_a_lease_is_renewed_well_before_it_ends() -> None:
    assert RENEW_AFTER * 2 < LEASE
