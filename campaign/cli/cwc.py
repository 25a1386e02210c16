"""`campaign cwc`: the XML of a message, its rehearsal at a gateway, and the problems of an XML document."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext

from campaign import gateway_lists
from campaign.channels.cwc import checker, ids, message, reader, rules, validator
from campaign.channels.cwc.builder import build as build_xml
from campaign.channels.cwc.gateway import CHAMBER_WORDS
from campaign.channels.cwc.problems import Problem, Severity
from campaign.domain.errors import ChannelError, Invalid, Misconfigured
from campaign.domain.parcels import Outcome, Receipt
from campaign.runtime import runtime
from campaign.services import active_offices
from campaign.services.active_offices import ListState
from campaign.unit_of_work import database_now, reading

_MOST = 8 * 1024 * 1024  # octets of a file; more is none of ours


@click.group()
def cwc() -> None:
    """Letters as the House's and the Senate's gateways take them, and which offices take them."""


@cwc.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Problems as one JSON object on standard output.")
def build(file: str, as_json: bool) -> None:
    """Print the XML of the message in FILE (JSON; - is standard input); exit 1 with its problems.

    Nothing is cut, guessed or invented to make a message fit. Sends nothing, and needs no database.
    """
    ready = _ready(file, as_json)
    for name in ("statement", "message"):
        if len(getattr(ready.letter, name).encode()) > rules.LONGEST:
            words = f"letter.{name} has more than {rules.LONGEST:,} octets; whether a gateway counts them is not known."
            click.echo(f"campaign: {words}", err=True)
    click.echo(build_xml(ready), nl=False)


@cwc.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object on standard output.")
@with_appcontext
def rehearse(file: str, as_json: bool) -> None:
    """Ask the gateway whether it would take the message in FILE (JSON; - is standard input), and deliver nothing.

    Exit 1 with the reason when it would not, or cannot be asked. Writes nothing, and needs no database.
    """
    ready = _ready(file, as_json)
    chamber = validator.chamber_of(ready)
    channel = next((each for each in gateway_lists.configured() if each.gateway.chamber is chamber), None)
    if channel is None:
        outcome: Outcome = Misconfigured(f"{CHAMBER_WORDS[chamber]} is not set up here")
    else:
        first = runtime().envelope.more_info_at is message.MoreInfo.FIRST
        try:
            outcome = channel.rehearse(message.Filing(ready, more_info_first=first))
        except ChannelError as error:
            outcome = error
    taken = isinstance(outcome, Receipt)
    words = f"{CHAMBER_WORDS[chamber]} would take it" if isinstance(outcome, Receipt) else str(outcome)
    if as_json:
        code = None if isinstance(outcome, Receipt) else outcome.code
        told = {"taken": taken, "chamber": str(chamber), "message": words, "code": code, "answer": outcome.answer}
        click.echo(json.dumps(told | {"problems": []}, ensure_ascii=False))
    else:
        click.echo(f"{words[:1].upper()}{words[1:]}." if taken else f"campaign: {words}", err=not taken)
    sys.exit(0 if taken else 1)


@cwc.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True)
def check(file: str, as_json: bool) -> None:
    """Say what is wrong with the XML document in FILE (- is standard input); exit 1 when something is an error."""
    try:
        problems = checker.check(_content(file))
    except Invalid as error:
        problems = [Problem("", "unreadable", str(error))]
    if as_json:
        _print_json([each.graded() for each in problems])
    else:
        for each in problems:
            click.echo(f"{each.severity}: {each.words}")
        if not problems:
            click.echo("Nothing is wrong with it.")
    sys.exit(1 if any(each.severity is Severity.ERROR for each in problems) else 0)


@cwc.command()
@click.option("--refresh", "refreshes", is_flag=True, help="Read the lists now, as before a launch.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def offices(refreshes: bool, as_json: bool) -> None:
    """Say how old the lists of offices that take part are; exit 1 where a gateway's list lets nothing through."""
    channels = gateway_lists.configured()
    if refreshes:
        for channel in channels:
            gateway_lists.refresh(channel)
    with reading() as session:
        states = active_offices.list_states(session, database_now())
    used = {channel.gateway.chamber for channel in channels}
    if as_json:
        click.echo(json.dumps({"lists": [_as_json(each, each.chamber in used) for each in states]}))
    else:
        for each in states:
            click.echo(_line(each, each.chamber in used))
    sys.exit(1 if any(each.chamber in used and not each.fresh for each in states) else 0)


def _as_json(state: ListState, used: bool) -> dict[str, Any]:
    return {
        "chamber": str(state.chamber),
        "used": used,
        "offices": state.listed,
        "fetched_at": state.fetched_at.isoformat() if state.fetched_at else None,
        "fresh": state.fresh,
        "problem": state.problem,
    }


def _line(state: ListState, used: bool) -> str:
    if not used:
        return f"{state.chamber}: its gateway is not used here."
    read = f"{state.listed} offices, read {state.fetched_at:%Y-%m-%d %H:%M} UTC" if state.fetched_at else "never read"
    problem = f"; the last try failed: {state.problem}" if state.problem else ""
    return f"{state.chamber}: {read}{'' if state.fresh else ', lets nothing through'}{problem}."


def _ready(file: str, as_json: bool) -> message.Message:
    """The message in a file of JSON, cleaned and dated. Ends the command with its problems."""
    try:
        found = reader.read(reader.parse(_content(file)))
    except Invalid as error:
        _refuse([Problem("", "unreadable", str(error))], as_json)
    problems = validator.problems_of(found)
    if problems:
        _refuse(problems, as_json)
    return message.dated(message.cleaned(found.message), ids.new_delivery_id(), datetime.now(UTC))


def _content(file: str) -> bytes:
    """Raises Invalid, with what to do, for what cannot be read."""
    try:
        with click.open_file(file, "rb") as opened:
            raw: bytes = opened.read(_MOST + 1)
    except OSError as error:
        raise Invalid(
            f"{click.format_filename(file)} cannot be read: {error.strerror or 'give the path of a file'}."
        ) from error
    except ValueError as error:  # a path with a null in it
        raise Invalid("This is no path of a file.") from error
    if len(raw) > _MOST:
        raise Invalid(f"The file is too long: at most {_MOST:,} octets.")
    return raw


def _refuse(problems: Sequence[Problem], as_json: bool) -> NoReturn:
    if as_json:
        _print_json([each.as_json() for each in problems])
    else:
        for each in problems:
            click.echo(f"campaign: {each.words}", err=True)
    sys.exit(1)


def _print_json(problems: list[Any]) -> None:
    click.echo(json.dumps({"problems": problems}, ensure_ascii=False))
