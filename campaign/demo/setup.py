"""Puts the association, its members and the offices' demonstration sides into an empty installation. Commits nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import sqlalchemy as sa
from flask_security.utils import hash_password
from sqlalchemy.orm import Session

from campaign.channels.cwc import seats
from campaign.demo import clock, history, history_closed
from campaign.demo.advocates import ADVOCATES
from campaign.demo.association import COMPANIES, ORGANIZATION, STAFF, facility
from campaign.demo.offices import DOCKETS, STAND_IN_OFFICES, STAND_INS
from campaign.demo.shapes import Company as PlannedCompany
from campaign.demo.shapes import Facility as PlannedFacility
from campaign.domain import docket_rules
from campaign.domain.channels import ChannelKind
from campaign.domain.districts import EASTERN, Chamber, OfficeKind
from campaign.domain.texts import fold
from campaign.models.company import Company, Facility, FacilityRole
from campaign.models.docket import Docket, Portal
from campaign.models.geography import DataSnapshot
from campaign.models.member import Member
from campaign.models.office import Legislator, Office, StaffContact, Tenure
from campaign.models.organization import Organization
from campaign.models.user import ROLES, Role, User
from campaign.services import active_offices, snapshots
from campaign.simulator.offices import Behavior

_HOME_ZONE = "America/New_York"  # of all private persons
_STAFF_ROLES = {"organizer": "organizer", "admin": "admin", "analyst": "organizer"}  # until there are finer ones


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where the days of the plans lie. `began` is before everything: when the association was set up."""

    as_of: date

    @property
    def closed_as_of(self) -> date:
        """The `as_of` by which the closed campaign's day 42 is its last one."""
        return history_closed.last_day(self.as_of) - timedelta(days=history_closed.DAYS - clock.DAYS - 1)

    def live(self, day: int, at: time, zone: str = "America/New_York") -> datetime:
        return clock.moment_of(day, at, zone, self.as_of)

    def closed(self, day: int, at: time, zone: str = "America/New_York") -> datetime:
        return clock.moment_of(day, at, zone, self.closed_as_of)

    def docket_closes(self, number: str) -> datetime:
        """The end of its last day, Eastern."""
        return self.live(next(each.closes_on_day for each in DOCKETS if each.number == number), docket_rules.LAST)

    @property
    def began(self) -> datetime:
        return min(self.live(1, time(9)), self.closed(1, time(9))) - timedelta(days=14)

    @property
    def ends(self) -> datetime:
        return datetime.combine(self.as_of, time(0), EASTERN).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is who in the database, by the plans' words: e-mail addresses, and keys of sites (a private person's is theirs)."""

    users: Mapping[str, int]
    members: Mapping[str, int]
    sites: Mapping[str, int]
    zones: Mapping[str, str]
    organizer: str  # as the record names them


def organization(session: Session) -> None:
    session.add(
        Organization(
            id=1,
            name=ORGANIZATION.name,
            about=ORGANIZATION.label,
            postal_lines=list(ORGANIZATION.postal_lines[1:]),  # without the name, which pages and mails put before it
            sending_address=ORGANIZATION.contact_email,
            contact_name=STAFF[0].name,
            contact_email=ORGANIZATION.contact_email,
            contact_phone=STAFF[0].phone,
            time_zone=ORGANIZATION.time_zone,
            is_demonstration=True,
        )
    )
    session.flush()


def congress(session: Session, began: datetime, now: datetime) -> None:
    """The shipped offices, as if they had been known from the beginning, so that nobody takes office in mid-history."""
    snapshots.load_shipped(session, began)
    session.execute(sa.update(DataSnapshot).where(DataSnapshot.imported_at == began).values(imported_at=now))


def cast(session: Session, began: datetime) -> Cast:
    """Staff, companies, sites and members, each with a user. Nobody's password is known: the way in is a printed link."""
    roles = {role.name: role for role in session.scalars(sa.select(Role))}
    for name in ROLES:
        if name not in roles:
            roles[name] = Role(name=name)
            session.add(roles[name])
    users = {each.email: _user(each.email, each.name, roles[_STAFF_ROLES[each.role]], began) for each in STAFF}
    for user in users.values():
        user.password = hash_password(secrets.token_urlsafe(32))
    session.add_all(users.values())
    session.flush()
    sites: dict[str, int] = {}
    members: dict[str, Member] = {}
    for planned in COMPANIES:
        company = Company(name=planned.name, search=fold(planned.name))
        session.add(company)
        session.flush()
        sites |= _sites(session, planned, company.id)
        members |= _people(session, planned, company.id, roles["member"], began)
    for member, site in _advocates(session, roles["member"], began):
        members[member.email] = member
        sites[member.email] = site.id
    zones = {who.email: facility(who.address_of).time_zone for each in COMPANIES for who in each.people}
    return Cast(
        users={email: user.id for email, user in users.items()},
        members={email: member.id for email, member in members.items()},
        sites=sites,
        zones=zones | {each.email: _HOME_ZONE for each in ADVOCATES},
        organizer=f"user:{users[STAFF[0].email].id}",
    )


def _user(email: str, name: str, role: Role, at: datetime) -> User:
    return User(email=email, name=name, fs_uniquifier=secrets.token_hex(32), created_at=at, roles=[role])


def _sites(session: Session, planned: PlannedCompany, company_id: int) -> dict[str, int]:
    rows = {each.key: _site(each, company_id) for each in planned.facilities}
    session.add_all(rows.values())
    session.flush()
    return {key: row.id for key, row in rows.items()}


