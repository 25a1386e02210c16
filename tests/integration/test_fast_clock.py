"""Four weeks of a campaign by a led clock: what the offices' script wrote is what the figures tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp import maildir
from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.inbox import read_message
from campaign.channels.smtp.raw import RawMail
from campaign.database import transaction
from campaign.domain.statuses import ResponseState, Status
from campaign.models.campaign import Campaign
from campaign.models.letter import Letter
from campaign.models.response import Response
from campaign.services import dashboard, events, metrics, outbox
from campaign.simulator.clock import Clock
from campaign.simulator.offices import Behavior, Pace, Script
from campaign.simulator.relay import RelayHandler
from campaign.simulator.schedule import Postman
from campaign.simulator.store import Store
from tests import factories
from tests.factories import ENVELOPE, NOW
from tests.integration.loopback import relaying

MEMBERS = 100  # three letters each
SCRIPT = Script(pace=Pace.REAL)
WEEKS = timedelta(weeks=4)


@dataclass
class Installation:
    """Workers, offices and the intake by one clock that is led."""

    session: Session
    clock: Clock
    loop: outbox.Loop
    postman: Postman

    def now(self) -> datetime:
        return self.clock.now()

    def step(self, by: timedelta) -> None:
        self.clock.lead(by)
        outbox.send_due(self.session, self.loop)
        self.postman.deliver_due()
        maildir.read_new(self.postman.inbox, self._take)

    def _take(self, source_id: str, raw: RawMail) -> None:
        with transaction(self.session):
            events.take(self.session, source_id, raw, read_message(raw, ENVELOPE.signer), self.now())


@pytest.fixture
def installation(each_session: Session, tmp_path: Path) -> Iterator[Installation]:
    store = Store(tmp_path / "simulator.sqlite3")
    clock = Clock(real=NOW.timestamp)
    with relaying(RelayHandler(store, SCRIPT, clock)) as port:
        loop = outbox.Loop(
            channel=SmtpChannel("127.0.0.1", port, connections=4),
            envelope=ENVELOPE,
            clock=clock.now,
            journal=factories.journal(),
        )
        yield Installation(each_session, clock, loop, Postman(store, clock, tmp_path / "inbox", ENVELOPE.bounce_domain))
    store.close()


def signed(session: Session) -> Campaign:
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        on = factories.campaign(session, factories.recommendation(session, "P1"), closes_at=NOW + 2 * WEEKS)
        for _ in range(MEMBERS):
            factories.signed(session, factories.member(session, company), on, "P1")
        return on


def test_four_weeks_of_300_letters_end_as_the_script_wrote(installation: Installation) -> None:
    session = installation.session
    on = signed(session)
    steps = 0
    while installation.now() < NOW + WEEKS:
        installation.step(timedelta(minutes=10) if steps < 36 else timedelta(hours=6))
        steps += 1
    told = Counter(
        SCRIPT.decide(f"{letter.target.lower()}@offices.example", ENVELOPE.message_id(letter.reference))
        for letter in session.scalars(sa.select(Letter))
    )
    assert told.total() == 3 * MEMBERS
    assert min(told[each] for each in (Behavior.FORM, Behavior.ACK, Behavior.BOUNCE, Behavior.SILENT)) > 0
    figures = metrics.figures(session, on.id)
    assert figures.by_status == {
        Status.DELIVERED: told[Behavior.FORM] + told[Behavior.ACK],
        Status.ACCEPTED: told[Behavior.SILENT] + told[Behavior.BUSY],
        Status.BOUNCED: told[Behavior.BOUNCE],
    } | ({Status.REFUSED: told[Behavior.REFUSE]} if told[Behavior.REFUSE] else {})
    assert figures.responses == {
        ResponseState.ACKNOWLEDGED: told[Behavior.ACK],
        ResponseState.REPLIED: told[Behavior.FORM],
    }
    assert metrics.differences(session) == []
    days = dashboard.medians(session, on.id).to_answer
    assert days is not None
    assert timedelta(days=5) < timedelta(seconds=days) < timedelta(days=20)
    last = max(session.scalars(sa.select(Response.received_at)))
    assert NOW + timedelta(days=15) < last <= installation.now().astimezone(UTC)
