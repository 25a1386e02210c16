"""The pipe alone: what has provably not left, and that it never waits."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign.channels.smtp.pipe import Pipe
from campaign.channels.smtp.wire import LineError, Relay
from tests.integration.certificates import contexts
from tests.integration.loopback import closed, loop_in_thread

MUCH = b"x" * 12_000_000  # more than the buffers of both sides


def _piped(port: int) -> Pipe:
    pipe = Pipe(Relay("127.0.0.1", port).addresses()[0])
    _until(pipe, pipe.connected)
    return pipe


def _until(pipe: Pipe, true: Callable[[], object]) -> None:
    poll = select.poll()
    poll.register(pipe.fileno, select.POLLIN | select.POLLOUT)
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        for _, event in poll.poll(100):
            if event & select.POLLIN:
                pipe.pull()


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """Takes connections and reads nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_what_lies_behind_a_relay_that_stopped_reading_has_not_left(deaf: socket.socket) -> None:
    pipe = _piped(deaf.getsockname()[1])
    far, _ = deaf.accept()
    pipe.put(MUCH)
    dot = pipe.mark
    pipe.put(b".\r\n")
    began = time.monotonic()
    pipe.flush()
    assert time.monotonic() - began < 2, "it never waits"
    assert pipe.waiting
    assert not pipe.has_left(dot)
    far.close()  # with unread octets: a reset
    with pytest.raises(LineError):
        _until(pipe, pipe.flush)
    assert not pipe.has_left(dot)
    pipe.close()
    pipe.close()


def test_what_the_system_took_may_have_arrived(deaf: socket.socket) -> None:
    pipe = _piped(deaf.getsockname()[1])
    pipe.put(b"text\r\n")
    dot = pipe.mark
    pipe.put(b".\r\n")
    assert not pipe.has_left(dot), "nothing leaves before a flush"
    pipe.flush()
    assert pipe.has_left(dot)
    pipe.close()


def test_under_tls_the_dot_is_a_record_of_its_own(tmp_path: Path) -> None:
    relay, trusted = contexts(tmp_path)
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(9))
        writer.write(b"250 ok\r\n")
        await reader.read()
        writer.close()

    with loop_in_thread() as run:
        server = run(asyncio.start_server(hear, "127.0.0.1", 0, ssl=relay))
        pipe = _piped(server.sockets[0].getsockname()[1])
        pipe.secure(trusted, "localhost")
        _until(pipe, pipe.shaken)
        pipe.put(b"text\r\n")
        dot = pipe.mark
        pipe.put(b".\r\n")
        assert not pipe.has_left(dot)
        pipe.flush()
        assert pipe.has_left(dot)
        _until(pipe, lambda: pipe.rest)
        assert pipe.line() == b"250 ok\r"
        pipe.close()
        run(closed(server))
    assert heard == [b"text\r\n.\r\n"]


def test_a_stranger_is_not_believed(tmp_path: Path) -> None:
    relay, _ = contexts(tmp_path)

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with loop_in_thread() as run:
        server = run(asyncio.start_server(nothing, "127.0.0.1", 0, ssl=relay))
        pipe = _piped(server.sockets[0].getsockname()[1])
        pipe.secure(ssl.create_default_context(), "localhost")
        with pytest.raises(ssl.SSLError):
            _until(pipe, pipe.shaken)
        pipe.close()
        run(closed(server))
