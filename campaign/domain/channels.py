"""The names of the ways to send, and what is true of each without knowing how it works.

People choose and read five kinds. A machine or a person works on names: each has a receiver of its own, so that its connection,
its limits and its troubles are its own too. The House's gateway being shut stops no letter to the Senate.
"""

from __future__ import annotations

from enum import StrEnum


class ChannelKind(StrEnum):
    """What a campaign prefers in an order, and what lists and exports say."""

    CWC = "cwc"
    SMTP = "smtp"
    DOCKET = "docket"
    HANDOFF = "handoff"
    PRINT = "print"


class ChannelName(StrEnum):
    CWC_HOUSE = "cwc_house"
    CWC_SENATE = "cwc_senate"
    SMTP = "smtp"
    DOCKET_API = "docket_api"  # regulations.gov, by its interface for programs
    DOCKET_PACKET = "docket_packet"  # filed by the member, at any portal
    HANDOFF = "handoff"
    PRINT = "print"  # printed and posted by the association
    PRINT_PROVIDER = "print_provider"

    @property
    def kind(self) -> ChannelKind:
        return _KINDS[self]


_KINDS = {
    ChannelName.CWC_HOUSE: ChannelKind.CWC,
    ChannelName.CWC_SENATE: ChannelKind.CWC,
    ChannelName.SMTP: ChannelKind.SMTP,
    ChannelName.DOCKET_API: ChannelKind.DOCKET,
    ChannelName.DOCKET_PACKET: ChannelKind.DOCKET,
    ChannelName.HANDOFF: ChannelKind.HANDOFF,
    ChannelName.PRINT: ChannelKind.PRINT,
    ChannelName.PRINT_PROVIDER: ChannelKind.PRINT,
}

BY_HAND = frozenset({ChannelName.DOCKET_PACKET, ChannelName.HANDOFF, ChannelName.PRINT})
"""A person finishes these: no worker claims them; they stay queued until somebody says what was done."""

BY_THE_MEMBERS_WORD = frozenset({ChannelName.DOCKET_PACKET, ChannelName.HANDOFF})
"""Delivered here means that the member said so: a grade of its own, added to no other."""

AT_OFFICE_HOURS = frozenset({ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE, ChannelName.SMTP})
"""What reaches an office at the moment at which it leaves. Paper takes days, and a portal takes comments until it closes."""

CHANNEL_WORDS = {
    ChannelName.CWC_HOUSE: "House gateway",
    ChannelName.CWC_SENATE: "Senate gateway",
    ChannelName.SMTP: "E-mail",
    ChannelName.DOCKET_API: "Docket, by machine",
    ChannelName.DOCKET_PACKET: "Docket, by hand",
    ChannelName.HANDOFF: "Web form, by hand",
    ChannelName.PRINT: "Print and post",
    ChannelName.PRINT_PROVIDER: "Print provider",
}
"""What staff read."""

KIND_WORDS = {
    ChannelKind.CWC: "Congress gateway",
    ChannelKind.SMTP: "E-mail",
    ChannelKind.DOCKET: "Docket",
    ChannelKind.HANDOFF: "Web form, by hand",
    ChannelKind.PRINT: "Paper",
}

WAYS: dict[str, tuple[ChannelName, ...]] = {
    ChannelKind.CWC: (ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE),
    ChannelKind.SMTP: (ChannelName.SMTP,),
    ChannelKind.HANDOFF: (ChannelName.HANDOFF,),
    ChannelName.PRINT_PROVIDER: (ChannelName.PRINT_PROVIDER,),
    ChannelKind.PRINT: (ChannelName.PRINT,),
}
"""What a campaign's order may hold, and the channels that each stands for. Comments on dockets follow no order."""

WAY_WORDS: dict[str, str] = {
    ChannelKind.CWC: KIND_WORDS[ChannelKind.CWC],
    **{names[0]: CHANNEL_WORDS[names[0]] for way, names in WAYS.items() if way != ChannelKind.CWC},
}


def names_of(kind: ChannelKind) -> tuple[ChannelName, ...]:
    return tuple(name for name in ChannelName if name.kind is kind)
