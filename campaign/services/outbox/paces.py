"""How fast letters may leave: per channel, per office and per destination domain, over all processes and machines.

A limit is a row that holds its next free moment. A claim takes its moments under the row's lock, so no server besides the
database is needed, and two processes never get the same moment. A moment is good for a short while only: who comes too late
for it leaves the letter for another, since two late ones and one in time would exceed the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor, inf

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.models.channel import Pace
from campaign.services import inserts

AHEAD = timedelta(seconds=1)  # how far ahead moments are taken: a pause must not find minutes of them in hand
LEAD = timedelta(milliseconds=100)  # from a claim to its first moment, so that its commit lies between
_USED = 0.97  # of a limit: a letter may be LATE_S late, and what comes after it is not to run into it


@dataclass(frozen=True, slots=True)
class Limits:
    """Letters per second; 0 sets no limit."""

    channel: float = 0.0
    office: float = 0.0
    domain: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.channel or self.office or self.domain)


@dataclass(frozen=True, slots=True)
class Due:
    """A row that could leave now, as far as time and campaign are concerned."""

    id: int
    office_id: int | None
    to_address: str

    def scopes(self, channel: ChannelName, limits: Limits) -> list[tuple[str, float]]:
        """The keys of the limits that it falls under, and how many letters a second each allows."""
        found = []
        if limits.channel:
            found.append((str(channel), limits.channel))
        if limits.office and self.office_id is not None:
            found.append((f"{channel} office {self.office_id}", limits.office))
        if limits.domain and (domain := self.to_address.rpartition("@")[2].lower()):
            found.append((f"{channel} @{domain}", limits.domain))
        return found


@dataclass(frozen=True, slots=True)
class Granted:
    """`moments` of those that may leave. `later`: when those that their office or domain keeps back come to their turn. The
    others are kept back by the channel alone and stay as they are: it is all that anybody could do."""

    moments: dict[int, datetime]
    later: dict[int, datetime]


def room(session: Session, channel: ChannelName, limits: Limits, now: datetime) -> float:
    """How many moments of the channel's own limit are free within AHEAD; others may take them meanwhile."""
    if not limits.channel:
        return inf
    free = max(session.scalar(sa.select(Pace.next_at).where(Pace.key == str(channel))) or now, now + LEAD)
    ahead = now + AHEAD - free
    return floor(ahead / _gap(limits.channel)) + 1 if ahead >= timedelta() else 0


def _gap(per_second: float) -> timedelta:
    return timedelta(seconds=1 / (_USED * per_second))


def grant(session: Session, channel: ChannelName, limits: Limits, due: Sequence[Due], now: datetime) -> Granted:
    """Takes a moment for each of `due` that gets one within AHEAD, in their order. Locks the rows of its limits until the
    end of the transaction; does not commit."""
    scopes = {row.id: row.scopes(channel, limits) for row in due}
    per_second = dict(scope for each in scopes.values() for scope in each)
    free = _locked(session, sorted(per_second), now)
    gap = {key: _gap(n) for key, n in per_second.items()}
    turn = dict(free)  # where the queue of each limit ends, those who come later included
    moments: dict[int, datetime] = {}
    later: dict[int, datetime] = {}
    for row in due:
        keys = [key for key, _ in scopes[row.id]]
        own = [key for key in keys if key != channel]
        if max((free[key] for key in own), default=now) > now + AHEAD:
            later[row.id] = max(turn[key] for key in own)
            turn.update({key: later[row.id] + gap[key] for key in own})
        elif (moment := max((free[key] for key in keys), default=now)) <= now + AHEAD:
            moments[row.id] = moment
            free.update({key: moment + gap[key] for key in keys})
            turn.update({key: max(turn[key], free[key]) for key in keys})
    _keep(session, free)
    return Granted(moments, later)


def _locked(session: Session, keys: Sequence[str], now: datetime) -> dict[str, datetime]:
    """Each limit's next free moment from now on; locked in the order of keys, so that two claims never wait for each other."""
    if not keys:
        return {}
    inserts.if_absent(session, Pace, *({"key": key, "next_at": now} for key in keys))
    rows = session.execute(
        sa.select(Pace.key, Pace.next_at).where(Pace.key.in_(keys)).order_by(Pace.key).with_for_update()
    )
    return {key: max(next_at, now + LEAD) for key, next_at in rows}


def _keep(session: Session, free: dict[str, datetime]) -> None:
    if free:
        session.execute(sa.update(Pace), [{"key": key, "next_at": moment} for key, moment in free.items()])
