"""One SMTP conversation: greeting, TLS and login by the standard library, answers by a reader of our own.

The library's reader has a time-out per read, which a relay that drips one letter at a time defeats; here a whole answer
has one deadline, and the wait is cut into beats so that the caller may renew its lease.
"""

from __future__ import annotations

import select
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from campaign.channels.smtp.answers import Reply, before_body
from campaign.domain.errors import ChannelError, Refused, TryLater

BEAT_S = 0.5
MAX_LINES = 100  # of one answer
MAX_LINE = 4096  # octets

Beat = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each phase; RFC 5321, 4.5.3.2 asks for minutes, a sender with a lease gives less before the text."""

    connect_s: float = 10
    command_s: float = 60
    data_end_s: float = 600  # after the final dot: giving up early makes letters unclear
    stop_grace_s: float = 25  # what is left of data_end_s once a stop was asked for


class LineError(Exception):
    """The conversation cannot go on; what that means for a parcel depends on what had been written."""


class Conversation(smtplib.SMTP):
    """The library's client with our reader. Not shared between threads."""

    def __init__(self, host: str, timeouts: Timeouts, local_name: str) -> None:
        self._timeouts = timeouts
        self._rest = b""
        super().__init__(local_hostname=local_name, timeout=timeouts.connect_s)
        self._host = host  # the name that a certificate must show

    def getreply(self) -> tuple[int, bytes]:
        """As the library's, used by it while the line is opened."""
        try:
            reply = self.reply(self._timeouts.command_s)
        except LineError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(str(error)) from error
        return reply.code, reply.text.encode("ascii", "replace")

    def secure(self, context: ssl.SSLContext) -> None:
        """STARTTLS. Raises Refused when the relay does not offer it or its certificate does not hold."""
        if not self.has_extn("starttls"):
            raise Refused("the relay offers no encryption, and this channel requires it")
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise before_body(Reply(code, words.decode("ascii", "replace")))
        if self._rest:
            # clear bytes behind the 220 could be a stranger's answers to what we say under TLS (CVE-2011-0411)
            raise Refused("the relay spoke in clear after it had agreed to encryption")
        connected = self._socket
        connected.settimeout(self._timeouts.command_s)
        self.sock = context.wrap_socket(connected, server_hostname=self._host)
        self.helo_resp = None
        self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.ehlo_or_helo_if_needed()

    def write(self, data: bytes) -> None:
        """All of it within the command time-out, or LineError."""
        try:
            self._socket.settimeout(self._timeouts.command_s)
            self._socket.sendall(data)
        except OSError as error:
            raise LineError("the line was lost while writing") from error

    def reply(self, timeout_s: float, beat: Beat | None = None) -> Reply:
        """The next whole answer, within `timeout_s`. Raises LineError. `beat` is called every half second or less.

        When it says that a stop was asked for, the wait ends after `stop_grace_s` at the latest.
        """
        deadline = time.monotonic() + timeout_s
        texts: list[str] = []
        while True:
            line, deadline = self._line(deadline, beat)
            code, more, text = _parse(line)
            texts.append(text)
            if not more:
                return Reply(code, "\n".join(texts))
            if len(texts) >= MAX_LINES:
                raise LineError("the relay's answer has no end")

    def early(self) -> bool:
        """Whether the relay has spoken, or hung up, while it should be listening."""
        if not self._rest and self._readable(0):
            self._rest += self._received(0)
        return bool(self._rest)

    @property
    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise LineError("the line is closed")
        return self.sock

    def _line(self, deadline: float, beat: Beat | None) -> tuple[bytes, float]:
        stopping = False
        while b"\n" not in self._rest:
            if len(self._rest) > MAX_LINE:
                raise LineError("the relay's answer has no end")
            now = time.monotonic()
            if now >= deadline:
                raise LineError("the relay said nothing in time")
            if beat is not None and beat() and not stopping:
                stopping = True
                deadline = min(deadline, now + self._timeouts.stop_grace_s)
            if self._readable(min(BEAT_S, deadline - now)):
                # under TLS a readable socket may hold half a record: a short wait for the rest is no loss
                self._rest += self._received(BEAT_S)
        line, _, self._rest = self._rest.partition(b"\n")
        return line, deadline

    def _readable(self, wait_s: float) -> bool:
        sock = self._socket
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        try:
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(max(0, int(wait_s * 1000))))
        except (OSError, ValueError) as error:
            raise LineError("the line was lost while waiting") from error

    def _received(self, wait_s: float) -> bytes:
        try:
            self._socket.settimeout(wait_s)
            data = self._socket.recv(8192)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as error:
            raise LineError("the line was lost while waiting") from error
        if not data:
            raise LineError("the relay hung up")
        return data


def _parse(line: bytes) -> tuple[int, bool, str]:
    text = line.decode("utf-8", "replace").rstrip("\r")
    if not (text[:3].isascii() and text[:3].isdigit() and text[3:4] in ("", " ", "-")):
        raise LineError("the relay's answer makes no sense")
    return int(text[:3]), text[3:4] == "-", text[4:]


@dataclass(frozen=True, slots=True)
class Relay:
    """How to reach and enter a relay."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    starttls: bool = False
    context: ssl.SSLContext | None = None
    local_name: str = "localhost"

    def __repr__(self) -> str:
        return f"Relay({self.host}:{self.port})"


def connect(relay: Relay, timeouts: Timeouts) -> Conversation:
    """A conversation ready for its first letter.

    Raises TryLater when the relay cannot be reached or says so (4xx, silence), Refused when the settings are at fault:
    no encryption where it is required, a certificate that does not hold, a wrong password.
    """
    conversation = Conversation(relay.host, timeouts, relay.local_name)
    try:
        _enter(conversation, relay)
    except BaseException:
        conversation.close()
        raise
    return conversation


def _enter(conversation: Conversation, relay: Relay) -> None:
    try:
        code, words = conversation.connect(relay.host, relay.port)
        if code != 220:
            raise before_body(Reply(code, words.decode("ascii", "replace")))
        if conversation.sock is not None:
            # the dot is a small write of its own: without this it would wait for an acknowledgement
            conversation.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conversation.ehlo_or_helo_if_needed()
        if relay.starttls:
            conversation.secure(relay.context or ssl.create_default_context())
        if relay.username:
            conversation.login(relay.username, relay.password)
    except ChannelError:
        raise
    except ssl.SSLEOFError as error:
        raise TryLater("the relay hung up") from error
    except ssl.SSLError as error:
        raise Refused("the relay's certificate does not hold, or its encryption failed") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused("the relay offers no login that this channel knows") from error
    except smtplib.SMTPResponseException as error:
        answer = error.smtp_error
        text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else str(answer)
        raise before_body(Reply(error.smtp_code, text)) from error
    except (LineError, smtplib.SMTPException, OSError) as error:
        raise TryLater("the relay cannot be reached") from error
