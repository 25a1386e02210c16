"""The names of the ways to send, and what is true of each without knowing how it works."""

from __future__ import annotations

from enum import StrEnum


class ChannelName(StrEnum):
    CWC = "cwc"
    SMTP = "smtp"
    DOCKET = "docket"
    HANDOFF = "handoff"
    PRINT = "print"


BY_HAND = frozenset({ChannelName.HANDOFF, ChannelName.PRINT})
"""A person finishes these: no worker claims them; they stay queued until somebody says what was done."""

CHANNEL_WORDS = {
    ChannelName.CWC: "Congress gateway",
    ChannelName.SMTP: "E-mail",
    ChannelName.DOCKET: "Docket portal",
    ChannelName.HANDOFF: "Web form, by hand",
    ChannelName.PRINT: "Print and post",
}
"""What staff read."""
