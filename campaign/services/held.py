"""Looked at again before a letter leaves: is it still right to send it?

A pause and an office that changed hands are no failures. What may not leave gets a visible reason and a place in `held`,
`cancelled` or `expired`; for an office that is shut it stays queued, due when that opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain import schedule
from campaign.domain.hours import OUTSIDE_OFFICE_HOURS
from campaign.domain.statuses import Status
from campaign.models.campaign import CampaignExclusion
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.models.mail import BULK, MemberMail
from campaign.models.office import Office, OfficeKind
from campaign.models.suppression import Suppression
from campaign.services import deliveries, doubts, office_hours, offices, suppressions
from campaign.services.many import among

_ONCE_MORE = timedelta(seconds=1)  # from its claim, so that no second try follows

if TYPE_CHECKING:  # reading snapshots brings YAML and polygons along, which no worker needs
    from campaign.services.snapshots import HolderChange


def check_again(session: Session, ids: Sequence[int], now: datetime) -> list[int]:
    """The ids that may still leave, in order; the others are moved, with their reason. Does not commit."""
    rows = session.execute(
        sa.select(
            Delivery.id,
            Delivery.give_up_at,
            Delivery.tries,
            Delivery.channel,
            Delivery.reason,
            Letter.holder,
            Letter.office_id,
            Office.kind,
            Office.chamber,
            Docket.closes_at,
            CampaignExclusion.office_id.label("excluded"),
            Suppression.reason.label("suppressed"),
            MemberMail.kind.label("mail"),
        )
        .outerjoin(Letter, Letter.id == Delivery.letter_id)
        .outerjoin(MemberMail, MemberMail.id == Delivery.mail_id)
        .outerjoin(Office, Office.id == Letter.office_id)
        .outerjoin(Docket, Docket.id == Letter.docket_id)
        .outerjoin(
            CampaignExclusion,
            sa.and_(
                CampaignExclusion.campaign_id == Delivery.campaign_id,
                CampaignExclusion.office_id == Delivery.office_id,
            ),
        )
        .outerjoin(
            Suppression,
            sa.and_(
                Suppression.address == sa.func.lower(Delivery.to_address),
                Suppression.lifted_at.is_(None),
                Delivery.to_address != "",
            ),
        )
        .where(among(session, Delivery.id, ids))
    ).all()
    seats = {row.office_id for row in rows if row.office_id is not None and row.kind is not OfficeKind.AGENCY}
    holders = offices.holder_at(session, seats, now) if seats else {}
    verdicts: dict[int, tuple[Status, str]] = {}
    late = [row for row in rows if row.give_up_at <= now]
    waited = {row.id for row in late if row.tries and row.reason != OUTSIDE_OFFICE_HOURS}
    doubted = doubts.among_these(session, [*waited])  # once more: the answer tells, or a person decides
    for row in rows:
        holder = holders.get(row.office_id)
        if row.closes_at is not None and row.closes_at <= now:
            verdicts[row.id] = (Status.EXPIRED, "the docket has closed")
        elif row.id in waited and row.id not in doubted:
            verdicts[row.id] = (Status.EXPIRED, "it waited too long")
        elif row.suppressed is not None and suppressions.bars(
            row.suppressed, bulk=row.mail is None or row.mail in BULK
        ):
            verdicts[row.id] = (Status.CANCELLED, f"the address is no longer written to ({row.suppressed})")
        elif row.excluded is not None:
            verdicts[row.id] = (Status.HELD, "the campaign excludes this office")
        elif holder is not None and holder.identity != row.holder:
            verdicts[row.id] = (Status.HELD, "the office has another holder since it was signed")
    for delivery_id in _released(session, [key for key, (status, _) in verdicts.items() if status is Status.HELD]):
        del verdicts[delivery_id]
    for delivery_id, (status, why) in verdicts.items():
        deliveries.move(session, deliveries.locked(session, delivery_id), status, now, why, deliveries.SYSTEM)
    shut = office_hours.put_off(session, [row for row in rows if row.id not in verdicts], now)
    _give_time(session, [row.id for row in late if row.id not in waited], now + schedule.GIVE_UP_AFTER)
    _give_time(session, [*doubted], now + _ONCE_MORE)
    return [delivery_id for delivery_id in ids if delivery_id not in verdicts and delivery_id not in shut]


def _give_time(session: Session, ids: Sequence[int], until: datetime) -> None:
    """What was never tried, since its campaign was paused or no worker ran, has all its time still before it, and so has what
    waited for its office to open; what may have arrived has time for one try."""
    if ids:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.status == Status.QUEUED)
            .values(give_up_at=until)
            .execution_options(synchronize_session=False)
        )


def _released(session: Session, ids: Sequence[int]) -> Sequence[int]:
    """Those that were held before and that a person let go since: the decision stands."""
    if not ids:
        return ()
    newest = (
        sa.select(sa.func.max(DeliveryChange.id))
        .where(
            DeliveryChange.delivery_id.in_(ids),
            sa.or_(DeliveryChange.old == Status.HELD, DeliveryChange.new == Status.HELD),
        )
        .group_by(DeliveryChange.delivery_id)
    )
    return session.scalars(
        sa.select(DeliveryChange.delivery_id).where(
            DeliveryChange.id.in_(newest), DeliveryChange.old == Status.HELD, DeliveryChange.new == Status.QUEUED
        )
    ).all()


def hold_for_new_holders(session: Session, changes: Iterable[HolderChange], now: datetime) -> int:
    """Letters that wait for an office whose holder is another now wait for a person; how many. Does not commit.

    Their reason names the old and the new holder: a letter to a person does not follow them to another office.
    """
    return sum(
        deliveries.hold_for_offices(session, [change.office_id], now, _why_held(change.before.name, change.after.name))
        for change in changes
    )


def _why_held(before: str, after: str) -> str:
    return f"the office has another holder since it was signed: {before or 'vacant'} before, {after or 'vacant'} now"
