"""Which offices take letters by their chamber's gateway: its list, never older than a day and a half, and our own suspensions.

Closed where nothing is known: a list that was never read, is too old or does not name an office lets nothing through.
Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.districts import Chamber
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.texts import tidy_line
from campaign.models.gateway import GatewayList, GatewayOffice, GatewaySuspension
from campaign.models.office import Office
from campaign.services import audit, inserts
from campaign.services.many import among

FRESH = timedelta(hours=36)
"""How old a list may be: a daily reading may fail once."""
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Bar:
    """Why an office gets no letter by its gateway now. `waits`: the list is missing, and a new one may let it through."""

    words: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new list changed, as codes."""

    listed: int
    joined: tuple[str, ...]
    left: tuple[str, ...]


def refresh(session: Session, chamber: Chamber, codes: Collection[str], now: datetime) -> Difference:
    """Puts a list that was read now in the place of the last. Codes that are no office of the chamber here are left out.

    Raises Invalid, and the old list stays, for one that names none. Twice is safe.
    """
    found = {
        row.code: row.id
        for row in session.execute(
            sa.select(Office.id, Office.code).where(Office.chamber == chamber, Office.code.in_(sorted(codes)))
        )
    }
    if not found:
        raise Invalid("The list names no office that is known here: import the data of Congress first.")
    row = _locked(session, chamber, now)
    before = dict(
        session.execute(
            sa.select(Office.code, Office.id)
            .join(GatewayOffice, GatewayOffice.office_id == Office.id)
            .where(Office.chamber == chamber)
        ).all()
    )
    gone = {code: key for code, key in before.items() if code not in found}
    new = {code: key for code, key in found.items() if code not in before}
    if gone:
        session.execute(sa.delete(GatewayOffice).where(GatewayOffice.office_id.in_(gone.values())))
    if new:
        session.execute(sa.insert(GatewayOffice), [{"office_id": key, "listed_at": now} for key in new.values()])
    row.fetched_at, row.tried_at, row.problem = now, now, ""
    return Difference(len(found), tuple(sorted(new)), tuple(sorted(gone)))


def failed(session: Session, chamber: Chamber, why: str, now: datetime) -> None:
    """The list could not be read: the last one stays until it is too old."""
    row = _locked(session, chamber, now)
    row.tried_at, row.problem = now, why


def _locked(session: Session, chamber: Chamber, now: datetime) -> GatewayList:
    inserts.if_absent(session, GatewayList, {"chamber": chamber, "tried_at": now, "problem": ""})
    return session.scalars(
        sa.select(GatewayList)
        .where(GatewayList.chamber == chamber)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def bars(session: Session, office_ids: Sequence[int], now: datetime) -> dict[int, Bar]:
    """By office id, those that get no letter by their gateway now, and why. One statement."""
    rows = session.execute(with_columns(sa.select().where(among(session, Office.id, list(office_ids)))))
    found = {row.id: bar(row, now) for row in rows}
    return {key: each for key, each in found.items() if each is not None}


def with_columns(query: Any) -> sa.Select[Any]:
    """A query over offices with what `bar` needs of each."""
    with_them: sa.Select[Any] = (
        query.add_columns(
            Office.id,
            Office.code,
            GatewayList.fetched_at,
            GatewayOffice.office_id.label("listed"),
            GatewaySuspension.id.label("suspended"),
        )
        .outerjoin(GatewayList, GatewayList.chamber == Office.chamber)
        .outerjoin(GatewayOffice, GatewayOffice.office_id == Office.id)
        .outerjoin(
            GatewaySuspension,
            sa.and_(GatewaySuspension.office_id == Office.id, GatewaySuspension.lifted_at.is_(None)),
        )
    )
    return with_them


def bar(row: Any, now: datetime) -> Bar | None:
    """Of a row of `with_columns`: why this office gets no letter by its gateway now."""
    if row.suspended is not None:
        return Bar(f"letters to {row.code} by its gateway are suspended here")
    if row.fetched_at is None:
        return Bar("the list of offices that take part was never read", waits=True)
    if now - row.fetched_at > FRESH:
        return Bar("the list of offices that take part is too old", waits=True)
    return None if row.listed is not None else Bar(f"{row.code} takes no letters by its gateway")


def suspend(session: Session, office_id: int, reason: str, now: datetime, by: str) -> GatewaySuspension:
    """From the next claim on no letter leaves for this office by its gateway; what waits goes the office's next way.

    Raises Invalid without a reason, WrongState where one stands already.
    """
    office = session.get(Office, office_id)
    if office is None or office.chamber not in (Chamber.HOUSE, Chamber.SENATE):
        raise NotFound("There is no such office with a gateway.")
    reason = tidy_line(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(f"Say why, in at most {LONGEST_REASON} characters: others will ask.", "reason")
    # a colleague may press at the same moment: the row of the office is the one both wait for
    session.execute(sa.select(Office.id).where(Office.id == office_id).with_for_update())
    if standing(session, office_id) is not None:
        raise WrongState(f"Letters to {office.code} by its gateway are suspended already.")
    made = GatewaySuspension(office_id=office_id, reason=reason, at=now, by=by)
    session.add(made)
    session.flush()
    audit.record(
        session, at=now, by=by, act="office suspended at its gateway", subject=f"office:{office_id}", reason=reason
    )
    return made


def lift(session: Session, office_id: int, now: datetime, by: str) -> bool:
    """Whether there was one to lift. The list decides again."""
    found = standing(session, office_id, locked=True)
    if found is None:
        return False
    found.lifted_at, found.lifted_by = now, by
    audit.record(session, at=now, by=by, act="office suspension lifted", subject=f"office:{office_id}")
    return True


def standing(session: Session, office_id: int, *, locked: bool = False) -> GatewaySuspension | None:
    query = sa.select(GatewaySuspension).where(
        GatewaySuspension.office_id == office_id, GatewaySuspension.lifted_at.is_(None)
    )
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


@dataclass(frozen=True, slots=True)
class ListState:
    """What is known of a chamber's list. `fresh` decides whether it lets anything through."""

    chamber: Chamber
    fetched_at: datetime | None
    tried_at: datetime | None
    problem: str
    listed: int
    fresh: bool


def list_states(session: Session, now: datetime) -> list[ListState]:
    """House, then Senate; also where nothing was read yet."""
    counts = dict(
        session.execute(
            sa.select(Office.chamber, sa.func.count())
            .join(GatewayOffice, GatewayOffice.office_id == Office.id)
            .group_by(Office.chamber)
        ).all()
    )
    rows = {row.chamber: row for row in session.scalars(sa.select(GatewayList))}
    states = []
    for chamber in (Chamber.HOUSE, Chamber.SENATE):
        row = rows.get(chamber)
        fetched_at = row.fetched_at if row else None
        fresh = fetched_at is not None and now - fetched_at <= FRESH
        states.append(
            ListState(
                chamber,
                fetched_at,
                row.tried_at if row else None,
                row.problem if row else "",
                counts.get(chamber, 0),
                fresh,
            )
        )
    return states
