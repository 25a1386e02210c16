"""Outside its hours a campaign's letters stay queued, as in a pause, and nobody is alarmed."""

from __future__ import annotations

from datetime import time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.bench import world
from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.statuses import Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.services import deliveries, health, outbox
from tests import factories
from tests.factories import ENVELOPE, NOW


def test_letters_wait_for_the_hour_and_leave_in_it(each_session: Session) -> None:
    """NOW is ten in the morning on a Monday in New York."""
    session = each_session
    with transaction(session):
        closed, always = world.build(session, 3, NOW), world.build(session, 2, NOW)
        session.get_one(Campaign, closed).sends_from = time(11)
        session.get_one(Campaign, closed).sends_until = time(12)
    memory = MemoryChannel()

    def send(hours: float) -> int:
        now = NOW + timedelta(hours=hours)
        return outbox.send_due(session, outbox.Loop(memory, ENVELOPE, lambda: now, factories.journal()))

    assert send(0) == 2
    waiting = session.execute(sa.select(Delivery.campaign_id, Delivery.status, Delivery.tries).distinct()).all()
    assert set(waiting) == {(always, Status.ACCEPTED, 1), (closed, Status.QUEUED, 0)}
    assert outbox.due_channels(session, NOW, [ChannelName.SMTP]) == []
    assert health.queues_of(session, NOW)[ChannelName.SMTP] == health.Queue(waiting=3), "they are not late"
    assert send(1) == 3


def test_mail_that_a_person_waits_for_knows_no_hours(session: Session) -> None:
    with transaction(session):
        campaign_id = world.build(session, 3, NOW)
        session.get_one(Campaign, campaign_id).sends_from = time(11)
        session.get_one(Campaign, campaign_id).sends_until = time(12)
        session.scalars(sa.select(Delivery)).first().priority = deliveries.PRIORITY_ONE_OFF  # type: ignore[union-attr]
    queue = health.queues_of(session, NOW)[ChannelName.SMTP]
    assert (queue.waiting, queue.due) == (3, 1)
    loop = outbox.Loop(MemoryChannel(), ENVELOPE, lambda: NOW, factories.journal())
    assert outbox.send_due(session, loop) == 1
