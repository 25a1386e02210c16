"""The member's journey (routes), what follows signing (sent), their letters (signed) and details (me)."""

from campaign.web.actions import me, routes, sent, signed
from campaign.web.actions.blueprint import bp

__all__ = ["bp", "me", "routes", "sent", "signed"]
