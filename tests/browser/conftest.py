"""A real browser, a real web server, the simulated relay and its offices: everything but Celery, which other tests drive."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from campaign.app import create_app
from campaign.domain.channels import ChannelName
from campaign.drain import drain
from campaign.extensions import db
from campaign.intake import read_new
from campaign.simulator.clock import Clock
from campaign.simulator.offices import Script
from campaign.simulator.relay import RelayHandler
from campaign.simulator.schedule import Postman
from campaign.simulator.store import Store
from tests import factories
from tests.integration.conftest import settings, sqlite_template
from tests.integration.loopback import relaying
from tests.services import CHROMIUM, IN_CI, chromium

__all__ = ["sqlite_template"]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        message = f"no browser: looked for {', '.join(CHROMIUM)}; set CAMPAIGN_TEST_CHROMIUM"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@dataclass
class Site:
    """The running installation. `clock` leads the offices; `step` does what workers and offices have to do now."""

    app: Flask
    url: str
    store: Store
    clock: Clock
    postman: Postman

    def step(self) -> None:
        """Hand over what is due, let the offices answer what is due, read the answers."""
        with self.app.app_context():
            drain(ChannelName.SMTP)
            self.postman.deliver_due()
            read_new()

    def later(self, **time_passed: float) -> None:
        self.clock.lead(timedelta(**time_passed))
        self.step()


@dataclass
class Checked:
    """A page that collects what a person would not see: console errors, other hosts, refused policies."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def scan(self) -> None:
        """axe finds nothing, nothing scrolls sideways, and nothing was logged."""
        found = Axe().run(self.page).response["violations"]
        assert [f"{each['id']} at {each['nodes'][0]['target']}" for each in found] == []
        inside, outside = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert inside <= outside + 1, f"{self.page.url} scrolls sideways"
        assert self.faults == []


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    with ExitStack() as stack:
        store = Store(tmp_path / "simulator.sqlite3")
        stack.callback(store.close)
        clock = Clock(real=time.time)
        port = stack.enter_context(relaying(RelayHandler(store, Script(), clock)))
        made = settings(tmp_path, smtp_port=port, undo_seconds=0)
        app = create_app(made)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        stack.callback(server.server_close)
        with app.app_context():
            factories.organization()
            stack.callback(_dispose, app)
        postman = Postman(store, clock, tmp_path / "inbox", made.bounce_domain)
        yield Site(app, f"http://127.0.0.1:{server.server_port}", store, clock, postman)


def _dispose(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(params=["phone", "desk"])
def view(request: pytest.FixtureRequest) -> dict[str, Any]:
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    return phone if request.param == "phone" else {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}


def opened(browser: Browser, **options: Any) -> Checked:
    page = browser.new_context(**options).new_page()
    checked = Checked(page)
    page.on("console", lambda m: checked.faults.append(m.text) if m.type == "error" and " 422 " not in m.text else None)
    page.on("pageerror", lambda error: checked.faults.append(str(error)))
    page.on("request", lambda r: checked.faults.append(r.url) if "127.0.0.1" not in r.url else None)
    page.set_default_timeout(10_000)
    return checked
