"""The desk: campaigns, letters, what needs a person, whether letters leave."""

from campaign.web.organizer import (  # noqa: F401  (their views register themselves)
    attention,
    cancelling,
    gateways,
    letters,
    printing,
    routes,
    sending,
)
from campaign.web.organizer.blueprint import bp

__all__ = ["bp"]
