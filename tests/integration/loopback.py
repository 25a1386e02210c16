"""Servers on loopback for tests: an event loop in a thread, a scripted SMTP sink, and the simulated relay itself."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any, TypeVar

from campaign.simulator.relay import RelayHandler, serve

T = TypeVar("T")

HANG = "HANG"  # say nothing more, keep the line
CLOSE = "CLOSE"  # cut the line
DRIP = "DRIP"  # a letter every tenth of a second, without end


@contextmanager
def loop_in_thread() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """Gives a function that runs a coroutine on the loop and waits for it; ends every task that is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def end() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    try:
        yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


@dataclass
class Sink:
    """A relay that answers by list: one mapping of phase to answer for each transaction, counted over all lines.

    Phases: mail, rcpt, data (after the body; where the recipient was refused: to the command), start (to DATA, 354 unless
    told), body (an action while the text comes). Missing ones are a yes. `recipients` says the same by address, whatever the
    order. `banners` are those of the first lines. `places` is how many lines are taken at a time, `per_line` how many letters
    one takes before it ends with `goodbye`.
    """

    answers: Sequence[Mapping[str, str]] = ()
    recipients: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    banner: str = "220 sink"
    banners: Sequence[str] = ()
    places: int = 1000
    per_line: int = 1_000_000
    goodbye: str = "421 4.3.2 enough for one line"
    late_s: float = 0  # before the answer to each letter
    context: ssl.SSLContext | None = None  # after a 220 to STARTTLS
    ehlo: tuple[str, ...] = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
    hello: str = ""  # instead of those
    login: str = "235 2.7.0 welcome"
    starttls: str = "502 5.5.1 what"
    port: int = 0
    kept: list[str] = field(default_factory=list)  # Message-IDs
    commands: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by a client that logs in, as it stood on the wire
    lines_opened: int = 0
    lines_open: int = 0
    transactions: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines_opened += 1
        self.lines_open += 1
        banner = self.banners[self.lines_opened - 1] if self.lines_opened <= len(self.banners) else self.banner
        try:
            if await self._say(writer, banner if self.lines_open <= self.places else "421 4.3.2 too many lines"):
                await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.lines_open -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script: Mapping[str, str] = {}
        recipient_ok = False
        taken = 0
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            verb = line[:4].upper()
            self.commands.append(verb)
            if verb == "MAIL" and taken >= self.per_line:
                go_on = await self._say(writer, self.goodbye)
            elif verb == "MAIL":
                taken += 1
                script = self.answers[self.transactions] if self.transactions < len(self.answers) else {}
                self.transactions += 1
                recipient_ok = False
                go_on = await self._say(writer, script.get("mail", "250 2.1.0 ok"))
            elif verb == "RCPT":
                script = self.recipients.get(line[line.find("<") + 1 : -1], script)
                sender_ok = "mail" not in script or "start" in script
                answer = script.get("rcpt", "250 2.1.5 ok" if sender_ok else "503 5.5.1 no sender")
                recipient_ok = answer.startswith("2")
                go_on = await self._say(writer, answer)
            elif verb == "DATA":
                go_on = await self._data(reader, writer, script, recipient_ok)
            elif verb == "AUTH":
                go_on = await self._login(reader, writer, line)
            else:
                go_on = await self._say(writer, self._plain(verb))
                if verb == "STAR" and self.starttls == "220 go on" and self.context is not None:
                    await writer.start_tls(self.context)
            if not go_on or verb == "QUIT":
                return

    def _plain(self, verb: str) -> str:
        if verb == "EHLO" and self.hello:
            return self.hello
        if verb == "EHLO":
            return "\r\n".join(f"250-{word}" for word in ("sink", *self.ehlo)) + "\r\n250 HELP"
        if verb == "STAR":
            return self.starttls
        return {"RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye", "HELO": "250 sink"}.get(verb, "502 5.5.1 what")

    async def _login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str) -> bool:
        self.said.append(line)
        if line == "AUTH LOGIN":
            for question in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
                await self._say(writer, question)
                self.said.append((await reader.readline()).decode().rstrip())
        return await self._say(writer, self.login)

    async def _data(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        script: Mapping[str, str],
        recipient_ok: bool,
    ) -> bool:
        if not recipient_ok and "start" not in script:
            return await self._say(writer, script.get("data", "554 5.5.1 no valid recipients"))
        start = script.get("start", "354 go on")
        if not await self._say(writer, start) or not start.startswith("3"):
            return start not in (HANG, CLOSE, DRIP)
        if "body" in script:
            await reader.read(100)
            return await self._say(writer, script["body"]) and await self._say(writer, HANG)
        text = b""
        while not (text == b".\r\n" or text.endswith(b"\r\n.\r\n")):
            if not (line := await reader.readline()):
                return False
            text += line
        if recipient_ok:
            await asyncio.sleep(self.late_s)
            answer = script.get("data", "250 2.0.0 queued")
            if answer.startswith("250") or script.get("kept"):
                self.kept.append(str(message_from_bytes(text)["Message-ID"]))
            return await self._say(writer, answer)
        return await self._say(writer, "554 5.5.1 no valid recipients")

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
        """Whether the conversation goes on."""
        if answer == CLOSE:
            writer.transport.abort()
            return False
        if answer == HANG:
            await asyncio.sleep(60)
            return False
        while answer == DRIP:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return not answer.startswith("421")


async def closed(server: asyncio.Server) -> None:
    server.close()


@contextmanager
def listening(sink: Sink) -> Iterator[Sink]:
    with loop_in_thread() as run:
        server = run(asyncio.start_server(sink.handle, "127.0.0.1", 0))
        sink.port = server.sockets[0].getsockname()[1]
        try:
            yield sink
        finally:
            run(closed(server))


@contextmanager
def relaying(handler: RelayHandler) -> Iterator[int]:
    """The simulated relay on a free port, which it gives."""
    with loop_in_thread() as run:
        server = run(serve(handler, "127.0.0.1", 0))
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            run(closed(server))
