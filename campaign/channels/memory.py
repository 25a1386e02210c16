"""The honest fake: a channel that keeps what it is given and answers by list. For tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from campaign.channels.base import Watcher, in_time
from campaign.domain.channels import ChannelName
from campaign.domain.errors import ChannelError, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt


@dataclass
class MemoryChannel:
    """Implements Channel. `answers` are used up in order, one a parcel; when none is left every parcel is taken.

    `kept` holds each parcel that a receiver may have: all that were taken, and the unclear ones. `before` is called with
    each parcel before anything is decided, which is where a test can pause a campaign or cut the process.
    """

    name: ChannelName = ChannelName.SMTP
    repeat_is_safe: bool = False
    answers: list[Outcome] = field(default_factory=list)
    kept: list[Parcel] = field(default_factory=list)
    closed: ChannelError | None = None  # raised by open()
    before: Callable[[Parcel], None] = field(default=lambda _: None)
    faults: Callable[[Parcel], list[str]] = field(default=lambda _: [])
    opened: int = 0

    def will_answer(self, answers: Iterable[Outcome]) -> None:
        self.answers.extend(answers)

    def problems(self, parcel: Parcel) -> list[str]:
        return self.faults(parcel)

    def open(self) -> MemoryLine:
        if self.closed is not None:
            raise self.closed
        self.opened += 1
        return MemoryLine(self)

    def numbers(self) -> list[int]:
        """The keys of what was kept, in order, doubles included."""
        return [parcel.key for parcel in self.kept]


class MemoryLine:
    """Implements Line; a 421 or an unclear outcome ends it, as it would end a real one."""

    def __init__(self, channel: MemoryChannel) -> None:
        self._channel = channel
        self._usable = True

    @property
    def usable(self) -> bool:
        return self._usable

    def send(self, parcels: Sequence[Parcel], watcher: Watcher) -> None:
        for parcel in parcels:
            if not self._usable or watcher.should_stop():
                return
            if not in_time(parcel, watcher):
                continue
            self._channel.before(parcel)
            outcome = self._channel.answers.pop(0) if self._channel.answers else Receipt("250 kept in memory")
            if not isinstance(outcome, TryLater):
                watcher.begins(parcel)
            if isinstance(outcome, (Receipt, Unclear)):
                self._channel.kept.append(parcel)
            self._usable = not isinstance(outcome, Unclear) and _code(outcome) != "421"
            watcher.outcome(parcel, outcome)

    def close(self) -> None:
        self._usable = False


def _code(outcome: Outcome) -> str | None:
    return outcome.code if isinstance(outcome, ChannelError) else None
