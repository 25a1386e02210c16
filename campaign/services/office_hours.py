"""The hours at which offices take letters: for a chamber, or for one office before that. Nothing here commits.

What is due at an office that is shut is made due when that opens, so that a claim never passes over it again and again. A
change of hours moves what waits, at once and under the rows' locks: a claim that holds a row has read the hours of before, and
the change waits until that letter is marked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import AT_OFFICE_HOURS
from campaign.domain.districts import Chamber
from campaign.domain.errors import Invalid
from campaign.domain.hours import OUTSIDE_OFFICE_HOURS, SendingHours
from campaign.domain.statuses import Status
from campaign.models.delivery import Delivery
from campaign.models.office import Office, OfficeHours
from campaign.services import audit, offices, wakes


@dataclass(frozen=True, slots=True)
class Rules:
    """All that are kept: a handful."""

    offices: Mapping[int, SendingHours]
    chambers: Mapping[Chamber, SendingHours]

    def of(self, office_id: int, chamber: Chamber) -> SendingHours | None:
        """None: at all hours."""
        return self.offices.get(office_id) or self.chambers.get(chamber)


def rules(session: Session) -> Rules:
    """One statement."""
    rows = session.scalars(sa.select(OfficeHours)).all()
    return Rules(
        {row.office_id: row.hours for row in rows if row.office_id is not None},
        {row.chamber: row.hours for row in rows if row.chamber is not None},
    )


def listed(session: Session) -> Sequence[Any]:
    """Rows of (hours, office code or None), chambers first."""
    query = sa.select(OfficeHours, Office.code).outerjoin(Office, Office.id == OfficeHours.office_id)
    return session.execute(query.order_by(Office.code.is_not(None), Office.code, OfficeHours.chamber)).all()


def put_off(session: Session, due: Sequence[Any], now: datetime) -> Collection[int]:
    """The ids of those whose office is shut; they are due when it opens. `due`: rows of id, channel, office_id and chamber,
    locked by the caller. At most two statements."""
    due = [row for row in due if row.office_id is not None and row.channel in AT_OFFICE_HOURS]
    kept = rules(session) if due else Rules({}, {})
    hours = {row.id: kept.of(row.office_id, row.chamber) for row in due}
    later = {key: each.next_opening(now) for key, each in hours.items() if each is not None and not each.is_open(now)}
    if later:
        rows = [{"id": key, "due_at": opens, "reason": OUTSIDE_OFFICE_HOURS} for key, opens in later.items()]
        session.execute(sa.update(Delivery), rows)
    return later.keys()


def keep(session: Session, whom: Office | Chamber, hours: SendingHours, now: datetime, by: str) -> None:
    """From now on letters reach this office, or those of this chamber, at these hours alone; what waits is arranged anew.

    Raises Invalid. Twice is safe. Recorded.
    """
    if hours.opens >= hours.closes:
        raise Invalid("The hours must end later on the day than they begin.", "closes")
    row = _row(session, whom)
    before = row.hours if row is not None else None
    if before == hours:
        return
    if row is None:
        row = OfficeHours(**_key(whom))
        session.add(row)
    row.zone, row.opens, row.closes = hours.zone, hours.opens, hours.closes
    row.days = "".join(map(str, sorted(hours.days)))
    _changed(session, whom, before, hours, now, by)


def forget(session: Session, whom: Office | Chamber, now: datetime, by: str) -> bool:
    """Its own hours count no more: an office has those of its chamber, if any. Whether it had some. Twice is safe. Recorded."""
    row = _row(session, whom)
    if row is None:
        return False
    before = row.hours
    session.delete(row)
    _changed(session, whom, before, None, now, by)
    return True


def whom(session: Session, name: str) -> Office | Chamber:
    """ "house", or the code of an office. Raises NotFound."""
    return Chamber(name) if name in set(Chamber) else offices.office_by_code(session, name)


def _key(whom: Office | Chamber) -> dict[str, Any]:
    return {"chamber": whom} if isinstance(whom, Chamber) else {"office_id": whom.id}


def _row(session: Session, whom: Office | Chamber) -> OfficeHours | None:
    return session.scalar(sa.select(OfficeHours).filter_by(**_key(whom)).with_for_update())


def _changed(
    session: Session,
    whom: Office | Chamber,
    before: SendingHours | None,
    after: SendingHours | None,
    now: datetime,
    by: str,
) -> None:
    session.flush()
    _arrange(session, whom, now)
    subject = f"offices:{whom}" if isinstance(whom, Chamber) else f"office:{whom.id}"
    audit.record(session, at=now, by=by, act="office hours", subject=subject, before=_told(before), after=_told(after))


def _told(hours: SendingHours | None) -> str:
    if hours is None:
        return ""
    days = "".join(map(str, sorted(hours.days)))
    return f"{days} {hours.opens:%H:%M}-{hours.closes:%H:%M} {hours.zone}"


def _arrange(session: Session, whom: Office | Chamber, now: datetime) -> None:
    """Makes what waits for these offices due when they open, and what waited for hours that are no more due now."""
    kept = rules(session)
    hours = kept.chambers.get(whom) if isinstance(whom, Chamber) else kept.of(whom.id, whom.chamber)
    opens = hours.next_opening(now) if hours is not None else now
    waits = Delivery.reason == OUTSIDE_OFFICE_HOURS
    if opens > now:
        waits = sa.or_(waits, Delivery.due_at < opens)
    rows = (
        sa.select(Delivery.id)
        .where(Delivery.status == Status.QUEUED, Delivery.channel.in_(AT_OFFICE_HOURS), _to(whom, kept), waits)
        .order_by(Delivery.id)  # as everybody locks them
        .with_for_update()
    )
    session.execute(
        sa.update(Delivery)
        .where(Delivery.id.in_(rows))
        .values(due_at=opens, reason=OUTSIDE_OFFICE_HOURS if opens > now else "")
        .execution_options(synchronize_session=False)
    )
    for channel in AT_OFFICE_HOURS:
        wakes.wake(session, channel)


def _to(whom: Office | Chamber, kept: Rules) -> sa.ColumnElement[bool]:
    if not isinstance(whom, Chamber):
        return Delivery.office_id == whom.id
    of_chamber = sa.select(Office.id).where(Office.chamber == whom, Office.id.not_in([*kept.offices]))
    return Delivery.office_id.in_(of_chamber)
