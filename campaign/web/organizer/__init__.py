"""The desk: campaigns, letters, what needs a person, whether letters leave."""

from campaign.web.organizer import attention, cancelling, gateways, letters, routes, sending  # noqa: F401  (their views register themselves)
from campaign.web.organizer.blueprint import bp

__all__ = ["bp"]
