"""Mail addresses as they may stand on the wire, and our own return paths.

Only dot-atom local parts (RFC 5322, 3.2.3) in ASCII are taken: quoted ones and SMTPUTF8 are lost by too many relays,
and an import can say so while a person is there to hear it.
"""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from campaign.domain.errors import Refused
from campaign.domain.references import TokenKind, TokenSigner

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
MAX_LOCAL = 64  # octets; RFC 5321, 4.5.3.1.1
MAX_ADDRESS = 254  # octets; RFC 5321, 4.5.3.1.3, less the angle brackets


@lru_cache(1024)  # a letter asks for its addresses twice, a campaign for the same ones again and again
def wire_address(address: str) -> str:
    """`address` with its domain as A-labels. Raises Refused for anything that a plain relay would not take."""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local) > MAX_LOCAL:
        raise Refused("the mail address has a form that mail systems do not carry")
    wire = f"{local}@{_wire_domain(domain)}"
    if len(wire) > MAX_ADDRESS:
        raise Refused("the mail address is too long")
    return wire


def _wire_domain(domain: str) -> str:
    if not domain.isascii():
        try:
            # Python's own "idna" codec turns faß into fass, another domain
            domain = idna.encode(domain, uts46=True, transitional=False).decode("ascii")
        except idna.IDNAError as error:
            raise Refused("the domain of the mail address is not one") from error
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("the domain of the mail address is not one")
    return domain


def return_path(signer: TokenSigner, kind: TokenKind, reference: str, domain: str) -> str:
    """The envelope sender that carries the letter's or mail's token, so that a bounce names it by itself."""
    return f"b+{signer.sign(kind, reference)}@{domain}"


def reply_address(signer: TokenSigner, kind: TokenKind, reference: str, domain: str) -> str:
    """Where an answer reaches us with its token; local part of 32 octets like the return path."""
    return f"r+{signer.sign(kind, reference)}@{domain}"
