"""How much of the mail to a domain was reported as spam."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from campaign.models.base import Base


class ComplaintRate(Base):
    """Of the last day, for each domain of which somebody complained; measured anew by the upkeep worker."""

    __tablename__ = "complaint_rates"

    domain: Mapped[str] = mapped_column(primary_key=True)
    reported: Mapped[int]
    sent: Mapped[int]
    at: Mapped[datetime]

    @property
    def share(self) -> float:
        return self.reported / max(self.sent, self.reported)
