"""Several connections as one line: who takes which letter, what a lost connection costs, and that a stop is heard in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

import pytest

from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.line import SmtpLine
from campaign.channels.smtp.wire import Timeouts
from campaign.domain.errors import ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt
from tests.integration.loopback import CLOSE, DRIP, HANG, Sink, listening
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

SHORT = Timeouts(connect_s=2, command_s=0.4, data_end_s=0.5, stop_grace_s=0.2)
PATIENT = Timeouts(connect_s=2, command_s=5, data_end_s=5, stop_grace_s=5)
PIPELINING = ("PIPELINING", "ENHANCEDSTATUSCODES")
PLAIN = ("ENHANCEDSTATUSCODES",)


@dataclass
class Watch(Notes):
    """Also counts how many letters have begun and have no outcome, and when it was asked."""

    stop_at: float = float("inf")
    in_flight: set[int] = field(default_factory=set)
    most: int = 0
    asked: list[float] = field(default_factory=list)

    def begins(self, parcel: Parcel) -> None:
        super().begins(parcel)
        self.in_flight.add(parcel.key)
        self.most = max(self.most, len(self.in_flight))

    def outcome(self, parcel: Parcel, outcome: Outcome) -> None:
        super().outcome(parcel, outcome)
        self.in_flight.discard(parcel.key)

    def should_stop(self) -> bool:
        self.asked.append(monotonic())
        return super().should_stop() or self.asked[-1] >= self.stop_at


def _open(sink: Sink, connections: int, timeouts: Timeouts = SHORT) -> SmtpLine:
    return SmtpChannel("127.0.0.1", sink.port, timeouts=timeouts, connections=connections).open()


def _sent(
    sink: Sink, parcels: Sequence[Parcel], connections: int = 1, watch: Watch | None = None, timeouts: Timeouts = SHORT
) -> tuple[Watch, SmtpLine]:
    """What the watcher saw, and the line, which is closed."""
    watch = watch or Watch()
    with listening(sink):
        line = _open(sink, connections, timeouts)
        line.send(parcels, watch)
        usable = line.usable
        line.close()
    watch.told.append(("usable", usable))
    return watch, line


def _letters(number: int) -> list[Parcel]:
    return [a_parcel(n) for n in range(1, number + 1)]


def _ids(parcels: Sequence[Parcel]) -> list[str]:
    return sorted(parcel.message_id for parcel in parcels)


# who takes which letter


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
def test_a_refusal_inside_a_batch_leaves_its_neighbors_alone_over_any_number_of_connections(
    ehlo: tuple[str, ...], connections: int
) -> None:
    nobody, busy = "nobody@offices.example", "busy@offices.example"
    sink = Sink(
        ehlo=ehlo,
        recipients={
            nobody: {"rcpt": "550 5.1.1 no such person", "data": "554 5.5.1 no valid recipients"},
            busy: {"rcpt": "452 4.5.3 later please", "data": "554 5.5.1 no valid recipients"},
        },
    )
    special = {7: nobody, 12: busy}
    parcels = [a_parcel(n, to_address=special.get(n, "hin05@offices.example")) for n in range(1, 21)]

    watch, _ = _sent(sink, parcels, connections)

    assert sorted(sink.kept) == _ids([parcel for parcel in parcels if parcel.key not in special])
    assert isinstance(watch.outcomes[7], Refused)
    assert watch.code(7) == "550"
    assert isinstance(watch.outcomes[12], TryLater)
    assert watch.code(12) == "452"
    assert watch.kinds().count("Receipt") == 18
    assert watch.told[-1] == ("usable", True)


@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
def test_each_connection_has_one_letter_in_flight_and_no_more(ehlo: tuple[str, ...]) -> None:
    watch, line = _sent(Sink(ehlo=ehlo, late_s=0.05), _letters(20), 4, timeouts=PATIENT)
    assert watch.kinds() == ["Receipt"] * 20
    assert watch.most == 4
    assert line.dials == 4


def test_one_letter_needs_one_connection() -> None:
    sink = Sink()
    _sent(sink, _letters(1), 8)
    assert sink.lines_opened == 1


def test_commands_of_the_next_letter_travel_with_the_dot_of_the_last() -> None:
    sink = Sink()
    _sent(sink, _letters(3))
    assert sink.commands == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3, "QUIT"]
    assert sink.transactions == 3


def test_a_line_serves_many_batches_over_the_same_connections() -> None:
    watch = Watch()
    with listening(Sink(late_s=0.01)) as sink:
        line = _open(sink, 3, PATIENT)
        for start in (1, 11, 21):
            line.send([a_parcel(n) for n in range(start, start + 10)], watch)
        line.close()
    assert watch.kinds() == ["Receipt"] * 30
    assert (line.dials, sink.lines_opened) == (3, 3)
    assert sink.commands.count("QUIT") == 3


# lost connections


def test_a_relay_with_three_places_takes_all_letters() -> None:
    sink = Sink(places=3, late_s=0.01)
    watch, line = _sent(sink, _letters(40), 8, timeouts=PATIENT)
    assert sorted(sink.kept) == _ids(_letters(40))
    assert watch.kinds() == ["Receipt"] * 40
    assert line.dials == 8


@pytest.mark.parametrize("goodbye", ["421 4.3.2 enough for one line", CLOSE])
@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("ehlo", [PIPELINING, PLAIN])
def test_a_relay_that_ends_each_line_after_some_letters_takes_all_of_them_once(
    ehlo: tuple[str, ...], connections: int, goodbye: str
) -> None:
    sink = Sink(ehlo=ehlo, per_line=4, goodbye=goodbye)
    watch, line = _sent(sink, _letters(22), connections, timeouts=PATIENT)
    assert watch.kinds() == ["Receipt"] * 22
    assert sorted(sink.kept) == _ids(_letters(22))
    assert watch.told[-1] == ("usable", True)
    assert line.dials == sink.lines_opened >= 6


def test_a_letter_that_loses_two_lines_has_used_a_try() -> None:
    closing = {"bad@offices.example": {"rcpt": "421 4.3.2 I do not like it"}}
    parcels = [a_parcel(1), a_parcel(2), a_parcel(3, to_address="bad@offices.example"), a_parcel(4)]
    watch, _ = _sent(Sink(recipients=closing), parcels, 2, timeouts=PATIENT)
    outcome = watch.outcomes[3]
    assert isinstance(outcome, TryLater)
    assert (outcome.code, outcome.used_a_try) == ("421", True)
    assert [n for n, each in watch.outcomes.items() if isinstance(each, Receipt)] in ([1, 2, 4], [1, 2], [2, 1, 4])


@pytest.mark.parametrize("connections", [1, 3])
def test_a_connection_that_left_a_letter_unclear_is_not_dialed_again(connections: int) -> None:
    lost = {"lost@offices.example": {"data": CLOSE}}
    parcels = [a_parcel(n, to_address="lost@offices.example" if n > 6 else "x@offices.example") for n in range(1, 30)]
    sink = Sink(recipients=lost)
    watch, line = _sent(sink, parcels, connections, timeouts=PATIENT)
    assert sorted(watch.kinds()) == ["Receipt"] * 6 + ["Unclear"] * connections
    assert watch.told[-1] == ("usable", False)
    assert line.dials == connections


def test_connections_that_the_relay_closed_while_they_were_idle_are_dialed_again() -> None:
    sink = Sink(per_line=1)
    watch = Watch()
    with listening(sink):
        line = _open(sink, 1, PATIENT)
        for n in (1, 2, 3):
            line.send([a_parcel(n)], watch)
            assert line.usable
        line.close()
    assert watch.kinds() == ["Receipt"] * 3
    assert line.dials == 3


@pytest.mark.parametrize("action", [HANG, DRIP, CLOSE, "421 4.3.2 no"])
def test_one_bad_connection_does_not_stop_the_others(action: str) -> None:
    sink = Sink([{"rcpt": action}], late_s=0.01)
    watch, _ = _sent(sink, _letters(30), 3)
    kinds = watch.kinds()
    assert (kinds.count("Receipt"), kinds.count("TryLater"), len(kinds)) == (29, 1, 30)
    assert watch.told[-1] == ("usable", True)


def test_a_dial_that_hangs_takes_no_letter_and_no_time() -> None:
    sink = Sink(banners=["220 sink", HANG, HANG])
    began = monotonic()
    watch, _ = _sent(sink, _letters(20), 3, timeouts=PATIENT)
    assert watch.kinds() == ["Receipt"] * 20
    assert monotonic() - began < 2


def test_a_relay_that_has_gone_leaves_the_letters_untouched() -> None:
    watch = Watch()
    with listening(Sink()) as sink:
        line = _open(sink, 4)
        line.send([a_parcel(1)], watch)
    line.send([a_parcel(n) for n in range(2, 9)], watch)
    assert not line.usable
    line.close()
    assert not any(isinstance(outcome, Unclear | Refused) for outcome in watch.outcomes.values())
    assert all(not outcome.used_a_try for outcome in watch.outcomes.values() if isinstance(outcome, TryLater))
    assert [what for what, _ in watch.told].count("begins") == 1


# answers that come early, or never end


@pytest.mark.parametrize(
    ("early", "kind"),
    [("250 2.0.0 taken already", Unclear), ("554 5.7.1 no", Refused), ("451 4.3.0 later", TryLater)],
)
def test_an_answer_before_the_dot_ends_the_line_and_a_yes_is_no_receipt(early: str, kind: type[ChannelError]) -> None:
    watch, _ = _sent(Sink([{"start": f"354 go on\r\n{early}"}]), _letters(2))
    assert type(watch.outcomes[1]) is kind
    assert watch.told == [("outcome", 1), ("usable", False)]


@pytest.mark.parametrize("early", ["250 2.0.0 taken already", "552 5.3.4 too big"])
def test_an_answer_in_the_middle_of_a_long_text_is_heard(early: str) -> None:
    parcel = a_parcel(1, body="Dear office,\n" * 1_500_000)
    watch, _ = _sent(Sink([{"body": early}]), [parcel], timeouts=PATIENT)
    assert watch.told[0] == ("outcome", 1)
    assert isinstance(watch.outcomes[1], Unclear if early.startswith("250") else Refused)


@pytest.mark.parametrize(
    "endless", ["250-and\r\n" * 101 + "250 so on", "250 " + "x" * 5000, "250-" + "x" * 500_000, "25", "+50 yes", "ok"]
)
@pytest.mark.parametrize("phase", ["mail", "data"])
def test_answers_without_end_or_sense_end_the_line(phase: str, endless: str) -> None:
    watch, _ = _sent(Sink([{phase: endless}]), _letters(1))
    assert type(watch.outcomes[1]) is (TryLater if phase == "mail" else Unclear)
    assert watch.told[-1] == ("usable", False)


def test_a_hundred_lines_are_still_an_answer() -> None:
    watch, _ = _sent(Sink([{"data": "250-and\r\n" * 99 + "250 2.0.0 queued as 4D2A11"}]), _letters(1))
    outcome = watch.outcomes[1]
    assert isinstance(outcome, Receipt)
    assert outcome.provider_id == "4D2A11"


# stops and ticks


def test_letters_in_flight_finish_after_a_stop_and_no_other_begins() -> None:
    watch = Watch(stop_at=monotonic() + 0.3)
    sink = Sink(late_s=0.2)
    _sent(sink, _letters(50), 4, watch, timeouts=PATIENT)
    begun = [key for what, key in watch.told if what == "begins"]
    assert sorted(watch.outcomes) == sorted(begun)
    assert set(watch.kinds()) == {"Receipt"}
    assert 4 <= len(begun) <= 12
    assert sorted(sink.kept) == _ids([a_parcel(n) for n in begun])


def test_a_stop_is_not_kept_waiting_by_a_relay_that_says_nothing() -> None:
    timeouts = Timeouts(connect_s=2, command_s=60, data_end_s=60, stop_grace_s=0.3)
    watch = Watch(stop_at=monotonic() + 0.2)
    began = monotonic()
    _sent(Sink([{"data": HANG}, {"rcpt": HANG}]), _letters(5), 2, watch, timeouts)
    assert monotonic() - began < 3
    assert sorted(watch.kinds()) == ["TryLater", "Unclear"]


def test_the_watcher_is_asked_at_least_every_half_second() -> None:
    timeouts = Timeouts(connect_s=2, command_s=5, data_end_s=1.8, stop_grace_s=5)
    watch = Watch()
    _sent(Sink([{"data": DRIP}]), _letters(1), 1, watch, timeouts)
    gaps = [later - earlier for earlier, later in zip(watch.asked, watch.asked[1:], strict=False)]
    assert max(gaps) < 0.8
    assert len(watch.asked) < 12, "and it is no busy loop"


def test_what_a_watcher_raises_ends_the_line_and_reaches_the_caller() -> None:
    class Broken(Watch):
        def outcome(self, _parcel: Parcel, _outcome: Outcome) -> None:
            raise RuntimeError("the journal is full")

    with listening(Sink()) as sink:
        line = _open(sink, 3)
        with pytest.raises(RuntimeError, match="journal"):
            line.send(_letters(10), Broken())
        assert not line.usable
        line.close()
        assert "QUIT" not in sink.commands


# entering


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        ("AUTH LOGIN PLAIN", ["AUTH PLAIN AGFkYQBzZWNyZXQ="]),
        ("AUTH=LOGIN", ["AUTH LOGIN", "YWRh", "c2VjcmV0"]),
    ],
)
def test_a_login_uses_what_the_relay_offers(ways: str, said: list[str]) -> None:
    with listening(Sink(ehlo=(ways,))) as sink:
        SmtpChannel("127.0.0.1", sink.port, "ada", "secret", timeouts=SHORT).open().close()
    assert sink.said == said


def test_a_relay_without_a_known_login_is_a_fault_of_the_settings() -> None:
    with listening(Sink(ehlo=("AUTH CRAM-MD5",))) as sink, pytest.raises(Misconfigured, match="no login"):
        SmtpChannel("127.0.0.1", sink.port, "ada", "secret", timeouts=SHORT).open()
    assert "AUTH" not in sink.commands


def test_a_relay_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    sink = Sink(hello="502 5.5.1 what")
    watch, _ = _sent(sink, _letters(2))
    assert watch.kinds() == ["Receipt"] * 2
    assert sink.commands[:3] == ["EHLO", "HELO", "MAIL"]


def test_a_relay_that_is_busy_when_greeted_is_tried_later() -> None:
    with listening(Sink(hello="451 4.3.0 later")) as sink, pytest.raises(TryLater):
        SmtpChannel("127.0.0.1", sink.port, timeouts=SHORT).open()


def test_a_name_that_leads_nowhere_is_tried_later() -> None:
    with pytest.raises(TryLater, match="name"):
        SmtpChannel("relay.invalid.", 25, timeouts=SHORT).open()
