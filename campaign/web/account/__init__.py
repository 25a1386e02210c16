"""Signing in by a mailed link; the password form is the library's."""

from campaign.web.account.routes import bp

__all__ = ["bp"]
