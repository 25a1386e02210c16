"""The simulated gateways, asked over loopback by the real channel, and what they keep."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import etree
from sqlalchemy.orm import Session

from campaign.channels.cwc import ids, offices
from campaign.channels.cwc.builder import build
from campaign.channels.cwc.client import CwcChannel
from campaign.channels.cwc.message import Agent, Filing
from campaign.channels.http import Http
from campaign.database import transaction
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt
from campaign.models.delivery import Delivery
from campaign.models.gateway import GatewayFiling
from campaign.models.office import Office
from campaign.services import active_offices, cwc_filing
from campaign.simulator.gateways.rules import AGENT, SENATE_KEY
from campaign.simulator.schedule import Postman
from tests import factories
from tests.integration.cwc_simulation import Simulation, simulated
from tests.unit.cwc_parcels import a_filed_parcel, a_filing
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    with simulated(tmp_path) as found:
        yield found


def filed(number: int = 1, *, senate: bool = False, **tries: Any) -> Parcel:
    """From the agent whom the simulation knows."""
    return replace(a_filed_parcel(number), cargo=filing(number, senate=senate, **tries))


def filing(number: int = 1, *, senate: bool = False, **tries: Any) -> Filing:
    """What the parcel of `filed` holds."""
    made = a_filing(number, senate=senate, **tries)
    agent = replace(made.message.agent, name=AGENT)
    return replace(made, message=replace(made.message, agent=agent))


def document(**changes: Any) -> bytes:
    return build(replace(filing().message, **changes))


def send(channel: CwcChannel, *parcels: Parcel) -> list[Outcome]:
    line, notes = channel.open(), Notes()
    line.send(parcels, notes)
    line.close()
    return list(notes.outcomes.values())


@pytest.mark.parametrize("chamber", [Chamber.HOUSE, Chamber.SENATE])
def test_a_letter_is_taken_kept_and_shown_in_the_offices_inbox(simulation: Simulation, chamber: Chamber) -> None:
    senate = chamber is Chamber.SENATE
    (outcome,) = send(simulation.channel(chamber), filed(senate=senate))
    assert outcome == Receipt(f"{201 if senate else 200} Message Accepted", f"{1:032d}")
    (kept,) = simulation.kept()
    office = "SNV01" if senate else "HNV02"
    assert (kept["chamber"], kept["office"], kept["delivery_id"]) == (str(chamber), office, f"{1:032d}")
    assert simulation.kept(kept["campaign_id"]) == [kept]
    assert simulation.kept("another") == []
    page = simulation.http.get(f"{simulation.url}/offices/{office}").text
    assert "Please support magnets" in page
    message = simulation.http.get(f"{simulation.url}/messages/1").text
    assert "I make magnets in Reno." in message
    assert simulation.http.get(f"{simulation.url}/messages/1.eml").text == kept["xml"]


def test_who_is_not_known_is_not_let_in(simulation: Simulation) -> None:
    for key in ("", "other", SENATE_KEY):
        assert simulation.post("/v2/message", document(), key=key).status_code == 401
    (outcome,) = send(simulation.channel(key="other"), filed())
    assert isinstance(outcome, Misconfigured)
    assert simulation.kept() == []


def test_another_name_than_the_registered_one_is_refused(simulation: Simulation) -> None:
    (outcome,) = send(simulation.channel(), a_filed_parcel())
    assert isinstance(outcome, Refused)
    assert "DeliveryAgent" in str(outcome)


def test_the_senate_wants_the_right_type_and_the_house_warns(simulation: Simulation) -> None:
    wrong = {"Content_Type": "text/xml"}
    assert simulation.post("/senate/message", document(), key=SENATE_KEY, **wrong).status_code == 415
    answer = simulation.post("/v2/message", document(), **wrong)
    assert (answer.status_code, "application/xml" in answer.headers["Warning"]) == (200, True)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d[:-10],
        lambda d: d + d,
        lambda d: d.replace(b"<CWC>", b"<!DOCTYPE CWC><CWC>"),
        lambda d: d.replace(b"<CWC>", b'<!DOCTYPE CWC [<!ENTITY e SYSTEM "file:///etc/hostname">]><CWC>').replace(
            b"Reno", b"&e;"
        ),
        lambda _: b"",
    ],
)
def test_what_is_no_document_is_a_parse_error(simulation: Simulation, spoil: Any) -> None:
    answer = simulation.post("/v2/message", spoil(document()))
    assert (answer.status_code, answer.text) == (400, "XML Parse Error")


@pytest.mark.parametrize("wording", ["dotnet", "relax"])
@pytest.mark.parametrize("repeats", [False, True])
def test_schema_errors_come_in_both_wordings_and_echo_what_no_outcome_repeats(
    simulation: Simulation, wording: str, repeats: bool
) -> None:
    simulation.rules(wording=wording, repeats_errors=repeats)
    spoiled = document().replace(b"<Zip>89501<", b"<Zip>zyxwvut<").replace(b"<City>Reno<", b"<City>Zq<")
    answer = simulation.post("/v2/message", spoiled)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/xml; charset=utf-8")
    assert answer.text.count("<Error>") == (4 if repeats else 2)
    assert "zyxwvut" in answer.text
    simulation.rules(faults={"HNV02": "refuse"})
    (outcome,) = send(simulation.channel(), filed())
    assert isinstance(outcome, Refused)
    assert "Email" in str(outcome)
    assert "company.example" not in f"{outcome} {outcome.answer}"
    assert not outcome.falls_through


def test_an_office_that_does_not_take_part_falls_through(simulation: Simulation) -> None:
    simulation.rules(active=["HNV01"])
    (house,) = send(simulation.channel(), filed())
    (senate,) = send(simulation.channel(Chamber.SENATE), filed(senate=True))
    for outcome in (house, senate):
        assert isinstance(outcome, Refused)
        assert outcome.falls_through
    assert isinstance(
        simulation.channel(Chamber.SENATE).rehearse(filing(senate=True)), Receipt
    )  # its test takes all 100


def test_a_rehearsal_keeps_nothing(simulation: Simulation) -> None:
    assert isinstance(simulation.channel().rehearse(filing()), Receipt)
    assert simulation.kept() == []


def test_rules_stay_over_a_restart_until_they_are_taken_back(tmp_path: Path) -> None:
    with simulated(tmp_path) as first:
        first.rules(faults={"HNV02": "503"}, wording="relax")
        first.rules(slow_s=2)
        assert (
            first.http.post(f"{first.url}/gateways/rules.json", json={"wording": "x", "pigeon": 1}).status_code == 422
        )
    with simulated(tmp_path) as again:
        told = again.http.get(f"{again.url}/gateways/rules.json").json()
        assert (told["faults"], told["wording"], told["slow_s"]) == ({"HNV02": "503"}, "relax", 2)
        assert isinstance(send(again.channel(), filed())[0], TryLater)
        assert again.http.delete(f"{again.url}/gateways/rules.json").json()["faults"] == {}
        assert isinstance(send(again.channel(), filed())[0], Receipt)
    with simulated(tmp_path) as at_last:
        assert at_last.http.get(f"{at_last.url}/gateways/rules.json").json()["wording"] == "dotnet"


def test_a_rehearsal_that_meets_a_silence_leaves_no_doubt(simulation: Simulation) -> None:
    simulation.rules(faults={"HNV02": "lost"})
    outcome = simulation.channel().rehearse(filing())
    assert isinstance(outcome, TryLater)
    assert outcome.code is None


def test_a_repeated_id_is_a_conflict_whatever_the_body(simulation: Simulation) -> None:
    channel = simulation.channel()
    first, again, ours = (send(channel, filed(try_number=number))[0] for number in (1, 1, 2))
    assert isinstance(first, Receipt)
    assert isinstance(again, Refused)
    assert isinstance(ours, Receipt)
    assert simulation.post("/v2/message", document(delivery_id=f"{1:032d}", office="HNV01")).status_code == 409
    assert len(simulation.kept()) == 1
    assert simulation.store.doubles() == {}


def test_a_line_cut_after_the_letter_was_kept_is_found_out_by_the_next_try(simulation: Simulation) -> None:
    simulation.rules(faults={"HNV02": "cut", "SNV01": "cut"})
    (house,) = send(simulation.channel(), filed())
    assert isinstance(house, Unclear)
    (first,) = send(simulation.channel(Chamber.SENATE), filed(senate=True))
    assert isinstance(first, TryLater)
    assert first.code == IN_DOUBT
    simulation.rules(faults={})
    (again,) = send(simulation.channel(Chamber.SENATE), filed(senate=True, try_number=2, in_doubt=True))
    assert isinstance(again, Receipt)
    assert len(simulation.kept()) == 2


@pytest.mark.parametrize(
    ("fault", "expected", "kept"),
    [
        ("429", TryLater, 0),
        ("503", TryLater, 0),
        ("empty", TryLater, 0),
        ("html", TryLater, 0),
        ("lost", Unclear, 0),
        ("cut", Unclear, 1),
        ("slow", Unclear, 1),
    ],
)
def test_faults_by_office(simulation: Simulation, fault: str, expected: type[Outcome], kept: int) -> None:
    simulation.rules(faults={"HNV02": fault}, slow_s=0.8)
    (outcome,) = send(simulation.channel(), filed())
    assert type(outcome) is expected
    assert len(simulation.kept()) == kept


def test_faults_by_header(simulation: Simulation) -> None:
    answer = simulation.post("/v2/message", document(), X_Simulate="429")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert simulation.post("/v2/message", document(), X_Simulate="html").status_code == 502
    assert simulation.post("/v2/message", document(), X_Simulate="nonsense").status_code == 200


def test_who_goes_too_fast_is_slowed(simulation: Simulation) -> None:
    simulation.rules(per_second=10)
    statuses = [simulation.post("/v2/message", b"").status_code for _ in range(60)]
    assert set(statuses) == {400, 429}
    assert statuses[:10] == [400] * 10


def test_in_its_hours_a_gateway_is_shut_and_the_hours_can_be_set(simulation: Simulation) -> None:
    simulation.rules(maintenance="house daily 00:00-06:00", now="2026-11-01T01:30:00")
    assert simulation.post("/v2/message", document()).status_code == 503
    assert (
        simulation.post("/senate/message", document(), key=SENATE_KEY).status_code == 400
    )  # open, and no letter for it
    simulation.rules(now="")
    assert simulation.post("/v2/message", document()).status_code == 200


def test_lists_of_offices_come_in_their_shapes(simulation: Simulation) -> None:
    simulation.rules(active=["HNV02", "SNV01", "SNV03"])
    with closing(Http()) as http:
        assert offices.fetch(simulation.gateway(Chamber.HOUSE), http) == {"HNV02"}
        assert offices.fetch(simulation.gateway(Chamber.SENATE), http) == {"SNV01", "SNV03"}
    assert simulation.http.get(f"{simulation.url}/v2/offices").status_code == 401


def test_the_agent_is_sent_an_acknowledgement_where_that_is_switched_on(simulation: Simulation, tmp_path: Path) -> None:
    postman = Postman(simulation.store, simulation.clock, tmp_path / "inbox", "agent.example")
    simulation.rules(acknowledges=True)
    send(simulation.channel(), filed())
    simulation.clock.lead(timedelta(seconds=10))
    postman.deliver_due()
    (path,) = (tmp_path / "inbox" / "new").iterdir()
    mail = message_from_bytes(path.read_bytes())
    assert parseaddr(mail["To"])[1] == "ack@agent.example"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert f"{1:032d}" in f"{mail['In-Reply-To']}"


@pytest.mark.parametrize(
    "changes", [[], {"nonsense": 1}, {"faults": {"HNV02": "earthquake"}}, {"maintenance": "always"}, {"now": "noon"}]
)
def test_rules_that_are_none_change_nothing(simulation: Simulation, changes: Any) -> None:
    before = simulation.http.get(f"{simulation.url}/gateways/rules.json").json()
    assert simulation.http.post(f"{simulation.url}/gateways/rules.json", json=changes).status_code == 422
    assert simulation.http.get(f"{simulation.url}/gateways/rules.json").json() == before


def test_many_at_once_are_each_kept_once(simulation: Simulation) -> None:
    def work() -> None:
        send(simulation.channel(), *(filed(number) for number in range(1, 21)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    ids = [each["delivery_id"] for each in simulation.kept()]
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == 20


def test_a_signed_letter_arrives_at_its_office_as_it_was_signed(simulation: Simulation, session: Session) -> None:
    """From rows to the inbox: the way that the send loop takes."""
    with transaction(session):
        company, _ = factories.company(session)
        who = factories.member(session, company, prefix="Dr.", last="Quillback")
        card = factories.recommendation(session, "P1", topics=["Energy"])
        factories.signed(session, who, factories.campaign(session, card), "P1", story="We melt magnets every day.")
        for chamber in (Chamber.HOUSE, Chamber.SENATE):
            with closing(Http()) as http:
                active_offices.refresh(
                    session, chamber, offices.fetch(simulation.gateway(chamber), http), factories.NOW
                )
    deliveries = session.execute(
        sa.select(Delivery.id, Office.chamber, Office.code).join(Office, Office.id == Delivery.office_id)
    ).all()
    agent = Agent(AGENT, "Ada Quillback", "ada@agent.example", "202-555-0100", "ack@agent.example")
    with transaction(session):
        made = cwc_filing.filings(session, [row.id for row in deliveries], dict.fromkeys(Chamber, agent), factories.NOW)
    for row in deliveries:
        (outcome,) = send(simulation.channel(row.chamber), a_parcel(row.id, cargo=made[row.id]))
        assert isinstance(outcome, Receipt)
        assert session.get_one(GatewayFiling, row.id).message_id == outcome.provider_id
    kept = simulation.kept()
    assert sorted(each["office"] for each in kept) == sorted(row.code for row in deliveries)
    assert len({each["campaign_id"] for each in kept}) == 1
    for each in kept:
        root = etree.fromstring(each["xml"].encode())
        assert root.findtext("Message/ConstituentMessage") == "We melt magnets every day."
        digest = session.scalars(
            sa.select(GatewayFiling.digest).where(GatewayFiling.message_id == each["delivery_id"])
        ).one()
        assert digest == ids.payload_digest(each["xml"].encode())
