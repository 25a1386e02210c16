"""What every channel must do, whatever it sends with. A test module gives the channel by a fixture and inherits a class.

Not collected by itself: the names of the classes do not begin with Test.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaign.channels.base import Channel
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.errors import Misconfigured
from campaign.domain.parcels import Parcel, Receipt
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes


class AnyChannel:
    """The fixture `channel` gives the channel under test, `make_parcel` what makes its parcels."""

    @pytest.fixture
    def make_parcel(self) -> Callable[..., Parcel]:
        """A channel with a cargo of its own gives another."""
        return a_parcel

    def test_it_has_one_of_the_names(self, channel: Channel) -> None:
        assert channel.name in ChannelName
        assert isinstance(channel.repeat_is_safe, bool)

    def test_it_finds_nothing_wrong_with_a_good_letter(
        self, channel: Channel, make_parcel: Callable[..., Parcel]
    ) -> None:
        assert channel.problems(make_parcel()) == []

    def test_it_names_problems_in_words_and_raises_nothing(
        self, channel: Channel, make_parcel: Callable[..., Parcel]
    ) -> None:
        for odd in (
            make_parcel(body=""),
            make_parcel(subject="a\r\nBcc: x@y.example"),
            make_parcel(to_address="nobody"),
            make_parcel(body="漢字 " + "x" * 5000),
            make_parcel(from_name="\u2028", to_name="\ud800"),
        ):
            assert all(isinstance(problem, str) and problem for problem in channel.problems(odd))


class ByHandChannel(AnyChannel):
    def test_no_machine_opens_it(self, channel: Channel) -> None:
        assert channel.name in BY_HAND
        with pytest.raises(Misconfigured, match="a person finishes this"):
            channel.open()


class MachineChannel(AnyChannel):
    """The receiver behind the fixture takes everything."""

    def test_it_hands_over_in_order_and_tells_each_outcome_once(
        self, channel: Channel, make_parcel: Callable[..., Parcel]
    ) -> None:
        notes = Notes()
        line = channel.open()
        line.send([make_parcel(number) for number in (3, 1, 2)], notes)
        line.close()
        assert notes.told == [(what, key) for key in (3, 1, 2) for what in ("begins", "outcome")]
        assert all(isinstance(outcome, Receipt) for outcome in notes.outcomes.values())

    def test_it_stays_usable_over_several_batches(self, channel: Channel, make_parcel: Callable[..., Parcel]) -> None:
        line, notes = channel.open(), Notes()
        for number in (1, 2, 3):
            line.send([make_parcel(number)], notes)
            assert line.usable
        line.close()
        assert notes.kinds() == ["Receipt"] * 3

    def test_it_begins_nothing_after_a_stop(self, channel: Channel, make_parcel: Callable[..., Parcel]) -> None:
        line, notes = channel.open(), Notes(stop_after=0)
        line.send([make_parcel()], notes)
        assert (notes.told, line.usable) == ([], True)
        line.close()

    def test_closing_twice_is_safe_and_ends_it(self, channel: Channel) -> None:
        line = channel.open()
        line.close()
        line.close()
        assert not line.usable

    def test_nothing_to_send_is_nothing_done(self, channel: Channel) -> None:
        line, notes = channel.open(), Notes()
        line.send([], notes)
        line.close()
        assert notes.told == []
