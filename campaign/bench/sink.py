"""A mail sink: takes every letter, keeps none, counts them by Message-ID. `python -m campaign.bench.sink PORT_FILE`.

It answers pipelined commands and never waits, so that it is not what a benchmark measures. On SIGTERM it writes its counts as
JSON to standard output.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections import Counter
from pathlib import Path

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class _Conversation(asyncio.Protocol):
    def __init__(self, seen: Counter[bytes]) -> None:
        self._seen = seen
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._write(b"220 sink ESMTP\r\n")

    def _write(self, line: bytes) -> None:
        self._transport.write(line)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = []
        while True:
            if self._in_data:
                end = self._buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                text, self._buffer = self._buffer[:end], self._buffer[end + 5 :]
                found = _MESSAGE_ID.search(text)
                self._seen[found[1] if found else b"?"] += 1
                self._in_data = False
                answers.append(b"250 2.0.0 taken\r\n")
                continue
            line, rest, self._buffer = self._buffer.partition(b"\r\n")
            if not rest:
                self._buffer = line
                break
            answers.append(self._answer(line[:4].upper()))
        if answers:
            self._write(b"".join(answers))

    def _answer(self, verb: bytes) -> bytes:
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 26214400\r\n"
        if verb == b"DATA":
            self._in_data = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            asyncio.get_running_loop().call_soon(self._transport.close)
            return b"221 bye\r\n"
        return b"250 ok\r\n"


async def serve(port_file: Path, seen: Counter[bytes]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: _Conversation(seen), "127.0.0.1", 0)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.replace(port_file)
    await stop.wait()
    server.close()


def main() -> None:
    seen: Counter[bytes] = Counter()
    asyncio.run(serve(Path(sys.argv[1]), seen))
    json.dump({"taken": seen.total(), "different": len(seen), "twice": sum(n > 1 for n in seen.values())}, sys.stdout)


if __name__ == "__main__":
    main()
