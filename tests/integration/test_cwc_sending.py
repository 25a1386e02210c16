"""Letters through the send loop to the simulated gateways, on both databases: nothing lost, nothing twice, no blind way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.cwc import offices
from campaign.channels.cwc.message import Agent
from campaign.channels.http import Http
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT
from campaign.domain.statuses import Status
from campaign.models.channel import ChannelState
from campaign.models.delivery import Attempt, Delivery
from campaign.models.gateway import GatewayFiling
from campaign.models.office import Office
from campaign.services import active_offices, decisions, metrics, outbox
from campaign.services.envelope import Envelope
from campaign.simulator.gateways.rules import AGENT
from tests import factories
from tests.factories import NOW, SET_UP
from tests.integration.cwc_simulation import Simulation, simulated

LATER = NOW + timedelta(seconds=61)
HOUSE, SENATE = ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE
CHAMBERS = {HOUSE: Chamber.HOUSE, SENATE: Chamber.SENATE}
ENVELOPE = Envelope(
    factories.ENVELOPE.signer,
    factories.ENVELOPE.bounce_domain,
    factories.ENVELOPE.base_url,
    dict.fromkeys(CHAMBERS.values(), Agent(AGENT, "Ada Quillback", "ada@agent.example", "202-555-0100")),
)


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    with simulated(tmp_path) as found:
        yield found


@pytest.fixture
def world(each_session: Session, simulation: Simulation) -> Session:
    """One member of a Kokomo plant has signed; all three offices take part."""
    with transaction(each_session) as session:
        for chamber in CHAMBERS.values():
            with closing(Http()) as http:
                active_offices.refresh(session, chamber, offices.fetch(simulation.gateway(chamber), http), NOW)
        company, _ = factories.company(session)
        card = factories.recommendation(session, "P1", topics=["Energy"])
        here = factories.campaign(session, card, channels=["cwc", "print"])
        factories.signed(session, factories.member(session, company, prefix="Dr."), here, "P1")
    return each_session


def drain(session: Session, simulation: Simulation, name: ChannelName, now: datetime = LATER) -> None:
    channel = simulation.channel(CHAMBERS[name])
    outbox.send_due(
        session,
        outbox.Loop(
            channel=channel, envelope=ENVELOPE, clock=lambda: now, journal=factories.journal(), jitter=lambda: 0.5
        ),
    )


def states(session: Session) -> dict[str, list[tuple[ChannelName, Status]]]:
    """By office, its letter's deliveries in order."""
    session.expire_all()
    rows = session.execute(
        sa.select(Office.code, Delivery.channel, Delivery.status)
        .join(Office, Office.id == Delivery.office_id)
        .order_by(Delivery.id)
    )
    found: dict[str, list[tuple[ChannelName, Status]]] = {}
    for code, channel, status in rows:
        found.setdefault(code, []).append((channel, status))
    return found


def test_all_letters_are_taken_once(world: Session, simulation: Simulation) -> None:
    for name in CHAMBERS:
        drain(world, simulation, name)
        drain(world, simulation, name)
    assert states(world) == {
        "HIN05": [(HOUSE, Status.ACCEPTED)],
        "SIN01": [(SENATE, Status.ACCEPTED)],
        "SIN03": [(SENATE, Status.ACCEPTED)],
    }
    kept = {each["delivery_id"] for each in simulation.kept()}
    assert kept == set(world.scalars(sa.select(Delivery.provider_id)))
    assert kept == set(world.scalars(sa.select(GatewayFiling.message_id)))
    assert len(kept) == 3
    assert metrics.differences(world) == []


def test_a_line_cut_after_the_letter_was_taken_is_settled_by_the_senate_and_by_a_person_for_the_house(
    world: Session, simulation: Simulation
) -> None:
    simulation.rules(faults=dict.fromkeys(("HIN05", "SIN01", "SIN03"), "cut"))
    for name in CHAMBERS:
        drain(world, simulation, name)
    assert states(world)["HIN05"] == [(HOUSE, Status.UNCLEAR)]
    assert states(world)["SIN01"] == [(SENATE, Status.QUEUED)]
    simulation.rules(faults={})
    for name in CHAMBERS:
        drain(world, simulation, name, LATER + timedelta(hours=1))
    assert states(world)["HIN05"] == [(HOUSE, Status.UNCLEAR)]
    assert states(world)["SIN01"] == states(world)["SIN03"] == [(SENATE, Status.ACCEPTED)]
    assert len(simulation.kept()) == 3
    unclear = world.scalars(sa.select(Delivery.id).where(Delivery.status == Status.UNCLEAR)).one()
    with transaction(world):
        decisions.decide(
            world, unclear, decisions.Decision.SEND_AGAIN, SET_UP, LATER + timedelta(hours=1), "", "user:1"
        )
    drain(world, simulation, HOUSE, LATER + timedelta(hours=2))
    assert states(world)["HIN05"] == [(HOUSE, Status.ACCEPTED)]  # 409: it had arrived
    assert len(simulation.kept()) == 3
    assert metrics.differences(world) == []


