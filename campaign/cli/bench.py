"""`campaign bench NAME`: measurements, each beside its own limit in the same run. Standard output holds the JSON alone."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from campaign.bench import consent as from_consent
from campaign.bench import deliver as delivering
from campaign.bench import engine, keys, paper, usual
from campaign.bench import intake as taking_in
from campaign.bench import line as line_alone
from campaign.bench import render as rendering
from campaign.bench.sink import Sink
from campaign.cli.schema import upgrade_database
from campaign.domain.channels import ChannelName
from campaign.drain import limits, own_journal
from campaign.extensions import db
from campaign.runtime import runtime
from campaign.services import outbox, printing
from campaign.settings import Settings
from campaign.unit_of_work import database_now


@click.group()
def bench() -> None:
    """Measure; figures as JSON."""


@contextlib.contextmanager
def _site(database_url: str | None, **environment: str) -> Iterator[str]:
    """An application on an empty database, migrated, in a folder of its own; gives the database's URL."""
    from campaign.app import create_app

    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        url = database_url or str(sa.URL.create("sqlite", database=str(Path(folder) / "bench.sqlite3")))
        os.environ |= {"CAMPAIGN_VAR_DIR": folder, "CAMPAIGN_DATABASE_URL": url, "CAMPAIGN_LOG_LEVEL": "ERROR"}
        os.environ |= environment
        with create_app(Settings.from_env(os.environ)).app_context():
            upgrade_database()
            yield url
            db.session.remove()
            db.engine.dispose()


_database = click.option("--database-url", help="An empty database, which is migrated; a fresh SQLite file by default.")
_workers = click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))


def _letters(default: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option("--letters", default=default, show_default=True, type=click.IntRange(1, 5_000_000))


def _show(figures: Mapping[str, Any]) -> None:
    click.echo(json.dumps(figures))


@bench.command()
@_letters(60_000)
@_workers
@_database
@click.option("--relay", help="HOST:PORT of the relay that judges; a sink of our own by default.")
@click.option("--pids", type=click.Path(path_type=Path), help="File for the workers' process ids, one a line.")
@click.option("--sign", type=click.Choice(["none", "rsa", "ed25519"]), default="none", show_default=True)
@click.option("--tls", is_flag=True, help="Encrypted lines, to the sink of our own.")
def deliver(
    letters: int, workers: int, database_url: str | None, relay: str | None, pids: Path | None, sign: str, tls: bool
) -> None:
    """Letters per second and CPU seconds per 1,000, beside a bare smtplib loop and postfix's smtp-source, both unencrypted."""
    if tls and relay:
        raise click.UsageError("--tls goes with the sink of our own, not with --relay.")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-key-")))
        signing: dict[str, str] = {}
        if sign != "none":
            signing |= {
                "CAMPAIGN_DKIM_KEY_FILE": str(keys.signing_key(folder, sign)),
                "CAMPAIGN_DKIM_SELECTOR": "bench",
                "CAMPAIGN_DKIM_DOMAIN": "bench.example",
            }
        options: tuple[str, ...] = ()
        if tls:
            certificate = keys.certificate(folder, "localhost")
            options = ("--certificate", str(certificate))
            signing |= {"CAMPAIGN_SMTP_STARTTLS": "yes", "SSL_CERT_FILE": str(certificate)}
        sink = None if relay else stack.enter_context(Sink(*options))
        address = (
            _address(relay)
            if relay
            else ("localhost" if tls else sink.address[0], sink.address[1])
            if sink
            else ("", 0)
        )
        url = stack.enter_context(_site(database_url, **signing))
        figures = delivering.run(
            db.session(), letters=letters, workers=workers, relay=address, pids=pids, database_url=url
        )
    _show(figures | ({"relay": sink.seen} if sink else {}))


@bench.command("usual")
@_letters(60_000)
@_workers
@_database
def usual_design(letters: int, workers: int, database_url: str | None) -> None:
    """Beside the usual design: a task, a connection and a commit for each letter."""
    with _site(database_url) as url:
        _show(usual.beside(db.session(), url, letters=letters, workers=workers))


@bench.command("slow-relay")
@_letters(4_000)
@_workers
@_database
@click.option("--connections", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--late-ms", default=100, show_default=True, type=click.IntRange(1, 60_000))
def slow_relay(letters: int, workers: int, database_url: str | None, connections: int, late_ms: int) -> None:
    """A relay that answers each letter late, beside what its delay allows."""
    with _site(database_url) as url:
        _show(
            engine.slow_relay(
                db.session(), url, letters=letters, workers=workers, connections=connections, late_ms=late_ms
            )
        )


@bench.command()
@click.option("--per-second", default=7.0, show_default=True, type=click.FloatRange(0.1, 100_000))
@click.option("--seconds", default=20, show_default=True, type=click.IntRange(1, 86_400))
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64))
@_database
def pacing(per_second: float, seconds: int, workers: int, database_url: str | None) -> None:
    """A limit over several workers: how many arrive in the busiest second, and how much of it is used."""
    with _site(database_url) as url:
        _show(engine.pacing(db.session(), url, per_second=per_second, seconds=seconds, workers=workers))


