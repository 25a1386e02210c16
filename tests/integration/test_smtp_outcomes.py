"""The outcome table of the smtp channel against a scripted relay: what each answer, silence and cut means."""

from __future__ import annotations

import pytest

from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.wire import Timeouts
from campaign.domain.errors import ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt
from tests.integration.loopback import CLOSE, DRIP, HANG, Sink, listening
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

SHORT = Timeouts(connect_s=2, command_s=0.4, data_end_s=0.5, stop_grace_s=0.2)
PIPELINING = ("PIPELINING", "ENHANCEDSTATUSCODES")
PLAIN = ("ENHANCEDSTATUSCODES",)


def _send(sink: Sink, *numbers: int, body: str = "Dear office,\n") -> tuple[Notes, bool]:
    """What the watcher heard over one line, and whether the line can still be used."""
    notes = Notes()
    with listening(sink):
        line = SmtpChannel("127.0.0.1", sink.port, timeouts=SHORT).open()
        try:
            line.send([a_parcel(number, body=body) for number in numbers or (1,)], notes)
            return notes, line.usable
        finally:
            line.close()


def _outcome(sink: Sink, body: str = "Dear office,\n") -> tuple[Outcome, bool]:
    notes, usable = _send(sink, body=body)
    return notes.outcomes[1], usable


@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
def test_a_refused_recipient_keeps_its_own_code_and_its_neighbours_go_out(ehlo: tuple[str, ...]) -> None:
    refused = {"rcpt": "550 5.1.1 no such person", "data": "554 5.5.1 no valid recipients"}
    busy = {"rcpt": "452 4.5.3 later please", "data": "554 5.5.1 no valid recipients"}
    sink = Sink([{}] * 6 + [refused] + [{}] * 4 + [busy] + [{}] * 8, ehlo=ehlo)

    notes, usable = _send(sink, *range(1, 21))

    assert usable
    assert sink.lines_opened == 1
    assert sink.kept == [a_parcel(n).message_id for n in range(1, 21) if n not in (7, 12)]
    assert isinstance(notes.outcomes[7], Refused)
    assert notes.code(7) == "550"
    assert isinstance(notes.outcomes[12], TryLater)
    assert notes.code(12) == "452"
    assert [key for key, outcome in notes.outcomes.items() if isinstance(outcome, Receipt)] == [
        n for n in range(1, 21) if n not in (7, 12)
    ]


@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
@pytest.mark.parametrize(
    ("script", "kind", "code", "usable"),
    [
        ({"mail": "550 5.7.1 policy"}, Misconfigured, "550", True),
        ({"mail": "451 4.3.0 later"}, TryLater, "451", True),
        ({"mail": "421 4.3.2 closing"}, TryLater, "421", False),
        ({"rcpt": "450 4.2.1 busy"}, TryLater, "450", True),
        ({"rcpt": "553 5.1.3 bad"}, Refused, "553", True),
        ({"start": "451 4.3.0 later"}, TryLater, "451", True),
        ({"start": "554 5.3.4 no"}, Refused, "554", True),
        ({"start": "250 what"}, TryLater, "250", False),
        ({"data": "451 4.3.0 later"}, TryLater, "451", True),
        ({"data": "552 5.3.4 too big"}, Refused, "552", True),
        ({"data": "421 4.3.2 closing"}, TryLater, "421", False),
        ({"data": "354 what"}, Unclear, "354", False),
        ({"data": "hello"}, Unclear, None, False),
        ({"data": HANG}, Unclear, None, False),
        ({"data": DRIP}, Unclear, None, False),
        ({"data": CLOSE}, Unclear, None, False),
        ({"rcpt": HANG}, TryLater, None, False),
        ({"rcpt": DRIP}, TryLater, None, False),
        ({"rcpt": CLOSE}, TryLater, None, False),
        ({"start": CLOSE}, TryLater, None, False),
    ],
)
def test_each_answer_has_its_one_meaning(
    ehlo: tuple[str, ...], script: dict[str, str], kind: type[ChannelError], code: str | None, usable: bool
) -> None:
    outcome, still = _outcome(Sink([script], ehlo=ehlo))
    assert type(outcome) is kind
    assert isinstance(outcome, ChannelError)
    assert outcome.code == code
    assert still is usable


@pytest.mark.parametrize("action", [CLOSE, HANG])
def test_a_line_lost_inside_the_text_has_delivered_nothing(action: str) -> None:
    # more than any socket buffer holds, so that the write itself must fail before the dot
    outcome, usable = _outcome(Sink([{"body": action}]), body="Dear office,\n" * 1_500_000)
    assert type(outcome) is TryLater
    assert not usable


def test_a_parcel_begins_only_when_its_dot_may_leave() -> None:
    notes, _ = _send(Sink([{}, {"rcpt": "550 5.1.1 no"}, {"data": "451 later"}]), 1, 2, 3)
    assert notes.told == [("begins", 1), ("outcome", 1), ("outcome", 2), ("begins", 3), ("outcome", 3)]


