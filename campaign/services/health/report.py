"""The whole report, and a glance at what holds letters back. Read-only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.orm import Session

from campaign import paths
from campaign.domain.channels import ChannelName
from campaign.models.event import Event
from campaign.models.proof import Proof
from campaign.services import breaker, complaints, events, proofs, waiting
from campaign.services.health import channels as of_channels
from campaign.services.health import complaints as of_complaints
from campaign.services.health import ways as of_ways
from campaign.services.health import workers as of_workers
from campaign.services.health.shapes import ChannelHealth, Condition, Health, Part, Problem, WorkerHealth


def without_database(at: datetime, broker: bool | None, error: str) -> Health:
    broken = Problem(
        Part.DATABASE,
        f"The database does not answer ({error}).",
        "Check CAMPAIGN_DATABASE_URL, and that the database runs.",
    )
    return Health(at, False, False, broker, problems=(broken, *_broker_problems(broker)))


def not_migrated(at: datetime, broker: bool | None) -> Health:
    old = Problem(Part.MIGRATIONS, "The database is not migrated to this version.", "Run campaign db upgrade.")
    return Health(at, True, False, broker, problems=(old, *_broker_problems(broker)))


def report(session: Session, set_up: Collection[ChannelName], broker: bool | None, now: datetime) -> Health:
    """The whole of it; `set_up`: the channels that this installation has. About fifteen statements, and a bisection."""
    workers = of_workers.of(session, now)
    unworked = of_workers.unworked(workers)
    channels = of_channels.of(session, set_up, unworked, now)
    due = any(each.queue.due for each in channels if each.condition is Condition.UNATTENDED)
    count, oldest = unmatched(session)
    proof = proofs.latest(session)
    problems = (
        *_problems(broker, workers, unworked, channels, due, now),
        *of_ways.problems(session, set_up, now),
        *_proof_problems(proof),
        *_policy_problems(events.refused_by_policy(session, now - timedelta(days=1))),
        *of_complaints.problems(complaints.rates(session)),
    )
    return Health(now, True, True, broker, channels, workers, unworked, count, oldest, proof, problems)


def glance(session: Session, broker: bool | None, now: datetime) -> Health:
    """Without figures, and with channels in trouble only: two small statements, and one more where no worker is heard."""
    workers = of_workers.of(session, now)
    unworked = of_workers.unworked(workers)
    channels = tuple(
        of_channels.in_trouble(state, ChannelHealth(state.channel, Condition.IDLE)) for state in breaker.states(session)
    )
    due = "delivery" in unworked and of_channels.anything_due(session, now)
    problems = _problems(broker, workers, unworked, channels, due, now)
    return Health(now, True, True, broker, channels, workers, unworked, problems=problems)


def _problems(
    broker: bool | None,
    workers: Sequence[WorkerHealth],
    unworked: Sequence[str],
    channels: Sequence[ChannelHealth],
    due: bool,
    now: datetime,
) -> tuple[Problem, ...]:
    return (
        *(problem for each in channels for problem in of_channels.problems(each, now)),
        *of_workers.problems(workers, unworked, due),
        *_broker_problems(broker),
    )


def migration_head() -> str:
    return (paths.MIGRATIONS / "versions" / "HEAD").read_text().strip()


def is_migrated(session: Session) -> bool:
    return MigrationContext.configure(session.connection()).get_current_revision() == migration_head()


def _broker_problems(broker: bool | None) -> tuple[Problem, ...]:
    if broker is not False:
        return ()
    return (
        Problem(
            Part.BROKER,
            "The broker does not answer: workers are woken by nobody. Letters wait in the database, and none is lost.",
            "Check CAMPAIGN_BROKER_URL, and that the broker runs.",
        ),
    )


def _proof_problems(proof: Proof | None) -> tuple[Problem, ...]:
    found = []
    if proof is not None and proof.differences:
        words = f"The proof of {proof.day} found {proof.differences:,} figures that do not equal their rows."
        todo = "Run campaign metrics verify to see which, and with --rebuild to count them anew from the rows."
        found.append(Problem(Part.FIGURES, words, todo, why=proof.told[0] if proof.told else ""))
    if proof is not None and proof.broken_at is not None:
        words = f"The proof of {proof.day} found an entry of the record of acts that was changed or lost."
        found.append(Problem(Part.FIGURES, words, "Run campaign audit verify: it names the first one."))
    return tuple(found)


def _policy_problems(number: int) -> tuple[Problem, ...]:
    """Mail that came back with 5.7.x says something of the sender: no address is barred for it, so a person must look."""
    if not number:
        return ()
    words = f"{number:,} letters and mails of the last day came back as refused by policy (5.7)."
    todo = "Look at SPF, DKIM and DMARC of the sending domain (campaign check), and at the answers in the letters' stories."
    return (Problem(Part.MAIL, words, todo),)


def unmatched(session: Session) -> tuple[int, datetime | None]:
    """How many notices belong to no letter, and when the oldest came."""
    count, oldest = session.execute(
        sa.select(sa.func.count(), sa.func.min(Event.received_at)).where(waiting.waits())
    ).one()
    return count, oldest
