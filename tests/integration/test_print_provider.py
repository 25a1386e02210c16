"""The print provider's channel against its stand-in: what is repeated is one letter, and the key is in no text."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from campaign.app import create_app
from campaign.channels.base import Channel
from campaign.channels.http import Http
from campaign.channels.printing import house_events
from campaign.channels.printing.letter import PrintedLetter
from campaign.channels.printing.prices import Prices
from campaign.channels.printing.provider import PostChannel, PostValues, Provider, address
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import IN_DOUBT, Invalid, Misconfigured, NotAllowed, TryLater, WrongState
from campaign.domain.events import EventKind
from campaign.domain.parcels import Parcel, Receipt
from campaign.domain.statuses import Status
from campaign.models.delivery import Delivery
from campaign.models.event import Event
from campaign.models.letter import Letter
from campaign.runtime import runtime
from campaign.services import decisions, metrics, print_events, stories
from campaign.services.decisions import Decision
from campaign.settings import Settings
from campaign.simulator.clock import Clock
from campaign.simulator.printer import add_printer, as_event, tell_due
from campaign.simulator.printer_store import PrinterStore
from campaign.web.actions import record
from tests.factories import NOW, SET_UP
from tests.integration.test_print_batches import on_paper
from tests.unit import channel_contract
from tests.unit.channel_contract import MachineChannel
from tests.unit.parcels import a_parcel
from tests.unit.test_printing import LETTER
from tests.unit.watchers import Notes

KEY = "test_0123456789abcdef"
SECRET = "a secret of the hook, long enough"
AT = 1_800_000_000.0


def posted(number: int = 1, /, to: str = "The Honorable Marigold Testerly", **changes: Any) -> Parcel:
    reference = f"{number:013d}"
    letter = replace(
        LETTER,
        id=reference,
        to_lines=(to, "United States House of Representatives", "511 Cannon", "Washington, DC 20515"),
    )
    return a_parcel(number, **({"cargo": letter} | changes))


@dataclass
class House:
    url: str
    store: PrinterStore
    clock: Clock


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    app, store = Flask("house"), PrinterStore(tmp_path / "printer.sqlite3")
    clock = Clock(1.0, real=lambda: AT)
    add_printer(app, store, clock)
    with _served(app) as url:
        yield House(url, store, clock)
    store.close()


class TestPost(MachineChannel):
    @pytest.fixture(autouse=True)
    def _with_cargo(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(channel_contract, "a_parcel", posted)

    @pytest.fixture
    def channel(self, house: House) -> Channel:
        return PostChannel(PostValues(house.url, KEY))


def sent(house: House, *parcels: Parcel, key: str = KEY, prices: Prices = Prices()) -> Notes:  # noqa: B008 - frozen
    notes, line = Notes(), PostChannel(PostValues(house.url, key, prices=prices)).open()
    line.send(parcels, notes)
    line.close()
    return notes


def test_the_same_letter_twice_is_one_letter_with_one_receipt(house: House) -> None:
    first, again = (sent(house, posted(7)).outcomes[7] for _ in range(2))
    assert isinstance(first, Receipt) and first == again
    assert first.provider_id and first.provider_id.startswith("ltr_")
    assert len(house.store.letters()) == 1


def test_a_letter_whose_answer_was_lost_is_found_and_not_printed_twice(house: House) -> None:
    lost = sent(house, posted(7, to="Simulate-lost")).outcomes[7]
    assert isinstance(lost, TryLater) and lost.code == IN_DOUBT
    found = sent(house, posted(7, to="Simulate-lost")).outcomes[7]
    assert isinstance(found, Receipt)
    assert [found.provider_id] == [letter.id for letter in house.store.letters()]


def test_a_used_idempotency_key_gives_the_receipt_of_the_first_request(house: House) -> None:
    provider = Provider(PostValues(house.url, KEY), Http())
    letter = posted(7).cargo
    assert isinstance(letter, PrintedLetter)
    pdf = provider.render(letter).pdf
    one, two = (provider.submit(letter, pdf, letter.id, "key-1") for _ in range(2))
    assert one == two
    assert len(house.store.letters()) == 1
    assert provider.known(letter.id) == one
    assert provider.cancel(str(one.provider_id)) is True
    house.clock.lead(timedelta(days=3))
    late = provider.submit(letter, pdf, letter.id, "key-2")
    house.clock.lead(timedelta(days=2))
    assert provider.cancel(str(late.provider_id)) is False
    provider.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("429", "TryLater"),
        ("500", "TryLater"),
        ("503", "TryLater"),
        ("401", "Misconfigured"),
        ("403", "Misconfigured"),
        ("404", "Misconfigured"),
        ("422", "Refused"),
        ("400", "Refused"),
        ("409", "TryLater"),
    ],
)
def test_each_answer_of_the_house_has_its_outcome(house: House, fault: str, kind: str) -> None:
    notes = sent(house, posted(7, to=f"Simulate-{fault}"))
    assert notes.kinds() == [kind]
    assert house.store.letters() == []
    outcome = notes.outcomes[7]
    assert KEY not in str(vars(outcome)) and "Simulate" not in str(outcome)
    if fault == "429":
        assert isinstance(outcome, TryLater) and outcome.retry_after_s == 7


def test_a_fault_in_the_middle_of_a_batch_harms_no_other_letter(house: House) -> None:
    notes = sent(house, posted(1), posted(2, to="Simulate-422"), posted(3))
    assert notes.kinds() == ["Receipt", "Refused", "Receipt"]


def test_a_house_that_is_not_there_takes_nothing_and_is_tried_later() -> None:
    notes, line = Notes(), PostChannel(PostValues("http://127.0.0.1:9", KEY)).open()
    line.send([posted(1)], notes)
    line.close()
    assert (notes.kinds(), notes.told) == (["TryLater"], [("outcome", 1)])


def test_a_letter_that_cannot_be_printed_is_refused_before_anything_leaves(house: House) -> None:
    bad = posted(7)
    assert isinstance(bad.cargo, PrintedLetter)
    notes = sent(house, replace(bad, cargo=replace(bad.cargo, body=("漢字",))))
    assert notes.told == [("outcome", 7)]
    assert notes.kinds() == ["Refused"]


@pytest.mark.parametrize("url", ["http://house.example", "ftp://house.example", "", "https://"])
def test_letters_cross_no_network_in_clear(url: str) -> None:
    with pytest.raises(Misconfigured):
        PostChannel(PostValues(url, KEY)).open()
    assert KEY not in repr(PostValues(url, KEY))


def test_problems_are_named_before_the_house_would_refuse() -> None:
    channel = PostChannel(PostValues("https://house.example", KEY))
    assert channel.problems(posted()) == []
    assert channel.problems(a_parcel()) == ["the letter was not laid out for print"]
    letter = posted().cargo
    assert isinstance(letter, PrintedLetter)
    (found,) = channel.problems(posted(cargo=replace(letter, to_lines=("The Honorable", "Somewhere"))))
    assert "addressee" in found


def test_an_envelopes_lines_become_the_fields_of_the_house() -> None:
    assert address(("Ada", "House", "511 Cannon", "Room 2", "Washington, DC 20515-1234")) == {
        "name": "Ada",
        "company": "House",
        "address_line1": "511 Cannon",
        "address_line2": "Room 2",
        "address_city": "Washington",
        "address_state": "DC",
        "address_zip": "20515-1234",
    }
    assert address(("Ada", "1 Way", "Kokomo, IN 46902"))["address_line1"] == "1 Way"
    for lines in ((), ("Ada",), ("Ada", "Kokomo, IN 46902"), ("A", "b", "c", "d", "e", "Kokomo, IN 46902")):
        with pytest.raises(Invalid):
            address(lines)


@pytest.mark.parametrize(
    ("duplex", "words"),
    [
        (False, ["1 sheet, $0.95 as agreed", "2 sheets, $1.05 as agreed", "5 sheets, $1.35 as agreed"]),
        (True, ["1 sheet, $0.95 as agreed", "1 sheet, $0.95 as agreed", "3 sheets, $1.15 as agreed"]),
    ],
)
def test_a_quote_counts_sheets(duplex: bool, words: list[str]) -> None:
    provider = Provider(PostValues("https://house.example", KEY, duplex, Prices(95, 10)), Http())
    assert [provider.quote(pages) for pages in (1, 2, 5)] == words
    provider.close()


@pytest.mark.parametrize(("prices", "told"), [(Prices(), ""), (Prices(1095, 10), ", 1 sheet, $10.95 as agreed")])
def test_a_receipt_says_what_the_letter_costs_where_prices_are_known(house: House, prices: Prices, told: str) -> None:
    outcome = sent(house, posted(1), prices=prices).outcomes[1]
    assert isinstance(outcome, Receipt)
    assert re.fullmatch(rf"taken for print, expected \d{{4}}-\d\d-\d\d{re.escape(told)}", outcome.answer)


def test_everything_of_the_house_says_that_nothing_is_printed(house: House) -> None:
    sent(house, posted(1))
    http = Http()
    for path in ("/printer", "/v1/letters", "/v1/events"):
        answer = http.ask("GET", house.url + path, headers={"Authorization": "Basic dGVzdDo="})
        assert "othing is printed (simulation)" in answer.body, path
    assert http.ask("GET", house.url + "/v1/letters").status == 401
    http.close()


# --- notices --------------------------------------------------------------------------------------------------------


def on_its_way() -> Letter:
    """A letter that the house has taken."""
    _, letters = on_paper()
    with transaction(_session()) as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.letter_id == letters[0].id)
            .values(channel=ChannelName.PRINT_PROVIDER, status=Status.ACCEPTED, provider_id="ltr_1")
        )
        metrics.rebuild(session)
    return letters[0]


def _session() -> Session:
    from campaign.extensions import db

    return db.session()


def notice(letter: str, word: str, number: str = "evt_1", house: str = "ltr_1") -> bytes:
    return json.dumps(
        {
            "id": number,
            "date_created": NOW.isoformat(),
            "event_type": {"id": word},
            "body": {"id": house, "metadata": {"letter": letter}},
        }
    ).encode()


def read(body: bytes, now: datetime = NOW) -> house_events.Notice:
    stamp = str(int(now.timestamp()))
    return house_events.on_event(body, stamp, house_events.signature(SECRET, stamp, body), SECRET, now)


@pytest.mark.parametrize(
    ("word", "kind", "status"),
    [
        ("letter.created", EventKind.PRINTING, Status.ACCEPTED),
        ("letter.mailed", EventKind.MAILED, Status.ACCEPTED),
        ("letter.in_transit", EventKind.IN_TRANSIT, Status.ACCEPTED),
        ("letter.re-routed", EventKind.IN_TRANSIT, Status.ACCEPTED),
        ("letter.delivered", EventKind.DELIVERED, Status.DELIVERED),
        ("letter.returned_to_sender", EventKind.BOUNCED, Status.BOUNCED),
        ("letter.brand_new_word", EventKind.UNKNOWN, Status.ACCEPTED),
    ],
)
def test_a_notice_moves_its_letter_once_by_the_table(
    each_session: Session, word: str, kind: EventKind, status: Status
) -> None:
    letter = on_its_way()
    body = notice(letter.reference, word)
    for _ in range(2):
        with transaction(each_session) as session:
            print_events.take(session, read(body), body, NOW)
    row = each_session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    assert row.status is status
    assert each_session.scalars(sa.select(Event.kind)).all() == [kind]
    assert metrics.differences(each_session) == []


def test_what_was_mailed_is_told_as_such_and_settles_an_unclear_letter(each_session: Session) -> None:
    letter = on_its_way()
    with transaction(each_session) as session:
        session.execute(sa.update(Delivery).where(Delivery.letter_id == letter.id).values(status=Status.UNCLEAR))
        metrics.rebuild(session)
    for number, word in enumerate(("letter.mailed", "letter.in_transit")):
        body = notice(letter.reference, word, f"evt_{number}")
        with transaction(each_session) as session:
            print_events.take(session, read(body), body, NOW)
    row = each_session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    assert row.status is Status.ACCEPTED
    assert metrics.differences(each_session) == []
    steps = {step.text: step.tone for step in record.steps(stories.story(each_session, letter))}
    assert steps["Printed and given to the mail"] == "g"
    assert steps["In the mail, on its way"] == "g"
    assert "Their mail system still tries to hand it on" not in steps


def test_what_the_mail_brought_back_goes_another_way_and_no_late_notice_moves_it(each_session: Session) -> None:
    """The provider has it under our mark already and would answer a second request with the first letter's receipt."""
    letter = on_its_way()
    row = each_session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    back = notice(letter.reference, "letter.returned_to_sender")
    with transaction(each_session) as session:
        print_events.take(session, read(back), back, NOW)
    with transaction(each_session) as session, pytest.raises(WrongState):
        decisions.decide(session, row.id, Decision.SEND_AGAIN, SET_UP, NOW, "", "user:1")
    with transaction(each_session) as session:
        decisions.decide(session, row.id, Decision.ANOTHER_WAY, SET_UP, NOW, "", "user:1")
    late = notice(letter.reference, "letter.delivered", "evt_2")
    with transaction(each_session) as session:
        assert print_events.take(session, read(late), late, NOW) is None
    ways = each_session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id).order_by(Delivery.id)).all()
    assert [(way.channel, way.status) for way in ways] == [
        (ChannelName.PRINT_PROVIDER, Status.BOUNCED),
        (ChannelName.PRINT, Status.QUEUED),
    ]
    assert metrics.differences(each_session) == []


