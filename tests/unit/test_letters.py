"""From facts to a letter: strict, pure, and the member's words apart from the association's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.errors import CannotRender
from campaign.domain.letters import AskText, Frame, Letter, LetterFacts, render
from campaign.domain.texts import digest, tidy

FRAME = Frame(
    subject="{{ facility.city }} employer on {{ ask.vehicle }}",
    opening="I am {{ member.title }} of {{ member.company }} in {{ facility.city }}, {{ office.seat }}.",
    closing="Thank you.",
    valediction="Sincerely,",
)
DOCKET = replace(
    FRAME,
    subject="Comments on {{ docket.number }}",
    heading="RE: Docket No. {{ docket.number }}",
    closed_note="Although the comment period has closed, we hope these remarks are useful.",
)
ASK = AskText("P1", "Please cosponsor {{ ask.vehicle }}.", "H.R. 4776", "Magnets from {{ facility.city }} matter.")
FACTS = LetterFacts(
    member={"name": "Ada Quillback", "title": "plant manager", "company": "Teal Mills"},
    facility={"city": "Kokomo", "jobs": "340"},
    office={"salutation": "Dear Representative Testerly:", "seat": "your district"},
    address_block=("The Honorable Testa Testerly", "Washington, DC 20515"),
    asks=[ASK],
    signature=("Ada Quillback", "Plant manager", "Teal Mills"),
    reasons={"jobs": "{{ facility.jobs }} people count on it."},
    story="We lost a shift in May.",
    docket={"number": "DEMO-2026-0001", "title": "A docket"},
)


def keys(letter: Letter) -> list[str]:
    return [part.key for part in letter.parts]


def without(group: str, name: str, *, empty: bool) -> LetterFacts:
    values = {key: value for key, value in getattr(FACTS, group).items() if key != name}
    changes: dict[str, Any] = {group: values | ({name: ""} if empty else {})}
    return replace(FACTS, **changes)


def test_the_members_own_words_come_first_after_the_opening() -> None:
    letter = render(FRAME, FACTS)
    assert keys(letter) == ["opening", "story", "paragraph:P1", "ask:P1", "reasons", "closing"]
    assert letter.subject == "Kokomo employer on H.R. 4776"
    assert letter.body.startswith("Dear Representative Testerly:\n\nI am plant manager of Teal Mills in Kokomo")
    assert letter.body.endswith("Sincerely,\n\nAda Quillback\nPlant manager\nTeal Mills")


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("member", "title"),
        ("member", "company"),
        ("facility", "city"),
        ("facility", "jobs"),
        ("office", "seat"),
        ("office", "salutation"),
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_each_missing_fact_is_named_and_no_letter_is_written(group: str, name: str, empty: bool) -> None:
    with pytest.raises(CannotRender) as caught:
        render(FRAME, without(group, name, empty=empty))
    assert caught.value.field == f"{group}.{name}"
    assert caught.value.status == 422


def test_a_letter_that_asks_for_nothing_is_none() -> None:
    with pytest.raises(CannotRender):
        render(FRAME, replace(FACTS, asks=[]))


@pytest.mark.parametrize("story", ["{{ 7 * 7 }}", "{% for x in y %}", "{# gone #}", "{{ member.title }}", "100 % {{"])
def test_a_story_that_looks_like_a_template_stays_as_it_was_typed(story: str) -> None:
    letter = render(FRAME, replace(FACTS, story=story))
    assert story in letter.body
    assert letter.message == story


@given(st.text(max_size=80))
def test_whatever_a_member_types_reaches_the_letter_in_its_one_form(story: str) -> None:
    letter = render(FRAME, replace(FACTS, story=story))
    assert tidy(letter.message) == tidy(story)
    assert "\r" not in letter.body


def test_the_same_facts_make_the_same_letter() -> None:
    assert render(FRAME, FACTS) == render(FRAME, replace(FACTS, member=dict(FACTS.member)))


def test_f10_the_digest_is_over_the_text_with_its_one_kind_of_line_end() -> None:
    forms = [render(FRAME, replace(FACTS, story=end.join(["one", "two", "three"]))) for end in ("\n", "\r\n", "\r")]
    assert len({letter.digest for letter in forms}) == 1
    assert forms[0].digest == digest(forms[0].subject, forms[0].body)


def test_statement_and_message_are_kept_apart() -> None:
    letter = render(FRAME, FACTS)
    assert letter.message == "We lost a shift in May."
    assert "We lost a shift" not in letter.statement
    assert "Magnets from Kokomo matter." in letter.statement


def test_f10_saving_without_a_change_is_no_edit_whatever_the_line_ends() -> None:
    letter = render(FRAME, replace(FACTS, reasons={"jobs": "One.\n\nTwo."}))
    same = letter.with_edits({part.key: part.text.replace("\n", "\r\n") + "  " for part in letter.parts})
    assert same == letter
    assert same.statement == letter.statement


def test_an_edited_paragraph_becomes_the_members_own() -> None:
    letter = render(FRAME, FACTS).with_edits({"paragraph:P1": "Our magnets hold your phone together."})
    part = next(part for part in letter.parts if part.key == "paragraph:P1")
    assert (part.own, part.edited) == (True, True)
    assert "hold your phone" in letter.message
    assert "hold your phone" not in letter.statement


def test_a_rewritten_story_is_own_and_no_edit() -> None:
    letter = render(FRAME, FACTS).with_edits({"story": "We lost two shifts."})
    part = next(part for part in letter.parts if part.key == "story")
    assert (part.text, part.own, part.edited) == ("We lost two shifts.", True, False)


def test_an_emptied_paragraph_is_dropped_and_one_must_stay() -> None:
    letter = render(FRAME, FACTS)
    assert "reasons" not in keys(letter.with_edits({"reasons": " \r\n"}))
    with pytest.raises(CannotRender):
        letter.with_edits(dict.fromkeys(keys(letter), ""))


def test_the_line_of_a_docket_cannot_be_rewritten() -> None:
    letter = render(DOCKET, FACTS)
    assert keys(letter)[0] == "heading"
    assert letter.with_edits({"heading": "RE: something else"}).parts[0].text == "RE: Docket No. DEMO-2026-0001"


def test_a_letter_about_a_closed_docket_has_no_heading_and_says_so() -> None:
    letter = render(DOCKET, replace(FACTS, docket_closed=True))
    assert "heading" not in keys(letter)
    assert keys(letter)[:2] == ["opening", "closed"]
    assert "closed" not in keys(render(DOCKET, FACTS))


def test_a_sponsor_is_thanked_before_the_ask() -> None:
    thanked = replace(ASK, thanks="Thank you for leading on {{ ask.vehicle }}.", vehicle="S. 12")
    part = next(part for part in render(FRAME, replace(FACTS, asks=[thanked])).parts if part.key == "ask:P1")
    assert part.text == "Thank you for leading on S. 12. Please cosponsor S. 12."
    assert part.only_here


def test_each_recommendation_speaks_of_its_own_vehicle() -> None:
    second = replace(ASK, key="P2", vehicle="H.R. 9", paragraph="About {{ ask.vehicle }}.")
    body = render(FRAME, replace(FACTS, asks=[ASK, second])).body
    assert "Please cosponsor H.R. 4776." in body
    assert "About H.R. 9.\n\nPlease cosponsor H.R. 9." in body


def test_every_fault_of_a_frame_is_told_with_its_place() -> None:
    bad = replace(FRAME, subject="{{ member.naem }}", closing="x\n{{ lipsum() }}")
    assert [(where, fault.line) for where, fault in bad.faults()] == [("subject", 1), ("closing", 2)]
    assert FRAME.faults() == DOCKET.faults() == []


def test_a_comment_with_a_bracketed_passage_no_longer_says_that_it_is_public_and_holds_nothing_confidential() -> None:
    sentence = "This comment contains no confidential business information."
    frame = replace(DOCKET, heading="RE: Docket No. {{ docket.number }}\nPUBLIC VERSION", nothing_confidential=sentence)
    letter = render(frame, FACTS)
    assert letter.parts[-1].text == f"Thank you. {sentence}"
    confidential = letter.confidential(sentence)
    assert confidential.parts[-1].text == "Thank you."
    assert confidential.parts[0].text == "RE: Docket No. DEMO-2026-0001"
    assert confidential.parts[1:-1] == letter.parts[1:-1]
    assert confidential.confidential(sentence) == confidential


def test_a_letter_after_the_docket_closed_says_nothing_of_a_comment() -> None:
    frame = replace(DOCKET, nothing_confidential="This comment contains no confidential business information.")
    assert render(frame, replace(FACTS, docket_closed=True)).parts[-1].text == "Thank you."


def test_the_paragraphs_of_a_comment_are_without_its_heading() -> None:
    assert render(DOCKET, FACTS).paragraphs[0].startswith("I am plant manager")
