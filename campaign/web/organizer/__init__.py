"""The desk: campaigns, letters, answers, mail without a letter, what needs a person, whether letters leave."""

from campaign.web.organizer import (  # noqa: F401  (their views register themselves)
    answers,
    attention,
    cancelling,
    dockets,
    gateways,
    letters,
    office_hours,
    printing,
    routes,
    sending,
    waiting,
    ways,
)
from campaign.web.organizer.blueprint import bp

__all__ = ["bp"]
