"""A mail sink: takes every letter, keeps none, counts them by Message-ID. `python -m campaign.bench.sink PORT_FILE`.

It answers pipelined commands and never waits unless told to (`--late-ms`), so that it is not what a benchmark measures. With
`--certificate` it offers encryption. `--log` names a file that gets each Message-ID, one a line, before its letter is answered.
On SIGTERM it writes its counts as JSON to standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import ssl
import subprocess
import sys
import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import BinaryIO

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class _Behavior:
    late_s: float = 0
    context: ssl.SSLContext | None = None
    seen: Counter[bytes] = field(default_factory=Counter)
    lines: int = 0
    times: array[float] = field(default_factory=lambda: array("d"))  # when each letter's text had come
    log: BinaryIO | None = None

    def take(self, text: bytes) -> None:
        found = _MESSAGE_ID.search(text)
        message_id = found[1] if found else b"?"
        self.seen[message_id] += 1
        self.times.append(monotonic())
        if self.log is not None:
            self.log.write(message_id + b"\n")


class _Conversation(asyncio.Protocol):
    def __init__(self, behavior: _Behavior) -> None:
        self._behavior = behavior
        self._buffer = b""
        self._in_data = False
        self._held = False  # what comes now is read later
        behavior.lines += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a server's always is
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._held:
            self._read_on()

    def _read_on(self) -> None:
        answers: list[bytes] = []
        while not self._held and (answer := self._next()) is not None:
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))

    def _next(self) -> bytes | None:
        """The answer to the next whole thing in the buffer; None where there is none."""
        if self._in_data:
            return self._end_of_text()
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return None
        self._buffer = rest
        return self._answer(line[:4].upper())

    def _end_of_text(self) -> bytes | None:
        end = self._buffer.find(b"\r\n.\r\n")
        if end < 0:
            return None
        text, self._buffer = self._buffer[:end], self._buffer[end + 5 :]
        self._behavior.take(text)
        self._in_data = False
        if not self._behavior.late_s:
            return b"250 2.0.0 taken\r\n"
        self._held = True
        asyncio.get_running_loop().call_later(self._behavior.late_s, self._late)
        return b""

    def _late(self) -> None:
        self._held = False
        self._transport.write(b"250 2.0.0 taken\r\n")
        self._read_on()

    def _answer(self, verb: bytes) -> bytes:
        if verb == b"EHLO":
            encryption = b"250-STARTTLS\r\n" if self._behavior.context else b""
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n" + encryption + b"250 SIZE 26214400\r\n"
        if verb == b"DATA":
            self._in_data = True
            return b"354 go on\r\n"
        if verb == b"STAR" and self._behavior.context:
            self._held = True
            self._securing = asyncio.ensure_future(self._secure(self._behavior.context))
            return b"220 go on\r\n"
        if verb == b"QUIT":
            asyncio.get_running_loop().call_soon(self._transport.close)
            return b"221 bye\r\n"
        return b"250 ok\r\n"

    async def _secure(self, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self._transport, self, context, server_side=True)
        if transport is not None:
            self._transport = transport
            self._held = False
            self._read_on()  # the client may have spoken before start_tls came back


async def serve(port_file: Path, behavior: _Behavior) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: _Conversation(behavior), "127.0.0.1", 0)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.replace(port_file)
    await stop.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port_file", type=Path)
    parser.add_argument("--late-ms", type=float, default=0)
    parser.add_argument("--certificate", type=Path, help="PEM file of certificate and key")
    parser.add_argument("--log", type=Path, help="file for the Message-IDs")
    told = parser.parse_args()
    behavior = _Behavior(late_s=told.late_ms / 1000)
    if told.log:
        behavior.log = told.log.open("ab", buffering=0)
    if told.certificate:
        behavior.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        behavior.context.load_cert_chain(told.certificate)
    asyncio.run(serve(told.port_file, behavior))
    seen = behavior.seen
    counts: dict[str, float | None] = {
        "taken": seen.total(),
        "different": len(seen),
        "twice": sum(n > 1 for n in seen.values()),
    }
    counts["most_in_a_second"] = most_in_a_second(behavior.times)
    seconds = behavior.times[-1] - behavior.times[0] if behavior.times else 0.0
    last_at = behavior.times[-1] if behavior.times else None  # on the machine's monotonic clock
    counts |= {"seconds": round(seconds, 3), "last_at": last_at, "lines": behavior.lines}
    json.dump(counts | {"cpu_seconds": round(process_time(), 3)}, sys.stdout)


def most_in_a_second(times: Sequence[float]) -> int:
    """Of moments in order: how many lie in the busiest second, wherever it begins."""
    most = first = 0
    for number, moment in enumerate(times):
        while moment - times[first] >= 1:
            first += 1
        most = max(most, number - first + 1)
    return most


class Sink:
    """The sink in a process of its own, with these options; `seen` is what it counted, once it has ended."""

    address: tuple[str, int]
    seen: dict[str, float]

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Sink:
        self._folder = tempfile.TemporaryDirectory(prefix="countersign-sink-")
        port_file = Path(self._folder.name) / "port"
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-m", "campaign.bench.sink", str(port_file), *self._options],
            stdout=subprocess.PIPE,
            text=True,
        )
        while not port_file.exists():
            sleep(0.01)
        self.address = ("127.0.0.1", int(port_file.read_text()))
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        output, _ = self._process.communicate(timeout=10)
        self.seen = json.loads(output)
        self._folder.cleanup()


if __name__ == "__main__":
    main()