@bench.command()
@_letters(50_000)
@click.option("--late", default=200, show_default=True, type=click.IntRange(1, 100_000))
@_workers
@_database
def fairness(letters: int, late: int, workers: int, database_url: str | None) -> None:
    """How long the letters of a small campaign wait that starts while a large one drains."""
    with _site(database_url) as url:
        _show(engine.fairness(db.session(), url, letters=letters, late=late, workers=workers))


@bench.command()
@_letters(10_000)
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64))
@_database
def pause(letters: int, workers: int, database_url: str | None) -> None:
    """Seconds from the click of a pause to the last letter that still reaches the relay."""
    with _site(database_url) as url:
        _show(engine.pause(db.session(), url, letters=letters, workers=workers))


@bench.command()
@_letters(50_000)
@_workers
@_database
def memory(letters: int, workers: int, database_url: str | None) -> None:
    """Resident memory of the workers at the beginning and at the end of many letters."""
    with _site(database_url) as url:
        _show(engine.memory(db.session(), url, letters=letters, workers=workers))


@bench.command()
@click.option("--letters", default=20, show_default=True, type=click.IntRange(2, 10_000))
@_database
def consent(letters: int, database_url: str | None) -> None:
    """Seconds from due to accepted on an idle system with the embedded broker."""
    with _site(database_url, CAMPAIGN_BROKER_URL="filesystem://") as url:
        _show(from_consent.run(url, letters))


@bench.command()
@_letters(5_000)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100))
def render(letters: int, rounds: int) -> None:
    """Letters written per CPU second, beside their templates bare."""
    _show(rendering.run(letters, rounds))


@bench.command("print")
@_letters(1_000)
@_database
def print_letters(letters: int, database_url: str | None) -> None:
    """Letters on paper: from rows to files, beside bare typst with the same letters."""
    if letters > printing.MOST:
        raise click.BadParameter(f"a batch has at most {printing.MOST:,} letters", param_hint="--letters")
    with _site(database_url):
        _show(paper.run(db.session(), letters, runtime().settings.var_dir, runtime().envelope))


@bench.command()
@click.option("--mails", default=5_000, show_default=True, type=click.IntRange(100, 1_000_000))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100))
@_database
def intake(mails: int, rounds: int, database_url: str | None) -> None:
    """Mails read per CPU second beside a full parse of the same, and the memory that one of 25 MB takes."""
    with _site(database_url):
        _show(taking_in.run(mails, rounds))


@bench.command()
@click.option("--letters", default=20_000, show_default=True, type=click.IntRange(500, 5_000_000))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100))
def line(letters: int, rounds: int) -> None:
    """The smtp line alone: connections, TLS, signatures and a slow relay, beside a bare smtplib loop."""
    _show(line_alone.run(letters, rounds))


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
        envelope=runtime().envelope,
        clock=database_now,
        journal=own_journal(),
        limits=limits(ChannelName.SMTP, runtime().settings),
    )
    delivering.work(db.session(), loop, ready, go)
