"""The `smtp` channel: letters to staff addresses and our own mail to members, over one relay.

What an outcome means follows RFC 5321, 4.2.5 and 4.5.4.1: until the final dot is written the receiver must not deliver,
after its 250 the receiver is responsible, and between the two nobody knows.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from campaign.channels.base import Watcher
from campaign.channels.smtp.addresses import wire_address
from campaign.channels.smtp.answers import Reply, after_body, before_body
from campaign.channels.smtp.message import build
from campaign.channels.smtp.wire import Conversation, LineError, Relay, Timeouts, connect
from campaign.domain.channels import ChannelName
from campaign.domain.errors import ChannelError, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SmtpChannel:
    """Implements Channel. `starttls` requires encryption with a certificate that holds; nothing goes in clear then.

    `local_name` is how this machine greets the relay (EHLO): a name that leads back to it, where the relay asks for one.
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
    ) -> None:
        self._relay = Relay(host, port, username, password, starttls, context, local_name)
        self._timeouts = timeouts or Timeouts()
        self._pipelining = pipelining

    def problems(self, parcel: Parcel) -> list[str]:
        try:
            _envelope(parcel)
            build(parcel)
        except Refused as error:
            return [str(error)]
        return []

    def open(self) -> SmtpLine:
        if self._relay.username and not self._relay.starttls and self._relay.host not in LOOPBACK:
            raise Refused("a password would cross the network in clear: require encryption for this relay")
        conversation = connect(self._relay, self._timeouts)
        return SmtpLine(conversation, self._timeouts, self._pipelining and conversation.has_extn("pipelining"))


class SmtpLine:
    """Implements Line: one kept connection, one letter in flight."""

    def __init__(self, conversation: Conversation, timeouts: Timeouts, pipelining: bool) -> None:
        self._talk = conversation
        self._timeouts = timeouts
        self._pipelining = pipelining
        self._usable = True
        self._idle = True
        self._has_worked = False

    @property
    def usable(self) -> bool:
        return self._usable

    def send(self, parcels: Sequence[Parcel], watcher: Watcher) -> None:
        for parcel in parcels:
            if not self._usable or watcher.should_stop():
                return
            try:
                outcome = self._outcome(parcel, watcher)
            except BaseException:
                self._usable = False  # nobody knows what the relay waits for
                raise
            watcher.outcome(parcel, outcome)

    def close(self) -> None:
        # QUIT only where the relay waits for a command: behind half a letter it would be taken for text
        if self._usable and self._idle:
            try:
                self._talk.write(b"QUIT\r\n")
            except LineError:
                self._usable = False
        self._usable = False
        self._talk.close()

    def _outcome(self, parcel: Parcel, watcher: Watcher) -> Outcome:
        try:
            # built before anything is written: between the first command and the dot nothing slow may happen
            envelope, mail = _envelope(parcel), build(parcel)
        except Refused as refusal:
            return refusal
        self._idle = False
        stopped = self._envelope_outcome(envelope, watcher)
        outcome = stopped if stopped is not None else self._text_outcome(parcel, mail, watcher)
        self._idle = self._usable
        return outcome

    def _envelope_outcome(self, commands: tuple[bytes, bytes], watcher: Watcher) -> ChannelError | None:
        """None when the relay waits for the text; nothing has left until then."""
        try:
            if self._pipelining:
                return self._grouped(commands, watcher)
            return self._one_by_one(commands, watcher)
        except LineError as lost:
            return self._lost_before_dot(lost)

    def _grouped(self, commands: tuple[bytes, bytes], watcher: Watcher) -> ChannelError | None:
        """MAIL, RCPT and DATA in one write (RFC 2920); the answer that counts is the first that is not a yes."""
        self._talk.write(b"".join(commands) + b"DATA\r\n")
        mail = self._answer(watcher)
        if mail.code == 421:
            return self._stopped(mail, watcher)
        to, data = self._answer(watcher), self._answer(watcher)
        first = next((reply for reply in (mail, to) if not reply.ok), None)
        if first is None:
            return None if data.code == 354 else self._stopped(data, watcher)
        if data.code != 354:
            return self._stopped(first, watcher)
        if mail.ok:
            # only the recipient was refused: a lone dot ends the offer, and nobody is there to get the empty letter
            self._talk.write(b".\r\n")
            self._answer(watcher)
            return self._stopped(first, watcher)
        self._usable = False  # a lone dot might deliver an empty letter: hang up instead
        return before_body(first)

    def _one_by_one(self, commands: tuple[bytes, bytes], watcher: Watcher) -> ChannelError | None:
        for command in commands:
            self._talk.write(command)
            reply = self._answer(watcher)
            if not reply.ok:
                return self._stopped(reply, watcher)
        self._talk.write(b"DATA\r\n")
        reply = self._answer(watcher)
        return None if reply.code == 354 else self._stopped(reply, watcher)

    def _stopped(self, reply: Reply, watcher: Watcher) -> ChannelError:
        """The relay said no: its outcome, and the line made ready for the next letter."""
        if reply.code == 421:
            self._usable = False
            return TryLater(
                "the relay closes the line", code="421", answer=reply.words, used_a_try=not self._has_worked
            )
        if not 400 <= reply.code <= 599:
            self._usable = False
            return before_body(reply)
        try:
            self._talk.write(b"RSET\r\n")
            self._usable = self._answer(watcher).ok
        except LineError:
            self._usable = False
        return before_body(reply)

    def _text_outcome(self, parcel: Parcel, mail: bytes, watcher: Watcher) -> Outcome:
        """The text, then its dot in a write of its own: a line lost before that has provably delivered nothing."""
        try:
            self._talk.write(mail)
            early = self._answer(watcher) if self._talk.early() else None
        except LineError as lost:
            return self._lost_before_dot(lost)
        if early is not None:
            return self._early(early)
        watcher.begins(parcel)
        try:
            self._talk.write(b".\r\n")
            reply = self._talk.reply(self._timeouts.data_end_s, watcher.should_stop)
        except LineError as lost:
            self._usable = False
            return Unclear(f"no answer to the letter's end: {lost}")
        outcome = after_body(reply)
        if isinstance(outcome, Unclear) or reply.code == 421:
            self._usable = False
        self._has_worked = self._has_worked or not isinstance(outcome, ChannelError)
        return outcome

    def _early(self, reply: Reply) -> ChannelError:
        """An answer before the dot. A no is a no; a yes to half a letter is nothing to build on."""
        self._usable = False
        if 400 <= reply.code <= 599:
            return before_body(reply)
        return Unclear("the relay answered before the letter's end", code=str(reply.code), answer=reply.words)

    def _lost_before_dot(self, lost: LineError) -> TryLater:
        self._usable = False
        return TryLater(str(lost), used_a_try=not self._has_worked)

    def _answer(self, watcher: Watcher) -> Reply:
        return self._talk.reply(self._timeouts.command_s, watcher.should_stop)


def _envelope(parcel: Parcel) -> tuple[bytes, bytes]:
    """The MAIL and RCPT commands. Raises Refused for an address that no relay takes."""
    sender = wire_address(parcel.envelope_sender) if parcel.envelope_sender else ""
    to = wire_address(parcel.to_address)
    return f"MAIL FROM:<{sender}>\r\n".encode("ascii"), f"RCPT TO:<{to}>\r\n".encode("ascii")
