"""The `handoff` channel: a person fills in the office's own form and says so."""

from __future__ import annotations

from campaign.channels.base import Line
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Misconfigured
from campaign.domain.parcels import Parcel


class HandoffChannel:
    """Implements Channel; nothing is ever sent by a machine here."""

    name = ChannelName.HANDOFF
    repeat_is_safe = False

    def problems(self, parcel: Parcel) -> list[str]:
        """A form takes any text; what it is short of is shown on the page, which a person can act on."""
        return [] if parcel.body.strip() else ["the letter has no text"]

    def open(self) -> Line:
        raise Misconfigured("a person finishes this")
