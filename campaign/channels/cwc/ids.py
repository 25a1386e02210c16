"""Ids that a message carries: one per message, and one per campaign, recommendation and stance."""

from __future__ import annotations

import hashlib
import secrets
import string

_SIGNS = string.ascii_lowercase + string.digits
LENGTH = 32


def campaign_id(campaign_key: str) -> str:
    """SHA-256, hex: what offices group by. Never anything of one message in it, or nothing is grouped."""
    return hashlib.sha256(campaign_key.encode()).hexdigest()


def campaign_key(campaign: str, recommendation: str, stance: str) -> str:
    """One per campaign, first chosen recommendation and stance (pro, con, or none): pro and con of a bill are two campaigns, and
    one per set of choices would scatter what offices group."""
    return "/".join((campaign, recommendation, stance or "none"))


def new_delivery_id() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(LENGTH))


def payload_digest(document: bytes) -> str:
    """What is kept of a message when personal data are erased."""
    return hashlib.sha256(document).hexdigest()