def test_an_office_that_left_gets_its_letter_another_way(world: Session, simulation: Simulation) -> None:
    simulation.rules(active=["SIN01"])
    for name in CHAMBERS:
        drain(world, simulation, name)
    assert states(world) == {
        "HIN05": [(HOUSE, Status.REFUSED), (ChannelName.PRINT, Status.QUEUED)],
        "SIN01": [(SENATE, Status.ACCEPTED)],
        "SIN03": [(SENATE, Status.REFUSED), (ChannelName.PRINT, Status.QUEUED)],
    }
    assert metrics.differences(world) == []


def test_a_suspension_reaches_letters_that_wait_already(world: Session, simulation: Simulation) -> None:
    office = world.scalars(sa.select(Office.id).where(Office.code == "SIN01")).one()
    with transaction(world):
        active_offices.suspend(world, office, "asked by the office", LATER, "user:1")
    drain(world, simulation, SENATE)
    assert states(world)["SIN01"] == [(SENATE, Status.REFUSED), (ChannelName.PRINT, Status.QUEUED)]
    assert [each["office"] for each in simulation.kept()] == ["SIN03"]


def test_a_list_that_grew_too_old_makes_letters_wait_and_uses_no_try(world: Session, simulation: Simulation) -> None:
    late = NOW + timedelta(hours=37)
    drain(world, simulation, HOUSE, late)
    assert states(world)["HIN05"] == [(HOUSE, Status.QUEUED)]
    assert world.scalars(sa.select(Delivery.tries).where(Delivery.channel == HOUSE)).all() == [0]
    assert simulation.kept() == []
    with transaction(world):
        active_offices.refresh(world, Chamber.HOUSE, {"HIN05"}, late)
    drain(world, simulation, HOUSE, late + timedelta(hours=1))
    assert states(world)["HIN05"] == [(HOUSE, Status.ACCEPTED)]


def test_a_wrong_key_at_one_chamber_stops_that_chamber_alone(world: Session, simulation: Simulation) -> None:
    simulation.rules(keys={"simulation-senate": ["senate", AGENT]})
    for name in CHAMBERS:
        drain(world, simulation, name)
    assert states(world)["HIN05"] == [(HOUSE, Status.QUEUED)]
    assert states(world)["SIN01"] == [(SENATE, Status.ACCEPTED)]
    (state,) = world.scalars(sa.select(ChannelState).where(ChannelState.failures > 0)).all()
    assert (state.channel, state.misconfigured) == (HOUSE, True)


def test_a_doubt_that_is_never_settled_ends_unclear(world: Session, simulation: Simulation) -> None:
    simulation.rules(faults=dict.fromkeys(("SIN01", "SIN03"), "lost"))
    now = LATER
    for _ in range(60):
        drain(world, simulation, SENATE, now)
        if states(world)["SIN01"][0][1] is not Status.QUEUED:
            break
        now += timedelta(hours=4)
    assert {status for _, status in (states(world)["SIN01"] + states(world)["SIN03"])} == {Status.UNCLEAR}
    codes = world.scalars(
        sa.select(Attempt.code).join(Delivery, Delivery.id == Attempt.delivery_id).where(Delivery.channel == SENATE)
    )
    assert set(codes) == {IN_DOUBT}
    assert simulation.kept() == []


def test_an_outage_of_a_gateway_makes_it_be_left_alone(world: Session, simulation: Simulation) -> None:
    with transaction(world) as session:
        company, _ = factories.company(session)
        card = factories.recommendation(session, topics=["Energy"])
        here = factories.campaign(session, card, channels=["cwc", "print"])
        for _ in range(4):
            factories.signed(session, factories.member(session, company, prefix="Dr."), here, card.key)
    simulation.rules(faults=dict.fromkeys(("SIN01", "SIN03"), "503"))
    drain(world, simulation, SENATE)
    tries = world.scalars(sa.select(Delivery.tries).where(Delivery.channel == SENATE)).all()
    assert sum(tries) == 5
    assert len(tries) == 10
