"""The demonstration's content keeps its own promises: counts, invented addresses, and every total of the history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from campaign.demo import campaigns, clock, content, history_closed, history_tables, offices
from campaign.demo.advocates import ADVOCATES
from campaign.demo.association import (
    COMPANIES,
    FACILITIES,
    ORGANIZATION,
    PEOPLE,
    STAFF,
    code_of,
    company,
    facility,
    person,
)
from campaign.demo.clock import moment_of
from campaign.demo.history import (
    MILESTONES,
    OUTAGE,
    POSITION_CHANGES,
    history,
    wave_of,
)
from campaign.demo.shapes import ActionPlan, Facility, FacilityRole, LetterPlan
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.districts import STATES, District, district_phrase, seat_of
from campaign.domain.events import ResponseKind
from campaign.domain.letters import FIELDS, AskText, LetterFacts, render
from campaign.domain.statuses import Status
from campaign.domain.targeting import TargetKind
from campaign.domain.template_language import faults

AS_OF = date(2026, 6, 15)
BY_EMAIL = {each.email: each for each in PEOPLE}


def _each(field: str, *groups: Sequence[object]) -> list[str]:
    return [getattr(one, field) for group in groups for one in group]


def _sentences(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"(?<=[.:?!])\s+", text) if each.strip()]


def _replies(letters: tuple[LetterPlan, ...], kind: ResponseKind) -> list[tuple[LetterPlan, int]]:
    return [(letter, reply.after_days) for letter in letters for reply in letter.replies if reply.kind is kind]


# --- the association --------------------------------------------------------------------------------------------------


def test_the_association_has_the_size_that_the_pages_promise() -> None:
    assert (len(COMPANIES), len(PEOPLE), len(STAFF), len(ADVOCATES)) == (24, 96, 3, 62)
    assert [each.is_po_box for each in FACILITIES].count(False) == 31
    assert [each.is_po_box for each in FACILITIES].count(True) == 1
    assert sum(each.jobs for each in FACILITIES) == 5_492


def test_29_districts_in_26_states_are_certain_and_three_addresses_leave_a_question() -> None:
    certain = {each.districts[0] for each in FACILITIES if len(each.districts) == 1}
    states = {each.split("-")[0] for each in certain}
    assert len(certain) == 29
    assert len(states - {"DC", "PR"}) == 26
    assert {"DC", "PR"} <= states
    assert {each.city for each in FACILITIES if len(each.districts) > 1} == {"Arlington", "Sheridan"}
    assert [each.suggested_district for each in FACILITIES if not each.districts] == ["OH-14"]
    for key in {*certain, *(seat for each in FACILITIES for seat in each.districts)}:
        assert District.parse(key).key == key


def test_nothing_invented_has_a_real_address() -> None:
    emails = _each("email", PEOPLE, STAFF, ADVOCATES, offices.STAND_INS)
    assert len(set(emails)) == len(emails)
    assert all(email.endswith(".example") and email == email.lower() and email.isascii() for email in emails)
    assert ORGANIZATION.contact_email.endswith(".example")
    for phone in _each("phone", PEOPLE, STAFF, ADVOCATES):
        assert re.fullmatch(r"\d{3}-555-01\d\d", phone)
    for street in (ORGANIZATION.street, *(f.street for f in FACILITIES), *(a.street for a in ADVOCATES)):
        assert re.fullmatch(r"\d+ Demo Way( NW)?|PO Box 118", street)


def test_every_person_has_a_name_of_their_own_and_one_of_four_signs() -> None:
    names = _each("name", PEOPLE, ADVOCATES, STAFF)
    assert len(set(names)) == len(names)
    for each in COMPANIES:
        assert [who.signs for who in each.people] == [True, False, False, False]
    assert [each.prefix for each in PEOPLE[:4]] == ["Ms.", "Mr.", "Dr.", "Ms."]
    assert code_of(person("17E")) == "17E"


# --- the cards and their words ----------------------------------------------------------------------------------------


def test_nine_cards_have_three_sourced_facts_each() -> None:
    cards = [each for each in content.recommendations() if each.key not in content.DRAFT_KEYS]
    assert [each.key for each in cards] == ["P1", "P2", "P3", "P4", "P5", "P6", "I1", "I2", "I3"]
    for card in cards:
        assert len(card.evidence) == 3
        assert all(fact.source and fact.mark for fact in card.evidence)
        assert card.asks
        assert card.vehicle


def test_the_draft_has_the_faults_that_it_is_there_to_show() -> None:
    first, second = (content.recommendation(key) for key in content.DRAFT_KEYS)
    assert [fact.source is None for fact in first.evidence] == [False, True]
    assert not second.targets
    assert second.docket == "DEMO-2026-0002"
    assert len(campaigns.KEEP_SCRAP.expected_findings) == 3


def test_every_wording_is_a_template_that_may_be_saved_and_has_40_to_80_words() -> None:
    sources = [text for card in content.recommendations() for text in card.paragraphs.values()]
    assert len(sources) == 24
    for source in sources:
        assert not faults(source, FIELDS)
        assert 40 <= len(re.sub(r"\{\{ \S+ \}\}", "X", source).split()) <= 80
    for reason in content.reasons():
        assert not any(faults(source, FIELDS) for source in reason.wordings.values())


@pytest.mark.parametrize("template", ["company", "person"])
def test_every_frame_may_be_saved(template: str) -> None:
    for frame in content.frames(template).values():
        assert not frame.faults()
    assert not any(faults(source, FIELDS) for source in content.sponsor_words())


def _facts(action: ActionPlan, letter: LetterPlan, wording: str) -> LetterFacts:
    who, place, seat = BY_EMAIL[action.email], _site(action), District.parse(action.district)
    firm = company(who.company)
    asks = []
    for key in letter.recommendations:
        card = content.recommendation(key)
        own = "p" if place.role is FacilityRole.PRODUCER and "p" in card.paragraphs else wording
        thanks = content.sponsor_words()[0]
        asks.append(AskText(key, card.asks[letter.kind].line, card.vehicle, card.paragraphs[own], thanks))
    return LetterFacts(
        member={"title": who.title, "company": firm.name, "name": who.name},
        facility={
            "kind": place.kind,
            "city": place.city,
            "state_name": place.state_name,
            "jobs": f"{place.jobs:,}",
            "activity": place.activity,
            "minerals": place.minerals_text,
            "main_input": place.main_input,
        },
        office={"salutation": "Dear Representative Example:", "seat": district_phrase(*seat)},
        address_block=(),
        asks=asks,
        signature=(who.name, who.title, firm.name, place.street, f"{place.city}, {place.state} {place.zip}"),
        reasons={each.key: each.wordings[wording] for each in content.reasons() if each.key in action.reasons},
        story=action.story,
        docket={"number": letter.docket or "DEMO-2026-0002", "title": "Demonstration docket"},
        docket_closed=letter.kind is TargetKind.AGENCY and letter.docket is None,
    )


@pytest.mark.parametrize("wording", ["a", "b"])
def test_every_planned_letter_can_be_written_and_is_short_enough_to_be_read(wording: str) -> None:
    for action in history().actions:
        for planned in action.letters:
            letter = render(content.frames("company")[planned.kind], _facts(action, planned, wording))
            limit = 450 if len(planned.recommendations) == 3 else 350
            assert 100 < len(letter.body.split()) < limit
            assert letter.message == action.story.strip()


def test_magnets_are_offered_to_six_companies_and_users_cards_not_to_mines() -> None:
    magnets, reserve = content.recommendation("P4"), content.recommendation("P6")
    offered = {each.number for each in COMPANIES for place in each.facilities if magnets.fits(place)}
    assert offered == {1, 7, 11, 17, 20, 22}
    assert not reserve.fits(facility("nettlecombe-copper-and-wire/globe"))
    assert reserve.fits(facility("nettlecombe-copper-and-wire/lewiston"))


def test_dockets_and_stand_ins_cannot_be_taken_for_real_ones() -> None:
    assert [each.number for each in offices.DOCKETS] == ["DEMO-2026-0001", "DEMO-2026-0002"]
    assert [each.closes_on_day for each in offices.DOCKETS] == [60, 12]
    assert not any(re.fullmatch(r"USTR-\d{4}-\d{4}(-Hearing)?", each.number) for each in offices.DOCKETS)
    assert [each.id for each in offices.STAND_INS] == [f"DEMO00{n}" for n in range(1, 6)]
    for each in offices.STAND_INS:
        assert each.name.endswith("(demo)")
        assert seat_of(each.office)
    for position in offices.TRUE_POSITIONS:
        assert seat_of(position.office)
        assert position.office not in offices.STAND_IN_OFFICES
        assert position.source


def test_no_two_members_say_the_same_sentence() -> None:
    words = content.read("stories.yaml")
    texts = [*words["stories"].values(), *words["edits"].values(), *words["advocates"]]
    assert (len(words["stories"]), len(words["edits"]), len(words["advocates"])) == (34, 18, 13)
    counted = Counter(sentence for text in texts for sentence in _sentences(text))
    assert not [sentence for sentence, times in counted.items() if times > 1]
    assert all(len(_sentences(story)) <= 4 for story in words["stories"].values())
    assert not any("{" in text for text in texts)


# --- three weeks ------------------------------------------------------------------------------------------------------


def test_every_day_has_its_invitations_visits_actions_and_letters() -> None:
    plan = history()
    days = range(1, clock.DAYS + 1)
    assert Counter(each.day for each in plan.invitations) == {1: 48, 9: 32, 15: 16}
    assert tuple(sum(each.day == day for each in plan.visits) for day in days) == history_tables.VISITS
    assert tuple(sum(each.day == day for each in plan.actions) for day in days) == history_tables.ACTIONS_BY_DAY
    assert tuple(sum(each.signed_day == day for each in plan.letters) for day in days) == history_tables.LETTERS_BY_DAY


def test_the_funnel_ends_where_the_tables_say() -> None:
    plan = history()
    at_office = (Status.DELIVERED, Status.ACCEPTED)
    assert sum(each.bounced for each in plan.invitations) == 3
    assert len(plan.visits) == 147
    assert len({each.email for each in plan.visits}) == 71
    assert len({each.email for each in plan.actions}) == len(plan.actions) == 52
    assert sum(all(letter.outcome in at_office for letter in each.letters) for each in plan.actions) == 30
    bounced = {each.email for each in plan.invitations if each.bounced}
    assert not bounced & {each.email for each in plan.visits}


def test_nobody_does_anything_before_their_invitation() -> None:
    invited = {each.email: (each.day, each.at) for each in history().invitations}
    visits = {(each.email, each.day): each.at for each in history().visits}
    for visit in history().visits:
        assert (visit.day, visit.at) > invited[visit.email]
        assert time(8) <= visit.at < time(19)
    for action in history().actions:
        assert visits[action.email, action.day] < action.at < time(19)


def test_the_choices_add_up_and_fit_the_sites() -> None:
    actions = history().actions
    counted = Counter(key for each in actions for key in each.choices)
    assert counted == {"P1": 22, "P2": 8, "P3": 21, "P4": 9, "P5": 9, "P6": 7, "I1": 14, "I2": 8, "I3": 6}
    for action in actions:
        assert 1 <= len(action.choices) <= 3
        assert action.choices != ("I2",)
        assert all(content.recommendation(key).fits(_site(action)) for key in action.choices)
        assert len(action.reasons) <= 2


def _site(action: ActionPlan) -> Facility:
    assert action.facility
    return facility(action.facility)


def test_letters_go_to_the_offices_of_the_site_and_to_open_dockets() -> None:
    for action in history().actions:
        who, site = BY_EMAIL[action.email], _site(action)
        assert who.company == action.company
        assert site in company(who.company).facilities
        assert action.district in site.districts or action.district_chosen
        congress = {each.office for each in action.letters if each.kind is not TargetKind.AGENCY}
        house = offices.house_office(action.district)
        assert congress == {*offices.senate_offices(site.state), *([house] if house else [])}
        for letter in action.letters:
            assert letter.kind is TargetKind.AGENCY or "I2" not in letter.recommendations
    kinds = Counter(each.kind for each in history().letters)
    assert kinds == {TargetKind.HOUSE: 48, TargetKind.SENATE: 96, TargetKind.AGENCY: 22}


def test_the_vacant_seat_and_the_places_without_senators_get_no_letter() -> None:
    by_company = Counter(each.company for each in history().actions)
    assert (by_company[7], by_company[9], by_company[10]) == (4, 2, 2)
    for action in history().actions:
        seats = {letter.kind for letter in action.letters}
        assert (TargetKind.HOUSE in seats) is (action.company != 7)
        assert (TargetKind.SENATE in seats) is (action.company not in {9, 10})


OUTCOMES = {
    ("cwc", "house"): {"delivered": 29, "accepted": 2, "refused": 3, "unclear": 2, "failed": 1},
    ("cwc", "senate"): {"delivered": 43, "accepted": 4, "refused": 4, "unclear": 2, "queued": 2},
    ("handoff", "senate"): {"delivered": 13, "queued": 8, "cancelled": 3},
    ("print", None): {"delivered": 14, "accepted": 8, "failed": 1, "bounced": 1},
    ("docket", "agency"): {"delivered": 9, "queued": 5, "cancelled": 2},
    ("smtp", None): {"delivered": 7, "refused": 1, "bounced": 2},
}


@pytest.mark.parametrize(("channel", "kind"), OUTCOMES)
def test_each_channel_ends_day_21_as_the_table_says(channel: str, kind: str | None) -> None:
    found = Counter(
        each.outcome.value
        for each in history().letters
        if each.planned_channel == channel and kind in {None, each.kind.value}
    )
    assert found == OUTCOMES[channel, kind]


def test_every_listed_outcome_met_its_letter() -> None:
    listed = {(who, target): status for who, target, status, _, _ in history_tables.rows(history_tables.OUTCOMES)}
    met = {
        (code_of(BY_EMAIL[action.email]), letter.docket or letter.office): letter.outcome.value
        for action in history().actions
        for letter in action.letters
        if letter.outcome is not Status.DELIVERED
    }
    assert met == listed


def test_reasons_and_tries_are_those_of_the_table() -> None:
    letters = history().letters
    refused = Counter(each.reason for each in letters if each.outcome is Status.REFUSED)
    assert refused == {
        "address outside the district": 3,
        "topic code rejected": 2,
        "postal code mismatch": 2,
        "policy": 1,
    }
    cancelled = Counter(each.reason for each in letters if each.outcome is Status.CANCELLED)
    assert cancelled == {"docket closed": 2, "member withdrew": 3}
    tries = Counter(each.tries for each in letters if each.outcome in {Status.DELIVERED, Status.ACCEPTED})
    assert (tries[2], tries[3]) == (11, 2)


def test_the_outage_of_day_9_is_why_four_house_letters_were_tried_again() -> None:
    eastern = ZoneInfo("America/New_York")
    caught = []
    for action in history().actions:
        at = moment_of(action.day, action.at, _site(action).time_zone, AS_OF).astimezone(eastern)
        if action.day == OUTAGE.day and OUTAGE.begins_at <= at.time() < OUTAGE.ends_at:
            caught += [each for each in action.letters if each.kind is TargetKind.HOUSE]
    assert sorted(each.tries for each in caught) == [2, 2, 2, 3]


def test_replies_have_the_shares_and_delays_of_the_table() -> None:
    letters = history().letters
    acknowledged = _replies(letters, ResponseKind.ACKNOWLEDGEMENT)
    assert Counter(after for _, after in acknowledged) == {0: 42, 1: 18}
    assert Counter(each.planned_channel.value for each, _ in acknowledged) == {"cwc": 51, "handoff": 5, "smtp": 4}
    by_gateway = Counter(each.kind.value for each, _ in acknowledged if each.planned_channel is ChannelKind.CWC)
    assert by_gateway == {"house": 26, "senate": 25}
    forms = _replies(letters, ResponseKind.FORM)
    assert Counter(each.kind.value for each, _ in forms) == {"house": 11, "senate": 9}
    assert Counter((after - 5) // 5 for _, after in forms) == {0: 5, 1: 10, 2: 5}
    assert all(reply.day <= clock.DAYS for letter in letters for reply in letter.replies)
    assert all(not letter.replies or letter.outcome is Status.DELIVERED for letter in letters)


def test_only_stand_ins_say_anything_of_substance() -> None:
    letters = history().letters
    substantive = _replies(letters, ResponseKind.SUBSTANTIVE)
    meetings = _replies(letters, ResponseKind.MEETING)
    assert Counter(each.office for each, _ in substantive) == {
        "HIN05": 2,
        "HNH02": 1,
        "HWA04": 1,
        "SWI03": 1,
        "SOK02": 1,
    }
    assert Counter(each.office for each, _ in meetings) == {"HNH02": 1, "HIN05": 1, "SOK02": 1}
    assert all(8 <= after <= 16 for _, after in substantive)
    assert all(9 <= after <= 17 for _, after in meetings)
    for letter in (*letters, *history_closed.history().letters):
        for reply in letter.replies:
            assert reply.text == offices.SIMULATED_REPLY or letter.office in offices.STAND_IN_OFFICES
            assert (reply.known_by == "mail") is (letter.planned_channel is ChannelKind.SMTP)


def test_letters_to_stand_ins_go_by_mail() -> None:
    found = Counter(each.office for each in history().letters if each.office in offices.STAND_IN_OFFICES)
    assert found == {"HIN05": 2, "HNH02": 3, "HWA04": 2, "SWI03": 1, "SOK02": 2}
    assert all(
        (each.planned_channel is ChannelKind.SMTP) is (each.office in offices.STAND_IN_OFFICES)
        for each in history().letters
    )


def test_34_actions_have_a_story_and_18_letters_an_edit() -> None:
    told = [each for each in history().actions if each.story]
    assert (len(told), sum(len(each.letters) for each in told)) == (34, 108)
    assert sum(letter.edited for letter in history().letters) == 18
    for action in history().actions:
        assert bool(action.edit) is any(letter.edited for letter in action.letters)


def test_a_position_changes_after_what_is_shown_as_its_evidence() -> None:
    for change in POSITION_CHANGES:
        answers = [
            reply.day
            for letter in history().letters
            if letter.office == change.office and change.recommendation in letter.recommendations
            for reply in letter.replies
            if reply.kind in {ResponseKind.SUBSTANTIVE, ResponseKind.MEETING}
        ]
        assert answers
        assert min(answers) <= change.day
        stand_in = next(each for each in offices.STAND_INS if each.office == change.office)
        assert stand_in.first_positions[change.recommendation] == change.old


def test_milestones_are_true() -> None:
    signed = [sum(each.signed_day <= day for each in history().letters) for day in range(clock.DAYS + 1)]
    for day, count in ((2, 25), (10, 100), (17, 150)):
        assert signed[day - 1] < count <= signed[day]
    assert [each.day for each in MILESTONES] == [2, 10, 12, 17]


def test_each_letter_goes_the_way_that_its_office_takes() -> None:
    for letter in history().letters:
        assert letter.channel.kind is letter.planned_channel
        assert (letter.channel is ChannelName.CWC_HOUSE) is (
            letter.planned_channel is ChannelKind.CWC and letter.kind is TargetKind.HOUSE
        )


def test_all_of_it_lies_before_the_day_of_loading() -> None:
    assert clock.date_of(1, AS_OF).weekday() == 0
    assert clock.date_of(21, AS_OF) == date(2026, 6, 14)
    midnight = datetime.combine(AS_OF, time(0), tzinfo=ZoneInfo("UTC"))
    for action in history().actions:
        assert moment_of(action.day, action.at, _site(action).time_zone, AS_OF) < midnight
        assert all(letter.settled_day <= clock.DAYS for letter in action.letters)
    assert {wave_of(each) for each in PEOPLE} == {1, 2, 3}


# --- the closed campaign ----------------------------------------------------------------------------------------------


def test_the_closed_campaign_reached_the_figures_that_it_reports() -> None:
    plan = history_closed.history()
    assert (len(plan.invitations), len({each.email for each in plan.visits}), len(plan.actions)) == (62, 43, 26)
    assert Counter(each.kind.value for each in plan.letters) == {"house": 26, "senate": 50}
    assert Counter(each.outcome.value for each in plan.letters) == {"delivered": 67, "refused": 5, "cancelled": 4}
    assert len(_replies(plan.letters, ResponseKind.ACKNOWLEDGEMENT)) == 40
    assert len(_replies(plan.letters, ResponseKind.FORM)) == 33
    assert all(1 <= reply.day <= history_closed.DAYS for letter in plan.letters for reply in letter.replies)
    assert sum(bool(each.story) for each in plan.actions) == 13
    assert {seat for each in plan.letters if (seat := seat_of(each.office)) and seat.state != "PA"} == set()


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (date(2026, 6, 15), date(2026, 3, 31)),
        (date(2026, 1, 5), date(2025, 12, 31)),
        (date(2026, 7, 6), date(2026, 6, 30)),
    ],
)
def test_it_ended_on_the_last_day_of_the_previous_quarter(as_of: date, last: date) -> None:
    assert history_closed.last_day(as_of) == last


def test_states_of_the_sites_are_states_that_the_domain_knows() -> None:
    assert all(STATES[each.state].in_phrase == each.state_name for each in FACILITIES)
