"""The channels that need no receiver, held to the contract; and the honest fake that other tests rely on."""

from __future__ import annotations

import pytest

from campaign.channels.base import Channel
from campaign.channels.handoff.channel import HandoffChannel
from campaign.channels.handoff.form import Writer, copy_fields, handoff
from campaign.channels.memory import MemoryChannel
from campaign.channels.printing.channel import PrintChannel
from campaign.channels.registry import RelayValues, get, make_channels
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, Refused, TryLater, Unclear
from tests.unit.channel_contract import ByHandChannel, MachineChannel
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes


class TestHandoff(ByHandChannel):
    @pytest.fixture
    def channel(self) -> Channel:
        return HandoffChannel()


class TestPrint(ByHandChannel):
    @pytest.fixture
    def channel(self) -> Channel:
        return PrintChannel()

    def test_it_says_beforehand_what_cannot_be_printed(self) -> None:
        assert "characters" in str(PrintChannel().problems(a_parcel(body="Dear 漢字"))) or PrintChannel().problems(
            a_parcel(body="Dear 漢字")
        )
        assert PrintChannel().problems(a_parcel(body="a word of " + "x" * 200))
        assert (
            PrintChannel().problems(a_parcel(body="Żółć, Ελλάδα and https://act.association.example/verify/ABCDEFGH"))
            == []
        )


class TestMemory(MachineChannel):
    @pytest.fixture
    def channel(self) -> Channel:
        return MemoryChannel()

    def test_it_keeps_what_a_receiver_may_have_and_answers_in_order(self) -> None:
        memory, notes = MemoryChannel(answers=[TryLater("450"), Refused("550"), Unclear("silence")]), Notes()
        line = memory.open()
        line.send([a_parcel(number) for number in range(1, 6)], notes)
        assert notes.kinds() == ["TryLater", "Refused", "Unclear"]
        assert (line.usable, memory.numbers()) == (False, [3])
        memory.open().send([a_parcel(4)], notes)
        assert memory.numbers() == [3, 4]


def test_the_registry_knows_each_channel_by_its_name() -> None:
    channels = make_channels(RelayValues("127.0.0.1", 8025, smtp_password="hidden"))
    assert all(channel.name is name for name, channel in channels.items())
    assert get(channels, "smtp").name is ChannelName.SMTP
    with pytest.raises(Invalid):
        get(channels, "pigeon")
    assert "hidden" not in repr(RelayValues("h", 1, smtp_password="hidden"))


def test_the_handoff_page_counts_as_a_browser_does() -> None:
    page = handoff(a_parcel(body="a\nb 🧲"), Writer(first="Ada", state="IN"), "https://testerly.house.example/contact")
    assert [(field.label, field.length) for field in page.fields] == [
        ("First name", 3),
        ("State", 2),
        ("Subject", 22),
        ("Message", 6),
    ]
    assert page.form_host == "testerly.house.example"
    for url in ("http://testerly.house.example", "javascript:alert(1)", "https://"):
        with pytest.raises(Invalid):
            handoff(a_parcel(), Writer(), url)


@pytest.mark.parametrize(
    ("length", "said"), [(2_000, ""), (2_001, "only 2,000"), (10_000, "only 2,000"), (10_001, "no more than 10,000")]
)
def test_the_handoff_page_warns_where_a_form_may_cut(length: int, said: str) -> None:
    *_, subject, message = copy_fields(a_parcel(body="x" * length, subject="s" * 101), Writer())
    assert (said in message.warning, bool(message.warning)) == (True, bool(said))
    assert "shorten it there" in subject.warning
