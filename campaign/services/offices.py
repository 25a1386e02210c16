"""Offices and who holds them at a moment. Nothing here commits; `at` is always given."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.addressing import CHAIR_TITLES, committee_title
from campaign.domain.districts import District
from campaign.domain.errors import NotFound
from campaign.domain.holders import Chair, Holder, HolderStatus
from campaign.models.office import Committee, CommitteeSeat, Legislator, Office, OfficeKind, Tenure

_CHUNK = 500  # below every database's limit of bound values


def holder_at(session: Session, office_ids: Collection[int], at: datetime) -> dict[int, Holder]:
    """One holder for each office that exists: never two, and none only where the seat is vacant or the data too old."""
    return _in_chunks(session, Office.id, list(office_ids), at)


def holders_by_code(session: Session, codes: Collection[str], at: datetime) -> dict[str, Holder]:
    """As `holder_at`, by code; unknown codes are left out."""
    return {holder.code: holder for holder in _in_chunks(session, Office.code, list(codes), at).values()}


def all_holders(session: Session, at: datetime) -> dict[int, Holder]:
    """Of every active office."""
    ids = list(session.scalars(sa.select(Office.id).where(Office.active)))
    return holder_at(session, ids, at)


def office_by_code(session: Session, code: str) -> Office:
    office = session.scalar(sa.select(Office).where(Office.code == code.strip().upper()))
    if office is None:
        raise NotFound(f"There is no office {code}.")
    return office


def offices_of(session: Session, districts: Iterable[District], states: Iterable[str], at: datetime) -> list[Holder]:
    """The House seats in the order given, then the senators of the states, the senior one first."""
    wanted = list(districts)
    senate = list(states)
    conditions = [sa.and_(Office.state == seat.state, Office.district == seat.number) for seat in wanted]
    if senate:
        conditions.append(sa.and_(Office.state.in_(senate), Office.kind == OfficeKind.SENATOR))
    if not conditions:
        return []
    return in_order(_holders(session, sa.and_(sa.or_(*conditions), Office.active), at).values(), wanted)


def in_order(holders: Iterable[Holder], districts: list[District]) -> list[Holder]:
    places = {district: number for number, district in enumerate(districts)}

    def key(holder: Holder) -> tuple[int, str, bool, str]:
        if seat := holder.seat:
            return places.get(seat, len(places)), "", False, holder.code
        return len(places) + 1, holder.state or "", holder.state_rank != "senior", holder.code

    return sorted(holders, key=key)


def committee_keys(session: Session, legislator_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """For each of them, committee key -> title there ("" for an ordinary seat)."""
    rows = session.execute(
        sa.select(CommitteeSeat.legislator_id, Committee.key, CommitteeSeat.title)
        .join(Committee, Committee.id == CommitteeSeat.committee_id)
        .where(CommitteeSeat.legislator_id.in_(list(legislator_ids)))
        .order_by(Committee.key)
    )
    found: dict[int, dict[str, str]] = {}
    for legislator_id, key, title in rows:
        found.setdefault(legislator_id, {})[key] = title
    return found


def agency(office: Office) -> Holder:
    """Its head stands in its own row, at any moment."""
    return Holder(
        office_id=office.id,
        code=office.code,
        kind=office.kind,
        status=HolderStatus.HELD,
        name=office.head_name,
        last=office.head_last,
        form_url=office.form_url,
        title=office.title,
        head_title=office.head_title,
        head_style=office.head_style,
        postal_lines=tuple(office.postal_lines),
        salutation=office.salutation,
        active=office.active,
        channels=tuple(office.channels),
    )


def _in_chunks(
    session: Session,
    column: sa.orm.InstrumentedAttribute[int] | sa.orm.InstrumentedAttribute[str],
    values: list[int] | list[str],
    at: datetime,
) -> dict[int, Holder]:
    found: dict[int, Holder] = {}
    for start in range(0, len(values), _CHUNK):
        found.update(_holders(session, column.in_(values[start : start + _CHUNK]), at))
    return found


@dataclass(slots=True)
class _Seat:
    """An office with the tenures that run then, the latest first, and what each person chairs."""

    office: Office
    tenures: dict[int, tuple[Tenure, Legislator]] = field(default_factory=dict)
    chairs: dict[int, dict[str, Chair]] = field(default_factory=dict)


def _holders(session: Session, condition: sa.ColumnElement[bool], at: datetime) -> dict[int, Holder]:
    """One statement."""
    seats: dict[int, _Seat] = {}
    for office, tenure, person, title, key, name, parent in session.execute(_with_people(at).where(condition)):
        seat = seats.setdefault(office.id, _Seat(office))
        if tenure is not None:
            seat.tenures[tenure.id] = (tenure, person)
        if key is not None:
            seat.chairs.setdefault(person.id, {})[key] = Chair(title, committee_title(name, parent), key)
    return {office_id: _holder(seat, at) for office_id, seat in seats.items()}


def _with_people(at: datetime) -> sa.Select[Office, Tenure, Legislator, str, str, str, str]:
    parent = sa.orm.aliased(Committee)
    return (
        sa.select(Office, Tenure, Legislator, CommitteeSeat.title, Committee.key, Committee.name, parent.name)
        .outerjoin(
            Tenure,
            sa.and_(
                Tenure.office_id == Office.id,
                Tenure.starts_at <= at,
                sa.or_(Tenure.ends_at.is_(None), Tenure.ends_at > at),
            ),
        )
        .outerjoin(Legislator, Legislator.id == Tenure.legislator_id)
        .outerjoin(
            CommitteeSeat,
            sa.and_(CommitteeSeat.legislator_id == Legislator.id, CommitteeSeat.title.in_(sorted(CHAIR_TITLES))),
        )
        .outerjoin(Committee, Committee.id == CommitteeSeat.committee_id)
        .outerjoin(parent, parent.id == Committee.parent_id)
        .order_by(Office.id, Tenure.starts_at.desc(), Tenure.id.desc(), Committee.parent_id.is_not(None), Committee.key)
    )


def _holder(seat: _Seat, at: datetime) -> Holder:
    office = seat.office
    if office.kind is OfficeKind.AGENCY:
        return agency(office)
    real = [pair for pair in seat.tenures.values() if not pair[0].is_stand_in]
    if not real:
        return _empty(office, HolderStatus.VACANT)
    if real[0][0].ends_at is None and real[0][0].term_ends_at is not None and real[0][0].term_ends_at <= at:
        return _empty(office, HolderStatus.UNKNOWN)
    standing_in = [pair for pair in seat.tenures.values() if pair[0].is_stand_in]
    tenure, person = (standing_in or real)[0]
    return Holder(
        office_id=office.id,
        code=office.code,
        kind=office.kind,
        status=HolderStatus.HELD,
        state=office.state,
        district=office.district,
        senate_class=office.senate_class,
        name=person.official_full,
        last=person.last,
        bioguide=person.bioguide,
        legislator_id=person.id,
        room=tenure.room,
        phone=tenure.phone,
        form_url=office.form_url or tenure.form_url,
        site_url=tenure.site_url,
        state_rank=tenure.state_rank,
        salutation=office.salutation,
        stand_in=tenure.is_stand_in,
        active=office.active,
        channels=tuple(office.channels),
        chairs=tuple(seat.chairs.get(person.id, {}).values()),
    )


def _empty(office: Office, status: HolderStatus) -> Holder:
    return Holder(
        office_id=office.id,
        code=office.code,
        kind=office.kind,
        status=status,
        state=office.state,
        district=office.district,
        senate_class=office.senate_class,
        form_url=office.form_url,
        active=office.active,
        channels=tuple(office.channels),
    )
