"""Organizers say when offices take letters, and read which letters wait for that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.domain import addressing
from campaign.models.audit import AuditEntry
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.office import OfficeHours
from campaign.services import offices
from campaign.unit_of_work import database_now
from tests import factories
from tests.integration.test_organizer_pages import Browser

PAGE = "/organize/gateways"


@pytest.fixture
def staff(app: Flask, session: Session) -> Browser:
    with transaction(session):
        factories.user(session, "staff@association.example", "organizer", name="Olive Organizer")
    browser = Browser(app, "staff@association.example")
    browser.get(PAGE)
    return browser


def _fields(**changes: Any) -> dict[str, Any]:
    fields = {"whom": "house", "code": "", "days": [*"12345"], "opens": "09:00", "closes": "17:30"}
    return {f"hours-{name}": value for name, value in (fields | {"zone": "America/New_York"} | changes).items()}


def test_hours_of_a_chamber_and_of_an_office_are_kept_shown_and_forgotten(staff: Browser, session: Session) -> None:
    assert "No office has hours of its own" in staff.text(PAGE)
    assert staff.post(f"{PAGE}/hours", **_fields()).status_code == 303
    own = _fields(whom="office", code=" hnv02 ", days=["1", "3"], zone="America/Los_Angeles")
    assert staff.post(f"{PAGE}/hours", **own).status_code == 303
    page = staff.text(PAGE)
    name = addressing.styled_name(offices.holders_by_code(session, ["HNV02"], database_now())["HNV02"])
    for words in ("All House offices", "Monday to Friday", "HNV02", name, "Monday, Wednesday", "Los Angeles (Pacific)"):
        assert words in page.partition("Offices with hours of their own")[2].partition("</table>")[0]
    assert staff.post(f"{PAGE}/hours/HNV02/forget").status_code == 303
    assert staff.post(f"{PAGE}/hours/house/forget").status_code == 303
    assert "No office has hours of its own" in staff.text(PAGE)
    acts = session.scalars(sa.select(AuditEntry.act).where(AuditEntry.by.like("user:%"))).all()
    assert acts.count("office hours") == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"whom": "office"}, "Enter the code of an office"),
        ({"whom": "office", "code": "HNV09"}, "There is no office HNV09."),
        ({"whom": "joint"}, "Not a valid choice"),
        ({"days": []}, "Choose at least one day."),
        ({"days": ["8"]}, "not a valid choice"),
        ({"opens": ""}, "Enter the hour"),
        ({"closes": "25:00"}, "Enter the hour as"),
        ({"closes": "09:00"}, "The hours must end later on the day"),
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_keeps_what_was_typed(
    staff: Browser, session: Session, changes: dict[str, Any], words: str
) -> None:
    answer = staff.post(f"{PAGE}/hours", **_fields(**changes))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert changes.get("opens") == "" or 'value="09:00"' in page
    assert session.scalars(sa.select(OfficeHours)).all() == []


def test_an_unknown_name_is_not_found(staff: Browser) -> None:
    assert staff.post(f"{PAGE}/hours/nowhere/forget").status_code == 404


def test_the_letter_and_the_page_of_sending_say_that_it_waits_and_until_when(staff: Browser, session: Session) -> None:
    """An office that is open tomorrow only."""
    now = database_now()
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=30))
        letters = factories.signed(session, factories.member(session, company), on, card.key, now=now)
        slug, reference = on.slug, {each.target: each.reference for each in letters}["HIN05"]
    zone = ZoneInfo("America/New_York")
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    staff.post(f"{PAGE}/hours", **_fields(days=[str(tomorrow.isoweekday())]))
    house = session.scalars(sa.select(Delivery).join(Letter).where(Letter.target == "HIN05")).one()
    assert house.due_at == datetime.combine(tomorrow, datetime.min.time(), zone).replace(hour=9)
    page = staff.text(f"/organize/c/{slug}/letters/{reference}")
    assert "outside the office’s hours. It leaves when they begin, " in page
    assert f'datetime="{house.due_at:%Y-%m-%dT%H:%M:%SZ}"' in page
    assert "1 waits for its office to open</a>, the first " in staff.text("/organize/health")
