"""The plan of "One list, one rulebook": six weeks, 42 days, the last of which is a quarter's last day. Pure, always the same.

62 invited, 43 visited, 26 acted; 76 letters (26 House, 50 Senate, since one person left both senators out): 67 delivered, 5
refused, 4 cancelled; 40 acknowledgements, 33 form replies, none of substance: no stand-in sits in Pennsylvania. No position
changed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from functools import cache

from campaign.demo.advocates import ADVOCATES
from campaign.demo.clock import draw_time
from campaign.demo.content import read
from campaign.demo.history import name_of
from campaign.demo.history_tables import SEED
from campaign.demo.offices import SIMULATED_REPLY, house_office
from campaign.demo.shapes import ActionPlan, Advocate, History, InvitationPlan, LetterPlan, ReplyPlan, VisitPlan
from campaign.domain.channels import ChannelKind
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import Status
from campaign.domain.targeting import TargetKind

DAYS = 42
VISITORS, ACTIONS = 43, 26
ACKNOWLEDGEMENTS, FORM_REPLIES = 40, 33
_BY_GATEWAY, _BY_FORM = "SPA01", "SPA03"
# by the order of the actions: who left both senators out, whose letters were refused, who withdrew the web form
_HOUSE_ONLY = 7
_REFUSED = {
    (2, "house"): "address outside the district",
    (11, "house"): "address outside the district",
    (18, "house"): "postal code mismatch",
    (5, _BY_GATEWAY): "topic code rejected",
    (22, _BY_GATEWAY): "postal code mismatch",
}
_WITHDREW = frozenset({4, 9, 15, 24})


def last_day(as_of: date) -> date:
    """The last day of the quarter before `as_of`: 31 March for 15 June."""
    first_month = (as_of.month - 1) // 3 * 3 + 1
    return as_of.replace(month=first_month, day=1) - timedelta(days=1)


def date_of(day: int, as_of: date) -> date:
    return last_day(as_of) + timedelta(days=day - DAYS)


@cache
def history() -> History:
    rng = random.Random(SEED)  # noqa: S311  # a script, not a secret
    acting = _acting(rng)
    actions = _with_replies(tuple(_action(*item, rng) for item in enumerate(acting)), rng)
    return History(
        invitations=tuple(InvitationPlan(each.email, 1, 1, time(8), bounced=False) for each in ADVOCATES),
        visits=_visits(actions, rng),
        actions=actions,
    )


def _acting(rng: random.Random) -> list[Advocate]:
    """25 of the 60, and the one of Easton: a choice between two districts that was made."""
    return [*rng.sample(ADVOCATES[:60], ACTIONS - 1), ADVOCATES[61]]


def _action(place: int, who: Advocate, rng: random.Random) -> ActionPlan:
    """Two of three act in the first two weeks. Every second one has own words. No site: the letters go by the own address."""
    day = rng.randint(1, 14) if place % 3 else rng.randint(15, 30)
    stories = read("stories.yaml")["advocates"]
    return ActionPlan(
        email=who.email,
        company=None,
        facility=None,
        district=who.district,
        district_chosen=len(who.districts) > 1,
        day=day,
        at=draw_time(rng, time(8, 30)),
        choices=("P5",),
        reasons=(),
        story=stories[place // 2] if place % 2 == 0 else "",
        edit="",
        letters=_letters(place, who, day),
    )


def _letters(place: int, who: Advocate, day: int) -> tuple[LetterPlan, ...]:
    house = house_office(who.district) or ""
    letters = [_letter(house, TargetKind.HOUSE, ChannelKind.CWC, day, _REFUSED.get((place, "house")))]
    if place == _HOUSE_ONLY:
        return tuple(letters)
    letters.append(_letter(_BY_GATEWAY, TargetKind.SENATE, ChannelKind.CWC, day, _REFUSED.get((place, _BY_GATEWAY))))
    by_form = _letter(_BY_FORM, TargetKind.SENATE, ChannelKind.HANDOFF, day, None)
    if place in _WITHDREW:
        by_form = replace(by_form, outcome=Status.CANCELLED, reason="member withdrew")
    return (*letters, by_form)


def _letter(office: str, kind: TargetKind, channel: ChannelKind, day: int, refused: str | None) -> LetterPlan:
    by_hand = channel is ChannelKind.HANDOFF
    return LetterPlan(
        office=office,
        kind=kind,
        docket=None,
        recommendations=("P5",),
        planned_channel=channel,
        channel=name_of(channel, kind),
        outcome=Status.REFUSED if refused else Status.DELIVERED,
        reason=refused or "",
        tries=0 if by_hand else 1,
        signed_day=day,
        settled_day=day + 1 if by_hand else day,
        edited=False,
        replies=(),
    )


def _visits(actions: Sequence[ActionPlan], rng: random.Random) -> tuple[VisitPlan, ...]:
    """One visit each: on the day of their action, or on some day of the first three weeks."""
    visits = [VisitPlan(each.email, each.day, time(each.at.hour, max(each.at.minute - 4, 0))) for each in actions]
    acting = {each.email for each in actions}
    rest = [each.email for each in ADVOCATES if each.email not in acting]
    others = rng.sample(rest, VISITORS - ACTIONS)
    visits += [VisitPlan(email, rng.randint(1, 21), draw_time(rng)) for email in others]
    return tuple(sorted(visits, key=lambda visit: (visit.day, visit.at, visit.email)))


def _with_replies(actions: Sequence[ActionPlan], rng: random.Random) -> tuple[ActionPlan, ...]:
    """Acknowledged at once or never; form replies one to three weeks later, the last before the campaign's end."""
    places = [
        (action.email, letter.office)
        for action in actions
        for letter in action.letters
        if letter.outcome is Status.DELIVERED
    ]
    acknowledged = set(rng.sample(places, ACKNOWLEDGEMENTS))
    answered = set(rng.sample(places, FORM_REPLIES))

    def replies(place: tuple[str, str], letter: LetterPlan) -> tuple[ReplyPlan, ...]:
        found = []
        if place in acknowledged:
            found.append(_reply(ResponseKind.ACKNOWLEDGEMENT, letter.settled_day, 0, time(19, 5), rng))
        if place in answered:
            after = rng.randint(6, min(20, DAYS - letter.settled_day))
            found.append(_reply(ResponseKind.FORM, letter.settled_day, after, draw_time(rng), rng))
        return tuple(found)

    return tuple(
        replace(
            action,
            letters=tuple(
                replace(letter, replies=replies((action.email, letter.office), letter)) for letter in action.letters
            ),
        )
        for action in actions
    )


def _reply(kind: ResponseKind, day: int, after: int, at: time, rng: random.Random) -> ReplyPlan:
    return ReplyPlan(kind, day + after, after, at, rng.choice(("forwarded", "reported")), SIMULATED_REPLY)
