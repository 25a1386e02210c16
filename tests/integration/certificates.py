"""Contexts of relays and clients on loopback, from certificates that signed themselves."""

from __future__ import annotations

import ssl
from pathlib import Path

from campaign.bench import keys


def contexts(folder: Path, name: str = "localhost", days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a relay of this name, and of a client that knows its certificate, which ends in so many days."""
    pem = keys.certificate(folder, name, days)
    relay = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    relay.load_cert_chain(pem)
    return relay, ssl.create_default_context(cafile=str(pem))
