"""Gives Jinja what the templates of the product want: filters that know the page's zone and day, states and charts.

Pages pass `zone` (a zone name or ZoneInfo) and `now` (aware) in their context. A macro sees them only when it is imported
"with context"; a filter takes the zone as its argument too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from campaign.web import charts, formats, states
from campaign.web.formats import EASTERN, Day, Zone, as_zone, clock, day, deadline, in_days, moment, short_day, time_tag


def _zone_of(context: Context, zone: Zone) -> ZoneInfo:
    return as_zone(zone or context.get("zone"))


def _today_of(context: Context, zone: Zone) -> date:
    """Of the page's `now`; without one, of the clock: this only decides whether a year is written."""
    now = context.get("now") or datetime.now(UTC)
    return now.astimezone(_zone_of(context, zone)).date()


def _in_context(write: Callable[..., str]) -> Callable[..., str]:
    """The filter with the zone and today's date of the page, where it is not told another zone."""

    @pass_context
    def filter_(context: Context, value: Any, zone: Zone = None) -> str:
        return write(value, _zone_of(context, zone), _today_of(context, zone))

    return filter_


@pass_context
def _clock_filter(context: Context, value: datetime | None, seconds: bool = False, zone: Zone = None) -> str:
    return clock(value, _zone_of(context, zone), seconds)


@pass_context
def _deadline_filter(context: Context, value: datetime | None) -> str:
    return deadline(value, _today_of(context, EASTERN))


@pass_context
def _in_days_filter(context: Context, value: Day | None, zone: Zone = None) -> str:
    return in_days(value, _today_of(context, zone), _zone_of(context, zone))


_FORMS: dict[str, Callable[..., str]] = {
    "day": _in_context(day),
    "short_day": _in_context(short_day),
    "moment": _in_context(moment),
    "clock": _clock_filter,
    "deadline": _deadline_filter,
    "in_days": _in_days_filter,
}


@pass_context
def _time_filter(context: Context, value: Day | None, form: str = "moment", **how: Any) -> Markup:
    """`at|time("clock")`: the words of that filter, in a time element."""
    return time_tag(value, _FORMS[form](context, value, **how))


def register(environment: Environment) -> None:
    """Gives Jinja the filters, and the globals that the components want. Twice is safe."""
    environment.filters.update(
        _FORMS,
        time=_time_filter,
        meeting=formats.meeting,
        number=formats.number,
        percent=formats.percent,
        duration=formats.duration,
        plural=formats.plural,
        initials=formats.initials,
        lines=formats.lines,
    )
    environment.globals.update(
        letter_state=states.letter_state,
        campaign_word=states.campaign_word,
        families=states.FAMILIES,
        zone_words=formats.zone_words,
        charts=charts,
    )


def init_app(app: Flask) -> None:
    register(app.jinja_env)
