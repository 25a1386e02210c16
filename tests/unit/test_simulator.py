"""The simulated offices: drawn the same every time, told by a letter, and never taken for real ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.channels.smtp import mime
from campaign.channels.smtp.addresses import reply_address, return_path
from campaign.channels.smtp.inbox import InboundKind, read_message
from campaign.channels.smtp.message import build
from campaign.domain.errors import Invalid
from campaign.domain.references import Token, TokenKind, TokenSigner
from campaign.simulator import scripted
from campaign.simulator.clock import Clock
from campaign.simulator.offices import AnswerKind, Behavior, Pace, Planned, Script, office_code, told_by
from campaign.simulator.pages import make_pages
from campaign.simulator.relay import read
from campaign.simulator.schedule import Postman
from campaign.simulator.store import Store
from tests.unit.parcels import a_parcel

SIGNER = TokenSigner("a secret of the tests")
LETTER = Token(TokenKind.LETTER, "0123456789abc")
DOMAIN = "bounces.countersign.example"
AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
START = AT.timestamp()
ORIGINAL = scripted.Original(
    message_id="<0123456789abc@bounces.countersign.example>",
    subject="Magnets № 1 — made in Kokomo",
    return_path=return_path(SIGNER, LETTER.kind, LETTER.reference, DOMAIN),
    reply_to=reply_address(SIGNER, LETTER.kind, LETTER.reference, DOMAIN),
    office_address="hin05@offices.example",
    office_name="Representative Åsa O’Real",
)
STAND_IN = replace(ORIGINAL, office_name="Representative Marigold Testerly (demo)")


def test_at_a_real_pace_answers_take_minutes_to_weeks() -> None:
    day = 86_400
    for number in range(200):
        ack, form = Script(pace=Pace.REAL).plan(Behavior.FORM, "hin05@offices.example", str(number))
        assert 60 <= ack.after_s <= day
        assert 5 * day <= form.after_s - ack.after_s <= 19 * day


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (scripted.bounce(ORIGINAL, AT), InboundKind.BOUNCE, "5.1.1"),
        (scripted.bounce(ORIGINAL, AT, "5.2.2", "552 5.2.2 full"), InboundKind.BOUNCE, "5.2.2"),
        (scripted.delay(ORIGINAL, AT), InboundKind.DELAY, "4.4.1"),
        (scripted.acknowledgement(ORIGINAL, AT), InboundKind.ACKNOWLEDGEMENT, None),
        (scripted.form_reply(ORIGINAL, AT), InboundKind.REPLY, None),
        (scripted.substantive_reply(STAND_IN, AT, "We will cosponsor it."), InboundKind.REPLY, None),
        (scripted.meeting_offer(STAND_IN, AT, AT + timedelta(days=9), "Come."), InboundKind.REPLY, None),
    ],
)
def test_what_the_simulation_writes_is_read_as_what_it_is(raw: bytes, kind: InboundKind, code: str | None) -> None:
    message = read_message(raw, SIGNER)
    assert (message.kind, message.code, message.token) == (kind, code, LETTER)
    assert message.written_at == AT
    said = mime.parse(raw)  # of a plain report nobody reads subject and text
    assert "simulation" in f"{mime.header(said, 'Subject')} {mime.text_of(said)}".lower()


def test_a_real_office_is_never_made_to_speak() -> None:
    for raw in (scripted.acknowledgement(ORIGINAL, AT), scripted.form_reply(ORIGINAL, AT)):
        assert scripted.NOT_THEIRS in read_message(raw, SIGNER).text
    with pytest.raises(Invalid):
        scripted.substantive_reply(ORIGINAL, AT, "We agree.")
    with pytest.raises(Invalid):
        scripted.meeting_offer(ORIGINAL, AT, AT, "Come.")


def test_a_meeting_offer_names_its_time() -> None:
    meeting = read_message(
        scripted.meeting_offer(STAND_IN, AT, AT + timedelta(days=9), "Come, please; do."), SIGNER
    ).meeting
    assert meeting is not None
    assert meeting.starts_at == AT + timedelta(days=9)
    assert meeting.organizer == STAND_IN.office_name


def test_the_same_letter_always_meets_the_same_fate_and_the_shares_hold() -> None:
    script = Script()
    fates = [script.decide("hin05@offices.example", f"<{n}@x.example>") for n in range(4000)]
    assert fates == [script.decide("HIN05@offices.example", f"<{n}@x.example>") for n in range(4000)]
    counts = Counter(fates)
    answered = counts[Behavior.ACK] + counts[Behavior.FORM]
    assert 0.50 < answered / 4000 < 0.60
    assert 0.02 < counts[Behavior.BOUNCE] / 4000 < 0.06
    assert counts[Behavior.SILENT] > 1000
    assert not {Behavior.STALL, Behavior.DROP} & set(counts), "only a letter that asks for it is left in doubt"


def test_answers_come_in_their_time() -> None:
    for number in range(200):
        ack, form = Script().plan(Behavior.FORM, "hin05@offices.example", str(number))
        assert (ack.kind, form.kind) == (AnswerKind.ACKNOWLEDGEMENT, AnswerKind.FORM)
        assert 5 <= ack.after_s <= 20
        assert 15 <= form.after_s - ack.after_s <= 30
        assert 5 <= Script().plan(Behavior.BOUNCE, "hin05@offices.example", str(number))[0].after_s <= 15


@pytest.mark.parametrize(
    ("recipient", "code", "told"),
    [
        ("hin05@offices.example", "HIN05", None),
        ("HIN05+Refuse@Offices.example", "HIN05", Behavior.REFUSE),
        ("staff@hin05.offices.example", "HIN05", None),
        ("sin01+nonsense@offices.example", "SIN01", None),
        ("ada@plant.example", None, None),
        ("ada+bounce@plant.example", None, Behavior.BOUNCE),
        ("hin05@evil-offices.example", None, None),
        ("<script>@offices.example", None, None),
    ],
)
def test_a_recipient_names_its_office_and_may_carry_an_order(
    recipient: str, code: str | None, told: Behavior | None
) -> None:
    assert (office_code(recipient), told_by(recipient)) == (code, told)


def test_the_clock_runs_at_its_speed_can_be_led_and_goes_on_after_a_restart() -> None:
    real = [START]
    clock = Clock(10, real=lambda: real[0])
    real[0] += 60
    assert clock.now() == AT + timedelta(minutes=10)
    clock.lead(timedelta(days=3))
    real[0] += 1
    expected = AT + timedelta(days=3, minutes=10, seconds=10)
    assert clock.now() == expected
    assert Clock(1, real=lambda: real[0], anchor=clock.anchor).now() == expected
    with pytest.raises(ValueError, match="forward"):
        clock.lead(timedelta(seconds=-1))


def _office_letter(recipient: str, reply_to: str | None = ORIGINAL.reply_to) -> tuple[bytes, str]:
    return build(a_parcel(to_address=recipient, reply_to=reply_to, envelope_sender=ORIGINAL.return_path)), recipient


def test_answers_reach_the_inbox_or_the_members_own_mailbox_once(tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "s.sqlite3"), Clock(real=lambda: START)
    postman = Postman(store, clock, tmp_path / "inbox", DOMAIN)
    letters = [_office_letter("hin05@offices.example"), _office_letter("hin06@offices.example", "ada@plant.example")]
    kept = [read(raw, ORIGINAL.return_path, to, START) for raw, to in letters]
    plan = [Planned(AnswerKind.ACKNOWLEDGEMENT, 5), Planned(AnswerKind.FORM, 50)]
    store.keep(kept, [plan, plan])

    assert postman.deliver_due() == 0
    clock.lead(timedelta(seconds=10))
    assert postman.deliver_due() == 2
    clock.lead(timedelta(seconds=100))
    assert postman.deliver_due() == 2
    assert postman.deliver_due() == 0

    inbox = [read_message(path.read_bytes(), SIGNER).kind for path in sorted((tmp_path / "inbox" / "new").iterdir())]
    assert Counter(inbox) == {InboundKind.ACKNOWLEDGEMENT: 2, InboundKind.REPLY: 1}
    assert [each.outcome for each in store.mailbox("ada@plant.example")] == ["answer"]
    assert store.doubles() == {}
    store.close()


def test_a_kill_between_the_file_and_its_row_brings_no_second_answer(tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "s.sqlite3"), Clock(real=lambda: START + 100)
    raw, to = _office_letter("hin05@offices.example")
    store.keep([read(raw, ORIGINAL.return_path, to, START)], [[Planned(AnswerKind.BOUNCE, 5)]])
    postman = Postman(store, clock, tmp_path / "inbox", DOMAIN)
    before_the_row = store.due(START + 100)
    postman.deliver_due()
    for answer in before_the_row:  # as a process would that had not written the row yet
        postman._deliver(answer, START + 100)
    assert len(list((tmp_path / "inbox" / "new").iterdir())) == 1
    store.close()


def test_the_pages_say_simulation_escape_what_they_show_and_answer_to_loopback_names_only(tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "s.sqlite3"), Clock(real=lambda: START)
    evil = "<script>alert(1)</script> https://act.association.example/go/abc."
    mail = build(a_parcel(to_address="ada@plant.example", subject=evil, body=evil, from_name="<b>x</b>"))
    letter, to = _office_letter("hin05@offices.example")
    store.keep([read(mail, "x@y.example", "ada@plant.example", START), read(letter, "", to, START)], [[], []])
    client = make_pages(store, clock).test_client()

    paths = ("/", "/offices/hin05", "/members/ada@plant.example", "/messages/1", "/messages/2", "/offices/none")
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200
        assert "Simulation" in page.text
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert '<a href="https://act.association.example/go/abc" rel="noreferrer">' in client.get("/messages/1").text
    assert client.get("/messages/99").status_code == 404
    assert client.get("/messages/99999999999999999999").status_code == 404
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400

    told = client.get("/messages.json?since=1").get_json()
    assert [each["office"] for each in told["messages"]] == ["HIN05"]
    assert (told["last"], told["doubles"], told["counts"]) == (2, {}, {"taken": 2})
    assert client.post("/clock.json", json={"lead_seconds": 60}).status_code == 200
    assert client.post("/clock.json", data="lead_seconds=60").status_code == 415
    assert client.post("/clock.json", json={"lead_seconds": -1}).status_code == 422
    assert clock.now() == AT + timedelta(seconds=60)
    store.close()
