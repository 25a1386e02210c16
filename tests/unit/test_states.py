"""One word, one family and one icon for every stored state."""

from __future__ import annotations

import itertools

import pytest

from campaign.domain.channels import ChannelName
from campaign.domain.statuses import NEEDS_A_PERSON, ActionStatus, CampaignStatus, ResponseState, Status
from campaign.web.states import FAMILIES, campaign_word, letter_state


def test_every_combination_of_stored_states_has_a_word() -> None:
    for status, response, action, channel, member in itertools.product(
        [None, *Status], ResponseState, ActionStatus, [None, *ChannelName], [False, True]
    ):
        state = letter_state(status, response=response, action=action, channel=channel, member=member)
        assert state.word
        assert state.family in FAMILIES


@pytest.mark.parametrize("status", sorted(NEEDS_A_PERSON))
def test_what_waits_for_a_decision_says_that_it_needs_a_person(status: Status) -> None:
    assert letter_state(status).family == "stuck"


@pytest.mark.parametrize(
    ("status", "word", "family"),
    [("accepted", "Sent", "there"), ("bounced", "Undelivered", "stuck"), ("refused", "Failed", "stuck")],
)
def test_stored_words_become_words_for_people(status: str, word: str, family: str) -> None:
    assert (letter_state(status).word, letter_state(status).family) == (word, family)


def test_a_queued_letter_that_was_tried_waits_to_retry() -> None:
    assert letter_state("queued").word == "Queued"
    assert letter_state("queued", attempts=1).word == "Waiting to retry"


def test_a_queued_letter_by_hand_is_the_members_to_send() -> None:
    state = letter_state("queued", channel="handoff")
    assert (state.word, state.family, state.icon) == ("Yours to send", "you", "pen")
    assert letter_state("queued", channel="docket_api").family == "move"
    assert letter_state("queued", channel="docket_packet").word == "Yours to send"


def test_a_response_raises_what_is_with_the_office() -> None:
    assert letter_state("accepted", response="acknowledged").word == "Acknowledged"
    assert letter_state("delivered", response="no_reply").word == "No reply"
    assert letter_state("delivered", response="replied").solid


def test_a_bounce_after_an_automatic_receipt_still_needs_a_person() -> None:
    assert letter_state("bounced", response="acknowledged").word == "Undelivered"


def test_a_reply_settles_every_doubt() -> None:
    assert letter_state("unclear", response="replied").word == "Replied"


def test_a_declined_action_is_rejected_until_something_left() -> None:
    assert letter_state(None, action="declined").word == "Rejected"
    assert letter_state("held", action="declined").word == "Rejected"
    assert letter_state("delivered", action="declined").word == "Delivered"


@pytest.mark.parametrize("status", list(Status))
def test_softer_words_for_members_keep_icon_and_family(status: Status) -> None:
    staff, member = letter_state(status), letter_state(status, member=True)
    assert (staff.icon, staff.family) == (member.icon, member.family)


def test_members_read_softer_words() -> None:
    assert letter_state("bounced", member=True).word == "Came back"
    assert letter_state("accepted", channel="docket_api", member=True).word == "Filed"
    assert letter_state("queued", channel="print", member=True).word == "Waiting to be printed"


def test_an_unknown_stored_word_is_an_error() -> None:
    with pytest.raises(ValueError, match="lost"):
        letter_state("lost")


def test_every_campaign_status_has_a_word() -> None:
    assert all(campaign_word(status)[0] for status in CampaignStatus)
