"""Pages for anybody: campaigns, doors, unsubscribing, checking a letter, standing pages."""

from campaign.web.public import pages
from campaign.web.public.routes import bp

__all__ = ["bp", "pages"]
