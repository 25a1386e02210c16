"""When a delivery is tried again, and how long a claim lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

LEASE = timedelta(seconds=60)
RENEW_AFTER = timedelta(seconds=20)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1: at least 4 to 5 days
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
NO_REPLY_AFTER = timedelta(days=60)
_WISH_LIMIT = timedelta(hours=1)  # a receiver's Retry-After is honoured up to this


def next_try(tries: int, now: datetime, jitter: float, wish_s: float | None = None) -> datetime:
    """When to try again after `tries` tries were used: doubling from one minute to four hours, spread by a fifth.

    `jitter` is 0..1, drawn by the caller. A receiver's own wish is waited for, within an hour, and never shortened.
    """
    doublings: int = min(max(tries - 1, 0), 16)
    wait = min(FIRST_WAIT * int(2**doublings), LONGEST_WAIT)
    wait *= 0.8 + 0.4 * jitter
    if wish_s is not None and wish_s > 0:
        wait = max(wait, min(timedelta(seconds=wish_s), _WISH_LIMIT))
    return now + wait
