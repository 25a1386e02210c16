"""What the parts of the line share: how to reach a relay, how long to wait for it, and what a lost line is."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from campaign.channels.smtp.answers import Reply
from campaign.domain.errors import TryLater

MAX_LINES = 100  # of one answer
MAX_LINE = 4096  # octets

Address = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]
"""One address of a host, as `socket.getaddrinfo` gives it."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each phase; RFC 5321, 4.5.3.2 asks for minutes, a sender with a lease gives less before the text."""

    connect_s: float = 10
    command_s: float = 60  # also for the text to leave
    data_end_s: float = 600  # after the final dot: giving up early makes letters unclear
    stop_grace_s: float = 25  # what is left of any of them once a stop was asked for


@dataclass(frozen=True, slots=True)
class Relay:
    """How to reach and enter a relay. `context` is what its certificate is held against where `starttls` requires one."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    starttls: bool = False
    context: ssl.SSLContext | None = None
    local_name: str = "localhost"

    def __repr__(self) -> str:
        return f"Relay({self.host}:{self.port})"

    def addresses(self) -> list[Address]:
        """At least one. Raises TryLater where the name leads nowhere now. Waits for the name server."""
        try:
            return list[Address](socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            raise TryLater("the relay's name cannot be looked up") from error


class LineError(Exception):
    """The conversation cannot go on; what that means for a letter depends on what had left. `reply`: a 421, if it was one."""

    def __init__(self, message: str, reply: Reply | None = None) -> None:
        super().__init__(message)
        self.reply = reply

    def before_dot(self, *, used_a_try: bool) -> TryLater:
        """The outcome of a letter whose final dot had not left: the receiver must not deliver it."""
        if self.reply is None:
            return TryLater(str(self), used_a_try=used_a_try)
        return TryLater(str(self), code=str(self.reply.code), answer=self.reply.words, used_a_try=used_a_try)
