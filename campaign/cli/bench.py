"""`campaign bench NAME`: measurements, each beside its own limit in the same run. Standard output holds the JSON alone."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from campaign.bench import deliver as delivering
from campaign.bench import keys
from campaign.bench import line as line_alone
from campaign.bench.sink import Sink
from campaign.cli.schema import upgrade_database
from campaign.domain.channels import ChannelName
from campaign.drain import own_journal
from campaign.extensions import db
from campaign.runtime import runtime
from campaign.services import outbox
from campaign.settings import Settings
from campaign.unit_of_work import database_now
from campaign.web.outgoing import envelope


@click.group()
def bench() -> None:
    """Measure; figures as JSON."""


@bench.command()
@click.option("--letters", default=5_000, show_default=True, type=click.IntRange(1, 5_000_000))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--database-url", help="An empty database, which is migrated; a fresh SQLite file by default.")
@click.option("--relay", help="HOST:PORT of the relay that judges; a sink of our own by default.")
@click.option("--pids", type=click.Path(path_type=Path), help="File for the workers' process ids, one a line.")
@click.option("--sign", type=click.Choice(["none", "rsa", "ed25519"]), default="none", show_default=True)
def deliver(
    letters: int, workers: int, database_url: str | None, relay: str | None, pids: Path | None, sign: str
) -> None:
    """Letters per second and CPU seconds per 1,000, beside a bare smtplib loop."""
    from campaign.app import create_app

    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-bench-"))
        url = database_url or str(sa.URL.create("sqlite", database=str(Path(folder) / "bench.sqlite3")))
        os.environ["CAMPAIGN_VAR_DIR"] = folder
        if sign != "none":
            os.environ |= {
                "CAMPAIGN_DKIM_KEY_FILE": str(keys.signing_key(Path(folder), sign)),
                "CAMPAIGN_DKIM_SELECTOR": "bench",
                "CAMPAIGN_DKIM_DOMAIN": "bench.example",
            }
        settings = Settings.from_env(os.environ)
        app = create_app(replace(settings, database_url=url, log_level="ERROR"))
        sink = None if relay else stack.enter_context(Sink())
        with app.app_context():
            upgrade_database()
            figures = delivering.run(
                db.session(),
                letters=letters,
                workers=workers,
                relay=_address(relay) if relay else sink.address if sink else ("", 0),
                pids=pids,
                database_url=url,
            )
            db.session.remove()
            db.engine.dispose()
    if sink is not None:
        figures["relay"] = sink.seen
    click.echo(json.dumps(figures))


@bench.command()
@click.option("--letters", default=20_000, show_default=True, type=click.IntRange(500, 5_000_000))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100))
def line(letters: int, rounds: int) -> None:
    """The smtp line alone: connections, TLS, signatures and a slow relay, beside a bare smtplib loop."""
    click.echo(json.dumps(line_alone.run(letters, rounds)))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter("HOST:PORT, like 127.0.0.1:2525", param_hint="--relay")
    return host, int(port)


@bench.command("deliver-worker", hidden=True)
@click.option("--ready", type=click.Path(path_type=Path), required=True)
@click.option("--go", type=click.Path(path_type=Path), required=True)
@with_appcontext
def deliver_worker(ready: Path, go: Path) -> None:
    """One process of `bench deliver`."""
    loop = outbox.Loop(
        channel=runtime().channels[ChannelName.SMTP],
        envelope=envelope(),
        clock=database_now,
        journal=own_journal(),
    )
    delivering.work(db.session(), loop, ready, go)
