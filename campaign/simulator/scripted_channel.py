"""A channel whose receiver answers by a script: for replaying a history through the real send loop. Opens no socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaign.channels.base import Watcher
from campaign.domain.channels import ChannelName
from campaign.domain.errors import TryLater
from campaign.domain.parcels import Outcome, Parcel


@dataclass(frozen=True, slots=True)
class ScriptedChannel:
    """Implements Channel. `answer` is asked once for each try of each parcel, in the order of handing over."""

    answer: Callable[[Parcel], Outcome]
    name: ChannelName = ChannelName.SMTP
    repeat_is_safe: bool = False

    def problems(self, parcel: Parcel) -> list[str]:
        del parcel
        return []

    def open(self) -> ScriptedLine:
        return ScriptedLine(self.answer)


class ScriptedLine:
    """Implements Line. Every parcel has its own receiver, so an unclear one does not end the line for the others."""

    def __init__(self, answer: Callable[[Parcel], Outcome]) -> None:
        self._answer = answer
        self._usable = True

    @property
    def usable(self) -> bool:
        return self._usable

    def send(self, parcels: Sequence[Parcel], watcher: Watcher) -> None:
        for parcel in parcels:
            if watcher.should_stop():
                return
            outcome = self._answer(parcel)
            if not isinstance(outcome, TryLater):
                watcher.begins(parcel)
            watcher.outcome(parcel, outcome)

    def close(self) -> None:
        self._usable = False
