"""Which addresses may be given a letter or a key."""

from __future__ import annotations

import pytest

from campaign.domain import hosts


@pytest.mark.parametrize("url", ["https://house.example", "https://house.example:8443/v1", "https://127.0.0.1/v4"])
def test_https_is_safe_wherever_it_leads(url: str) -> None:
    assert hosts.is_safe(url)
    assert not hosts.is_here(url)


@pytest.mark.parametrize(
    "url", ["http://localhost:8026", "http://127.0.0.1/x", "http://[::1]:8026/v4", "http://127.8.9.1"]
)
def test_plain_http_is_safe_to_this_machine(url: str) -> None:
    assert hosts.is_safe(url)
    assert hosts.is_here(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///path",
        "http://house.example",
        "http://localhost.house.example",
        "http://127.0.0.1.house.example",
        "http://localhost@house.example",
        "http://10.0.0.1",
        "http://[::1",
        "https://house.example:port",
        "ftp://localhost",
        "localhost:8026",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not hosts.is_safe(url)
    assert not hosts.is_here(url)


@pytest.mark.parametrize("host", [None, "", "localhost.", "0.0.0.0", "house.example", "::"])  # noqa: S104 - none is bound
def test_other_hosts_are_no_loopback(host: str | None) -> None:
    assert not hosts.is_loopback(host)
