"""Encryption of the smtp channel: where it is required nothing goes in clear, and only a certificate that holds will do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.wire import Timeouts
from campaign.domain.errors import ChannelError, Refused, TryLater
from campaign.simulator.clock import Clock
from campaign.simulator.offices import QUIET
from campaign.simulator.relay import RelayHandler, SimulatedSmtp
from campaign.simulator.store import Store
from tests.integration.certificates import contexts
from tests.integration.loopback import CLOSE, Sink, closed, listening, loop_in_thread
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

SHORT = Timeouts(connect_s=2, command_s=2, data_end_s=2)


@contextmanager
def _tls_relay(store: Store, context: ssl.SSLContext) -> Iterator[int]:
    handler = RelayHandler(store, QUIET, Clock(real=lambda: 0.0))

    async def start() -> asyncio.Server:
        def connection() -> SMTP:
            return SimulatedSmtp(handler, tls_context=context, require_starttls=True, loop=asyncio.get_running_loop())

        return await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)

    with loop_in_thread() as run:
        server = run(start())
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            run(closed(server))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "simulator.sqlite3")
    yield store
    store.close()


def test_letters_go_encrypted_to_a_relay_whose_certificate_holds(tmp_path: Path, store: Store) -> None:
    relay, trusted = contexts(tmp_path)
    notes = Notes()
    with _tls_relay(store, relay) as port:
        line = SmtpChannel("localhost", port, starttls=True, context=trusted, timeouts=SHORT).open()
        line.send([a_parcel(number, body="words " * 40_000) for number in range(1, 6)], notes)
        assert line.usable
        line.close()
    assert notes.kinds() == ["Receipt"] * 5
    assert len(store.messages()) == 5


@pytest.mark.parametrize("fault", ["unknown", "expired", "another name"])
def test_a_certificate_that_does_not_hold_stops_the_channel(fault: str, tmp_path: Path, store: Store) -> None:
    name = "other.example" if fault == "another name" else "localhost"
    relay, trusted = contexts(tmp_path, name, days=-1 if fault == "expired" else 1)
    if fault == "unknown":
        trusted = ssl.create_default_context()
    with _tls_relay(store, relay) as port, pytest.raises(Refused, match="certificate"):
        SmtpChannel("localhost", port, starttls=True, context=trusted, timeouts=SHORT).open()


@pytest.mark.parametrize(
    ("ehlo", "answer", "kind"),
    [
        (("PIPELINING",), "220 never asked", Refused),
        (("STARTTLS",), "454 4.7.0 not now", TryLater),
        (("STARTTLS",), "502 5.5.1 what", Refused),
        (("STARTTLS",), "220 go on\r\n250 whispered in clear", Refused),
        (("STARTTLS",), CLOSE, TryLater),
    ],
)
def test_nothing_goes_in_clear_where_encryption_is_required(
    ehlo: tuple[str, ...], answer: str, kind: type[ChannelError]
) -> None:
    with listening(Sink(ehlo=ehlo, starttls=answer)) as sink:
        with pytest.raises(kind):
            SmtpChannel("127.0.0.1", sink.port, starttls=True, timeouts=SHORT).open()
        assert not {"MAIL", "AUTH", "DATA"} & set(sink.commands)
