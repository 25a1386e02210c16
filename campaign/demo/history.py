"""The plan of the three weeks: pure data from pure functions, the same every time. No database; the loader follows it.

Every total of the demonstration's tables is reached (tests/unit/test_demo_content.py recounts them).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time
from functools import cache

from campaign.demo import history_tables as tables
from campaign.demo.association import COMPANIES, company, person
from campaign.demo.clock import DAYS, draw_time, weekday
from campaign.demo.content import read, reasons, recommendation
from campaign.demo.history_replies import with_replies, with_second_tries
from campaign.demo.offices import DOCKETS, STAND_IN_OFFICES, house_office, senate_offices
from campaign.demo.shapes import (
    ActionPlan,
    Facility,
    FacilityRole,
    History,
    InvitationPlan,
    LetterPlan,
    Milestone,
    Person,
    PersonRole,
    PositionChange,
    VisitPlan,
)
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.statuses import Status
from campaign.domain.targeting import TargetKind

_NAMES = {
    ChannelKind.SMTP: ChannelName.SMTP,
    ChannelKind.DOCKET: ChannelName.DOCKET_PACKET,
    ChannelKind.HANDOFF: ChannelName.HANDOFF,
    ChannelKind.PRINT: ChannelName.PRINT_PROVIDER,
}

MILESTONES = (
    Milestone(2, "First 25 letters signed"),
    Milestone(10, "One hundred letters signed"),
    Milestone(12, "Docket DEMO-2026-0002 closes"),
    Milestone(17, "One hundred and fifty letters signed"),
)

POSITION_CHANGES = (
    PositionChange(12, "HNH02", "P5", "unknown", "leans_for", "meeting offer from day 10, note of the call by staff"),
    PositionChange(16, "HIN05", "P4", "leans_for", "supports", "substantive reply to Quillback Magnetics: cosponsor"),
    PositionChange(19, "HWA04", "P3", "leans_for", "unknown", "substantive reply that asks about cost"),
)


@dataclass(frozen=True, slots=True)
class Outage:
    """The simulated House gateway answers 503 in this time, Eastern; the queue has drained by `drained_at`."""

    day: int
    begins_at: time
    ends_at: time
    drained_at: time


OUTAGE = Outage(9, time(14, 0), time(15, 30), time(16, 10))


def name_of(channel: ChannelKind, kind: TargetKind) -> ChannelName:
    if channel is ChannelKind.CWC:
        return ChannelName.CWC_HOUSE if kind is TargetKind.HOUSE else ChannelName.CWC_SENATE
    return _NAMES[channel]


@cache
def history() -> History:
    rng = random.Random(tables.SEED)  # noqa: S311  # a script, not a secret
    invitations = _invitations()
    actions = with_replies(with_second_tries(_actions(rng), rng), rng)
    return History(invitations, _visits(actions, rng), actions)


# --- invitations and visits ------------------------------------------------------------------------------------------


def wave_of(who: Person) -> int:
    if who.role in {PersonRole.SIGNER, PersonRole.AFFAIRS}:
        return 1
    return 2 if who.role is PersonRole.ENGINEER or who.company <= 8 else 3


def _invited_on(who: Person) -> int:
    return tables.INVITATION_DAYS[wave_of(who) - 1]


def _invitations() -> tuple[InvitationPlan, ...]:
    """At eight in the morning of the member's zone, one minute apart within a company."""
    bounced = {person(code).email for code in tables.BOUNCED_INVITATIONS}
    return tuple(
        InvitationPlan(who.email, wave_of(who), _invited_on(who), time(8, place), who.email in bounced)
        for each in COMPANIES
        for place, who in enumerate(each.people)
    )


def _visits(actions: Sequence[ActionPlan], rng: random.Random) -> tuple[VisitPlan, ...]:
    """Everybody who acts visits on that day; 19 others come once at least; the rest are returns, by the day's total."""
    by_day: dict[int, dict[str, time]] = {day: {} for day in range(1, DAYS + 1)}
    for action in actions:
        by_day[action.day][action.email] = _before(action.at)
    others = [person(code) for code in tables.OTHER_VISITORS.split()]
    for who in others:
        day = _invited_on(who) + rng.randrange(2)
        by_day[day][who.email] = draw_time(rng)
    invited = {person(_code).email: _invited_on(person(_code)) for _code in _acting_codes()}
    invited.update({who.email: _invited_on(who) for who in others})
    for day, total in enumerate(tables.VISITS, start=1):
        there = by_day[day]
        free = [email for email, since in invited.items() if since <= day and email not in there]
        for email in rng.sample(free, total - len(there)):
            there[email] = draw_time(rng)
    return tuple(
        VisitPlan(email, day, at) for day, there in by_day.items() for email, at in sorted(there.items(), key=_by_time)
    )


def _by_time(item: tuple[str, time]) -> tuple[time, str]:
    return item[1], item[0]


