"""What an application is made of besides its extensions: settings, the token signer, the channels. One per app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from campaign import gateways
from campaign.channels.base import Channel
from campaign.channels.cwc.message import MoreInfo
from campaign.domain.channels import ChannelName
from campaign.domain.references import TokenSigner
from campaign.services.envelope import Envelope
from campaign.settings import Settings

_KEY = "countersign"


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    signer: TokenSigner
    channels: Mapping[ChannelName, Channel]

    @property
    def set_up(self) -> frozenset[ChannelName]:
        """The channels that this installation has; no letter is queued for another."""
        return frozenset(self.channels)

    @property
    def envelope(self) -> Envelope:
        """What mails and letters need besides their rows."""
        settings = self.settings
        base_url = settings.base_url.rstrip("/")
        more_info = MoreInfo(settings.cwc_more_info)
        return Envelope(self.signer, settings.bounce_domain, base_url, gateways.agents(settings), more_info)


def attach(app: Flask, runtime: Runtime) -> None:
    app.extensions[_KEY] = runtime


def runtime() -> Runtime:
    """Of the current app."""
    found: Runtime = current_app.extensions[_KEY]
    return found
