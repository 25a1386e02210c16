"""The smtp channel against the simulated relay: what is taken lies in its file before the channel hears a yes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.wire import Timeouts
from campaign.domain.errors import Refused, TryLater, Unclear
from campaign.domain.parcels import Parcel, Receipt
from campaign.simulator.clock import Clock
from campaign.simulator.offices import QUIET, Script
from campaign.simulator.relay import RelayHandler
from campaign.simulator.store import Store
from tests.integration.loopback import relaying
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

START = 1_795_000_000.0
SHORT = Timeouts(connect_s=2, command_s=2, data_end_s=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "simulator.sqlite3")
    yield store
    store.close()


def _send(store: Store, script: Script, *parcels: Parcel) -> Notes:
    handler = RelayHandler(store, script, Clock(real=lambda: START))
    notes = Notes()
    with relaying(handler) as port:
        channel = SmtpChannel("127.0.0.1", port, timeouts=SHORT)
        line = channel.open()
        for parcel in parcels:
            if not line.usable:
                line.close()
                line = channel.open()
            line.send([parcel], notes)
        line.close()
    return notes


def test_what_was_accepted_is_kept_once_with_its_words(store: Store) -> None:
    name = "Ada Łukasik, Plant “Manager”"
    body = "Dear Representative,\n.\n.. a dot, an é and a 🧲\n" + "long " * 400
    notes = _send(
        store, QUIET, *(a_parcel(n, from_name=name, subject=f"Magnets № {n}", body=body) for n in range(1, 31))
    )

    assert set(notes.kinds()) == {"Receipt"}
    kept = store.messages()
    assert [each.message_id for each in kept] == [a_parcel(n).message_id for n in range(1, 31)]
    assert kept[0].body == body
    assert kept[0].subject == "Magnets № 1"
    assert name in kept[0].from_header
    assert (kept[0].office, kept[0].envelope_from) == ("HIN05", a_parcel(1).envelope_sender)
    assert store.doubles() == {}


def test_a_letter_handed_over_twice_is_seen_as_a_double(store: Store) -> None:
    _send(store, QUIET, a_parcel(1))
    _send(store, QUIET, a_parcel(1))
    assert store.doubles() == {a_parcel(1).message_id: 2}


def test_a_letter_may_say_what_becomes_of_it(store: Store) -> None:
    def told(number: int, word: str) -> Parcel:
        return a_parcel(number, headers=(("X-Simulate", word),))

    notes = _send(
        store,
        Script(draws=False, stall_s=30),
        a_parcel(1, to_address="hin05+refuse@offices.example"),
        a_parcel(2, to_address="hin05+busy@offices.example"),
        told(3, "refuse"),
        told(4, "busy"),
        told(5, "drop"),
        told(6, "stall"),
        told(7, "bounce"),
        told(8, "form"),
    )
    kinds = [Refused, TryLater, Refused, TryLater, Unclear, Unclear, Receipt, Receipt]
    assert [type(outcome) for outcome in notes.outcomes.values()] == kinds
    assert {each.message_id: each.outcome for each in store.messages()} == {
        a_parcel(5).message_id: "dropped",
        a_parcel(7).message_id: "taken",
        a_parcel(8).message_id: "taken",
    }
    assert sorted(answer.kind for answer in store.due(START + 1000)) == [
        "acknowledgement",
        "acknowledgement",
        "bounce",
        "form",
    ]


def test_an_office_that_was_busy_once_takes_the_letter_the_second_time(store: Store) -> None:
    always_busy = Script(refuse=0, busy=1)
    assert _send(store, always_busy, a_parcel(1)).kinds() == ["TryLater"]
    assert _send(store, always_busy, a_parcel(1)).kinds() == ["Receipt"]


def test_mail_to_members_is_kept_for_their_mailbox(store: Store) -> None:
    _send(store, Script(), a_parcel(1, to_address="Ada@plant.example", html="<p>Hello</p>"))
    assert store.mailboxes() == [("ada@plant.example", 1)]
    assert store.offices() == []
    assert store.mailbox("ada@plant.example")[0].body.startswith("Dear Representative")