def _before(at: time) -> time:
    """Four minutes earlier: the journey takes less than that."""
    minutes = at.hour * 60 + at.minute - 4
    return time(minutes // 60, minutes % 60)


# --- actions and their letters ----------------------------------------------------------------------------------------


def _acting_codes() -> list[str]:
    return [row[1] for row in tables.rows(tables.ACTIONS)]


def _actions(rng: random.Random) -> tuple[ActionPlan, ...]:
    words = read("stories.yaml")
    planned = [_action(row, words, rng) for row in tables.rows(tables.ACTIONS)]
    return tuple(sorted(planned, key=lambda action: (action.day, action.at, action.email)))


def _action(row: list[str], words: dict[str, dict[str, str]], rng: random.Random) -> ActionPlan:
    day, code, city, choice_text = row[:4]
    who = person(code)
    site = next(place for place in company(who.company).facilities if place.city == city)
    choices = tuple(choice_text.split())
    drawn = draw_time(rng, time(8, 30))
    district = tables.CHOSEN_DISTRICTS.get(code) or site.districts[0]
    edit = words["edits"].get(code, "")
    return ActionPlan(
        email=who.email,
        company=who.company,
        facility=site.key,
        district=district,
        district_chosen=code in tables.CHOSEN_DISTRICTS,
        day=int(day),
        at=time.fromisoformat(row[4]) if len(row) > 4 else drawn,
        choices=choices,
        reasons=_reasons(site, rng),
        story=words["stories"].get(code, ""),
        edit=edit,
        letters=_letters(code, district, choices, int(day), rng, edited=bool(edit)),
        confidential=words["confidential"].get(code, ""),
    )


def _reasons(site: Facility, rng: random.Random) -> tuple[str, ...]:
    """None to two, of those that this site may say."""
    offered = [each.key for each in reasons() if site.role is FacilityRole.USER or not each.users_only]
    return tuple(rng.sample(offered, rng.choice((0, 1, 1, 2, 2))))


def _letters(
    code: str, district: str, choices: tuple[str, ...], day: int, rng: random.Random, *, edited: bool
) -> tuple[LetterPlan, ...]:
    """The House office, both senators, then one for each choice with a docket. An edit is made in the first of them."""
    heard = tuple(key for key in choices if TargetKind.HOUSE in recommendation(key).asks)
    house = house_office(district)
    offices = [(house, TargetKind.HOUSE)] if house else []
    offices += [(seat, TargetKind.SENATE) for seat in senate_offices(district[:2])]
    letters = [_letter(code, office, kind, heard, day, rng) for office, kind in offices]
    dockets = [(number, key) for key in choices if (number := recommendation(key).docket)]
    letters += [_docket_letter(code, number, key, day, rng) for number, key in dockets]
    letters[0] = replace(letters[0], edited=edited)
    return tuple(letters)


def _planned_channel(code: str, office: str, kind: TargetKind) -> ChannelKind:
    if office in STAND_IN_OFFICES:
        return ChannelKind.SMTP
    if code in tables.PRINT_ALL or (kind is TargetKind.SENATE and code in tables.PRINT_SENATE):
        return ChannelKind.PRINT
    return ChannelKind.HANDOFF if office in tables.WEB_FORM_SEATS else ChannelKind.CWC


def _letter(
    code: str, office: str, kind: TargetKind, heard: tuple[str, ...], day: int, rng: random.Random
) -> LetterPlan:
    return _settled(code, office, office, kind, None, heard, _planned_channel(code, office, kind), day, rng)


def _docket_letter(code: str, number: str, key: str, day: int, rng: random.Random) -> LetterPlan:
    """A filing while the docket is open, a printed letter to USTR after its last day."""
    is_open = day <= next(each.closes_on_day for each in DOCKETS if each.number == number)
    channel = ChannelKind.DOCKET if is_open else ChannelKind.PRINT
    target = number if is_open else "USTR"
    return _settled(code, target, "USTR", TargetKind.AGENCY, number if is_open else None, (key,), channel, day, rng)


@cache
def _outcomes() -> dict[tuple[str, str], tuple[Status, str, int]]:
    return {
        (who, target): (Status(status), reason, int(tries))
        for who, target, status, reason, tries in tables.rows(tables.OUTCOMES)
    }


def _settled(
    code: str,
    target: str,
    office: str,
    kind: TargetKind,
    docket: str | None,
    heard: tuple[str, ...],
    channel: ChannelKind,
    day: int,
    rng: random.Random,
) -> LetterPlan:
    by_hand = channel in {ChannelKind.HANDOFF, ChannelKind.DOCKET}
    usual = (Status.DELIVERED, "", 0 if by_hand else 1)
    outcome, reason, tries = _outcomes().get((code, target), usual)
    return LetterPlan(
        office=office,
        kind=kind,
        docket=docket,
        recommendations=heard,
        planned_channel=channel,
        channel=name_of(channel, kind),
        outcome=outcome,
        reason=reason,
        tries=tries,
        signed_day=day,
        settled_day=_settled_day(channel, outcome, reason, day, rng),
        edited=False,
        replies=(),
    )


def _settled_day(channel: ChannelKind, outcome: Status, reason: str, day: int, rng: random.Random) -> int:
    if reason == "docket closed":
        return 12
    if outcome is Status.FAILED and channel is ChannelKind.CWC:
        return day + 5
    if outcome in {Status.QUEUED, Status.UNCLEAR, Status.REFUSED}:
        return day
    if channel is ChannelKind.PRINT:
        return weekday(min(day + (1 if outcome is not Status.DELIVERED else rng.randint(4, 7)), 19))
    if channel in {ChannelKind.HANDOFF, ChannelKind.DOCKET}:
        return min(day + rng.randint(0, 2), DAYS)
    return day
