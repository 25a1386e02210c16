"""How the simulated gateways behave: what they check, whom they know, and which office meets which fault."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from campaign.channels.cwc import seats, windows
from campaign.channels.cwc.gateway import SIMULATED_AGENT, SIMULATED_KEYS
from campaign.domain.districts import EASTERN, Chamber
from campaign.domain.errors import Invalid

HEADER = "X-Simulate"
AGENT = SIMULATED_AGENT
HOUSE_KEY, SENATE_KEY = SIMULATED_KEYS[Chamber.HOUSE], SIMULATED_KEYS[Chamber.SENATE]


class Fault(StrEnum):
    """What happens to a message, told by the header X-Simulate or by its office's code."""

    TOO_MANY = "429"
    OUTAGE = "503"
    SLOW = "slow"  # stored, and answered after `slow_s`
    CUT = "cut"  # stored, and the line is cut without an answer: the next try meets 409
    LOST = "lost"  # the line is cut, and nothing is stored
    EMPTY = "empty"  # 503 without a word
    HTML = "html"  # 502 with a web page
    REFUSE = "refuse"  # 400 with an error that echoes the constituent


@dataclass(frozen=True, slots=True)
class Rules:
    """`keys`: chamber and registered name by key. Senate offices that take part are a list of their own."""

    keys: Mapping[str, tuple[Chamber, str]] = field(
        default_factory=lambda: {HOUSE_KEY: (Chamber.HOUSE, AGENT), SENATE_KEY: (Chamber.SENATE, AGENT)}
    )
    active: frozenset[str] = seats.CODES
    faults: Mapping[str, Fault] = field(default_factory=dict)  # by office
    repeats_errors: bool = False
    wording: str = "dotnet"  # or relax
    per_second: int = 0  # 0: as fast as may be; 10 in the load test
    acknowledges: bool = False
    slow_s: float = 45.0
    maintenance: str = ""  # as CAMPAIGN_CWC_MAINTENANCE
    now: str = ""  # a wall time of Washington instead of the clock's, ISO

    def at(self, clock: Callable[[], datetime]) -> datetime:
        if not self.now:
            return clock()
        moment = datetime.fromisoformat(self.now)
        return moment if moment.tzinfo else moment.replace(tzinfo=EASTERN)

    def with_changes(self, changes: Any) -> Rules:
        """From JSON. Raises Invalid for what is no rule or no value of one."""
        known = {each.name for each in fields(self)}
        if not isinstance(changes, dict) or not changes.keys() <= known:
            raise Invalid(f"an object with some of {', '.join(sorted(known))}")
        try:
            made = replace(self, **{name: _read(name, value) for name, value in changes.items()})
            windows.read(made.maintenance)
            made.at(lambda: datetime.now(EASTERN))
        except (TypeError, ValueError, KeyError) as error:
            raise Invalid("a value is none of its rule") from error
        return made

    def as_json(self) -> dict[str, Any]:
        return {
            "active": sorted(self.active),
            "faults": {code: str(fault) for code, fault in self.faults.items()},
            **{
                each.name: getattr(self, each.name)
                for each in fields(self)
                if each.name not in ("keys", "active", "faults")
            },
        }


def _read(name: str, value: Any) -> Any:
    match name:
        case "active":
            return frozenset(str(each) for each in value)
        case "faults":
            return {str(code): Fault(fault) for code, fault in value.items()}
        case "keys":
            return {key: (Chamber(chamber), str(agent)) for key, (chamber, agent) in value.items()}
        case "per_second":
            return int(value)
        case "slow_s":
            return float(value)
        case "repeats_errors" | "acknowledges":
            return bool(value)
        case _:
            return str(value)


class Bucket:
    """A token bucket for each key: `per_second` tokens come in a second, and as many may be saved. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, per_second: int, now: float) -> bool:
        with self._lock:
            left, before = self._left.get(key, (float(per_second), now))
            left = min(float(per_second), left + (now - before) * per_second)
            self._left[key] = (left - 1 if left >= 1 else left, now)
            return left >= 1
