"""The simulated portals on a port of loopback, for tests that speak HTTP to them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from campaign.channels.docket.regulations import Access
from campaign.simulator import portal_comments
from campaign.simulator.clock import Clock
from campaign.simulator.portal import Portal, make_blueprint
from campaign.simulator.portal_store import PortalStore

KEY = "k3y-of-the-tests-that-nobody-may-ever-read"


@dataclass
class Served:
    base: str
    store: PortalStore
    clock: Clock

    @property
    def access(self) -> Access:
        return Access(f"{self.base}/regulations/v4", KEY)

    def put_document(self, number: str, attributes: dict[str, Any]) -> None:
        self.store.put_document(number, attributes)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """As another program would."""
        head = {"X-Api-Key": KEY, "Content-Type": "application/vnd.api+json"} | headers
        return httpx.post(f"{self.base}/regulations/v4{path}", content=json.dumps(body), headers=head, trust_env=False)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing."""


@contextmanager
def portal(folder: Path, *, per_minute: int = 1000) -> Iterator[Served]:
    store = PortalStore(folder / "portal.sqlite3")
    clock = Clock(real=time.time)
    app = Flask(__name__)
    app.register_blueprint(make_blueprint(Portal(store, clock, per_minute=per_minute, per_hour=10_000)))
    app.register_blueprint(portal_comments.make_comments(portal_comments.Published(store, clock)))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", store, clock)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
