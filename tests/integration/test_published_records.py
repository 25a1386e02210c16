"""What `campaign check` says of a sending domain, against a name server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from flask import Flask

from campaign.bench import keys
from campaign.channels.smtp.dkim import Signer
from campaign.channels.smtp.published import Checked, Dns, Record, Signing, aligned, check
from campaign.cli.operations import findings
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.organization import Organization
from campaign.runtime import attach, runtime

Zone = Mapping[tuple[str, str], list[str]]


@contextmanager
def name_server(zone: Zone) -> Iterator[tuple[str, int]]:
    """Answers TXT and MX over UDP; what it does not know does not exist."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                data, asker = line.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            question = dns.message.from_wire(data)
            answer = dns.message.make_response(question)
            asked = question.question[0]
            kind = dns.rdatatype.to_text(asked.rdtype)
            found = zone.get((str(asked.name).rstrip("."), kind), [])
            if found:
                answer.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, found))
            elif not any(name == str(asked.name).rstrip(".") for name, _ in zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            line.sendto(answer.to_wire(), asker)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield line.getsockname()
    finally:
        line.sendto(b"", line.getsockname())
        thread.join(5)
        line.close()


def text(value: str) -> str:
    """As the zone file has it: pieces of at most 255 octets."""
    return " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))


SIGNING = Signing("association.example", "letters", "rsa", "A" * 392)
GOOD: dict[tuple[str, str], list[str]] = {
    ("bounces.association.example", "TXT"): [text("something=else"), text("v=spf1 include:relay.example -all")],
    ("letters._domainkey.association.example", "TXT"): [text(f"v=DKIM1; k=rsa; p={SIGNING.public}")],
    ("_dmarc.association.example", "TXT"): [text("v=DMARC1; p=none; rua=mailto:reports@association.example")],
    ("bounces.association.example", "MX"): ["10 mail.association.example."],
}


def problems(
    zone: Zone, signing: Signing | None = SIGNING, domain: str = "association.example"
) -> dict[Record, Checked]:
    with name_server(zone) as address:
        found = check(Dns(address), domain, "bounces.association.example", signing)
    assert [each.record for each in found] == list(Record)
    return {each.record: each for each in found if each.problem}


def test_a_domain_with_all_records_has_no_problem() -> None:
    assert problems(GOOD) == {}


def test_the_policy_of_a_domain_above_counts_too() -> None:
    assert problems(GOOD, domain="letters.association.example") == {}


@pytest.mark.parametrize(
    ("where", "values", "record", "words"),
    [
        (("bounces.association.example", "TXT"), [], Record.SPF, "no SPF record"),
        (("bounces.association.example", "TXT"), ["v=spf1 -all", "v=spf1 ~all"], Record.SPF, "more than one"),
        (("bounces.association.example", "TXT"), ["v=spf1 mx +all"], Record.SPF, "lets everybody send"),
        (("bounces.association.example", "TXT"), ["v=spf1 mx"], Record.SPF, "nothing of other senders"),
        (
            ("bounces.association.example", "TXT"),
            ["v=spf1 " + " ".join(f"include:r{n}.example" for n in range(11)) + " -all"],
            Record.SPF,
            "more than 10 look-ups",
        ),
        (("letters._domainkey.association.example", "TXT"), [], Record.DKIM, "no key"),
        (("letters._domainkey.association.example", "TXT"), ["v=DKIM1; p="], Record.DKIM, "revoked"),
        (("letters._domainkey.association.example", "TXT"), ["v=DKIM1; k=rsa; p=BBBB"], Record.DKIM, "not the one"),
        (
            ("letters._domainkey.association.example", "TXT"),
            [f"v=DKIM1; t=y:s; p={SIGNING.public}"],
            Record.DKIM,
            "marked as a test",
        ),
        (("_dmarc.association.example", "TXT"), [], Record.DMARC, "no DMARC record"),
        (
            ("_dmarc.association.example", "TXT"),
            ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
            Record.DMARC,
            "more than one",
        ),
        (("_dmarc.association.example", "TXT"), ["v=DMARC1; rua=mailto:a@b.example"], Record.DMARC, "no policy"),
        (("bounces.association.example", "MX"), [], Record.BOUNCES, "are lost"),
        (("bounces.association.example", "MX"), ["0 ."], Record.BOUNCES, "are lost"),
    ],
)
def test_each_fault_is_named_with_what_to_publish(
    where: tuple[str, str], values: list[str], record: Record, words: str
) -> None:
    told = values if where[1] == "MX" else [text(each) for each in values]
    found = problems({**GOOD, where: told})
    assert list(found) == [record]
    assert words in found[record].problem
    assert found[record].todo


def test_a_signature_of_a_foreign_domain_helps_nobody() -> None:
    found = problems(GOOD, domain="other.example")
    assert "takes neither for the other" in found[Record.DKIM].problem


def test_where_the_relay_signs_no_key_is_looked_for() -> None:
    zone = {key: value for key, value in GOOD.items() if "_domainkey" not in key[0]}
    assert problems(zone, signing=None) == {}


def test_a_silent_name_server_is_said_and_nothing_is_raised() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        found = check(Dns(silent.getsockname(), wait_s=0.2), "association.example", "bounces.association.example", None)
    assert [each.problem.partition(" (")[0] for each in found if each.problem] == ["The DNS does not answer"] * 3


def test_alignment_is_relaxed() -> None:
    assert aligned("example.org", "mail.Example.org.")
    assert aligned("mail.example.org", "example.org")
    assert not aligned("badexample.org", "example.org")


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_campaign_check_looks_up_the_key_that_letters_are_signed_with(app: Flask, tmp_path: Path, kind: str) -> None:
    file = keys.signing_key(tmp_path, kind)
    algorithm, public = Signer.from_file(file, "letters", "association.example").published()
    with transaction(db.session()) as session:
        session.get_one(Organization, 1).sending_address = "letters@association.example"
    zone = GOOD | {
        ("letters._domainkey.association.example", "TXT"): [text(f"v=DKIM1; k={algorithm}; p={public}")],
        ("_dmarc.association.example", "TXT"): [],
    }
    with name_server(zone) as (host, port):
        here = runtime()
        signing = {"dkim_key_file": file, "dkim_selector": "letters", "dkim_domain": "association.example"}
        settings = replace(
            here.settings,
            simulated=False,
            bounce_domain="bounces.association.example",
            dns_server=f"{host}:{port}",
            **signing,  # type: ignore[arg-type]
        )
        attach(app, replace(here, settings=settings))
        found = {each.part: each.problem for each in findings() if each.part in set(Record)}
    assert found == {
        "spf": "",
        "dkim": "",
        "dmarc": "association.example has no DMARC record.",
        "bounces": "",
    }


def test_the_simulation_asks_no_name_server(app: Flask) -> None:
    assert not {each.part for each in findings()} & set(Record)
