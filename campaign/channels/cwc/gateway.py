"""Where a chamber's gateway is, how it is reached, and why that would be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from campaign.channels.cwc.windows import Window
from campaign.domain.districts import Chamber
from campaign.domain.hosts import is_loopback

SIMULATED_AGENT = "Countersign (simulation)"
SIMULATED_KEYS = {Chamber.HOUSE: "simulation-house", Chamber.SENATE: "simulation-senate"}
"""What the simulated gateways know us by: no secret, and good for nothing else."""

CHAMBER_WORDS = {Chamber.HOUSE: "the House gateway", Chamber.SENATE: "the Senate gateway"}
_DOMAINS = {Chamber.HOUSE: "house.gov", Chamber.SENATE: "senate.gov"}


@dataclass(frozen=True, slots=True)
class Gateway:
    """`message_url` takes letters, `test_url` checks them and delivers nothing, `offices_url` says who takes part. The key goes
    into the query of each and nowhere else. `repeat_is_safe`: a repeated delivery id is known to be answered with 409."""

    chamber: Chamber
    message_url: str
    test_url: str = ""
    offices_url: str = ""
    key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    direct_egress: bool = False
    simulated: bool = False
    repeat_is_safe: bool = False
    windows: tuple[Window, ...] = ()

    @property
    def words(self) -> str:
        return CHAMBER_WORDS[self.chamber]

    def faults(self) -> list[str]:
        """In words, without an address or key; empty for one that may be used."""
        urls = [url for url in (self.message_url, self.test_url, self.offices_url) if url]
        found = [fault for url in urls if (fault := self._url_fault(url))]
        if not self.key:
            found.append(f"{self.words} needs its key")
        real = [url for url in urls if not is_loopback(urlsplit(url).hostname)] if not found else []
        if real and not self.proxy and not self.direct_egress:
            found.append(
                f"{self.words} is called from an address that the chamber has listed: give CAMPAIGN_CWC_PROXY, or set"
                " CAMPAIGN_CWC_DIRECT_EGRESS to yes where this machine has that address"
            )
        return list(dict.fromkeys(found))

    def _url_fault(self, url: str) -> str | None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            _ = parts.port
        except ValueError:
            return f"{self.words} has an address that is none"
        if parts.username or parts.password or parts.query or parts.fragment:
            return f"{self.words} has an address with more than host and path in it"
        if is_loopback(host):
            return None if self.simulated else f"{self.words} is at a loopback address, which only the simulation has"
        if self.simulated:
            return f"{self.words} is at a real address, while CAMPAIGN_SIMULATED is yes"
        domain = _DOMAINS[self.chamber]
        if parts.scheme != "https" or not (host == domain or host.endswith(f".{domain}")):
            return f"{self.words} must have an address like https://NAME.{domain}/"
        return None


def house_urls(base: str) -> tuple[str, str, str]:
    """For letters, for tests and for the list of offices, below the address of the House's gateway."""
    root = base.rstrip("/")
    return f"{root}/v2/message", f"{root}/v2/validate", f"{root}/v2/offices"
