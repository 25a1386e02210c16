"""The simulated relay: SMTP on loopback, answers by script, everything that was taken committed before the 250."""

# ruff: noqa: ARG002, N802 - aiosmtpd dictates the names of the hooks and what they are given
from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Mail

from aiosmtpd.smtp import SMTP, Envelope, Session

from campaign.simulator.clock import Clock
from campaign.simulator.offices import HEADER, Behavior, Planned, Script, office_code, told_by
from campaign.simulator.store import NewMessage, Store

MAX_SIZE = 25 * 1024 * 1024  # octets of one message

log = logging.getLogger(__name__)


class SimulatedSmtp(SMTP):
    line_length_limit = 64 * 1024  # a line over its default of 1,001 octets would lose the mail without a word


@dataclass
class RelayHandler:
    """The hooks of aiosmtpd. Blocks the loop for one small commit a message."""

    store: Store
    script: Script
    clock: Clock
    taken: Callable[[], None] = field(default=lambda: None)  # told after each message that was kept

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # its reader takes one line after the other, so groups of commands work without more
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        told = told_by(address)
        if told in (Behavior.REFUSE, Behavior.BUSY):
            self.store.turn_away("", address.lower(), office_code(address), told, self.clock.seconds())
            return "550 5.1.1 no such person (simulation)" if told is Behavior.REFUSE else "450 4.2.1 busy (simulation)"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok (simulation)"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        messages = self._received(envelope)
        behaviors = [
            self.script.decide(each.envelope_to, each.message_id, _header(each.raw, HEADER)) for each in messages
        ]
        for message, behavior in zip(messages, behaviors, strict=True):
            if answer := self._turned_away(message, behavior):
                return answer
        if Behavior.STALL in behaviors:
            await asyncio.sleep(self.script.stall_s)
            return self._hang_up(server)
        self._keep(messages, behaviors)
        if Behavior.DROP in behaviors:
            return self._hang_up(server)
        return "250 2.0.0 taken (simulation)"

    async def handle_exception(self, error: Exception) -> str:
        log.error("the simulated relay failed: %s", type(error).__name__)
        return "451 4.3.0 fault of the simulation"

    def _received(self, envelope: Envelope) -> list[NewMessage]:
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        now = self.clock.seconds()
        return [read(raw, envelope.mail_from or "", address, now) for address in envelope.rcpt_tos]

    def _turned_away(self, message: NewMessage, behavior: Behavior) -> str | None:
        first = self.store.times_turned_away(message.message_id, message.envelope_to) == 0
        told = _header(message.raw, HEADER) is not None
        if behavior is Behavior.REFUSE:
            answer = "554 5.7.1 refused by policy (simulation)"
        elif behavior is Behavior.BUSY and (first or told):
            answer = "451 4.3.2 busy, try again (simulation)"
        elif behavior is Behavior.STALL:
            answer = None
        else:
            return None
        self.store.turn_away(message.message_id, message.envelope_to, message.office, behavior, self.clock.seconds())
        return answer

    def _keep(self, messages: list[NewMessage], behaviors: list[Behavior]) -> None:
        kept, answers = [], list[list[Planned]]()
        for message, behavior in zip(messages, behaviors, strict=True):
            outcome = "dropped" if behavior is Behavior.DROP else "taken"
            kept.append(replace(message, outcome=outcome))
            # nobody answers the null sender (RFC 3834, 2; RFC 5321, 4.5.5)
            answers.append(
                self.script.plan(behavior, message.envelope_to, message.message_id) if message.envelope_from else []
            )
        self.store.keep(kept, answers)
        self.taken()

    @staticmethod
    def _hang_up(server: SMTP) -> str:
        if isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "421 4.3.2 gone (simulation)"  # nobody hears it


def read(raw: bytes, sender: str, recipient: str, received_at: float) -> NewMessage:
    """A received mail as it is kept; broken mail gives what can be read of it."""
    mail = message_from_bytes(raw)
    recipient = recipient.lower()
    return NewMessage(
        message_id=_decoded(mail, "Message-ID"),
        envelope_from="" if sender == "<>" else sender,
        envelope_to=recipient,
        office=office_code(recipient),
        from_header=_decoded(mail, "From"),
        to_header=_decoded(mail, "To"),
        reply_to=_decoded(mail, "Reply-To"),
        subject=_decoded(mail, "Subject"),
        body=plain_text(mail),
        raw=raw,
        received_at=received_at,
        outcome="taken",
    )


def plain_text(mail: Mail) -> str:
    """The first text/plain part, decoded, with LF line ends; empty where there is none."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            data = payload if isinstance(payload, bytes) else b""
            try:
                text = data.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                text = data.decode("utf-8", "replace")
            return text.replace("\r\n", "\n")
    return ""


def _decoded(mail: Mail, name: str) -> str:
    value = str(mail.get(name, ""))
    try:
        return "".join(str(make_header(decode_header(value))).splitlines()).replace("\x00", "")
    except (HeaderParseError, LookupError, ValueError):
        return value


def _header(raw: bytes, name: str) -> str | None:
    if name.lower().encode() not in raw[:65536].lower():
        return None  # nearly every letter: no second parse
    value = message_from_bytes(raw).get(name)
    return None if value is None else str(value)


async def serve(handler: RelayHandler, host: str, port: int) -> asyncio.Server:
    """Listens at once; port 0 takes a free one. Raises OSError where the port is taken."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it writes addresses
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return SimulatedSmtp(
            handler,
            data_size_limit=MAX_SIZE,
            enable_SMTPUTF8=False,
            hostname="simulation.example",
            ident="Countersign simulation",
            loop=loop,
        )

    return await loop.create_server(connection, host, port)
