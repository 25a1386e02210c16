"""The member's journey and their letters."""

from campaign.web.actions.routes import bp

__all__ = ["bp"]
