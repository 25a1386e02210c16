"""`campaign run`: web, worker, beat, the listener for mail and the simulated Congress in one terminal."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from campaign import embedded_broker, logs
from campaign.cli.demo import demo_link
from campaign.cli.schema import upgrade_database
from campaign.demo import loader
from campaign.domain.errors import CannotStart
from campaign.extensions import db
from campaign.models.organization import Organization
from campaign.runtime import runtime
from campaign.settings import Settings
from campaign.supervisor import Child, Supervisor, check_ports
from campaign.unit_of_work import reading


@click.command()
@click.option("--demo/--no-demo", default=True, help="Load the demonstration into an empty database.")
@with_appcontext
def run(demo: bool) -> None:
    """Start everything, and stop it all with Ctrl-C. A second start keeps the data."""
    settings = runtime().settings
    if settings.production:
        raise CannotStart("campaign run is for a newcomer's machine; docs/operations.md says how production starts.")
    ports = [(settings.web_host, settings.web_port, "CAMPAIGN_WEB_PORT")]
    if settings.intake_port:
        ports.append((settings.intake_host, settings.intake_port, "CAMPAIGN_INTAKE_PORT"))
    if settings.simulated:
        ports += [
            (settings.smtp_host, settings.smtp_port, "CAMPAIGN_SMTP_PORT"),
            (settings.simulator_host, settings.simulator_port, "CAMPAIGN_SIMULATOR_PORT"),
        ]
    check_ports(ports)
    if settings.broker_url.startswith("filesystem:"):
        embedded_broker.empty(settings.var_dir / "broker")
        embedded_broker.options(settings.var_dir / "broker")
    upgrade_database()
    with reading() as session:
        organization = session.get(Organization, 1)
        demonstration = organization.is_demonstration if organization else demo
        if organization is None and demo:
            click.echo("Loading the demonstration; this takes a moment, once.")
            with logs.quiet():
                loader.load(None, echo=click.echo)
    if demonstration:
        _print_links(settings)
    db.engine.dispose()
    Supervisor(children(settings), echo=click.echo).run()


def _print_links(settings: Settings) -> None:
    click.echo("")
    for role in ("member", "organizer", "admin"):
        click.echo(f"{f'Sign in as {role}:':<22}{demo_link(role)}")
    click.echo(f"{'Open campaigns:':<22}{settings.base_url}/")
    click.echo(
        f"{'Simulated Congress:':<22}http://localhost:{settings.simulator_port}/  (what every office received; simulation)"
    )
    click.echo("Each sign-in link is good once; campaign demo link ROLE makes another. Ctrl-C stops everything.\n")


def children(settings: Settings) -> list[Child]:
    """In the order in which they are stopped: what makes work first, what takes it last."""
    celery = ["-m", "celery", "-q", "-A", "workers.app"]
    level = ["--loglevel", "WARNING"]  # its own words; ours follow CAMPAIGN_LOG_LEVEL
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat_file = str(settings.var_dir / "beat-schedule")
    made = [Child("beat", [*celery, "beat", *level, "--pidfile=", "--schedule", beat_file])]
    made += [
        Child(
            f"worker{n}", [*celery, "worker", "-n", f"delivery{n}@%h", "-P", "solo", "-Q", "delivery", *level, *quiet]
        )
        for n in range(1, settings.workers + 1)
    ]
    made.append(Child("upkeep", [*celery, "worker", "-n", "upkeep@%h", "-P", "solo", "-Q", "upkeep", *level, *quiet]))
    made.append(
        Child(
            "web",
            [
                "-m",
                "granian",
                "--interface",
                "wsgi",
                "--host",
                settings.web_host,
                "--port",
                str(settings.web_port),
                "--workers",
                "1",
                "--blocking-threads",
                str(settings.web_threads),
                "--workers-kill-timeout",
                "10",
                "--log-level",
                "error",  # its warnings count cores, which these threads mostly do not use: they wait for the database
                "--factory",
                "campaign.app:create_app",
            ],
            stage=1,
        )
    )
    if settings.intake_port:
        made.append(Child("listener", ["-m", "campaign", "listen"], stage=2))
    if settings.simulated:
        made.append(Child("congress", ["-m", "campaign", "simulate"], stage=2))
    return made
