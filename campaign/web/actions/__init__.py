"""The member's journey (routes), what follows signing (sent), their letters (signed, packets) and details (me)."""

from campaign.web.actions import me, packets, routes, sent, signed
from campaign.web.actions.blueprint import bp

__all__ = ["bp", "me", "packets", "routes", "sent", "signed"]
