"""Alive and ready, for machines."""

from campaign.web.health.routes import bp

__all__ = ["bp"]
