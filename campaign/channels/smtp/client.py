"""The `smtp` channel: letters to staff addresses and our own mail to members, over one relay.

`line` keeps its connections, `talk` is the conversation over one of them, `pipe` its bytes, `batch` the letters on their way.
"""

from __future__ import annotations

import ssl
from dataclasses import replace

from campaign.channels.smtp.addresses import wire_address
from campaign.channels.smtp.batch import Letter
from campaign.channels.smtp.dkim import Signer
from campaign.channels.smtp.line import SmtpLine
from campaign.channels.smtp.message import build
from campaign.channels.smtp.wire import Relay, Timeouts
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Misconfigured, Refused
from campaign.domain.hosts import is_loopback
from campaign.domain.parcels import Parcel


class SmtpChannel:
    """Implements Channel. `starttls` requires encryption with a certificate that holds; nothing goes in clear then.

    `local_name` is how this machine greets the relay (EHLO): a name that leads back to it, where the relay asks for one. A line
    keeps up to `connections`. Letters are signed (DKIM) where a `signer` is given.
    """

    name = ChannelName.SMTP
    repeat_is_safe = False  # a relay takes the same Message-ID twice

    def __init__(
        self,
        host: str,
        port: int,
        username: str = "",
        password: str = "",
        *,
        starttls: bool = False,
        timeouts: Timeouts | None = None,
        pipelining: bool = True,
        context: ssl.SSLContext | None = None,
        local_name: str = "localhost",
        connections: int = 1,
        signer: Signer | None = None,
    ) -> None:
        self._relay = Relay(host, port, username, password, starttls, context, local_name)
        self._timeouts = timeouts or Timeouts()
        self._pipelining = pipelining
        self._connections = connections
        self._signer = signer

    def problems(self, parcel: Parcel) -> list[str]:
        try:
            _commands(parcel)
            build(parcel)
        except Refused as error:
            return [str(error)]
        return []

    def open(self) -> SmtpLine:
        if self._relay.username and not self._relay.starttls and not is_loopback(self._relay.host):
            raise Misconfigured("a password would cross the network in clear: require encryption for this relay")
        if self._relay.starttls and self._relay.context is None:
            self._relay = replace(self._relay, context=ssl.create_default_context())  # once: it reads many certificates
        line = SmtpLine(
            self._relay,
            self._letter,
            connections=self._connections,
            timeouts=self._timeouts,
            pipelining=self._pipelining,
        )
        line.enter()
        return line

    def _letter(self, parcel: Parcel) -> Letter:
        """Raises Refused for what cannot be written."""
        commands, mail = _commands(parcel), build(parcel)
        return Letter(parcel, commands, mail if self._signer is None else self._signer.sign(mail))


def _commands(parcel: Parcel) -> tuple[bytes, bytes, bytes]:
    """Raises Refused for an address that no relay takes, and for one whose mail comes back to us."""
    sender = wire_address(parcel.envelope_sender) if parcel.envelope_sender else ""
    to = wire_address(parcel.to_address)
    if sender and to.rpartition("@")[2].lower() == sender.rpartition("@")[2].lower():
        raise Refused("the address is of our own domain for returned mail: enter the office's own")
    return f"MAIL FROM:<{sender}>\r\n".encode("ascii"), f"RCPT TO:<{to}>\r\n".encode("ascii"), b"DATA\r\n"