def test_a_notice_of_another_houses_letter_or_of_none_is_kept_and_changes_nothing(each_session: Session) -> None:
    letter = on_its_way()
    for number, (mark, house_id) in enumerate(
        [(letter.reference, "ltr_2"), ("0000000000000", "ltr_1"), ("x", "ltr_1")]
    ):
        body = notice(mark, "letter.delivered", f"evt_{number}", house_id)
        with transaction(each_session) as session:
            assert print_events.take(session, read(body), body, NOW) is None
    kept = each_session.scalars(sa.select(Event)).all()
    assert [event.delivery_id for event in kept] == [None] * 3
    assert {event.kind for event in kept} == {EventKind.DELIVERED}


def test_a_notice_needs_a_fresh_signature_of_the_house() -> None:
    body = notice("0000000000000", "letter.delivered")
    stamp = str(int(NOW.timestamp()))
    good = house_events.signature(SECRET, stamp, body)
    house_events.on_event(body, stamp, good, SECRET, NOW)
    for args in (
        (body + b" ", stamp, good, SECRET, NOW),
        (body, str(int(stamp) + 1), good, SECRET, NOW),
        (body, stamp, "", SECRET, NOW),
        (body, stamp, "ü", SECRET, NOW),
        (body, stamp, house_events.signature("", stamp, body), "", NOW),
        (body, stamp, good, SECRET, NOW + timedelta(minutes=6)),
        (body, "x", house_events.signature(SECRET, "x", body), SECRET, NOW),
    ):
        with pytest.raises(NotAllowed):
            house_events.on_event(*args)
    for bad in (b"", b"[]", b"{}", b"[" * 100_000, b'{"id": 1}', b"\xff", body.replace(b"evt_1", b"e" * 200)):
        with pytest.raises(Invalid):
            read(bad)


