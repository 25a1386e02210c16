"""What the DNS says of a sending domain: SPF (RFC 7208), DKIM (RFC 6376, 8463), DMARC (RFC 7489), and where bounces go (MX).

Large receivers refuse or hide mail without these three (Gmail's and Yahoo's rules for senders, Microsoft's since May 2025).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dns.exception
import dns.resolver

WAIT_S = 5.0  # for one answer, over all servers
_MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
_LOOKING_UP = re.compile(r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:)|redirect=", re.IGNORECASE)


class Record(StrEnum):
    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    BOUNCES = "bounces"


@dataclass(frozen=True, slots=True)
class Checked:
    """Nothing is wrong where `problem` is empty. `todo` names the record to publish."""

    record: Record
    problem: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Signing:
    """What we sign with: the public half of the key as base64, and its kind (`rsa` or `ed25519`)."""

    domain: str
    selector: str
    kind: str
    public: str


class Dns:
    """Asks the system's resolvers, or one server (address and port)."""

    def __init__(self, server: tuple[str, int] | None = None, *, wait_s: float = WAIT_S) -> None:
        self._resolver = dns.resolver.Resolver(configure=server is None)
        if server is not None:
            self._resolver.nameservers, self._resolver.port = [server[0]], server[1]
        self._resolver.lifetime = wait_s

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none where it has none. Raises dns.exception.DNSException when nobody answers."""
        return [b"".join(each.strings).decode("utf-8", "replace") for each in self._ask(name, "TXT")]

    def mail_servers(self, name: str) -> list[str]:
        """As of the MX records; "." is a domain that takes no mail (RFC 7505)."""
        return [str(each.exchange) for each in self._ask(name, "MX")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []


def check(dns_: Dns, from_domain: str, bounce_domain: str, signing: Signing | None) -> list[Checked]:
    """`from_domain` is what readers see, `bounce_domain` that of the envelope sender. Asks the network; raises nothing."""
    looks: dict[Record, Callable[[], Checked]] = {
        Record.SPF: lambda: _spf(dns_, bounce_domain),
        Record.DKIM: lambda: _dkim(dns_, signing, from_domain),
        Record.DMARC: lambda: _dmarc(dns_, from_domain),
        Record.BOUNCES: lambda: _bounces(dns_, bounce_domain),
    }
    found = []
    for record, look in looks.items():
        try:
            found.append(look())
        except dns.exception.DNSException as error:
            problem = f"The DNS does not answer ({type(error).__name__})."
            found.append(Checked(record, problem, "Try again, or ask who runs the name servers of the domain."))
    return found


def _spf(dns_: Dns, domain: str) -> Checked:
    records = [each for each in dns_.texts(domain) if each.lower().split(" ")[0] == "v=spf1"]
    if len(records) != 1:
        many = "no SPF record" if not records else "more than one SPF record, which counts as none"
        return Checked(
            Record.SPF, f"{domain} has {many}.", f"Publish one TXT record at {domain}: v=spf1 include:RELAY -all"
        )
    terms = records[0].split()[1:]
    if any(term.lower() in ("+all", "all") for term in terms):
        return Checked(Record.SPF, f"The SPF record of {domain} lets everybody send.", "End it with -all or ~all.")
    if not any(term.lower() in ("-all", "~all") or term.lower().startswith("redirect=") for term in terms):
        return Checked(
            Record.SPF, f"The SPF record of {domain} says nothing of other senders.", "End it with -all or ~all."
        )
    if sum(bool(_LOOKING_UP.match(term)) for term in terms) > _MOST_LOOKUPS:
        problem = f"The SPF record of {domain} needs more than {_MOST_LOOKUPS} look-ups, and receivers stop there."
        return Checked(Record.SPF, problem, "Name fewer hosts in it.")
    return Checked(Record.SPF)


def _dkim(dns_: Dns, signing: Signing | None, from_domain: str) -> Checked:
    if signing is None:
        return Checked(Record.DKIM)  # the relay signs, with a key that we do not know
    name = f"{signing.selector}._domainkey.{signing.domain}"
    publish = f"Publish at {name}: v=DKIM1; k={signing.kind}; p={signing.public}"
    records = [_tags(each) for each in dns_.texts(name)]
    keys = [each for each in records if "p" in each]
    if not aligned(signing.domain, from_domain):
        problem = (
            f"Letters are signed by {signing.domain} and come from {from_domain}: DMARC takes neither for the other."
        )
        return Checked(Record.DKIM, problem, "Set CAMPAIGN_DKIM_DOMAIN to the domain of the sending address.")
    if not keys:
        return Checked(Record.DKIM, f"There is no key at {name}.", publish)
    key = keys[0]
    if not key["p"]:
        return Checked(Record.DKIM, f"The key at {name} is revoked.", publish)
    if re.sub(r"\s", "", key["p"]) != signing.public or key.get("k", "rsa") != signing.kind:
        return Checked(Record.DKIM, f"The key at {name} is not the one that letters are signed with.", publish)
    if "y" in key.get("t", "").split(":"):
        problem = f"The key at {name} is marked as a test (t=y): receivers treat its letters as unsigned."
        return Checked(Record.DKIM, problem, publish)
    return Checked(Record.DKIM)


def _dmarc(dns_: Dns, domain: str) -> Checked:
    """The domain's own record, or that of a domain above it (RFC 7489, 6.6.3)."""
    parents = [domain.split(".", n)[-1] for n in range(domain.count("."))]
    for each in parents:
        records = [_tags(text) for text in dns_.texts(f"_dmarc.{each}") if text.lower().startswith("v=dmarc1")]
        if len(records) > 1:
            break
        if records and records[0].get("p", "").lower() in ("none", "quarantine", "reject"):
            return Checked(Record.DMARC)
        if records:
            return Checked(Record.DMARC, f"The DMARC record of {each} names no policy.", "Give it p=none, or stricter.")
    else:
        return Checked(
            Record.DMARC,
            f"{domain} has no DMARC record.",
            f"Publish at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:ADDRESS",
        )
    return Checked(Record.DMARC, f"{each} has more than one DMARC record, which counts as none.", "Leave one.")


def _bounces(dns_: Dns, domain: str) -> Checked:
    servers = [each for each in dns_.mail_servers(domain) if each != "."]
    if servers:
        return Checked(Record.BOUNCES)
    problem = f"Nobody takes mail for {domain}: bounces and replies are lost."
    return Checked(Record.BOUNCES, problem, f"Publish an MX record for {domain}, and lead its mail to the intake.")


def aligned(one: str, other: str) -> bool:
    """As DMARC's relaxed alignment, as far as it goes without the list of public suffixes: equal, or one above the other."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _tags(record: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in record.split(";") if "=" in each)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
