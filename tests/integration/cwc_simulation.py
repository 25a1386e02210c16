"""The simulated gateways on loopback, and the real channel to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from werkzeug.serving import make_server

from campaign.channels.cwc.client import CwcChannel
from campaign.channels.cwc.gateway import Gateway, house_urls
from campaign.channels.http import Http
from campaign.domain.districts import Chamber
from campaign.simulator.clock import Clock
from campaign.simulator.gateways.rules import HOUSE_KEY, SENATE_KEY
from campaign.simulator.pages import make_pages
from campaign.simulator.run import _Quiet
from campaign.simulator.store import Store

NOON = datetime(2026, 6, 15, 16, 0, tzinfo=UTC)


@dataclass
class Simulation:
    url: str
    store: Store
    clock: Clock
    http: httpx.Client

    def rules(self, **changes: Any) -> None:
        answer = self.http.post(f"{self.url}/gateways/rules.json", json=changes)
        assert answer.status_code == 200, answer.text

    def kept(self, campaign: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(
            f"{self.url}/gateways/messages.json", params={"campaign": campaign}
        ).json()["messages"]
        return found

    def post(self, path: str, content: bytes, key: str = HOUSE_KEY, **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(
            f"{self.url}{path}",
            params={"apikey": key},
            content=content,
            headers={"Content-Type": "application/xml", **names},
        )

    def channel(self, chamber: Chamber = Chamber.HOUSE, **changes: Any) -> CwcChannel:
        return CwcChannel(
            self.gateway(chamber, **changes),
            clock=lambda: NOON,
            http=lambda: Http(connect_s=0.5, silence_s=0.5, whole_s=1.0),
        )

    def gateway(self, chamber: Chamber, **changes: Any) -> Gateway:
        letters, test, listed = house_urls(self.url)
        made = Gateway(chamber, letters, test_url=test, offices_url=listed, key=HOUSE_KEY, simulated=True)
        if chamber is Chamber.SENATE:
            made = Gateway(
                chamber,
                f"{self.url}/senate/message",
                test_url=f"{self.url}/senate/test",
                offices_url=f"{self.url}/api/active_offices",
                key=SENATE_KEY,
                simulated=True,
                repeat_is_safe=True,
            )
        return replace(made, **changes)


@contextmanager
def simulated(folder: Path) -> Iterator[Simulation]:
    store = Store(folder / "simulator.sqlite3")
    clock = Clock(real=NOON.timestamp)
    server = make_server("127.0.0.1", 0, make_pages(store, clock), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with httpx.Client(timeout=5, trust_env=False) as http:
        yield Simulation(f"http://127.0.0.1:{server.server_port}", store, clock, http)
    server.shutdown()
    server.server_close()
    store.close()
