"""`campaign send` and `campaign inbox`: the workers' work without Celery."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from campaign import tasknames
from campaign.channels.smtp.raw import RawMail
from campaign.drain import drain, recover, sweep_leases
from campaign.intake import take


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_appcontext
def send(as_json: bool) -> None:
    """Hand over everything that is due, in this process."""
    recover()
    sweep_leases()
    tried = {str(channel): drain(channel) for channel in tasknames.WORKED}
    if as_json:
        click.echo(json.dumps({"tried": tried}))
    else:
        click.echo(f"{sum(tried.values())} tried.")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line per message.")
@with_appcontext
def inbox(files: tuple[Path, ...], as_json: bool) -> None:
    """Feed raw messages to the intake of bounces and replies."""
    for path in files:
        raw = RawMail.read(path)
        taken = take(f"file:{raw.digest[:32]}", raw)
        line = {
            "file": str(path),
            "kind": taken.kind,
            "code": taken.code,
            "letter": taken.letter,
            "moved": str(taken.moved) if taken.moved else None,
            "message": _words(taken.kind, taken.moved is not None),
        }
        click.echo(json.dumps(line) if as_json else f"{path.name}: {line['message']}")


def _words(kind: str, moved: bool) -> str:
    if kind == "duplicate":
        return "read before; nothing changed"
    if kind in ("unmatched", "unreadable"):
        return f"{kind}; it waits for a person"
    return f"{kind.replace('_', ' ')}; {'the letter moved' if moved else 'no status changed'}"
