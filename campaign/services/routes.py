"""Which channels can take a letter, best first: the order of preference, what the office takes, and what is set up here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.holders import Holder
from campaign.models.docket import Docket
from campaign.models.office import Office, StaffContact
from campaign.services import active_offices
from campaign.services.cwc_filing import GATEWAYS

DEFAULT_ORDER = (ChannelKind.CWC, ChannelKind.SMTP, ChannelKind.HANDOFF, ChannelKind.PRINT)


@dataclass(frozen=True, slots=True)
class Route:
    """`to_address` is the staff address for smtp, the office's code for a gateway, and a web page for what is filed by hand."""

    channel: ChannelName
    to_address: str = ""


@dataclass(frozen=True, slots=True)
class Taking:
    """What offices take, by office id, read once for several letters: staff addresses, and gateways that list them.

    `set_up`: the channels that this installation has.
    """

    set_up: Collection[ChannelName]
    staff: Mapping[int, str]
    gateways: Mapping[int, ChannelName] = field(default_factory=dict)

    def without(self, names: Collection[ChannelName]) -> Taking:
        """For a letter that these gateways would not take."""
        kept = {key: name for key, name in self.gateways.items() if name not in names}
        return Taking(self.set_up, self.staff, kept)


def taking(session: Session, office_ids: Sequence[int], set_up: Collection[ChannelName], now: datetime) -> Taking:
    """One statement."""
    query = (
        sa.select(Office.chamber, StaffContact.email)
        .outerjoin(StaffContact, sa.and_(StaffContact.office_id == Office.id, StaffContact.active))
        .where(Office.id.in_(office_ids))
        .order_by(StaffContact.id.desc())  # the first known stays
    )
    staff, gateways = {}, {}
    for row in session.execute(active_offices.with_columns(query)):
        if row.email is not None:
            staff[row.id] = row.email
        if row.chamber in GATEWAYS and active_offices.bar(row, now) is None:
            gateways[row.id] = GATEWAYS[row.chamber]
    return Taking(set_up, staff, gateways)


def routes(holder: Holder, docket: Docket | None, order: Sequence[str], takes: Taking) -> list[Route]:
    """Every way to this office that is set up here, each channel once. Never empty: paper is what is always possible.

    A comment on a docket goes by the portal's interface where it has one for us, else as a packet that the member files, and
    no other way. What an office itself prefers comes before the campaign's order. An order holds `WAYS`.
    """
    if docket is not None:
        return list(_filings(docket, takes.set_up))
    wanted = [*holder.channels, *(order or DEFAULT_ORDER), ChannelKind.PRINT]
    found = {way.channel: way for each in wanted for way in _ways(each, holder, takes)}
    return [way for way in found.values() if way.channel in takes.set_up]


def on_paper(order: Sequence[str], set_up: Collection[ChannelName]) -> Route:
    """For a letter that shall go by post, whatever its office takes: by the print provider where the order names it."""
    by_provider = ChannelName.PRINT_PROVIDER in order and ChannelName.PRINT_PROVIDER in set_up
    return Route(ChannelName.PRINT_PROVIDER if by_provider else ChannelName.PRINT)


def _filings(docket: Docket, set_up: Collection[ChannelName]) -> Iterator[Route]:
    if docket.by_machine and ChannelName.DOCKET_API in set_up:
        yield Route(ChannelName.DOCKET_API, docket.document_id)
    yield Route(ChannelName.DOCKET_PACKET, docket.portal_url)


def _ways(wanted: str, holder: Holder, takes: Taking) -> Iterator[Route]:
    match wanted:
        case ChannelKind.CWC if holder.office_id in takes.gateways and holder.known:
            yield Route(takes.gateways[holder.office_id], holder.code)
        case ChannelKind.SMTP if holder.office_id in takes.staff:
            yield Route(ChannelName.SMTP, takes.staff[holder.office_id])
        case ChannelKind.HANDOFF if holder.form_url:
            yield Route(ChannelName.HANDOFF, holder.form_url)
        case ChannelName.PRINT_PROVIDER:
            yield Route(ChannelName.PRINT_PROVIDER)
        case ChannelKind.PRINT:
            yield Route(ChannelName.PRINT)
