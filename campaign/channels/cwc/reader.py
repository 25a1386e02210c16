"""From JSON to a message. What has the wrong type or a name that nobody knows is a problem at its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, NoReturn

from campaign.channels.cwc.message import Agent, Bill, Constituent, Message, Sponsor, Text
from campaign.channels.cwc.problems import Problem
from campaign.domain.errors import Invalid


@dataclass(slots=True)
class Reading:
    """A message as far as it could be read, and what could not."""

    message: Message = field(default_factory=Message)
    problems: list[Problem] = field(default_factory=list)

    def covers(self, place: str) -> bool:
        """Whether something is wrong at this place or above it already, so that its value says nothing."""
        return any(
            each.field in ("", place) or place.startswith((f"{each.field}.", f"{each.field}["))
            for each in self.problems
        )

    def wrong_type(self, place: str, wanted: str) -> None:
        self.problems.append(Problem(place, "wrong_type", f"Give {wanted} here."))


def parse(raw: bytes) -> Any:
    """Raises Invalid, with where, for what is no JSON in UTF-8 or says a name twice."""
    try:
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise Invalid("This is no text in UTF-8.") from error
    except json.JSONDecodeError as error:
        raise Invalid(f"This is no JSON: {error.msg}, at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise Invalid("This is no message: it is nested too deeply.") from error
    except ValueError as error:  # a number of thousands of digits
        raise Invalid("This holds a number that cannot be read.") from error


def read(data: Any) -> Reading:
    """Raises nothing: whatever it is, it is read as far as it goes."""
    reading = Reading()
    if not isinstance(data, dict):
        reading.wrong_type("", "an object with chamber, office, agent, organization, campaign_key, member and letter")
        return reading
    parts: dict[str, Callable[[Any, str], Any]] = {
        "agent": lambda value, place: _object(Agent, value, place, reading),
        "organization": lambda value, place: _object(Sponsor, value, place, reading),
        "member": lambda value, place: _object(Constituent, value, place, reading),
        "letter": lambda value, place: _object(
            Text,
            value,
            place,
            reading,
            topics=lambda given, at: _list(given, at, reading, lambda one, here: _text(one, here, reading)),
            bills=lambda given, at: _list(given, at, reading, lambda one, here: _object(Bill, one, here, reading)),
        ),
    }
    reading.message = _object(Message, data, "", reading, **parts)
    return reading


def _object(kind: Any, value: Any, place: str, reading: Reading, **parts: Callable[[Any, str], Any]) -> Any:
    if value is None:
        return kind()
    if not isinstance(value, dict):
        reading.wrong_type(place, "an object")
        return kind()
    known = {each.name: str(each.type) for each in fields(kind)}
    made = {}
    for name, given in value.items():
        here = f"{place}.{name}" if place else name
        if name not in known:
            reading.problems.append(
                Problem(here, "unknown_field", f"Known here: {', '.join(known)}. Take this one out.")
            )
        elif given is not None:
            part = parts.get(name)
            made[name] = part(given, here) if part else _READERS[known[name]](given, here, reading)
    return kind(**made)


def _list(value: Any, place: str, reading: Reading, each: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        reading.wrong_type(place, "a list")
        return ()
    return tuple(each(one, f"{place}[{number}]") for number, one in enumerate(value))


def _text(value: Any, place: str, reading: Reading) -> str:
    if isinstance(value, str):
        return value
    reading.wrong_type(place, "a text in quotation marks")
    return ""


def _yes_or_no(value: Any, place: str, reading: Reading) -> bool | None:
    if isinstance(value, bool):
        return value
    reading.wrong_type(place, "true, false or null")
    return None


def _whole(value: Any, place: str, reading: Reading) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    reading.wrong_type(place, "a whole number without quotation marks")
    return None


_READERS: dict[str, Callable[[Any, str, Reading], Any]] = {
    "str": _text,
    "bool | None": _yes_or_no,
    "int | None": _whole,
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"This says {', '.join(twice)} twice in one object: keep one of them.")
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise Invalid(f"This is no JSON: {name} is no number there.")
