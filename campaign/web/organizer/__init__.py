"""The desk: campaigns, letters, what needs a person."""

from campaign.web.organizer.routes import bp

__all__ = ["bp"]
