"""The channel against receivers on loopback that answer by list: every line of the outcome table, and where the key goes."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from campaign.channels.base import Channel
from campaign.channels.cwc import checker, offices, windows
from campaign.channels.cwc.client import CwcChannel
from campaign.channels.cwc.gateway import Gateway, house_urls
from campaign.channels.cwc.message import Barred, Filing
from campaign.channels.http import Http
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt
from tests.integration.http_script import CUT, HANG, Says, scripted
from tests.unit.channel_contract import MachineChannel
from tests.unit.cwc_parcels import a_filed_parcel, a_filing, a_senate_parcel
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

KEY = "SECRETKEY0123456789"
NOON = datetime(2026, 6, 15, 16, 0, tzinfo=UTC)


def gateway(url: str, chamber: Chamber = Chamber.HOUSE, **changes: Any) -> Gateway:
    message, test, listed = house_urls(url)
    made = Gateway(
        chamber,
        message,
        test_url=test,
        offices_url=listed,
        key=KEY,
        simulated=True,
        repeat_is_safe=chamber is Chamber.SENATE,
    )
    return replace(made, **changes)


def channel_to(url: str, chamber: Chamber = Chamber.HOUSE, now: datetime = NOON, **changes: Any) -> CwcChannel:
    return CwcChannel(
        gateway(url, chamber, **changes),
        clock=lambda: now,
        http=lambda: Http(connect_s=0.5, silence_s=0.3, whole_s=0.6),
    )


class TestHouse(MachineChannel):
    @pytest.fixture
    def channel(self) -> Iterator[Channel]:
        with scripted() as script:
            yield CwcChannel(gateway(script.url), clock=lambda: NOON)

    @pytest.fixture
    def make_parcel(self) -> Callable[..., Parcel]:
        return a_filed_parcel


class TestSenate(MachineChannel):
    @pytest.fixture
    def channel(self) -> Iterator[Channel]:
        with scripted(Says(201)) as script:
            yield CwcChannel(gateway(script.url, Chamber.SENATE), clock=lambda: NOON)

    @pytest.fixture
    def make_parcel(self) -> Callable[..., Parcel]:
        return a_senate_parcel


def send(channel: CwcChannel, *parcels: Parcel) -> tuple[dict[int, Outcome], bool]:
    """What came of them, and whether the line could go on."""
    line, notes = channel.open(), Notes()
    line.send(parcels, notes)
    usable = line.usable
    line.close()
    return notes.outcomes, usable


def sent_one(channel: CwcChannel, parcel: Parcel) -> Outcome:
    return send(channel, parcel)[0][parcel.key]


def test_one_document_goes_out_as_xml_with_the_key_in_the_query_alone() -> None:
    with scripted() as script:
        outcome = sent_one(channel_to(script.url), a_filed_parcel(7))
        (asked,) = script.asked
    assert outcome == Receipt("200 Message Accepted", f"{7:032d}")
    assert (asked.method, asked.path, asked.query) == ("POST", "/v2/message", {"apikey": [KEY]})
    assert asked.headers["Content-Type"] == "application/xml"
    assert checker.check(asked.body) == []
    assert KEY not in asked.body.decode() + str(asked.headers)


def test_every_try_sends_the_very_same() -> None:
    with scripted(Says(503), Says(429), Says(409)) as script:
        channel = channel_to(script.url)
        outcomes = [sent_one(channel, a_filed_parcel(1, try_number=number)) for number in (1, 2, 3)]
        bodies = {each.body for each in script.asked}
    assert [type(each) for each in outcomes] == [TryLater, TryLater, Receipt]
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("says", "parcel", "expected"),
    [
        (Says(409, "Duplicate"), {}, Refused),
        (Says(409, "Duplicate"), {"try_number": 2}, Receipt),
        (Says(400, "<Errors><Error>The 'Zip' element is invalid</Error></Errors>"), {}, Refused),
        (Says(400, "Message delivery is not enabled for HNV02"), {}, Refused),
        (Says(429, "", (("Retry-After", "7"),)), {}, TryLater),
        (Says(500, "<html><body>Sorry</body></html>"), {}, TryLater),
        (Says(503), {}, TryLater),
        (Says(401), {}, Misconfigured),
        (Says(403), {}, Misconfigured),
        (Says(404), {}, Misconfigured),
        (Says(415), {}, Misconfigured),
        (Says(302, "", (("Location", "https://elsewhere.example/"),)), {}, Misconfigured),
        (Says(HANG), {}, Unclear),
        (Says(CUT), {}, Unclear),
    ],
)
def test_what_the_house_says_decides(says: Says, parcel: dict[str, Any], expected: type[Outcome]) -> None:
    with scripted(says) as script:
        outcome = sent_one(channel_to(script.url), a_filed_parcel(**parcel))
        assert len(script.asked) == 1
    assert type(outcome) is expected
    if isinstance(outcome, TryLater) and says.status == 429:
        assert outcome.retry_after_s == 7.0


@pytest.mark.parametrize("silence", [HANG, CUT])
def test_the_senate_is_asked_again_after_silence_and_says_whether_it_has_it(silence: int) -> None:
    with scripted(Says(silence), Says(409)) as script:
        channel = channel_to(script.url, Chamber.SENATE)
        first = sent_one(channel, a_senate_parcel())
        assert isinstance(first, TryLater)
        assert first.code == IN_DOUBT
        again = sent_one(channel, a_senate_parcel(try_number=2, in_doubt=True))
    assert isinstance(again, Receipt)


def test_the_house_is_asked_again_once_it_is_known_to_recognize_a_repeated_id() -> None:
    with scripted(Says(HANG)) as script:
        channel = channel_to(script.url, repeat_is_safe=True)
        assert channel.repeat_is_safe
        assert isinstance(sent_one(channel, a_filed_parcel()), TryLater)


def test_nobody_there_means_nothing_went_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = sent_one(channel_to(f"http://127.0.0.1:{port}"), a_filed_parcel())
    assert isinstance(outcome, TryLater)
    assert outcome.code != IN_DOUBT
    in_doubt = sent_one(channel_to(f"http://127.0.0.1:{port}"), a_filed_parcel(in_doubt=True, try_number=2))
    assert isinstance(in_doubt, TryLater)
    assert in_doubt.code == IN_DOUBT


def test_a_channel_remembers_that_its_list_was_contradicted() -> None:
    with scripted(Says(400, "<Errors><Error>bad</Error></Errors>"), Says(400, "is not enabled for HNV02")) as script:
        channel = channel_to(script.url)
        sent_one(channel, a_filed_parcel(1))
        assert not channel.heard_of_a_closed_office
        sent_one(channel, a_filed_parcel(2))
        assert channel.heard_of_a_closed_office


def test_one_refusal_in_the_middle_stops_no_other() -> None:
    with scripted(Says(200), Says(400, "<Errors><Error>bad</Error></Errors>"), Says(200)) as script:
        outcomes, usable = send(channel_to(script.url), *(a_filed_parcel(number) for number in (1, 2, 3)))
    assert [type(each) for each in outcomes.values()] == [Receipt, Refused, Receipt]
    assert usable


def test_a_key_that_is_not_known_ends_the_line_and_the_others_wait() -> None:
    with scripted(Says(401, f"Unknown key {KEY}")) as script:
        outcomes, usable = send(channel_to(script.url), a_filed_parcel(1), a_filed_parcel(2))
        assert len(script.asked) == 1
    assert list(outcomes) == [1]
    assert not usable


def test_what_cannot_be_filed_is_not_sent() -> None:
    with scripted() as script:
        channel = channel_to(script.url)
        bad = a_filed_parcel()
        assert isinstance(bad.cargo, Filing)
        broken = replace(bad, cargo=Filing(replace(bad.cargo.message, campaign_key="")))
        for parcel, words in (
            (broken, "campaign_key"),
            (a_parcel(), "not made out for a gateway"),
            (a_senate_parcel(), "other chamber"),
        ):
            outcome = sent_one(channel, parcel)
            assert isinstance(outcome, Refused)
            assert words in str(outcome)
            assert not outcome.falls_through
        assert script.asked == []


@pytest.mark.parametrize(
    ("barred", "in_doubt", "expected"),
    [
        (Barred("the office is suspended"), False, Refused),
        (Barred("the office is suspended"), True, Unclear),
        (Barred("no list", waits=True), False, TryLater),
        (Barred("no list", waits=True), True, TryLater),
    ],
)
def test_for_an_office_that_is_barred_nothing_is_sent(
    barred: Barred, in_doubt: bool, expected: type[ChannelError]
) -> None:
    with scripted() as script:
        parcel = a_filed_parcel()
        assert isinstance(parcel.cargo, Filing)
        outcome = sent_one(
            channel_to(script.url), replace(parcel, cargo=replace(parcel.cargo, barred=barred, in_doubt=in_doubt))
        )
        assert script.asked == []
    assert type(outcome) is expected
    assert getattr(outcome, "falls_through", False) is (expected is Refused)
    if isinstance(outcome, TryLater):
        assert (outcome.used_a_try, outcome.code == IN_DOUBT) == (False, in_doubt)


def test_in_its_hours_a_shut_gateway_is_not_called_and_no_try_is_used() -> None:
    read = windows.read("house daily 00:00-06:00")
    night = datetime(2026, 6, 15, 7, 0, tzinfo=UTC)  # 3 in the morning
    with scripted() as script:
        shut = channel_to(script.url, now=night, windows=read)
        with pytest.raises(TryLater, match="maintained") as told:
            shut.open()
        assert (told.value.used_a_try, told.value.retry_after_s) == (False, 3 * 3600.0)
        channel_to(script.url, Chamber.SENATE, now=night, windows=read).open().close()
        times = iter([NOON, NOON, night, night])
        ending = CwcChannel(gateway(script.url, windows=read), clock=lambda: next(times))
        outcomes, usable = send(ending, *(a_filed_parcel(number) for number in (1, 2, 3)))
        assert len(script.asked) == 1
    assert [type(each) for each in outcomes.values()] == [Receipt, TryLater]
    assert not usable


def test_a_rehearsal_asks_the_other_address_and_delivers_nothing() -> None:
    with scripted(Says(200, "Message Validated")) as script:
        channel = channel_to(script.url)
        assert isinstance(channel.rehearse(a_filing()), Receipt)
        assert [each.path for each in script.asked] == ["/v2/validate"]
    with pytest.raises(Misconfigured, match="for tests"):
        channel_to(script.url, test_url="").rehearse(a_filing())


REAL = Gateway(Chamber.HOUSE, "https://uat-cwc.house.gov/v2/message", key=KEY, direct_egress=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"message_url": "https://house.gov.example/v2/message"}, "house.gov/"),
        ({"message_url": "https://xhouse.gov/v2/message"}, "house.gov/"),
        ({"message_url": "http://cwc.house.gov/v2/message"}, "house.gov/"),
        ({"message_url": "https://soapbox.senate.gov/x"}, "house.gov/"),
        ({"message_url": "https://a:b@cwc.house.gov/x"}, "more than host"),
        ({"message_url": "https://cwc.house.gov/x?apikey=1"}, "more than host"),
        ({"message_url": "https://[x"}, "that is none"),
        ({"message_url": "http://127.0.0.1:8026/v2/message"}, "only the simulation"),
        ({"offices_url": "http://localhost/x"}, "only the simulation"),
        ({"key": ""}, "its key"),
        ({"direct_egress": False}, "CAMPAIGN_CWC_PROXY"),
    ],
)
def test_only_the_chambers_own_hosts_are_called_and_only_on_the_way_that_was_chosen(
    changes: dict[str, Any], words: str
) -> None:
    assert REAL.faults() == []
    assert replace(REAL, direct_egress=False, proxy="http://proxy.example:3128").faults() == []
    bad = replace(REAL, **changes)
    assert any(words in fault for fault in bad.faults())
    assert not any(KEY in fault for fault in bad.faults())
    with pytest.raises(Misconfigured):
        CwcChannel(bad).open()


def test_a_proxy_is_the_only_way_out_where_there_is_one() -> None:
    with scripted() as proxy:
        channel = CwcChannel(gateway("http://127.0.0.1:9", proxy=proxy.url), clock=lambda: NOON)
        assert isinstance(sent_one(channel, a_filed_parcel()), Receipt)
        assert [each.method for each in proxy.asked] == ["POST"]


def test_a_proxy_that_opens_no_way_means_nothing_went_out() -> None:
    with scripted(Says(403)) as proxy:
        channel = CwcChannel(replace(REAL, proxy=proxy.url), clock=lambda: NOON)
        assert isinstance(sent_one(channel, a_filed_parcel()), TryLater)


@pytest.mark.parametrize("chamber", [Chamber.HOUSE, Chamber.SENATE])
@pytest.mark.parametrize(
    "says",
    [
        Says(200),
        Says(400, f"<Errors><Error>{KEY}</Error></Errors>"),
        Says(401, KEY),
        Says(409, KEY),
        Says(503, KEY),
        Says(CUT),
    ],
)
def test_the_key_is_in_no_log_no_error_and_no_repr(
    chamber: Chamber, says: Says, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    parcel = a_senate_parcel() if chamber is Chamber.SENATE else a_filed_parcel()
    with scripted(says) as script:
        channel = channel_to(script.url, chamber)
        outcome = sent_one(channel, parcel)
    told = outcome.answer if isinstance(outcome, Receipt) else f"{outcome!r} {outcome} {outcome.answer} {outcome.code}"
    chain = outcome.__cause__ if isinstance(outcome, ChannelError) else None
    assert KEY not in f"{told} {chain!r} {channel.gateway!r} {caplog.text}"
    assert channel.name in (ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE)


LISTS = {
    "texts": '["HNV02", "HAQ00", " hwy00 ", "SNV01", "HXX99", "HDC98"]',
    "objects": '[{"office_code": "HNV02", "name": "x [bioguide_id: A000000]"}, {"code": "HAQ00"}, {"MemberOffice": "HWY00"},'
    " 5, {}, null]",
}


@pytest.mark.parametrize("shape", LISTS)
def test_a_list_of_offices_is_read_in_both_shapes_and_holds_only_seats_of_the_chamber(shape: str) -> None:
    with scripted(Says(200, LISTS[shape])) as script, closing(Http(connect_s=0.5, silence_s=0.3, whole_s=0.6)) as http:
        assert offices.fetch(gateway(script.url), http) == {"HNV02", "HAQ00", "HWY00"}
        assert (script.asked[0].path, script.asked[0].query) == ("/v2/offices", {"apikey": [KEY]})


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (Says(200, "[]"), TryLater),
        (Says(200, '["SNV01"]'), TryLater),
        (Says(200, '{"offices": ["HNV02"]}'), TryLater),
        (Says(200, "<html>"), TryLater),
        (Says(200, "[" * 50_000), TryLater),
        (Says(200, '["HNV02"' + " " * 70_000 + "]"), TryLater),
        (Says(503), TryLater),
        (Says(CUT), TryLater),
        (Says(401), Misconfigured),
        (Says(404), Misconfigured),
    ],
)
def test_a_list_that_cannot_be_had_is_no_list(says: Says, expected: type[ChannelError]) -> None:
    with (
        scripted(says) as script,
        closing(Http(connect_s=0.5, silence_s=0.3, whole_s=0.6)) as http,
        pytest.raises(expected) as told,
    ):
        offices.fetch(gateway(script.url), http)
    assert KEY not in str(told.value)
