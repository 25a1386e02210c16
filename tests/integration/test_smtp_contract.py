"""The smtp channel, plain and pipelined, held to the contract of every channel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaign.channels.base import Channel
from campaign.channels.smtp.client import SmtpChannel
from tests.integration.loopback import Sink, listening
from tests.unit.channel_contract import MachineChannel


class TestSmtp(MachineChannel):
    @pytest.fixture(params=[True, False])
    def channel(self, request: pytest.FixtureRequest) -> Iterator[Channel]:
        with listening(Sink()) as sink:
            yield SmtpChannel("127.0.0.1", sink.port, pipelining=request.param)
