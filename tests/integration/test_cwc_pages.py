"""The page of the gateways: what it shows, and the switch that keeps an office out."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.domain import addressing
from campaign.domain.districts import Chamber
from campaign.models.audit import AuditEntry
from campaign.models.delivery import Delivery
from campaign.models.gateway import GatewaySuspension
from campaign.models.letter import Letter
from campaign.services import active_offices, offices
from campaign.unit_of_work import database_now
from tests import factories
from tests.integration.test_organizer_pages import Browser

PAGE = "/organize/gateways"


@pytest.fixture
def staff(app: Flask, session: Session) -> Browser:
    with transaction(session):
        factories.user(session, "staff@association.example", "organizer", name="Olive Organizer")
        active_offices.refresh(session, Chamber.HOUSE, {"HIN05", "HNV02"}, database_now())
    return Browser(app, "staff@association.example")


def _name(session: Session, code: str) -> str:
    return addressing.styled_name(offices.holders_by_code(session, [code], database_now())[code])


def test_it_says_what_the_lists_say(staff: Browser) -> None:
    page = staff.text(PAGE)
    assert "Up to date" in page
    assert "Not set up" in page
    assert "No office is kept out." in page


def test_an_office_is_kept_out_and_let_in_again_by_name(staff: Browser, session: Session) -> None:
    staff.get(PAGE)
    assert staff.post(PAGE, code=" hnv02 ", reason="asked for by the office on June 3").status_code == 303
    page = staff.text(PAGE)
    assert "No letter leaves for HNV02" in page
    assert "asked for by the office on June 3" in page
    assert "Olive Organizer" in page
    assert _name(session, "HNV02") in page
    assert staff.post(f"{PAGE}/HNV02/lift").status_code == 303
    assert "The list decides about HNV02 again." in staff.text(PAGE)
    assert session.scalar(sa.select(sa.func.count()).select_from(GatewaySuspension)) == 1
    acts = session.scalars(
        sa.select(AuditEntry.act).where(AuditEntry.act.like("office%")).order_by(AuditEntry.id)
    ).all()
    assert acts == ["office suspended at its gateway", "office suspension lifted"]


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        ("", "why", "Enter the code of an office"),
        ("HNV02", "", "Say why"),
        ("HNV09", "why", "There is no office"),
        ("USTR", "why", "no such office with a gateway"),
        ("HNV02", "x" * 501, "at most 500"),
        ("<b>", "why", "There is no office <b>"),
    ],
)
def test_what_cannot_be_done_is_said_beside_its_field(
    staff: Browser, session: Session, code: str, reason: str, words: str
) -> None:
    staff.get(PAGE)
    answer = staff.post(PAGE, code=code, reason=reason)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert words in text.replace("&lt;", "<").replace("&gt;", ">")
    assert "<b>" not in text.partition("<main")[2].replace("<b>House", "").replace("<b>Senate", "")
    assert session.scalar(sa.select(sa.func.count()).select_from(GatewaySuspension)) == 0


def test_twice_is_said(staff: Browser) -> None:
    staff.get(PAGE)
    staff.post(PAGE, code="HNV02", reason="why")
    staff.get(PAGE)
    answer = staff.post(PAGE, code="HNV02", reason="why")
    assert answer.status_code == 422
    assert "suspended already" in answer.get_data(as_text=True)


def test_members_do_not_see_it(app: Flask, session: Session) -> None:
    client = app.test_client()
    assert client.get(PAGE).status_code in (302, 303, 401, 403, 404)


def test_an_office_has_its_own_way_first_until_that_is_forgotten(staff: Browser, session: Session) -> None:
    assert "No office prefers a way of its own" in staff.text(PAGE)
    assert staff.post(f"{PAGE}/prefer", **{"prefer-code": " hin05 ", "prefer-way": "print"}).status_code == 303
    page = staff.text(PAGE)
    assert "Letters to HIN05 try this first: Paper." in page
    assert _name(session, "HIN05") in page
    with transaction(session):
        company, _ = factories.company(session)
        on = factories.campaign(session, factories.recommendation(session, "P1"), channels=["smtp", "handoff"])
        factories.staff_address(session)
        factories.signed(session, factories.member(session, company), on, "P1")
    chosen = dict(session.execute(sa.select(Letter.target, Delivery.channel).join(Delivery)).all())
    assert chosen == {"HIN05": "print", "SIN01": "smtp", "SIN03": "smtp"}
    assert staff.post(f"{PAGE}/HIN05/forget").status_code == 303
    assert "No office prefers a way of its own" in staff.text(PAGE)
    acts = session.scalars(sa.select(AuditEntry.act).where(AuditEntry.act == "office prefers a way")).all()
    assert len(acts) == 2


@pytest.mark.parametrize(
    ("code", "way", "words"),
    [
        ("", "print", "Enter the code of an office"),
        ("HNV09", "print", "There is no office HNV09."),
        ("USTR", "cwc", "This office has no such way."),
        ("HIN05", "pigeon", "Not a valid choice"),
    ],
)
def test_a_way_that_cannot_be_is_said_beside_it_and_keeps_what_was_typed(
    staff: Browser, code: str, way: str, words: str
) -> None:
    staff.get(PAGE)
    answer = staff.post(f"{PAGE}/prefer", **{"prefer-code": code, "prefer-way": way})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in page
    assert not code or f'value="{code}"' in page
