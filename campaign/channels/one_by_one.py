"""A line to a receiver that takes one parcel a request, as those do that speak HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from time import monotonic, sleep

from campaign.channels.base import LATE_S, Watcher
from campaign.domain.errors import ChannelError, Misconfigured
from campaign.domain.parcels import Outcome, Parcel

_LOOK_S = 0.2  # while waiting for a moment: a pause is heard within it


class OneByOne(ABC):
    """Implements Line but for the request itself. What makes one parcel `Misconfigured` would make all: it ends the line."""

    usable = True

    def send(self, parcels: Sequence[Parcel], watcher: Watcher) -> None:
        for parcel in parcels:
            if not self.usable or watcher.should_stop():
                return
            if _in_time(parcel, watcher):
                watcher.outcome(parcel, self._outcome(parcel, watcher))

    def _outcome(self, parcel: Parcel, watcher: Watcher) -> Outcome:
        try:
            outcome = self.hand_over(parcel, lambda: watcher.begins(parcel))
        except ChannelError as error:
            outcome = error
        if isinstance(outcome, Misconfigured):
            self.usable = False
        return outcome

    @abstractmethod
    def hand_over(self, parcel: Parcel, begins: Callable[[], None]) -> Outcome:
        """One request; `begins` is called before the first byte that may complete it. An outcome may be raised as well.

        Sets `usable` to False where no further parcel should be tried over this line.
        """

    def close(self) -> None:
        self.usable = False


def _in_time(parcel: Parcel, watcher: Watcher) -> bool:
    """Waits for the parcel's moment. False, and the parcel is left untouched, where that is past or sending stops meanwhile."""
    if parcel.moment is None:
        return True
    while (left := parcel.moment - monotonic()) > 0:
        if watcher.should_stop():
            return False
        sleep(min(left, _LOOK_S))
    return monotonic() <= parcel.moment + LATE_S
