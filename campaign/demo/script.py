"""What the receiver of a letter answers at each try, by the plan: the part of the simulated gateways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.demo.history import OUTAGE
from campaign.demo.setup import Calendar
from campaign.demo.shapes import LetterPlan
from campaign.domain.channels import ChannelKind
from campaign.domain.errors import Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt
from campaign.domain.statuses import Status
from campaign.domain.targeting import TargetKind

_AN_HOUR = 3600.0
_REFUSALS = {"policy": "5.7.1", "address outside the district": "5.7.1"}


@dataclass
class Answers:
    """Of one letter. `busy` counts the tries that were turned away."""

    plan: LetterPlan
    calendar: Calendar
    busy: int = 0

    def next(self, now: datetime) -> Outcome:
        plan = self.plan
        if (closed_for := self._outage_s(now)) is not None:
            return self._closed(closed_for)
        match plan.outcome:
            case Status.QUEUED:
                return TryLater(plan.reason, code="452", retry_after_s=_AN_HOUR, used_a_try=False)
            case Status.FAILED:
                return TryLater("no answer from the receiving system", code="504")
            case Status.REFUSED:
                code = _REFUSALS.get(plan.reason, "5.6.0")
                return Refused(plan.reason, code=code, answer=f"554 {code} {plan.reason} (simulation)")
            case Status.UNCLEAR:
                return Unclear(plan.reason.partition(",")[0])  # a mail system does not get repeats
            case _ if self.busy + 1 < plan.tries:
                self.busy += 1
                return TryLater("busy", code="450", answer="450 4.2.1 busy (simulation)")
            case _:
                return Receipt("250 2.0.0 taken (simulation)")

    def _closed(self, seconds: float) -> TryLater:
        """A letter of the plan's two tries loses one to the outage; later looks at a closed door use none."""
        counts = self.busy + 1 < self.plan.tries
        self.busy += counts
        # with one more try planned inside the outage, it comes soon
        wish = 300.0 if self.busy + 1 < self.plan.tries else seconds + 60.0 * (3 + self.plan.signed_day % 7 + self.busy)
        return TryLater(
            "the House gateway is closed",
            code="503",
            answer="503 closed for repairs (simulation)",
            retry_after_s=wish,
            used_a_try=counts,
        )

    def _outage_s(self, now: datetime) -> float | None:
        """Seconds until the House gateway opens again; None while it is open or for another office."""
        if self.plan.kind is not TargetKind.HOUSE or self.plan.planned_channel is not ChannelKind.CWC:
            return None
        begins_at = self.calendar.live(OUTAGE.day, OUTAGE.begins_at)
        ends_at = self.calendar.live(OUTAGE.day, OUTAGE.ends_at)
        return max((ends_at - now) / timedelta(seconds=1), 1.0) if begins_at <= now < ends_at else None
