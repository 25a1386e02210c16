"""The member's journey (pick, place, facts, letters, editing), what follows signing (sent), their letters (signed, packets)
and details (me)."""

from campaign.web.actions import editing, facts, letters, me, packets, pick, place, sent, signed
from campaign.web.actions.blueprint import bp

__all__ = ["bp", "editing", "facts", "letters", "me", "packets", "pick", "place", "sent", "signed"]
