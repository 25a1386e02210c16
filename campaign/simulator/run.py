"""The simulated Congress as one process: relay, pages, and the offices' answers when they fall due."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from campaign.domain.errors import CannotStart
from campaign.domain.hosts import is_loopback
from campaign.settings import Settings
from campaign.simulator import printer
from campaign.simulator.clock import Clock
from campaign.simulator.gateways.rules import Rules
from campaign.simulator.offices import Pace, Script
from campaign.simulator.pages import PRINTER_FILE, make_pages
from campaign.simulator.printer_store import PrinterStore
from campaign.simulator.relay import RelayHandler, serve
from campaign.simulator.schedule import Postman
from campaign.simulator.store import Store

LOOK_S = 0.5  # real seconds between two looks for answers that are due


def main(settings: Settings, script: Script | None = None, rules: Rules | None = None) -> None:
    """Runs until SIGTERM or SIGINT, then ends within two seconds.

    Raises CannotStart in production, for an address that is not loopback, and for a port that is taken.
    """
    faults = _faults(settings)
    if faults:
        raise CannotStart("\n".join(faults))
    store = Store(settings.var_dir / "simulator.sqlite3")
    try:
        clock = Clock(settings.simulator_speed, real=time.time, anchor=store.anchor())
        store.set_anchor(clock.anchor)
        script = script or Script(pace=Pace(settings.simulator_pace))
        with _pages(settings, make_pages(store, clock, script, rules)):
            asyncio.run(_run(settings, store, clock, script))
    finally:
        store.close()


def _faults(settings: Settings) -> list[str]:
    faults = []
    if settings.production:
        faults.append("The simulated Congress does not start in production.")
    for name, host in (
        ("CAMPAIGN_SMTP_HOST", settings.smtp_host),
        ("CAMPAIGN_SIMULATOR_HOST", settings.simulator_host),
    ):
        if not is_loopback(host):
            faults.append(f"{name}: the simulated Congress listens on 127.0.0.1 only.")
    if settings.simulator_speed <= 0:
        faults.append("CAMPAIGN_SIMULATOR_SPEED: above 0.")
    return faults


async def _run(settings: Settings, store: Store, clock: Clock, script: Script) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    try:
        server = await serve(RelayHandler(store, script, clock), settings.smtp_host, settings.smtp_port)
    except OSError as error:
        raise _taken(settings.smtp_port, "CAMPAIGN_SMTP_PORT") from error
    printed = PrinterStore(store.path.with_name(PRINTER_FILE))
    postman = Postman(store, clock, settings.inbox_maildir, settings.bounce_domain)
    try:
        while not stop.is_set():
            postman.deliver_due()
            await asyncio.to_thread(_tell_of_print, settings, printed, clock)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
    finally:
        server.close()  # lines that are open end with the loop; what they held unanswered was not taken


def _tell_of_print(settings: Settings, printed: PrinterStore, clock: Clock) -> None:
    """The print provider's notices; those that nobody takes now are told again."""
    if settings.print_provider_hook_secret:
        hook = f"{settings.base_url.rstrip('/')}/hooks/print"
        printer.tell_due(printed, clock.seconds(), hook, settings.print_provider_hook_secret, time.time)


@contextmanager
def _pages(settings: Settings, pages: Flask) -> Iterator[BaseWSGIServer]:
    host, port = settings.simulator_host, settings.simulator_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # bound here, because werkzeug ends the whole process where the port is taken
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise _taken(port, "CAMPAIGN_SIMULATOR_PORT") from error
    with listener:
        server = make_server(host, port, pages, threaded=True, request_handler=_Quiet, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _taken(port: int, setting: str) -> CannotStart:
    return CannotStart(f"Port {port} is taken: end what uses it, or set {setting} to another.")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: paths hold addresses."""
