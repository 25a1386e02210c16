"""An HTTP receiver on loopback that answers by list and keeps what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HANG = -1  # as a status: take the whole request, say nothing
CUT = -2  # take the whole request, then close the line


@dataclass(frozen=True, slots=True)
class Says:
    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """Answers in order; the last one goes on."""

    answers: Sequence[Says] = (Says(200, "Message Accepted"),)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def next(self) -> Says:
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@contextmanager
def scripted(*answers: Says) -> Iterator[Script]:
    script = Script(answers or (Says(200, "Message Accepted"),))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            script.asked.append(
                Asked(self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), body)
            )
            says = script.next()
            if says.status == HANG:
                time.sleep(1.5)
            if says.status in (HANG, CUT):
                self.close_connection = True
                return
            content = says.body.encode()
            self.send_response(says.status)
            for name, value in says.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _take  # noqa: N815 - names of the library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
