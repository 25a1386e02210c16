"""Whom a letter can reach: seats of Congress and agencies, who holds them when, and who sits on which committee."""

from __future__ import annotations

from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.domain.districts import Chamber, OfficeKind
from campaign.domain.hours import SendingHours
from campaign.models.base import Base, HasId

__all__ = [
    "Chamber",
    "Committee",
    "CommitteeSeat",
    "Legislator",
    "Office",
    "OfficeHours",
    "OfficeKind",
    "StaffContact",
    "Tenure",
]


class Legislator(HasId, Base):
    """A person, once, whatever the seats that they hold over time."""

    __tablename__ = "legislators"

    bioguide: Mapped[str] = mapped_column(unique=True)
    first: Mapped[str]
    last: Mapped[str]
    suffix: Mapped[str] = mapped_column(default="")
    official_full: Mapped[str]
    party: Mapped[str] = mapped_column(default="")
    gender: Mapped[str] = mapped_column(default="")

    tenures: Mapped[list[Tenure]] = relationship(back_populates="legislator", lazy="raise_on_sql")


class Office(HasId, Base):
    """A seat or an agency; its code survives a change of holder. The head of an agency stands in its own row."""

    __tablename__ = "offices"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'agency') = (chamber = 'executive')", name="agency_is_executive"),
        sa.CheckConstraint("(kind = 'senator') = (senate_class IS NOT NULL)", name="senators_have_a_class"),
        sa.CheckConstraint("(kind = 'agency') = (state IS NULL)", name="seats_have_a_state"),
        sa.CheckConstraint("(chamber = 'house') = (district IS NOT NULL)", name="house_seats_have_a_district"),
        sa.CheckConstraint("kind <> 'agency' OR head_name <> ''", name="agencies_name_their_head"),
        sa.Index("ix_offices_state_district", "state", "district"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[OfficeKind]
    chamber: Mapped[Chamber]
    state: Mapped[str | None]
    district: Mapped[int | None]  # 0: at large or a delegate's
    senate_class: Mapped[int | None]
    title: Mapped[str] = mapped_column(default="")  # of an agency: "Office of the United States Trade Representative"
    head_title: Mapped[str] = mapped_column(default="")  # "United States Trade Representative"
    head_style: Mapped[str] = mapped_column(default="")  # after "Dear": "Ambassador"
    head_name: Mapped[str] = mapped_column(default="")
    head_last: Mapped[str] = mapped_column(default="")
    postal_lines: Mapped[list[str]] = mapped_column(default=list)  # of an agency; a seat's come from its tenure
    form_url: Mapped[str] = mapped_column(default="")
    salutation: Mapped[str] = mapped_column(default="")  # instead of the usual one, where an office prefers another
    active: Mapped[bool] = mapped_column(default=True)
    channels: Mapped[list[str]] = mapped_column(
        default=list, server_default="[]"
    )  # what it prefers, before the campaign's order

    tenures: Mapped[list[Tenure]] = relationship(back_populates="office", lazy="raise_on_sql")
    staff: Mapped[list[StaffContact]] = relationship(back_populates="office", lazy="raise_on_sql")


class OfficeHours(HasId, Base):
    """When letters reach an office, or all offices of a chamber, on the clock of `zone`. An office's own row comes first; one
    without any takes letters at all hours. `days` as "12345": 1 is Monday."""

    __tablename__ = "office_hours"
    __table_args__ = (
        sa.CheckConstraint("(office_id IS NULL) <> (chamber IS NULL)", name="office_or_chamber"),
        sa.CheckConstraint("opens < closes", name="opens_before_it_closes"),
        sa.CheckConstraint("days <> ''", name="has_days"),
    )

    office_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offices.id"), unique=True)
    chamber: Mapped[Chamber | None] = mapped_column(unique=True)
    zone: Mapped[str]
    opens: Mapped[time] = mapped_column(sa.Time)
    closes: Mapped[time] = mapped_column(sa.Time)
    days: Mapped[str]

    @property
    def hours(self) -> SendingHours:
        return SendingHours(self.zone, self.opens, self.closes, frozenset(map(int, self.days)))


class Tenure(HasId, Base):
    """A legislator in a seat, from `starts_at` to before `ends_at`.

    `ends_at` is empty until the file shows the person gone or followed; `term_ends_at` is the noon of 3 January at
    which the term runs out on paper. After that, without a newer file, nobody is known to hold the seat. A stand-in
    covers the real holder in the demonstration.
    """

    __tablename__ = "tenures"
    __table_args__ = (
        sa.UniqueConstraint("office_id", "starts_at", "is_stand_in"),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_it_starts"),
    )

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"))
    legislator_id: Mapped[int] = mapped_column(sa.ForeignKey("legislators.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    term_ends_at: Mapped[datetime | None]
    room: Mapped[str] = mapped_column(default="")  # "511 Hart Senate Office Building"
    phone: Mapped[str] = mapped_column(default="")
    form_url: Mapped[str] = mapped_column(default="")
    site_url: Mapped[str] = mapped_column(default="")
    state_rank: Mapped[str] = mapped_column(default="")  # senators: "senior", "junior"
    is_stand_in: Mapped[bool] = mapped_column(default=False)

    office: Mapped[Office] = relationship(back_populates="tenures", lazy="raise_on_sql")
    legislator: Mapped[Legislator] = relationship(back_populates="tenures", lazy="raise_on_sql")


class Committee(HasId, Base):
    """A committee, or with `parent` a subcommittee; the key is that of the public files ("HSWM", "HSWM04")."""

    __tablename__ = "committees"

    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    chamber: Mapped[Chamber]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("committees.id"), index=True)

    parent: Mapped[Committee | None] = relationship(remote_side="Committee.id", lazy="raise_on_sql")
    seats: Mapped[list[CommitteeSeat]] = relationship(back_populates="committee", lazy="raise_on_sql")


class CommitteeSeat(HasId, Base):
    __tablename__ = "committee_seats"
    __table_args__ = (sa.UniqueConstraint("committee_id", "legislator_id"),)

    committee_id: Mapped[int] = mapped_column(sa.ForeignKey("committees.id"))
    legislator_id: Mapped[int] = mapped_column(sa.ForeignKey("legislators.id"), index=True)
    title: Mapped[str] = mapped_column(default="")  # as in the file: "Chairman", "Chair", "Ranking Member"
    rank: Mapped[int | None]

    committee: Mapped[Committee] = relationship(back_populates="seats", lazy="raise_on_sql")
    legislator: Mapped[Legislator] = relationship(lazy="raise_on_sql")


class StaffContact(HasId, Base):
    """A staff address that the association knows; no public file has any."""

    __tablename__ = "staff_contacts"
    __table_args__ = (sa.UniqueConstraint("office_id", "email"),)

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("offices.id"))
    email: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)

    office: Mapped[Office] = relationship(back_populates="staff", lazy="raise_on_sql")
