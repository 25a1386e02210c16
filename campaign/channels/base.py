"""The whole interface between delivery and a way of sending.

A channel knows parcels and outcomes. It knows no rows, no session, no Flask and no settings object: what it needs is given
to its constructor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from campaign.domain.channels import ChannelName
from campaign.domain.parcels import Outcome, Parcel

LATE_S = 0.025
"""How long after its moment a parcel may still be begun."""


class Watcher(Protocol):
    """What a line tells its caller while it works. Callbacks, so that an answer is noted in the moment it is read."""

    def begins(self, parcel: Parcel) -> None:
        """The next write may complete this parcel at the receiver: from here on, no answer means `Unclear`."""

    def outcome(self, parcel: Parcel, outcome: Outcome) -> None:
        """Exactly once for each parcel that the line touched; the others of a batch are untouched and may go later."""

    def should_stop(self) -> bool:
        """Asked before each parcel; after True the line begins no further one."""


class Line(Protocol):
    """An open way to the receiver, used by one thread; kept over several batches."""

    def send(self, parcels: Sequence[Parcel], watcher: Watcher) -> None:
        """Hands over in order and reports each outcome to the watcher.

        A parcel with a moment is begun then, or left untouched if it is more than LATE_S past; they come in their order.

        Raises nothing of the network: a lost line is an outcome (`TryLater` before the receiver could have taken the
        parcel, `Unclear` after). Parcels that were not begun when the line was lost get no outcome. A line whose `usable` is
        False afterwards must be closed and opened anew.
        """

    @property
    def usable(self) -> bool: ...

    def close(self) -> None:
        """Ends the conversation politely where it is idle; never raises; twice is safe."""


class Channel(Protocol):
    @property
    def name(self) -> ChannelName: ...

    @property
    def repeat_is_safe(self) -> bool:
        """Whether the receiver recognizes a repeated parcel by its key, so that an unclear one may be sent again."""

    def problems(self, parcel: Parcel) -> list[str]:
        """What would make the receiver refuse this parcel, in words for a person; empty when none is known. No network."""

    def open(self) -> Line:
        """Raises TryLater when the receiver cannot be reached, Misconfigured when the channel is configured wrongly."""
