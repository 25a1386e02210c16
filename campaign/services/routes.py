"""Which channel takes a letter: the campaign's order of preference, and what the office takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.domain.holders import Holder
from campaign.domain.targeting import Destination
from campaign.models.docket import Docket
from campaign.models.office import StaffContact

DEFAULT_ORDER = (ChannelName.SMTP, ChannelName.HANDOFF, ChannelName.PRINT)


@dataclass(frozen=True, slots=True)
class Route:
    """`to_address` is the staff address for smtp, and a web page for what is filed by hand."""

    channel: ChannelName
    to_address: str = ""


def staff_addresses(session: Session, office_ids: Sequence[int]) -> dict[int, str]:
    """One active staff address per office, the first known."""
    rows = session.execute(
        sa.select(StaffContact.office_id, StaffContact.email)
        .where(StaffContact.office_id.in_(office_ids), StaffContact.active)
        .order_by(StaffContact.id.desc())
    )
    return dict(rows.all())


def route(
    destination: Destination,
    holder: Holder,
    order: Sequence[str],
    staff: Mapping[int, str],
    dockets: Mapping[int, Docket],
) -> Route:
    """A comment on an open docket is filed by hand at its portal; paper is what is always possible."""
    if destination.docket_id is not None:
        return Route(ChannelName.HANDOFF, dockets[destination.docket_id].portal_url)
    for name in order or DEFAULT_ORDER:
        match name:
            case ChannelName.SMTP if holder.office_id in staff:
                return Route(ChannelName.SMTP, staff[holder.office_id])
            case ChannelName.HANDOFF if holder.form_url:
                return Route(ChannelName.HANDOFF, holder.form_url)
            case ChannelName.PRINT:
                return Route(ChannelName.PRINT)
            case _:
                continue
    return Route(ChannelName.PRINT)
