"""Every channel by its name, built from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.channels.base import Channel
from campaign.channels.cwc.client import CwcChannel
from campaign.channels.cwc.gateway import Gateway
from campaign.channels.docket.packet import PacketChannel
from campaign.channels.docket.regulations import Access, RegulationsChannel
from campaign.channels.handoff.channel import HandoffChannel
from campaign.channels.printing.channel import PrintChannel
from campaign.channels.printing.provider import PostChannel, PostValues
from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.dkim import Signer
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid

__all__ = ["PostValues", "RelayValues", "get", "make_channels"]


@dataclass(frozen=True, slots=True)
class RelayValues:
    """What the smtp channel is built from; the settings of the same names."""

    smtp_host: str
    smtp_port: int
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    local_name: str = "localhost"
    smtp_connections: int = 1
    dkim_key_file: Path = Path()  # none: letters are not signed
    dkim_selector: str = ""
    dkim_domain: str = ""

    def __repr__(self) -> str:
        return f"RelayValues({self.smtp_host}:{self.smtp_port})"


def make_channels(
    relay: RelayValues,
    gateways: Sequence[Gateway] = (),
    post: PostValues | None = None,
    regulations: Access | None = None,
) -> dict[ChannelName, Channel]:
    """The channels that this installation can use. Opens no line; reads the key. Raises CannotStart for one that is none."""
    signed = relay.dkim_key_file != Path()
    channels: tuple[Channel, ...] = (
        SmtpChannel(
            relay.smtp_host,
            relay.smtp_port,
            relay.smtp_username,
            relay.smtp_password,
            starttls=relay.smtp_starttls,
            local_name=relay.local_name,
            connections=relay.smtp_connections,
            signer=Signer.from_file(relay.dkim_key_file, relay.dkim_selector, relay.dkim_domain) if signed else None,
        ),
        *(CwcChannel(gateway) for gateway in gateways),
        *((RegulationsChannel(regulations),) if regulations is not None else ()),
        PacketChannel(),
        HandoffChannel(),
        PrintChannel(),
        *((PostChannel(post),) if post is not None else ()),
    )
    return {channel.name: channel for channel in channels}


def get(channels: dict[ChannelName, Channel], name: str) -> Channel:
    """Raises Invalid for a name that is no channel here."""
    try:
        return channels[ChannelName(name)]
    except (KeyError, ValueError) as error:
        raise Invalid(f"there is no channel {name!r} here") from error
