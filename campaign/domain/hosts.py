"""Which addresses may be given a letter or a key: "https, or plain http to this machine", written once."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str | None) -> bool:
    """Whether what goes to this host never leaves the machine: localhost, or an address of the loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_here(url: str) -> bool:
    """Plain http to this machine, as the simulation is spoken to. False for what is no address."""
    scheme, host = _scheme_and_host(url)
    return scheme == "http" and is_loopback(host)


def is_safe(url: str) -> bool:
    """Whether nobody on the way reads what goes there: https, or `is_here`. False for what is no address."""
    scheme, host = _scheme_and_host(url)
    return bool(host) and (scheme == "https" or is_here(url))


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        _ = parts.port
        return parts.scheme, parts.hostname
    except ValueError:
        return "", None
