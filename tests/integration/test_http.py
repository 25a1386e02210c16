"""What the channels' HTTP client says of a request: not sent, perhaps sent, answered."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from campaign.channels.http import MAX_BODY, Http, retry_after_s
from campaign.domain.errors import TryLater, Unclear


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """One connection after the other; `answer` is called when the request's blank line has come."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data and (piece := connection.recv(65536)):
                    data += piece
                answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2/message"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text)


@pytest.fixture
def http() -> Iterator[Http]:
    client = Http(connect_s=0.5, silence_s=0.3, whole_s=0.6)
    yield client
    client.close()


def ask(http: Http, url: str) -> object:
    return http.ask("POST", url, params={"apikey": "SECRETKEY"}, content=b"<CWC/>")


def test_an_answer_is_given_whatever_its_status(http: Http) -> None:
    with server(
        says(
            b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Type: Text/Plain; a=b\r\nContent-Length: 4\r\n\r\nb\xff\xc3\xa9"
        )
    ) as url:
        answer = http.ask("POST", url, content=b"x")
    assert (answer.status, answer.retry_after_s, answer.content_type, answer.ok) == (503, 7.0, "text/plain", False)
    assert answer.body == "b\ufffdé"


def test_a_closed_port_means_nothing_went_out(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TryLater, match="cannot be reached"):
        ask(http, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "text",
    [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut", b"SSH-2.0-nonsense\r\n"],
    ids=["no answer", "half a status line", "half a body", "another protocol"],
)
def test_a_cut_answer_may_mean_that_it_arrived(http: Http, text: bytes) -> None:
    with server(says(text)) as url, pytest.raises(Unclear, match="no whole answer"):
        ask(http, url)


def test_silence_and_dripping_end(http: Http) -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        while not ended.wait(0.05):
            try:
                connection.sendall(b".")
            except OSError:
                return

    def say_nothing(connection: socket.socket) -> None:
        ended.wait(5)

    for behaviour in (say_nothing, drip):
        with server(behaviour) as url:
            with pytest.raises(Unclear):
                ask(http, url)
            ended.set()
        ended.clear()


def test_no_more_of_an_answer_is_read_than_needed(http: Http) -> None:
    with server(says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3 * MAX_BODY)) as url:
        assert len(http.ask("GET", url).body) == MAX_BODY


def test_no_redirect_is_followed(http: Http) -> None:
    with server(says(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n")) as url:
        assert http.ask("GET", url).status == 302


def test_the_key_is_in_no_error_and_no_log(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    from campaign.logs import configure

    before = list(logging.getLogger().handlers), logging.getLogger().level
    configure("INFO", as_json=True)
    logging.getLogger().addHandler(caplog.handler)
    try:
        with server(says(b"")) as url, pytest.raises(Unclear) as raised:
            ask(http, url)
        with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as url:
            ask(http, url)
    finally:
        logging.getLogger().handlers, level = before
        logging.getLogger().setLevel(level)
    assert "SECRETKEY" not in str(raised.value) + repr(raised.value.__cause__) + caplog.text


def test_retry_after_is_seconds_or_a_date() -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert retry_after_s("120", now) == 120
    assert retry_after_s("Sun, 01 Nov 2026 12:01:00 GMT", now) == 60
    assert retry_after_s("Sun, 01 Nov 2026 11:00:00 GMT", now) == 0
    assert [retry_after_s(odd, now) for odd in (None, "", "soon", "-5", "1.5")] == [None] * 5
