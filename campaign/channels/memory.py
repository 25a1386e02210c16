"""The honest fake: a channel that keeps what it is given and answers by list. For tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from campaign.channels.one_by_one import OneByOne
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


class MemoryLine(OneByOne):
    """A 421 or an unclear outcome ends it, as it would end a real one."""

    def __init__(self, channel: MemoryChannel) -> None:
        self._channel = channel

    def hand_over(self, parcel: Parcel, begins: Callable[[], None]) -> Outcome:
        self._channel.before(parcel)
        outcome = self._channel.answers.pop(0) if self._channel.answers else Receipt("250 kept in memory")
        if not isinstance(outcome, TryLater):
            begins()
        if isinstance(outcome, (Receipt, Unclear)):
            self._channel.kept.append(parcel)
        self.usable = not isinstance(outcome, Unclear) and _code(outcome) != "421"
        return outcome


def _code(outcome: Outcome) -> str | None:
    return outcome.code if isinstance(outcome, ChannelError) else None
