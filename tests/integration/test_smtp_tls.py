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
from campaign.domain.errors import ChannelError, Misconfigured, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt
from campaign.simulator.clock import Clock
from campaign.simulator.offices import QUIET
from campaign.simulator.relay import RelayHandler, SimulatedSmtp
from campaign.simulator.store import Store
from tests.integration.certificates import contexts
from tests.integration.loopback import CLOSE, HANG, Sink, closed, listening, loop_in_thread, relaying
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
    with _tls_relay(store, relay) as port, pytest.raises(Misconfigured, match="certificate"):
        SmtpChannel("localhost", port, starttls=True, context=trusted, timeouts=SHORT).open()


@pytest.mark.parametrize(
    ("ehlo", "answer", "kind"),
    [
        (("PIPELINING",), "220 never asked", Misconfigured),
        (("STARTTLS",), "454 4.7.0 not now", TryLater),
        (("STARTTLS",), "502 5.5.1 what", Misconfigured),
        (("STARTTLS",), "220 go on\r\n250 whispered in clear", Misconfigured),
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


@pytest.mark.parametrize("ehlo", [("STARTTLS", "PIPELINING"), ("STARTTLS",)])
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ({"mail": "550 5.7.1 policy"}, Misconfigured),
        ({"rcpt": "450 4.2.1 busy"}, TryLater),
        ({"rcpt": CLOSE}, TryLater),
        ({"start": CLOSE}, TryLater),
        ({"start": "354 go on\r\n250 2.0.0 taken already"}, Unclear),
        ({"data": "451 4.3.0 later"}, TryLater),
        ({"data": CLOSE}, Unclear),
        ({"data": HANG}, Unclear),
    ],
)
def test_an_encrypted_line_means_the_same(
    ehlo: tuple[str, ...], script: dict[str, str], kind: type[Outcome], tmp_path: Path
) -> None:
    relay, trusted = contexts(tmp_path)
    notes = Notes()
    sink = Sink([{}, {}, script], ehlo=ehlo, starttls="220 go on", context=relay)
    timeouts = Timeouts(connect_s=2, command_s=2, data_end_s=0.5)
    with listening(sink):
        channel = SmtpChannel("localhost", sink.port, starttls=True, context=trusted, timeouts=timeouts)
        line = channel.open()
        line.send([a_parcel(1), a_parcel(2)], notes)
        line.send([a_parcel(3)], notes)
        line.close()
    third = notes.outcomes[3]
    # a line that had worked and was lost before the dot: the letter went back, and out over another
    lost = kind is TryLater and CLOSE in script.values()
    assert type(third) is (Receipt if lost else kind)
    assert line.dials == (2 if lost else 1)
    assert sink.kept[:2] == [a_parcel(1).message_id, a_parcel(2).message_id]


@pytest.mark.parametrize("encrypted", [False, True])
def test_many_letters_of_all_sizes_arrive_once_over_several_lines(
    tmp_path: Path, store: Store, encrypted: bool
) -> None:
    relay, trusted = contexts(tmp_path)
    notes = Notes()
    parcels = [a_parcel(n, body=f"{n} words\n" * (7**n % 30_011)) for n in range(1, 41)]
    with (
        _tls_relay(store, relay) if encrypted else relaying(RelayHandler(store, QUIET, Clock(real=lambda: 0.0))) as port
    ):
        channel = SmtpChannel("localhost", port, starttls=encrypted, context=trusted, timeouts=SHORT, connections=4)
        line = channel.open()
        line.send(parcels, notes)
        line.close()
    assert notes.kinds() == ["Receipt"] * 40
    assert {each.message_id: each.body for each in store.messages()} == {each.message_id: each.body for each in parcels}
    assert store.doubles() == {}


def test_the_password_goes_encrypted_and_the_old_capabilities_are_forgotten(tmp_path: Path) -> None:
    relay, trusted = contexts(tmp_path)
    with listening(Sink(ehlo=("STARTTLS", "AUTH PLAIN"), starttls="220 go on", context=relay)) as sink:
        channel = SmtpChannel("localhost", sink.port, "ada", "secret", starttls=True, context=trusted, timeouts=SHORT)
        channel.open().close()
    assert sink.commands[:4] == ["EHLO", "STAR", "EHLO", "AUTH"]


def test_a_relay_that_shakes_no_hands_is_tried_later(tmp_path: Path) -> None:
    with listening(Sink(ehlo=("STARTTLS",), starttls="220 go on", context=None)) as sink:
        channel = SmtpChannel("localhost", sink.port, starttls=True, timeouts=Timeouts(2, 0.4, 0.5))
        with pytest.raises((TryLater, Misconfigured)):
            channel.open()
    assert not {"MAIL", "AUTH", "DATA"} & set(sink.commands)