def _site(planned: PlannedFacility, company_id: int) -> Facility:
    return Facility(
        company_id=company_id,
        name=planned.name,
        kind=planned.kind,
        street=planned.street,
        city=planned.city,
        state=planned.state,
        zip=planned.zip,
        jobs=planned.jobs,
        product=planned.product,
        activity=planned.activity,
        role=FacilityRole(planned.role),
        minerals=list(planned.minerals),
        tags=list(planned.tags),
    )


def _people(session: Session, planned: PlannedCompany, company_id: int, role: Role, at: datetime) -> dict[str, Member]:
    users = {who.email: _user(who.email, who.name, role, at) for who in planned.people}
    session.add_all(users.values())
    session.flush()
    rows = {
        who.email: Member(
            user_id=users[who.email].id,
            company_id=company_id,
            prefix=who.prefix,
            first=who.given,
            last=who.family,
            title=who.title,
            email=who.email,
            phone=who.phone,
            is_signer=who.signs,
            search=fold(f"{who.name} {planned.name} {who.email}"),
            created_at=at,
        )
        for who in planned.people
    }
    session.add_all(rows.values())
    session.flush()
    return rows


def _advocates(session: Session, role: Role, at: datetime) -> list[tuple[Member, Facility]]:
    """Private persons, each with their own address as the place that they speak for."""
    users = [_user(who.email, who.name, role, at) for who in ADVOCATES]
    session.add_all(users)
    session.flush()
    members = [
        Member(
            user_id=user.id,
            prefix=who.prefix,
            first=who.given,
            last=who.family,
            title=who.title,
            email=who.email,
            phone=who.phone,
            search=fold(f"{who.name} {who.employer} {who.email}"),
            created_at=at,
        )
        for who, user in zip(ADVOCATES, users, strict=True)
    ]
    session.add_all(members)
    session.flush()
    homes = [
        Facility(
            member_id=member.id,
            name="Home",
            kind="home",
            street=who.street,
            city=who.city,
            state=who.state,
            zip=who.zip,
        )
        for who, member in zip(ADVOCATES, members, strict=True)
    ]
    session.add_all(homes)
    session.flush()
    return list(zip(members, homes, strict=True))


# --- offices ----------------------------------------------------------------------------------------------------------


def offices(session: Session, began: datetime, pages: str) -> None:
    """Every way to an office leads to the simulation: invented staff addresses, and its pages (`pages`) for web forms."""
    rows = session.scalars(sa.select(Office).order_by(Office.id)).all()
    for office in rows:
        # a letter to an agency without an open docket goes on paper
        office.form_url = "" if office.kind is OfficeKind.AGENCY else f"{pages}/offices/{office.code}"
        if office.code in STAND_IN_OFFICES:
            office.channels = [
                ChannelKind.SMTP
            ]  # their staff address is known, and no gateway leads to an invented person
    _stand_ins(session, {office.code: office.id for office in rows}, began)


SHOWN = {"HMI08": Behavior.FORM, "SMI01": Behavior.ACK}
SHOWN_REFUSAL = "SMI02"
"""The newcomer's own offices: what comes of a letter to each is told, so that a first trip shows several endings."""


@cache
def gateway_offices() -> frozenset[str]:
    """Seats that take part in their chamber's gateway: all of the House, and the Senate offices that the plans reach so."""
    letters = (*history.history().letters, *history_closed.history().letters)
    planned = {each.office for each in letters if each.planned_channel is ChannelKind.CWC}
    house = {code for code in seats.CODES if seats.chamber_of(code) is Chamber.HOUSE}
    return frozenset((house | planned) - STAND_IN_OFFICES)


def read_gateway_lists(session: Session, now: datetime) -> None:
    """What the workers read daily from the gateways, as of now."""
    for chamber in (Chamber.HOUSE, Chamber.SENATE):
        codes = {code for code in gateway_offices() if seats.chamber_of(code) is chamber}
        active_offices.refresh(session, chamber, codes, now)


def _stand_ins(session: Session, offices_by_code: Mapping[str, int], began: datetime) -> None:
    """They cover the real holders, who return when the demonstration is gone. No party is shown."""
    for planned in STAND_INS:
        office_id = offices_by_code[planned.office]
        person = Legislator(
            bioguide=planned.id,
            first=planned.given,
            last=planned.family,
            official_full=planned.name,
            party="",
            gender="",
        )
        session.add(person)
        session.flush()
        session.add(
            Tenure(
                office_id=office_id,
                legislator_id=person.id,
                starts_at=began,
                room=f"1 Demo {planned.chamber.title()} Office Building",
                is_stand_in=True,
            )
        )
        session.add(StaffContact(office_id=office_id, email=planned.email, name=f"Staff of {planned.name}"))
    session.flush()


def dockets(session: Session, calendar: Calendar, pages: str) -> dict[str, int]:
    """By number. Open from the first midnight of their first day to the end of their last, Eastern."""
    agency_id = session.scalars(sa.select(Office.id).where(Office.code == "USTR")).one()
    rows = {
        each.number: Docket(
            office_id=agency_id,
            number=each.number,
            title=each.title,
            portal=Portal(each.portal),
            portal_url=f"{pages}/ustr",
            opens_at=calendar.live(each.opens_on_day, time(0)),
            closes_at=calendar.docket_closes(each.number),
        )
        for each in DOCKETS
    }
    session.add_all(rows.values())
    session.flush()
    return {number: row.id for number, row in rows.items()}
