"""What providers tell us: signed notices, stored before they are answered."""

from campaign.web.hooks.routes import bp

__all__ = ["bp"]
