"""Pages for anybody: campaigns, doors, unsubscribing, checking a letter."""

from campaign.web.public.routes import bp

__all__ = ["bp"]
