"""Staff addresses of offices, as the association enters them: no public file has any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp.addresses import wire_address
from campaign.domain.errors import Invalid, Refused
from campaign.domain.texts import tidy_line
from campaign.models.office import Office, StaffContact
from campaign.models.organization import Organization


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` of the file, counted from 1 with its head."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    added: int
    known: int
    faults: tuple[Fault, ...]


def own_domains(session: Session, bounce_domain: str) -> frozenset[str]:
    """Whose mail comes back to us: a letter sent there would reach no office and could go round for ever."""
    organization = session.get(Organization, 1)
    addresses = (organization.sending_address, organization.contact_email) if organization else ()
    return frozenset(each for each in (bounce_domain.lower(), *map(_domain, addresses)) if each)


def check(address: str, own: frozenset[str]) -> str:
    """The address, tidied and in lower case. Raises Invalid for what is no address, and for one of ours or below it."""
    address = tidy_line(address).lower()
    try:
        wire_address(address)
    except Refused:
        raise Invalid("This is no e-mail address. Enter one like scheduler@office.example.", "email") from None
    domain = _domain(address)
    if any(domain == ours or domain.endswith(f".{ours}") for ours in own):
        raise Invalid(
            f"{domain} is a domain of your own: a letter there would come back to you. Enter the office's address.",
            "email",
        )
    return address


def enter(session: Session, rows: Iterable[Mapping[str, str]], own: frozenset[str]) -> Read:
    """Adds each row's `email` to the office named by `code`, with `name` where there is one. What an office has already
    changes nothing, so twice is once. A faulty row is told and left out. Does not commit."""
    offices = {code: number for code, number in session.execute(sa.select(Office.code, Office.id))}  # noqa: C416 - typed
    contacts = session.execute(sa.select(StaffContact.office_id, StaffContact.email))
    here = {(office_id, address) for office_id, address in contacts}
    added, known, faults = 0, 0, []
    for line, row in enumerate(rows, 2):
        office_id = offices.get((row.get("code") or "").strip().upper())
        try:
            if office_id is None:
                raise Invalid("There is no office with this code. It looks like HIN05, SIN01 or USTR.", "code")
            address = check(row.get("email") or "", own)
        except Invalid as error:
            faults.append(Fault(line, str(error)))
            continue
        if (office_id, address) in here:
            known += 1
            continue
        here.add((office_id, address))
        session.add(StaffContact(office_id=office_id, email=address, name=tidy_line(row.get("name") or "")))
        added += 1
    session.flush()
    return Read(added, known, tuple(faults))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
