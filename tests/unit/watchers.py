"""A watcher that remembers what a line told it, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaign.domain.errors import ChannelError
from campaign.domain.parcels import Outcome, Parcel


@dataclass
class Notes:
    """Implements Watcher; stops before the parcel after `stop_after` outcomes."""

    stop_after: int | None = None
    told: list[tuple[str, int]] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def begins(self, parcel: Parcel) -> None:
        self.told.append(("begins", parcel.key))

    def outcome(self, parcel: Parcel, outcome: Outcome) -> None:
        assert parcel.key not in self.outcomes, "an outcome is told once"
        self.told.append(("outcome", parcel.key))
        self.outcomes[parcel.key] = outcome

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.outcomes) >= self.stop_after

    def kinds(self) -> list[str]:
        return [type(outcome).__name__ for outcome in self.outcomes.values()]

    def code(self, key: int) -> str | None:
        outcome = self.outcomes[key]
        assert isinstance(outcome, ChannelError)
        return outcome.code
