"""One campaign over every channel at once, against all stand-ins: each letter's story is right at every step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.base import Channel
from campaign.channels.cwc.message import Agent
from campaign.channels.docket.regulations import Access, RegulationsChannel
from campaign.channels.printing.provider import PostChannel, PostValues
from campaign.channels.smtp.client import SmtpChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.statuses import Status
from campaign.models.delivery import Delivery
from campaign.models.docket import Portal
from campaign.models.letter import Letter
from campaign.models.office import Office
from campaign.services import active_offices, filings, metrics, outbox, previews, signing, stories
from campaign.services.signing import Signature
from campaign.simulator.clock import Clock
from campaign.simulator.gateways.rules import AGENT
from campaign.simulator.offices import QUIET
from campaign.simulator.relay import RelayHandler
from campaign.web.actions import record
from tests import factories
from tests.factories import ENVELOPE, NOW, SET_UP
from tests.integration.cwc_simulation import Simulation, simulated
from tests.integration.loopback import relaying

WHO = Agent(AGENT, "Ada Quillback", "ada@agent.example", "202-555-0100", "")
LATER = NOW + timedelta(minutes=2)


@dataclass
class Roads:
    simulation: Simulation
    channels: list[Channel]


@pytest.fixture
def roads(tmp_path: Path) -> Iterator[Roads]:
    with ExitStack() as stack:
        simulation = stack.enter_context(simulated(tmp_path))
        port = stack.enter_context(relaying(RelayHandler(simulation.store, QUIET, Clock(real=NOW.timestamp))))
        yield Roads(
            simulation,
            [
                simulation.channel(Chamber.HOUSE),
                simulation.channel(Chamber.SENATE),
                SmtpChannel("127.0.0.1", port),
                RegulationsChannel(Access(f"{simulation.url}/regulations/v4", "simulated"), clock=lambda: LATER),
                PostChannel(PostValues(simulation.url, "simulation")),
            ],
        )


def signed(session: Session) -> dict[str, Letter]:
    """By channel: a representative and a senator by gateway, a senator by mail, two dockets, a form, a letter on paper."""
    with transaction(session):
        codes = dict(session.execute(sa.select(Office.code, Office.chamber)).all())
        active_offices.refresh(
            session, Chamber.HOUSE, [c for c, chamber in codes.items() if chamber is Chamber.HOUSE], NOW
        )
        active_offices.refresh(session, Chamber.SENATE, ["SIN01"], NOW)
        factories.staff_address(session, "SIN03")
        company, _ = factories.company(session)
        packet = factories.docket(session)
        comment = factories.docket(
            session,
            number="DEMO-2026-0900",
            document_id="DEMO-2026-0900-0001",
            portal=Portal.REGULATIONS_GOV,
            by_machine=True,
        )
        cards = [
            factories.recommendation(session, "P1", topics=["Energy"]),
            factories.recommendation(session, "I1", packet, topics=["Energy"]),
            factories.recommendation(session, "I2", comment, topics=["Energy"]),
        ]
        order = [ChannelKind.CWC, ChannelKind.SMTP, ChannelKind.HANDOFF, ChannelName.PRINT_PROVIDER]
        on = factories.campaign(session, *cards, channels=order)
        who = factories.member(session, company, prefix="Dr.")
        factories.signed(session, who, on, "P1", "I1", "I2", story="We melt magnets every day.")
    with transaction(session):
        session.execute(sa.update(Office).where(Office.code == "SIN01").values(channels=[ChannelKind.HANDOFF]))
        session.execute(sa.update(Office).values(form_url="https://office.example/contact"))
        other = factories.member(session, company, prefix="Ms.")
        action = factories.draft(session, other, on, "P1")
        shown = previews.preview(session, action, SET_UP, NOW).digest
        how = Signature(other.name, shown, "test", on_paper=frozenset({"HIN05"}))
        signing.sign(session, action.id, how, SET_UP, NOW)
    rows = session.execute(
        sa.select(Delivery.channel, Letter).join(Letter, Letter.id == Delivery.letter_id).order_by(Letter.id)
    )
    return {str(channel): letter for channel, letter in rows}


def hand_over(session: Session, channels: list[Channel]) -> None:
    envelope = replace(ENVELOPE, agents=dict.fromkeys((Chamber.HOUSE, Chamber.SENATE), WHO))
    for channel in channels:
        loop = outbox.Loop(channel=channel, envelope=envelope, clock=lambda: LATER, journal=factories.journal())
        outbox.send_due(session, loop)


def statuses(session: Session) -> dict[str, set[Status]]:
    session.expire_all()
    found: dict[str, set[Status]] = {}
    for channel, status in session.execute(sa.select(Delivery.channel, Delivery.status)):
        found.setdefault(str(channel), set()).add(status)
    return found


def test_each_letter_goes_its_way_and_its_story_says_so(each_session: Session, roads: Roads) -> None:
    session = each_session
    letters = signed(session)
    by_machine = {"cwc_house", "cwc_senate", "smtp", "docket_api", "print_provider"}
    by_hand = {"docket_packet", "handoff"}
    assert set(letters) == by_machine | by_hand
    assert {status for found in statuses(session).values() for status in found} == {Status.QUEUED}
    hand_over(session, roads.channels)
    assert statuses(session) == {name: {Status.ACCEPTED} for name in by_machine} | {
        name: {Status.QUEUED} for name in by_hand
    }
    with transaction(session):
        filings.filed(session, letters["docket_packet"].id, "DEMO-0042", LATER, "member:1")
    assert statuses(session)["docket_packet"] == {Status.DELIVERED}
    assert metrics.differences(session) == []

    told = {
        name: [step.text for step in record.steps(stories.story(session, letter))] for name, letter in letters.items()
    }
    handed = "Handed over: the office’s system took it"
    assert told == {
        "cwc_house": ["You signed", handed],
        "cwc_senate": ["You signed", handed],
        "smtp": ["You signed", handed],
        "docket_api": ["You signed", "Filed: the portal took it"],
        "print_provider": ["You signed", "Printed and posted"],
        "docket_packet": ["You signed", "You sent it"],
        "handoff": ["You signed"],
    }
    kept = {each["office"] for each in roads.simulation.kept()}
    assert kept == {"HIN05", "SIN01"}
    assert {message.office for message in roads.simulation.store.messages() if message.office} == {
        "HIN05",
        "SIN01",
        "SIN03",
    }


def test_a_second_round_hands_over_nothing(session: Session, roads: Roads) -> None:
    signed(session)
    hand_over(session, roads.channels)
    before = roads.simulation.store.messages()
    hand_over(session, roads.channels)
    assert roads.simulation.store.messages() == before
