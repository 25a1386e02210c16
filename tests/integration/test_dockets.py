"""Dockets at the desk: entered, read from the portal, listed, exported, and recorded."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security.utils import hash_password

from campaign import runtime
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.docket import Docket, Portal
from campaign.models.office import Office
from campaign.models.organization import Organization
from campaign.services import audit, dockets
from tests import factories
from tests.integration.portals import KEY, Served, portal

PASSWORD = "a horse and two batteries"
GOOD: dict[str, Any] = {
    "portal": "ustr",
    "number": "USTR-2026-0034",
    "title": "Agreement on trade in critical minerals",
    "document_id": "",
    "portal_url": "",
    "opens_on": "2026-11-01",
    "closes_on": "2026-12-01",
    "closes_time": "",
}


class Desk:
    def __init__(self, app: Flask) -> None:
        self.app, self.client, self.token = app, app.test_client(), ""
        with transaction(db.session()) as session:
            user = factories.user(session, "desk@association.example", "organizer", name="Priya Raman")
            user.password = hash_password(PASSWORD)
            self.office = session.scalars(sa.select(Office.id).where(Office.code == "USTR")).one()
        self.get("/account/login")
        self.post("/account/login", 302, email="desk@association.example", password=PASSWORD)

    def _open(self, path: str, status: int, **how: Any) -> str:
        answer = Context().run(lambda: self.client.open(path, buffered=True, **how))
        db.session.rollback()
        db.session.expire_all()
        text = answer.get_data().decode()
        assert answer.status_code == status, (path, answer.status_code, text[-3000:])
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        self.token = token[1] if token else self.token
        return html.unescape(text)

    def get(self, path: str, status: int = 200) -> str:
        return self._open(path, status)

    def post(self, path: str, status: int = 303, **data: Any) -> str:
        return self._open(path, status, method="POST", data={"csrf_token": self.token, **data})

    def enter(self, status: int = 303, **changes: Any) -> str:
        self.get("/organize/dockets/new")
        return self.post("/organize/dockets/new", status, office=self.office, **(GOOD | changes))


@pytest.fixture
def desk(each_app: Flask) -> Desk:
    return Desk(each_app)


def _all() -> list[Docket]:
    return list(db.session.scalars(sa.select(Docket).order_by(Docket.id)))


def test_without_a_docket_the_page_says_what_will_be_there(desk: Desk) -> None:
    page = desk.get("/organize/dockets")
    assert "No docket yet" in page
    assert 'href="/organize/dockets/new"' in page


def test_f14_a_bare_date_means_the_end_of_that_day_and_the_page_says_so_before_saving(desk: Desk) -> None:
    page = desk.get("/organize/dockets/new")
    assert "means the end of that day: 11:59 pm Eastern" in page
    said = desk.post("/organize/dockets/when", 200, office=desk.office, **GOOD)
    assert re.search(r"Comments close Tue, December 1(, 2026)?, 11:59 pm ET\.", said)  # the year in another one
    assert _all() == []
    desk.enter()
    (row,) = _all()
    assert row.closes_at.astimezone(UTC) == datetime(2026, 12, 2, 4, 59, 59, tzinfo=UTC)
    assert row.opens_at.astimezone(UTC) == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert "December 1" in desk.get("/organize/dockets")


def test_the_agencys_word_for_a_company_is_kept_and_company_where_none_is_given(desk: Desk) -> None:
    desk.enter(organization_type="  Business   or Trade Group ")
    (row,) = _all()
    assert row.organization_type == "Business or Trade Group"
    page = f"/organize/dockets/{row.id}"
    assert 'value="Business or Trade Group"' in desk.get(page)
    assert "at most 100 characters" in desk.post(page, 422, office=desk.office, **GOOD, organization_type="x" * 101)
    desk.post(page, office=desk.office, **GOOD, organization_type="")
    assert [each.organization_type for each in _all()] == ["Company"]
    changed = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "docket changed")).one()
    assert changed.detail["after"]["organization_type"] == "Company"


def test_an_hour_that_the_notice_names_is_kept(desk: Desk) -> None:
    desk.enter(closes_time="17:00")
    (row,) = _all()
    assert row.closes_at.astimezone(UTC) == datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
    assert 'value="17:00' in desk.get(f"/organize/dockets/{row.id}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"number": "USTR-26-34"}, "It looks like USTR-2026-0001"),
        ({"number": "ustr-2026-0034"}, "It looks like"),
        ({"number": ""}, "Enter the docket’s number."),
        ({"number": "DEMO-2026-0001"}, "demonstration only"),
        ({"portal": "regulations_gov", "number": "hello"}, "It looks like BIS-2026-0025"),
        ({"portal": "carrier pigeon"}, "Not a valid choice"),
        ({"portal": "regulations_gov", "number": "BIS-2026-0025", "document_id": "0001"}, "BIS-2026-0025-0001"),
        ({"title": " "}, "title"),
        ({"closes_on": "2026-10-01"}, "closes after it opens"),
        ({"closes_on": "1 December"}, "like 2026-12-01"),
        ({"closes_on": ""}, "like 2026-12-01"),
        ({"closes_time": "soon"}, "like"),
        ({"portal_url": "javascript:alert(1)"}, "https address"),
        ({"portal_url": "http://portal.example/"}, "https address"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(desk: Desk, change: dict[str, str], words: str) -> None:
    page = desk.enter(422, **change)
    assert words in page
    assert "There is a problem" in page
    assert _all() == []


def test_numbers_of_the_demonstration_are_taken_in_it_and_real_ones_are_not(desk: Desk) -> None:
    with transaction(db.session()) as session:
        session.execute(sa.update(Organization).values(is_demonstration=True))
    desk.enter(422)
    desk.enter(number="DEMO-2026-0077")
    assert [row.number for row in _all()] == ["DEMO-2026-0077"]


def test_f14_two_documents_of_one_docket_have_two_deadlines(desk: Desk) -> None:
    both: dict[str, Any] = {"portal": "regulations_gov", "number": "BIS-2026-0025"}
    desk.enter(**both, document_id="BIS-2026-0025-0001")
    desk.enter(**both, document_id="BIS-2026-0025-0002", closes_on="2026-12-15")
    assert "here already" in desk.enter(422, **both, document_id="BIS-2026-0025-0001")
    first, second = _all()
    assert (second.closes_at - first.closes_at).days == 14
    page = desk.get("/organize/dockets")
    assert "Tue, December 1" in page
    assert "Tue, December 15" in page


def test_a_change_is_recorded_with_what_was_before(desk: Desk) -> None:
    desk.enter()
    (row,) = _all()
    desk.get(f"/organize/dockets/{row.id}")
    desk.post(f"/organize/dockets/{row.id}", office=desk.office, **(GOOD | {"closes_on": "2026-12-08"}))
    desk.post(f"/organize/dockets/{row.id}", office=desk.office, **(GOOD | {"closes_on": "2026-12-08"}))
    entries = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act.like("docket%")).order_by(AuditEntry.id))
    found = [(entry.act, entry.detail) for entry in entries]
    assert [act for act, _ in found] == ["docket entered", "docket changed"]  # the second save changed nothing
    assert found[1][1]["before"]["closes"].startswith("2026-12-01T23:59:59")
    assert found[1][1]["after"]["closes"].startswith("2026-12-08T23:59:59")
    assert audit.first_broken(db.session()) is None


def test_lists_page_and_the_export_holds_every_row(desk: Desk) -> None:
    with transaction(db.session()) as session:
        for number in range(55):
            factories.docket(session, number=f"USTR-2026-{number + 1:04}", title=f"=Docket {number}")
    page = desk.get("/organize/dockets")
    assert page.count('<th scope="row">') == 50
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following is not None
    assert desk.get(following[1]).count('<th scope="row">') == 5
    rows = list(csv.DictReader(io.StringIO(desk.get("/organize/dockets.csv").lstrip("\ufeff"))))
    assert len(rows) == 55
    assert rows[0]["title"].startswith("'=")
    assert rows[0]["closes"].endswith("+00:00")


def test_a_docket_that_nobody_knows_is_not_found_and_members_have_no_way_in(desk: Desk) -> None:
    desk.get("/organize/dockets/999999", 404)
    stranger = desk.app.test_client()
    for path in ("/organize/dockets", "/organize/dockets/new", "/organize/dockets.csv"):
        assert Context().run(stranger.get, path).status_code in (302, 303)


# --- from the portal ------------------------------------------------------------------------------------------------


@pytest.fixture
def served(each_app: Flask, tmp_path: Path) -> Iterator[Served]:
    """The desk asks this portal."""
    with portal(tmp_path) as made:
        before = each_app.extensions["countersign"]
        settings = replace(before.settings, regulations_url=made.access.url, regulations_key=KEY)
        runtime.attach(each_app, replace(before, settings=settings))
        yield made


def _put(served: Served, number: str, ends: str, **more: Any) -> None:
    said = {"docketId": "BIS-2026-0025", "title": "A  notice", "openForComment": True, "withdrawn": False}
    served.put_document(number, {**said, "commentStartDate": "2026-10-26T04:00:00Z", "commentEndDate": ends, **more})


def _fetch(desk: Desk, number: str, status: int = 303) -> str:
    desk.get("/organize/dockets")
    return desk.post("/organize/dockets/fetch", status, agency=desk.office, docket=number)


def test_f14_the_portals_answer_fills_in_each_documents_title_and_deadline(desk: Desk, served: Served) -> None:
    _put(served, "BIS-2026-0025-0001", "2026-12-02T04:59:59Z")
    _put(served, "BIS-2026-0025-0002", "2026-12-16T04:59:59Z")
    _put(served, "BIS-2026-0025-0003", "2026-12-01")
    _put(served, "BIS-2026-0025-0004", "2026-12-16T04:59:59Z", withdrawn=True)
    _put(served, "BIS-2026-0025-0005", "")
    _fetch(desk, "BIS-2026-0025")
    rows = _all()
    assert [row.document_id[-4:] for row in rows] == ["0001", "0002", "0003"]
    assert {row.portal for row in rows} == {Portal.REGULATIONS_GOV}
    assert [row.title for row in rows] == ["A notice"] * 3
    december = [row.closes_at.astimezone(UTC) for row in rows]
    assert december[0] == december[2] == datetime(2026, 12, 2, 4, 59, 59, tzinfo=UTC)
    assert december[1] == datetime(2026, 12, 16, 4, 59, 59, tzinfo=UTC)


def test_asking_again_brings_a_row_to_what_the_portal_says_and_makes_no_second(desk: Desk, served: Served) -> None:
    _put(served, "BIS-2026-0025-0001", "2026-12-02T04:59:59Z")
    _fetch(desk, "BIS-2026-0025")
    _fetch(desk, "BIS-2026-0025")
    _put(served, "BIS-2026-0025-0001", "2026-12-09T04:59:59Z", title="Extended")
    _fetch(desk, "BIS-2026-0025")
    (row,) = _all()
    assert row.title == "Extended"
    acts = list(db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.act.like("docket%"))))
    assert acts == ["docket entered", "docket changed"]


def test_a_docket_that_the_portal_does_not_know_leaves_nothing(desk: Desk, served: Served) -> None:
    assert "No document of this docket" in _fetch(desk, "BIS-2026-0099", 422)
    assert "It looks like" in _fetch(desk, "nonsense", 422)
    assert _all() == []


def test_without_a_key_or_a_portal_the_page_says_so(desk: Desk, each_app: Flask) -> None:
    assert "no key for regulations.gov is set" in _fetch(desk, "BIS-2026-0025", 503)
    before = each_app.extensions["countersign"]
    settings = replace(before.settings, regulations_url="http://127.0.0.1:9/v4", regulations_key=KEY)
    runtime.attach(each_app, replace(before, settings=settings))
    page = _fetch(desk, "BIS-2026-0025", 503)
    assert "cannot be reached" in page
    assert KEY not in page


def test_a_docket_with_signed_letters_keeps_its_number_and_may_close_later(desk: Desk) -> None:
    with transaction(db.session()) as session:
        docket = factories.docket(session, number="USTR-2026-0034")
        number = docket.id
        _letter_to(session, docket)
    desk.get(f"/organize/dockets/{number}")
    page = desk.post(f"/organize/dockets/{number}", 409, office=desk.office, **(GOOD | {"number": "USTR-2026-0035"}))
    assert "Letters have been signed" in page
    desk.post(f"/organize/dockets/{number}", office=desk.office, **(GOOD | {"closes_on": "2027-01-10"}))
    assert dockets.find(db.session(), number).closes_at > datetime(2027, 1, 10, tzinfo=UTC) + timedelta(hours=20)


def _letter_to(session: Any, docket: Docket) -> None:
    made, _ = factories.company(session)
    card = factories.recommendation(session, "I1", docket)
    on = factories.campaign(session, card)
    factories.signed(session, factories.member(session, made), on, "I1")
