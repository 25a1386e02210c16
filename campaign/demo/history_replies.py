"""What the offices do with the letters of the plan: second tries, acknowledgements, form replies, and the stand-ins' words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from campaign.demo import history_tables as tables
from campaign.demo.association import PEOPLE, code_of
from campaign.demo.clock import DAYS, draw_time, weekday
from campaign.demo.content import read
from campaign.demo.offices import SIMULATED_REPLY
from campaign.demo.shapes import ActionPlan, LetterPlan, ReplyPlan
from campaign.domain.channels import ChannelKind
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import Status
from campaign.domain.targeting import TargetKind


def with_second_tries(actions: Sequence[ActionPlan], rng: random.Random) -> tuple[ActionPlan, ...]:
    """Eleven letters needed two tries and two needed three; an unclear or failed one has its own count."""
    tries = dict.fromkeys(tables.SECOND_TRY, 2) | dict.fromkeys(tables.THIRD_TRY, 3)
    free = [
        place
        for place, letter in _placed(actions)
        if letter.planned_channel is ChannelKind.CWC
        and letter.kind is TargetKind.SENATE
        and letter.outcome is Status.DELIVERED
        and place not in tries
    ]
    tries |= dict.fromkeys(rng.sample(free, tables.SECOND_TRIES_ELSEWHERE), 2)
    return tuple(
        replace(
            action,
            letters=tuple(
                replace(letter, tries=tries.get((_code(action), letter.office), letter.tries))
                for letter in action.letters
            ),
        )
        for action in actions
    )


def _code(action: ActionPlan) -> str:
    return code_of(next(who for who in PEOPLE if who.email == action.email))


def _placed(actions: Sequence[ActionPlan]) -> list[tuple[tuple[str, str], LetterPlan]]:
    """Letters by their writer's code and office; a docket's number in place of the agency, which may get two."""
    return [
        ((_code(action), letter.docket or letter.office), letter) for action in actions for letter in action.letters
    ]


def with_replies(actions: Sequence[ActionPlan], rng: random.Random) -> tuple[ActionPlan, ...]:
    letters = dict(_placed(actions))
    replies: dict[tuple[str, str], list[ReplyPlan]] = {place: [] for place in letters}
    _add_acknowledgements(letters, replies, rng)
    _add_form_replies(letters, replies, rng)
    _add_stand_in_replies(letters, replies, rng)

    def answered(action: ActionPlan, letter: LetterPlan) -> LetterPlan:
        found = replies[_code(action), letter.docket or letter.office]
        return replace(letter, replies=tuple(sorted(found, key=lambda reply: (reply.day, reply.at))))

    return tuple(
        replace(action, letters=tuple(answered(action, letter) for letter in action.letters)) for action in actions
    )


_Letters = dict[tuple[str, str], LetterPlan]
_Replies = dict[tuple[str, str], list[ReplyPlan]]


def _known_by(letter: LetterPlan, rng: random.Random) -> str:
    """Only letters by smtp are answered to our own address; the rest comes to the member's mailbox."""
    return "mail" if letter.planned_channel is ChannelKind.SMTP else rng.choice(("forwarded", "reported"))


def _reply(
    letter: LetterPlan, kind: ResponseKind, after: int, text: str, rng: random.Random, outcome: str = ""
) -> ReplyPlan:
    return ReplyPlan(
        kind, letter.settled_day + after, after, draw_time(rng, time(9)), _known_by(letter, rng), text, outcome
    )


def _add_acknowledgements(letters: _Letters, replies: _Replies, rng: random.Random) -> None:
    chosen: list[tuple[str, str]] = []
    for (channel, kind), count in tables.ACKNOWLEDGEMENTS.items():
        chosen += rng.sample(
            [
                place
                for place, letter in letters.items()
                if letter.outcome is Status.DELIVERED
                and letter.planned_channel == channel
                and kind in {"", letter.kind.value}
            ],
            count,
        )
    later = [place for place in chosen if letters[place].settled_day < DAYS]
    next_day = set(rng.sample(later, tables.NEXT_DAY_ACKNOWLEDGEMENTS))
    for place in chosen:
        after = int(place in next_day)
        reply = _reply(letters[place], ResponseKind.ACKNOWLEDGEMENT, after, SIMULATED_REPLY, rng)
        at = reply.at if after else time(19, reply.at.minute)  # an acknowledgement never precedes its letter
        replies[place].append(replace(reply, at=at))


def _add_form_replies(letters: _Letters, replies: _Replies, rng: random.Random) -> None:
    """Real offices only, on working days. The longest waits are placed first, since they fit the fewest letters."""
    taken: set[tuple[str, str]] = set()
    for (shortest, longest), from_house, from_senate in tables.FORM_REPLIES:
        for kind, count in ((TargetKind.HOUSE, from_house), (TargetKind.SENATE, from_senate)):
            fits = {
                place: days
                for place, letter in letters.items()
                if letter.kind is kind
                and letter.outcome is Status.DELIVERED
                and letter.planned_channel in {ChannelKind.CWC, ChannelKind.HANDOFF}
                and place not in taken
                and (days := _working_offsets(letter.settled_day, shortest, longest))
            }
            for place in rng.sample(list(fits), count):
                taken.add(place)
                after = rng.choice(fits[place])
                replies[place].append(_reply(letters[place], ResponseKind.FORM, after, SIMULATED_REPLY, rng))


def _working_offsets(day: int, shortest: int, longest: int) -> list[int]:
    return [
        after for after in range(shortest, longest + 1) if day + after <= DAYS and weekday(day + after) == day + after
    ]


def _add_stand_in_replies(letters: _Letters, replies: _Replies, rng: random.Random) -> None:
    texts = read("replies.yaml")
    for row in tables.rows(tables.STAND_IN_REPLIES):
        code, office, kind, after, which = row[:5]
        found = texts[office][kind]
        text = found[int(which)] if isinstance(found, list) else found
        outcome = row[5] if len(row) > 5 else ""
        place = (code, office)
        replies[place].append(_reply(letters[place], ResponseKind(kind), int(after), text, rng, outcome))
