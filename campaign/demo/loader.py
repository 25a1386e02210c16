"""Loads the demonstration: everything through the services that the pages and workers use, led by its own clock.

All of it is one transaction of the database, so that a load that is killed leaves nothing behind and can be started again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from campaign import paths
from campaign.database import transaction, will_write
from campaign.demo import agenda, clock, history, history_closed, setup
from campaign.demo.association import person
from campaign.demo.campaigns import CAMPAIGNS, CRITICAL_MINERALS, ONE_LIST
from campaign.demo.diary import Diary
from campaign.demo.mailroom import Mailroom
from campaign.demo.replay import Agenda, Chapter, Replay
from campaign.demo.setup import Calendar
from campaign.domain.districts import EASTERN, congress_at, congress_begins
from campaign.domain.errors import Invalid, NotAllowed, WrongState
from campaign.drain import own_journal
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.geography import ZipDistrict
from campaign.models.letter import Letter
from campaign.models.organization import Organization
from campaign.runtime import runtime
from campaign.services import audit, wakes
from campaign.settings import Settings
from campaign.unit_of_work import database_now

NEWCOMER = person("16P").email
"""Whose link is printed: one district, no stand-in, both senators by mail, and has not come in yet."""
NEWCOMER_PATH = f"/c/{CRITICAL_MINERALS.slug}/act"


def load(as_of: date | None, *, echo: Callable[[str], None]) -> None:
    """Fills an empty installation; `as_of`, a Monday, is the day after the history and this week's where none is given.

    Commits once. Raises NotAllowed where mail would leave for a real relay, WrongState when there is an organization,
    Invalid for a day that the shipped data of Congress do not cover.
    """
    here = runtime()
    _check_simulated(here.settings)
    now = database_now()
    with _one_transaction() as session:
        if session.get(Organization, 1) is not None:
            raise WrongState("There is an organization already: the demonstration needs an empty installation.")
        calendar = _calendar(session, as_of, now)
        echo(f"Three weeks of history before {calendar.as_of:%B} {calendar.as_of.day}, {calendar.as_of.year}")
        replay = _set_up(session, calendar, now, echo)
        slugs = replay.agenda.campaigns
        replay.run(
            [
                Chapter(slugs[ONE_LIST.slug], history_closed.history(), calendar.closed),
                Chapter(slugs[CRITICAL_MINERALS.slug], history.history(), calendar.live),
            ]
        )
        with transaction(session):
            setup.read_gateway_lists(session, now)  # the history ends days ago, and a list is good for a day and a half
            audit.record(session, at=now, by="console", act="demonstration loaded", subject="organization:1")
        for line in figures(session):
            echo(line)


def _check_simulated(settings: Settings) -> None:
    if settings.production or not settings.simulated:
        raise NotAllowed("The demonstration writes to the simulated Congress only, and is no part of a production.")


def _this_monday(now: datetime) -> date:
    today = now.astimezone(EASTERN).date()
    return today - timedelta(days=today.weekday())


def _calendar(session: Session, as_of: date | None, now: datetime) -> Calendar:
    """The places and seats of one Congress say nothing about another's, so the weeks lie in one that the data cover."""
    covered = shipped_congresses() | set(session.scalars(sa.select(ZipDistrict.congress).distinct()))
    calendar = Calendar(as_of or _this_monday(now))
    if as_of is None and not _covers(covered, calendar):
        last = congress_begins(max(covered) + 1) - timedelta(days=1)
        calendar = Calendar(_this_monday(last))
    if calendar.as_of.weekday() != 0:
        raise Invalid(f"{calendar.as_of} is no Monday.", field="as_of")
    if not _covers(covered, calendar):
        raise Invalid("The data of Congress do not cover these weeks. Give --as-of another Monday.", field="as_of")
    return calendar


def _covers(congresses: set[int], calendar: Calendar) -> bool:
    return {congress_at(calendar.began), congress_at(calendar.ends)} <= congresses


def shipped_congresses() -> set[int]:
    """Those whose districts are in the snapshot of the product."""
    return {int(path.name.split("_")[2].partition(".")[0]) for path in paths.SNAPSHOT.glob("zip_districts_*")}


@contextmanager
def _one_transaction() -> Iterator[Session]:
    """A session whose commits are savepoints of one transaction, and whose wake-ups wake nobody: nothing can be seen yet."""
    db.session.rollback()
    token = will_write.set(True)
    try:
        with (
            db.engine.connect() as connection,
            connection.begin(),
            Session(connection, join_transaction_mode="create_savepoint") as session,
        ):
            event.listen(session, "before_commit", wakes.taken)
            yield session
    finally:
        will_write.reset(token)


def _set_up(session: Session, calendar: Calendar, now: datetime, echo: Callable[[str], None]) -> Replay:
    settings = runtime().settings
    pages = f"http://localhost:{settings.simulator_port}"
    with transaction(session):
        setup.organization(session)
        setup.congress(session, calendar.began, now)
        cast = setup.cast(session, calendar.began)
        setup.offices(session, calendar.began, pages)
        dockets = setup.dockets(session, calendar, pages)
        cards = agenda.recommendations(session, dockets, calendar)
        agenda.first_positions(session, cards, calendar.began, cast.organizer)
        slugs = agenda.campaigns(session, cards, agenda.template(session, calendar.began), calendar)
    echo(f"{len(cast.members)} members, {len(cards)} recommendations, {len(slugs)} campaigns")
    envelope = runtime().envelope
    diary = Diary(echo, clock.date_of(1, calendar.as_of))
    mailroom = Mailroom(session, envelope, diary, cast.organizer, calendar.began, own_journal())
    return Replay(session, cast, calendar, settings.undo_seconds, Agenda(slugs, dockets, cards), mailroom)


def figures(session: Session) -> list[str]:
    """A line for each campaign that has letters: how many, by channel and by status."""
    lines = []
    for plan in CAMPAIGNS:
        rows = session.execute(
            sa.select(Delivery.channel, Delivery.status, sa.func.count())
            .join(Letter, Letter.id == Delivery.letter_id)
            .join_from(Letter, Campaign, Campaign.id == Letter.campaign_id)
            .where(Campaign.slug == plan.slug)
            .group_by(Delivery.channel, Delivery.status)
        ).all()
        by_channel, by_status = Counter[str](), Counter[str]()
        for channel, status, number in rows:
            by_channel[channel] += number
            by_status[status] += number
        if rows:
            counts = "; ".join(_counted(each) for each in (by_channel, by_status))
            lines.append(f"{plan.name}: {sum(by_channel.values())} letters ({counts})")
    return lines


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counter.most_common())
