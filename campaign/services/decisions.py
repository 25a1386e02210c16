"""What a person decides about a delivery that no machine may decide about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain import schedule
from campaign.domain.channels import ChannelName
from campaign.domain.errors import WrongState
from campaign.domain.statuses import OVER, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.services import audit, confidential, deliveries, fall_through, stranded, wakes


class Decision(StrEnum):
    """What a person may decide about a delivery that needs one."""

    ARRIVED = "arrived"
    SEND_AGAIN = "send_again"
    ANOTHER_WAY = "another_way"
    GIVE_UP = "give_up"


DECISIONS: dict[Status, tuple[Decision, ...]] = {
    Status.UNCLEAR: (Decision.ARRIVED, Decision.SEND_AGAIN, Decision.GIVE_UP),
    Status.BOUNCED: (Decision.SEND_AGAIN, Decision.ANOTHER_WAY, Decision.GIVE_UP),
    Status.REFUSED: (Decision.SEND_AGAIN, Decision.ANOTHER_WAY, Decision.GIVE_UP),
    Status.FAILED: (Decision.SEND_AGAIN, Decision.ANOTHER_WAY, Decision.GIVE_UP),
    Status.HELD: (Decision.SEND_AGAIN, Decision.GIVE_UP),
}


def offered(delivery: Delivery, set_up: Collection[ChannelName]) -> tuple[Decision, ...]:
    """What may be decided about it, as it stands. A print provider has what it posted under our mark, and prints none twice.

    What is queued for a channel that is not set up here would wait for ever: it may go another way.
    """
    found = () if delivery.superseded else DECISIONS.get(delivery.status, ())
    if stranded.is_stranded(delivery, set_up):
        return (Decision.ANOTHER_WAY,)
    if delivery.channel is ChannelName.PRINT_PROVIDER and delivery.status is Status.BOUNCED:
        return tuple(each for each in found if each is not Decision.SEND_AGAIN)
    return found


_WHY = {
    Decision.ARRIVED: "a person says it arrived",
    Decision.SEND_AGAIN: "to be sent again",
    Decision.ANOTHER_WAY: "to go another way",
    Decision.GIVE_UP: "given up",
}


def decide(
    session: Session,
    delivery_id: int,
    decision: Decision,
    set_up: Collection[ChannelName],
    at: datetime,
    note: str,
    by: str,
) -> Delivery:
    """Records a person's decision with who and why. Raises WrongState when another decided or a notice came meanwhile.

    `set_up`: the channels that this installation has.
    """
    delivery = deliveries.locked(session, delivery_id)
    if decision not in offered(delivery, set_up):
        raise WrongState(f"This letter is {delivery.status} now; there is nothing left to decide about it.")
    why = note or _WHY[decision]
    was = delivery.status
    match decision:
        case Decision.ARRIVED:
            deliveries.move(session, delivery, Status.ACCEPTED, at, why, by)
        case Decision.GIVE_UP:
            deliveries.move(session, delivery, Status.CANCELLED, at, why, by)
        case Decision.SEND_AGAIN:
            _check_sends(session, delivery)
            deliveries.move(session, delivery, Status.QUEUED, at, why, by)
            delivery.due_at, delivery.give_up_at = at, at + schedule.GIVE_UP_AFTER
            wakes.wake(session, delivery.channel)
        case Decision.ANOTHER_WAY:
            _check_sends(session, delivery)
            go_on = stranded.go_on if stranded.is_stranded(delivery, set_up) else fall_through.go_on
            if go_on(session, delivery, set_up, at, by, note) is None:
                raise WrongState("Every way to this office has been tried for this letter.")
    audit.record(session, at=at, by=by, act=f"decided {decision}", subject=f"delivery:{delivery.id}", was=str(was))
    return delivery


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one decision about several: `meanwhile` another person or a notice was faster; `barred` still wait, as this
    cannot be decided about them."""

    done: int = 0
    meanwhile: int = 0
    barred: int = 0


def decide_all(
    session: Session,
    ids: Sequence[int],
    was: Status,
    decision: Decision,
    set_up: Collection[ChannelName],
    at: datetime,
    note: str,
    by: str,
) -> Decided:
    """As `decide`, for those that the person saw in the state `was`; raises for none of them."""
    found = Counter[str]()
    for delivery_id in ids:
        try:
            decide(session, delivery_id, decision, set_up, at, note, by)
            found["done"] += 1
        except WrongState:
            still = session.get_one(Delivery, delivery_id).status is was
            found["barred" if still else "meanwhile"] += 1
    return Decided(**found)


def _check_sends(session: Session, delivery: Delivery) -> None:
    """What is queued in a closed campaign would wait for ever; and what was signed must still be there."""
    if delivery.letter_id is not None:
        confidential.check_whole(session, delivery.letter_id)
    if delivery.campaign_id is None:
        return
    status = session.scalar(sa.select(Campaign.status).where(Campaign.id == delivery.campaign_id))
    if status in OVER:
        raise WrongState("This campaign is closed: nothing of it is sent any more.")
