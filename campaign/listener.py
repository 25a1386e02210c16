"""The listener of `campaign listen`: SMTP and LMTP on one port, for mail to the bounce domain alone.

A mail is on disk in the Maildir before it is answered with 250, so a kill at any instruction loses nothing that was taken.
It is written to disk as it arrives and is never in memory as a whole. Nothing is ever passed on, and nothing is ever answered
by mail. aiosmtpd is not used here: it collects a mail line by line in memory (70 MB for one of 25 MB), and a long line loses
the mail.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import structlog

from campaign.channels.smtp import maildir
from campaign.channels.smtp.raw import MAX_RAW
from campaign.domain.errors import CannotStart
from campaign.settings import Settings

log = structlog.get_logger()

MOST_CONNECTIONS = 100
MOST_RECIPIENTS = 100
IDLE_S = 300.0  # RFC 5321, 4.5.3.2.7
STOP_S = 10.0  # for mails that are coming in when we are asked to end
_LINE = 2048  # octets of a command; RFC 5321 asks for 512, LMTP and extensions for a little more
_PIECE = 64 * 1024
_BAD_COMMANDS = 20
_ARGUMENT = re.compile(rb"(?:FROM|TO):\s*<([^<>\r\n]*)>(.*)", re.IGNORECASE)
_SIZE = re.compile(rb"\bSIZE=(\d{1,12})\b", re.IGNORECASE)


@dataclass(slots=True)
class _Mail:
    sender: str = ""
    begun: bool = False
    recipients: list[str] = field(default_factory=list)


class _Gone(Exception):
    """The other side closed, fell silent, or asked to end."""


class Listener:
    """Takes mail for `domain` into the Maildir `folder`."""

    def __init__(self, folder: Path, domain: str, *, most: int = MOST_CONNECTIONS, idle_s: float = IDLE_S) -> None:
        self.folder, self.domain, self.most, self.idle_s = folder, domain.lower(), most, idle_s
        self._open: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()  # have a mail coming in
        self.stopping = False

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listens at once; port 0 takes a free one. Raises OSError where the port is taken."""
        maildir.make(self.folder)
        return await asyncio.start_server(self._connected, host, port, limit=_PIECE)

    async def finish(self) -> None:
        """Ends idle lines at once and lets mails that are coming in end first, for at most ten seconds."""
        self.stopping = True
        for task in self._open - self._busy:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=STOP_S)
        for task in self._open:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of the server always runs in one
        self._open.add(task)
        try:
            if self.stopping or len(self._open) > self.most:
                writer.write(b"421 4.3.2 too many connections, try later\r\n")
                await writer.drain()
                return
            await _Talk(self, reader, writer, task, self._busy).run()
        except (_Gone, OSError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - whatever one line does, the others go on
            log.error("a line of the listener failed", error=type(error).__name__)
            with suppress(OSError):
                writer.write(b"451 4.3.0 fault here, try later\r\n")
        finally:
            self._open.discard(task)
            self._busy.discard(task)
            writer.close()


class _Talk:
    def __init__(
        self,
        listener: Listener,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        task: asyncio.Task[None],
        busy: set[asyncio.Task[None]],
    ) -> None:
        self._listener, self._reader, self._writer, self._task, self._busy = listener, reader, writer, task, busy
        self._mail = _Mail()
        self._lmtp = False
        self._bad = 0
        self._at_start = self._ended = True  # of the mail that comes in: at the start of a line; its last line was read

    async def run(self) -> None:
        await self._say(f"220 {self._listener.domain} ready")
        while True:
            line = await self._command()
            verb, _, rest = line.partition(b" ")
            name = verb.upper().decode("ascii", "replace")
            if name == "QUIT":
                await self._say("221 2.0.0 bye")
                return
            if name == "DATA":
                await self._data()
            else:
                await self._say(*self._answer(name, rest.strip()))
            if self._bad > _BAD_COMMANDS:
                await self._say("421 4.7.0 too many errors")
                return

    def _answer(self, name: str, rest: bytes) -> tuple[str, ...]:
        match name:
            case "EHLO" | "LHLO":
                self._mail, self._lmtp = _Mail(), name == "LHLO"
                return (
                    f"250-{self._listener.domain}",
                    "250-PIPELINING",
                    "250-8BITMIME",
                    "250-ENHANCEDSTATUSCODES",
                    f"250 SIZE {MAX_RAW}",
                )
            case "HELO":
                self._mail, self._lmtp = _Mail(), False
                return (f"250 {self._listener.domain}",)
            case "MAIL":
                return (self._from(rest),)
            case "RCPT":
                return (self._to(rest),)
            case "RSET":
                self._mail = _Mail()
                return ("250 2.0.0 ok",)
            case "NOOP":
                return ("250 2.0.0 ok",)
            case "VRFY":
                return ("252 2.5.0 send it, and see",)
        self._bad += 1
        return ("500 5.5.2 no such command",)

    def _from(self, rest: bytes) -> str:
        match = _ARGUMENT.fullmatch(rest)
        if match is None or self._mail.begun:
            self._bad += 1
            return "501 5.5.4 MAIL FROM:<address>" if match is None else "503 5.5.1 one mail after the other"
        size = _SIZE.search(match[2])
        if size and int(size[1]) > MAX_RAW:
            return "552 5.3.4 too large"
        self._mail = _Mail(sender=match[1].decode("utf-8", "replace"), begun=True)
        return "250 2.1.0 ok"

    def _to(self, rest: bytes) -> str:
        match = _ARGUMENT.fullmatch(rest)
        if match is None or not self._mail.begun:
            self._bad += 1
            return "501 5.5.4 RCPT TO:<address>" if match is None else "503 5.5.1 MAIL first"
        address = match[1].decode("utf-8", "replace")
        local, _, domain = address.rpartition("@")
        if (
            domain.lower().rstrip(".") != self._listener.domain
            or not local
            or "@" in local
            or "%" in local
            or "!" in local
        ):
            self._bad += 1
            return "550 5.7.1 not a domain of ours; nothing is relayed here"
        if len(self._mail.recipients) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        self._mail.recipients.append(address)
        return "250 2.1.5 ok"

    async def _data(self) -> None:
        mail, self._mail = self._mail, _Mail()
        if not mail.recipients:
            self._bad += 1
            await self._say("503 5.5.1 RCPT first")
            return
        self._busy.add(self._task)
        self._at_start, self._ended = True, False
        try:
            await self._say("354 end with a dot on a line of its own")
            answer = await self._kept(mail)
        finally:
            self._busy.discard(self._task)
        # LMTP wants an answer for each recipient (RFC 2033, 4.2)
        await self._say(*([answer] * (len(mail.recipients) if self._lmtp else 1)))
        if self._listener.stopping:
            await self._say("421 4.3.2 going down")
            raise _Gone

    async def _kept(self, mail: _Mail) -> str:
        """The answer once the mail is on disk, or why it is not; the line is read to its end in any case."""
        name = f"{time.time():.6f}.L{os.getpid()}_{secrets.token_hex(6)}.{socket.gethostname().replace('/', '').replace(':', '')}"
        written = self._listener.folder / "tmp" / name
        try:
            with written.open("xb") as file:
                file.write(_head(mail))
                whole = await self._copy(file)
                if whole:
                    await asyncio.to_thread(_to_disk, file)
            if not whole:
                log.warning("a mail was too large for the listener")
                return "552 5.3.4 too large"
            await asyncio.to_thread(maildir.publish, self._listener.folder, name)
        except OSError as error:
            await self._drop_rest()
            log.error("the Maildir takes no mail", error=type(error).__name__)
            return "452 4.3.1 no room here, try later"
        finally:
            written.unlink(missing_ok=True)  # it has been renamed, or is not wanted
        log.info("mail taken", recipients=len(mail.recipients))
        return "250 2.0.0 kept"

    async def _copy(self, file: BinaryIO) -> bool:
        """Copies until CRLF . CRLF (RFC 5321, 4.1.1.4: no bare line feed ends a mail), dots undone. False: too large; the
        rest was read and dropped."""
        size = 0
        while (piece := await self._next()) is not None:
            size += len(piece)
            if size <= MAX_RAW:
                file.write(piece)
        return size <= MAX_RAW

    async def _drop_rest(self) -> None:
        while await self._next() is not None:
            pass

    async def _next(self) -> bytes | None:
        """The next piece of the mail; None at its end."""
        if self._ended:
            return None
        piece = await self._piece()
        if self._at_start and piece == b".\r\n":
            self._ended = True
            return None
        if self._at_start and piece.startswith(b"."):
            piece = piece[1:]
        self._at_start = piece.endswith(b"\r\n")
        return piece

    async def _piece(self) -> bytes:
        """A line with its CRLF, or 64 KB of a longer one."""
        try:
            async with asyncio.timeout(self._listener.idle_s):
                return await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as error:
            return await self._reader.readexactly(max(1, min(error.consumed, _PIECE)))
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raise _Gone from error

    async def _command(self) -> bytes:
        line = await self._piece()
        if len(line) > _LINE or not line.endswith(b"\r\n"):
            await self._say("500 5.5.6 line too long")
            raise _Gone
        return line[:-2]

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("ascii", "replace"))
        await self._writer.drain()


def _head(mail: _Mail) -> bytes:
    """What the envelope says, as a server that delivers at last writes it down (RFC 5321, 4.4)."""
    lines = [f"Return-Path: <{mail.sender}>", *(f"Delivered-To: {address}" for address in mail.recipients)]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def main(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises CannotStart where the port is taken."""
    asyncio.run(
        _run(Listener(settings.inbox_maildir, settings.bounce_domain), settings.intake_host, settings.intake_port)
    )


async def _run(listener: Listener, host: str, port: int) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    try:
        server = await listener.serve(host, port)
    except OSError as error:
        raise CannotStart(f"Port {port} is taken: end what uses it, or set CAMPAIGN_INTAKE_PORT to another.") from error
    await stop.wait()
    server.close()
    await listener.finish()
