"""The words for how a letter goes."""

from __future__ import annotations

from campaign.domain.channels import ChannelName

_WAYS = {
    ChannelName.CWC_HOUSE: ("Their intake system", "within minutes"),
    ChannelName.CWC_SENATE: ("Their intake system", "within minutes"),
    ChannelName.SMTP: ("E-mail to their staff", "within minutes"),
    ChannelName.DOCKET_API: ("Public docket", "within an hour"),
    ChannelName.DOCKET_PACKET: ("Public docket", "you file it"),
    ChannelName.HANDOFF: ("Their web form", "you send it"),
    ChannelName.PRINT: ("Printed and posted", "2 to 3 weeks"),
    ChannelName.PRINT_PROVIDER: ("Printed and posted", "2 to 3 weeks"),
}


def means(channel: ChannelName) -> str:
    """ "E-mail to their staff"."""
    return _WAYS[channel][0]


def way(channel: ChannelName, *, docket: bool) -> str:
    """How a letter goes and when it arrives, as honestly as can be said before it went."""
    if docket and channel is ChannelName.HANDOFF:
        return "Public docket · you file it"
    return " · ".join(_WAYS[channel])
