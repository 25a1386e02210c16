"""What the web gives services that make mail and letters."""

from __future__ import annotations

from campaign.runtime import runtime
from campaign.services.outgoing import Envelope


def envelope() -> Envelope:
    here = runtime()
    return Envelope(here.signer, here.settings.bounce_domain, here.settings.base_url.rstrip("/"))
