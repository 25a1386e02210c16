"""The dashboard's charts, from its figures. Rows of the tables behind them are links where a list can show the same number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import url_for
from markupsafe import Markup

from campaign.domain.channels import BY_HAND, BY_THE_MEMBERS_WORD, ChannelName
from campaign.domain.statuses import ResponseState, Status
from campaign.services.dashboard import Grades, Medians
from campaign.services.metrics import Figures, People
from campaign.web import charts
from campaign.web.charts import Chart, Reach, Step
from campaign.web.formats import duration, number, percent, plural, short_day
from campaign.web.organizer.letter_filter import Stage

DAYS = 28
_FILTERS: dict[str, dict[str, Any]] = {
    "Letters": {},
    "Accepted": {"stage": "accepted"},
    "Confirmed": {"stage": "confirmed"},
    "Answered": {"response": "replied"},
}


def funnel(slug: str, people: People, found: Figures, grades: Grades, medians: Medians) -> Chart:
    """People, then letters; the share of each step is of the step before, of answers of all letters."""
    replied = found.responses.get(ResponseState.REPLIED, 0)
    each = f"{found.letters / people.acted:.1f} each" if people.acted else ""
    groups = [
        [
            Step("Invited", people.invited),
            Step("Opened the page", people.opened),
            Step("Signed", people.acted, strong=True),
        ],
        [
            Step("Letters", found.letters, share=each),
            Step("Accepted", grades.accepted, time=_span(medians.to_accepted), strong=True),
            Step("Confirmed", grades.confirmed),
            Step(
                "Answered",
                replied,
                share=f"{percent(replied, found.letters)} of all"
                if found.letters >= 20
                else percent(replied, found.letters),
                time=_span(medians.to_answer),
                strong=True,
                tone="f-there",
            ),
        ],
    ]
    label = (
        f"{number(people.invited)} invited, {number(people.opened)} opened, {number(people.acted)} signed; "
        f"{plural(found.letters, 'letter')}, {number(grades.accepted)} accepted, {number(grades.confirmed)} confirmed, "
        f"{number(replied)} answered"
    )
    chart = charts.funnel(groups, label)
    rows = tuple(_linked(row, slug, _FILTERS.get(row[0])) for row in chart.rows)
    return replace(chart, rows=rows)


def _linked(row: tuple[str, ...], slug: str, arguments: Mapping[str, Any] | None) -> tuple[str, ...]:
    if arguments is None:
        return row
    url = url_for("organizer.letters", slug=slug, **arguments)
    return (Markup('<a href="{}">{}</a>').format(url, row[0]), *row[1:])


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)


@dataclass(frozen=True, slots=True)
class Standing:
    """Letters in one state, and the arguments of the list that shows them. `more` follows the state's word."""

    status: Status
    channel: ChannelName | None
    count: int
    arguments: Mapping[str, str]
    more: str = ""


def standings(by_channel: Mapping[ChannelName, Mapping[Status, int]]) -> list[Standing]:
    """Most letters first; they add up to all letters. What a person files stands apart from what a machine sends, and what
    a member says from what a notice confirms."""
    counts: Counter[tuple[Status, bool]] = Counter()
    for channel, by_status in by_channel.items():
        for status, number_of in by_status.items():
            apart = BY_HAND if status is Status.QUEUED else BY_THE_MEMBERS_WORD if status is Status.DELIVERED else ()
            counts[status, channel in apart] += number_of
    return [_standing(status, apart, n) for (status, apart), n in counts.most_common() if n]


def _standing(status: Status, apart: bool, count: int) -> Standing:
    if status is Status.QUEUED:
        stage = Stage.BY_HAND if apart else Stage.WAITING
        return Standing(
            status, ChannelName.PRINT if apart else None, count, {"stage": stage}, "or to post" if apart else ""
        )
    if status is Status.DELIVERED:
        stage = Stage.MEMBER if apart else Stage.CONFIRMED
        more = "member confirmed" if apart else "confirmed by a notice"
        return Standing(status, None, count, {"stage": stage}, more)
    after = {Status.REFUSED: "refused", Status.FAILED: "given up", Status.ACCEPTED: "handed over, nothing heard since"}
    return Standing(status, None, count, {"status": status}, after.get(status, ""))


def days(handovers: Mapping[date, int], end: date, today: date) -> Chart:
    """Hand-overs per day of the organization's zone, four weeks up to `end`."""
    span = [end - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    values = [handovers.get(day, 0) for day in span]
    names = ["today" if day == today else short_day(day) for day in span]
    best = max(range(DAYS), key=lambda i: values[i])
    label = f"Hand-overs per day: {number(handovers.get(today, 0))} today; most on {names[best]} with {number(values[best])}"
    chart = charts.bars(values, names, label)
    return replace(
        chart, columns=("Day", "Hand-overs"), rows=tuple(row for row in reversed(chart.rows) if row[1] != "0")
    )


def spark(handovers: Mapping[date, int], end: date) -> Markup:
    values = [handovers.get(end - timedelta(days=back), 0) for back in range(14, -1, -1)]
    return charts.sparkline(values, f"From {number(values[0])} to {number(values[-1])} hand-overs a day in two weeks")


def state_map(states: Mapping[str, tuple[int, int]]) -> Chart:
    """Seats reached of seats targeted, by state."""
    reached, targeted = (sum(pair[i] for pair in states.values()) for i in (0, 1))
    label = f"{number(reached)} of {number(targeted)} seats reached, in {plural(len(states), 'state')}"
    return charts.tile_map({code: Reach(*pair) for code, pair in states.items()}, label)