def test_a_recipient_refused_behind_an_open_offer_gets_a_lone_dot_and_the_line_goes_on() -> None:
    sink = Sink([{"rcpt": "550 5.1.1 no", "start": "354 go on"}, {}])
    notes, usable = _send(sink, 1, 2)
    assert (notes.kinds(), notes.code(1), usable) == (["Refused", "Receipt"], "550", True)
    assert sink.kept == [a_parcel(2).message_id]


def test_a_sender_refused_behind_an_open_offer_closes_the_line_without_a_dot() -> None:
    sink = Sink([{"mail": "550 5.7.1 no", "start": "354 go on"}, {}])
    notes, usable = _send(sink, 1, 2)
    assert (notes.kinds(), usable) == (["Misconfigured"], False)
    assert sink.kept == []


def test_letters_behind_a_lost_line_are_not_touched_where_no_other_can_be_had() -> None:
    sink = Sink([{}, {"mail": "421 4.3.2 enough"}], banners=["220 sink"], banner="421 4.3.2 not now")
    notes, usable = _send(sink, 1, 2, 3, 4)
    assert notes.kinds() == ["Receipt", "TryLater"]
    assert not usable
    second = notes.outcomes[2]
    assert isinstance(second, TryLater)
    assert sink.lines_opened == 2
    assert not second.used_a_try, "a line that had worked gives its letter back"


def test_a_first_letter_on_a_line_that_never_worked_uses_a_try() -> None:
    outcome, _ = _outcome(Sink([{"mail": "421 4.3.2 no"}]))
    assert isinstance(outcome, TryLater)
    assert outcome.used_a_try


def test_a_stop_is_asked_for_before_each_letter() -> None:
    notes = Notes(stop_after=2)
    with listening(Sink()) as sink:
        line = SmtpChannel("127.0.0.1", sink.port, timeouts=SHORT).open()
        line.send([a_parcel(number) for number in range(1, 6)], notes)
        assert line.usable
        line.close()
        line.close()
    assert list(notes.outcomes) == [1, 2]
    assert sink.kept == [a_parcel(1).message_id, a_parcel(2).message_id]


def test_answers_are_kept_without_addresses() -> None:
    outcome, _ = _outcome(Sink([{"rcpt": "550 5.1.1 <ada@plant.example> unknown, ask x.y@plant.example"}]))
    assert isinstance(outcome, Refused)
    assert outcome.answer == "550 5.1.1 [address] unknown, ask [address]"


def test_a_letter_that_cannot_be_written_touches_no_wire() -> None:
    notes = Notes()
    with listening(Sink()) as sink:
        line = SmtpChannel("127.0.0.1", sink.port, timeouts=SHORT).open()
        line.send([a_parcel(1, subject="a\r\nBcc: x@y.example"), a_parcel(2)], notes)
        line.close()
    assert notes.kinds() == ["Refused", "Receipt"]
    assert sink.transactions == 1


@pytest.mark.parametrize(
    ("sink", "kind"),
    [
        (Sink(banner="421 4.3.2 not now"), TryLater),
        (Sink(banner="554 5.3.2 never"), Misconfigured),
        (Sink(banner=HANG), TryLater),
        (Sink(banner=DRIP), TryLater),
        (Sink(banner=CLOSE), TryLater),
    ],
)
def test_a_relay_that_does_not_greet_is_no_line(sink: Sink, kind: type[ChannelError]) -> None:
    with listening(sink), pytest.raises(kind):
        SmtpChannel("127.0.0.1", sink.port, timeouts=SHORT).open()


def test_a_relay_that_is_not_there_is_tried_later() -> None:
    with listening(Sink()) as sink:
        port = sink.port
    with pytest.raises(TryLater):
        SmtpChannel("127.0.0.1", port, timeouts=SHORT).open()


@pytest.mark.parametrize(
    ("login", "kind"), [("535 5.7.8 wrong", Misconfigured), ("454 4.7.0 later", TryLater), ("235 2.7.0 welcome", None)]
)
def test_a_wrong_password_is_a_fault_of_the_settings_and_a_busy_login_is_not(
    login: str, kind: type[ChannelError] | None
) -> None:
    with listening(Sink(ehlo=("AUTH PLAIN",), login=login)) as sink:
        channel = SmtpChannel("127.0.0.1", sink.port, "countersign", "secret", timeouts=SHORT)
        if kind is None:
            channel.open().close()
        else:
            with pytest.raises(kind):
                channel.open()


def test_a_password_never_crosses_a_network_in_clear() -> None:
    with pytest.raises(Misconfigured, match="in clear"):
        SmtpChannel("relay.example.org", 587, "countersign", "secret").open()
