"""Encryption of the smtp channel: where it is required nothing goes in clear, and only a certificate that holds will do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.wire import Timeouts
from campaign.domain.errors import ChannelError, Refused, TryLater
from campaign.simulator.clock import Clock
from campaign.simulator.offices import QUIET
from campaign.simulator.relay import RelayHandler, SimulatedSmtp
from campaign.simulator.store import Store
from tests.integration.loopback import CLOSE, Sink, closed, listening, loop_in_thread
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

NOW = datetime.now(UTC)
SHORT = Timeouts(connect_s=2, command_s=2, data_end_s=2)


def _certificate(folder: Path, name: str = "localhost", until: datetime = NOW + timedelta(days=1)) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


@contextmanager
def _tls_relay(store: Store, certificate: Path, key: Path) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
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
    certificate, key = _certificate(tmp_path)
    notes = Notes()
    with _tls_relay(store, certificate, key) as port:
        trusted = ssl.create_default_context(cafile=str(certificate))
        line = SmtpChannel("localhost", port, starttls=True, context=trusted, timeouts=SHORT).open()
        line.send([a_parcel(number, body="words " * 40_000) for number in range(1, 6)], notes)
        assert line.usable
        line.close()
    assert notes.kinds() == ["Receipt"] * 5
    assert len(store.messages()) == 5


@pytest.mark.parametrize("fault", ["unknown", "expired", "another name"])
def test_a_certificate_that_does_not_hold_stops_the_channel(fault: str, tmp_path: Path, store: Store) -> None:
    name = "other.example" if fault == "another name" else "localhost"
    until = NOW - timedelta(days=1) if fault == "expired" else NOW + timedelta(days=1)
    certificate, key = _certificate(tmp_path, name, until)
    trusted = ssl.create_default_context(cafile=None if fault == "unknown" else str(certificate))
    with _tls_relay(store, certificate, key) as port, pytest.raises(Refused, match="certificate"):
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