def test_the_house_tells_our_hook_and_a_letter_becomes_delivered(app: Flask, house: House) -> None:
    letter = on_its_way()
    settings: Settings = replace(runtime().settings, print_provider_hook_secret=SECRET)
    with _served(create_app(settings)) as url:
        wanted = posted(1)
        assert isinstance(wanted.cargo, PrintedLetter)
        provider = Provider(PostValues(house.url, KEY), Http())
        receipt = provider.submit(wanted.cargo, provider.render(wanted.cargo).pdf, letter.reference, "key")
        provider.close()
        with transaction(_session()) as session:
            session.execute(
                sa.update(Delivery).where(Delivery.letter_id == letter.id).values(provider_id=receipt.provider_id)
            )
        house.clock.lead(timedelta(days=10))
        now = house.clock.seconds()
        hook = f"{url}/hooks/print"
        assert tell_due(house.store, now, hook, "a wrong secret of the hook", _real) == 0
        assert tell_due(house.store, now, hook, SECRET, _real) == 4
        assert tell_due(house.store, now, hook, SECRET, _real) == 0
    _session().rollback()
    row = _session().scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    assert row.status is Status.DELIVERED
    assert len(house.store.happened(now)) == 4
    assert as_event(house.store.happened(now)[0])["event_type"] == {"id": "letter.created"}


def _real() -> float:
    return datetime.now(UTC).timestamp()


def test_without_a_secret_there_is_no_hook(client: Any) -> None:
    assert client.post("/hooks/print", data=b"{}").status_code == 404
