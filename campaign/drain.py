"""The edge around the send loop: what a worker and `campaign send` both do."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign import gateway_lists, journal
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.extensions import db
from campaign.journal import Journal
from campaign.models.delivery import Worker
from campaign.runtime import runtime
from campaign.services import inserts, outbox
from campaign.settings import Settings
from campaign.unit_of_work import database_now, unit_of_work

_journals: dict[tuple[Path, int, int], Journal] = {}
"""By folder, process and thread: a lock belongs to an open file, so each of them opens its own, after any fork."""
_spoken_for: dict[int, str] = {}
"""By process id: names of processes that work, for which this one says that they live."""
_KEEP_WORKERS = timedelta(days=1)


def journal_folder() -> Path:
    """On a local disk that lasts over a restart of the process, one for all workers of a machine."""
    return runtime().settings.var_dir / "journal"


def own_journal() -> Journal:
    folder = journal_folder()
    key = (folder, os.getpid(), threading.get_ident())
    if key not in _journals:
        _journals[key] = Journal(folder, journal.owner_name())
    return _journals[key]


@atexit.register
def _close_journals() -> None:
    """A process that ends in good order leaves no journal, unless something in it is still to be settled."""
    for (_, pid, _), each in _journals.items():
        if pid == os.getpid() and not each.entries():
            each.close()


def drain(channel: ChannelName, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Hands over what is due on a channel; how many were tried. Commits. Nothing for a channel without a line here."""
    here = runtime()
    if channel not in here.channels:
        return 0
    recover()
    loop = outbox.Loop(
        channel=here.channels[channel],
        envelope=here.envelope,
        clock=database_now,
        journal=own_journal(),
        limits=limits(channel, here.settings),
        should_stop=should_stop,
        repeatable=_repeatable(),
        set_up=here.set_up,
    )
    tried = outbox.send_due(db.session(), loop)
    gateway_lists.look_again(loop.channel)
    return tried


def limits(channel: ChannelName, settings: Settings) -> outbox.Limits:
    """How fast a channel may go, by the settings."""
    if channel.kind is ChannelKind.CWC:  # a row of its own for each chamber
        return outbox.Limits(channel=settings.cwc_per_second)
    if channel is ChannelName.DOCKET_API:
        return outbox.Limits(channel=settings.regulations_per_minute / 60)
    if channel is not ChannelName.SMTP:
        return outbox.Limits()
    return outbox.Limits(
        channel=settings.smtp_per_second,
        office=settings.smtp_per_minute_to_office / 60,
        domain=settings.smtp_per_minute_to_domain / 60,
    )


def _repeatable() -> frozenset[ChannelName]:
    return frozenset(name for name, channel in runtime().channels.items() if channel.repeat_is_safe)


def recover() -> int:
    """Settles what dead processes of this machine had in their hands. Commits."""
    return outbox.recover(db.session(), journal_folder(), database_now, _repeatable(), runtime().set_up)


def sweep_leases() -> int:
    """Marks unclear what no living process holds. Commits."""
    with unit_of_work() as session:
        return outbox.sweep_leases(session, database_now(), lambda: journal.living(journal_folder()))


def heartbeat(kind: str, name: str) -> None:
    """Says under this name that something is done. `kind`: kinds of `services.health`, with commas between. Commits."""
    with unit_of_work() as session:
        _alive(session, kind, [name], database_now())


def speak_for(kind: str, pids: Collection[int]) -> None:
    """Says that these processes live, each as a worker of its own; one for which this was said before and that is not among
    them has ended, and nobody is to miss it. Commits."""
    names = {pid: _spoken_for.get(pid) or journal.owner_name(pid) for pid in pids}
    with unit_of_work() as session:
        _alive(session, kind, names.values(), database_now())
        _forget(session, set(_spoken_for.values()) - set(names.values()))
    _spoken_for.clear()
    _spoken_for.update(names)


def farewell() -> None:
    """This process and those for which it spoke end in good order. Commits."""
    with unit_of_work() as session:
        _forget(session, _spoken_for.values())
    _spoken_for.clear()


def _alive(session: Session, kind: str, names: Iterable[str], now: datetime) -> None:
    for name in names:
        found = session.execute(
            sa.update(Worker).where(Worker.name == name).values(seen_at=now).returning(Worker.id)
        ).first()
        if found is None:
            inserts.if_absent(session, Worker, {"name": name, "kind": kind, "started_at": now, "seen_at": now})


def _forget(session: Session, names: Iterable[str]) -> None:
    session.execute(sa.delete(Worker).where(Worker.name.in_(list(names))))


def forget_workers() -> None:
    """Those that were last heard a day ago; the last one stays, since when nobody has worked is worth knowing. Commits."""
    with unit_of_work() as session:
        old = database_now() - _KEEP_WORKERS
        session.execute(
            sa.delete(Worker).where(
                Worker.seen_at < old, Worker.seen_at < sa.select(sa.func.max(Worker.seen_at)).scalar_subquery()
            )
        )
