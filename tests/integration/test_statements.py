"""What a member's page costs in SQL: few statements, and no more of them for more offices, letters or choices.

SQLite's BEGIN goes to no server and is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from campaign.app import create_app
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.campaign import CampaignExclusion
from campaign.models.letter import Letter
from campaign.models.recommendation import Sponsor
from campaign.services import invitations, offices
from campaign.unit_of_work import database_now
from tests import factories

MOST = 12  # of a page
MOST_TO_SIGN = 30  # frozen letters, consent, deliveries, a mail with the copy, figures
ACT = "/c/minerals/act"
STORY = "Last fall a nine-week wait for dysprosium idled our second line and we sent 31 people home."


@dataclass
class Meter:
    """A browser that counts what its last request asked of the database."""

    client: FlaskClient
    statements: list[str] = field(default_factory=list)
    token: str = ""

    def get(self, path: str, status: int = 200) -> str:
        return self._read(path, status, None)

    def post(self, path: str, **fields: object) -> str:
        return self._read(path, 303, {"csrf_token": self.token, **fields})

    def _read(self, path: str, status: int, fields: dict[str, object] | None) -> str:
        self.statements.clear()
        answer = self.client.get(path) if fields is None else self.client.post(path, data=fields)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        answer.close()
        return answer.text

    @property
    def count(self) -> int:
        return len(self.statements)

    def cheap(self, path: str, most: int = MOST) -> str:
        page = self.get(path)
        assert self.count <= most, "\n".join([path, *self.statements])
        return page


@pytest.fixture
def meter(each_app: Flask) -> Iterator[Meter]:
    served = create_app(each_app.extensions["countersign"].settings)
    made = Meter(served.test_client())
    with served.app_context():
        engine = db.engine

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(*of: object) -> None:
        if not str(of[2]).startswith("BEGIN"):
            made.statements.append(re.sub(r"\s+", " ", str(of[2])))

    yield made
    with served.app_context():
        db.session.remove()
        engine.dispose()


@pytest.fixture
def door(each_app: Flask) -> str:
    """Of Maya, who speaks for Kokomo and Arlington: everything a letter may be made of is there."""
    del each_app
    now = database_now()
    with transaction(db.session()) as session:
        docket = factories.docket(session, opens_at=now - timedelta(days=5), closes_at=now + timedelta(days=7))
        cards = [
            factories.recommendation(session, "I1", docket),
            factories.recommendation(session, "P1"),
            factories.recommendation(session, "P2"),
        ]
        on = factories.campaign(
            session, *cards, slug="minerals", opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=30)
        )
        senior, junior = offices.offices_of(session, [], ["IN"], now)
        session.add(
            Sponsor(
                recommendation_id=cards[1].id,
                legislator_id=senior.legislator_id,
                thanks_for="H.R. 1",
                asks_next_step=True,
                source="public",
            )
        )
        session.add(CampaignExclusion(campaign_id=on.id, office_id=junior.office_id))
        factories.staff_address(session)
        company, _ = factories.company(session, "Halvorsen Magnetics")
        factories.facility(session, company, zip="76014", state="TX", city="Arlington")
        maya = factories.member(session, company, first="Maya", last="Lindqvist", email="maya@halvorsen.example")
        invitation = invitations.invite(session, maya, on, factories.ENVELOPE, now)
        return invitations.door_url(invitation, factories.ENVELOPE).removeprefix("http://localhost:8000")


def _sign(meter: Meter) -> int:
    """How many statements the signature took."""
    found = re.search(r'name="shown" type="hidden" value="([0-9a-f]{64})"', meter.get(f"{ACT}/letters"))
    assert found
    meter.post(f"{ACT}/letters", agree="y", name="Maya Lindqvist", shown=found[1])
    return meter.count


def _facts(meter: Meter, *keys: str) -> None:
    meter.get(f"{ACT}/pick")
    meter.post(f"{ACT}/pick", choices=list(keys))
    meter.get(f"{ACT}/facts")
    meter.post(f"{ACT}/facts", jobs="340", reasons=["jobs", "lead"], story=STORY)


def test_every_page_of_the_journey_is_cheap(meter: Meter, door: str) -> None:
    meter.get(door)  # the first page of a process reads the map, once
    meter.cheap(door)
    meter.post(door)
    meter.get(ACT, 303)
    meter.cheap(f"{ACT}/pick")
    meter.post(f"{ACT}/pick", choices=["I1", "P1", "P2"])
    meter.cheap(f"{ACT}/pick")
    meter.cheap(f"{ACT}/facts")
    meter.post(f"{ACT}/facts", jobs="340", reasons=["jobs", "lead"], story=STORY)
    meter.cheap(f"{ACT}/facts")
    meter.cheap(f"{ACT}/site")
    meter.cheap(f"{ACT}/letters")
    assert _sign(meter) <= MOST_TO_SIGN, "\n".join(meter.statements)
    meter.cheap(f"{ACT}/sent")
    meter.cheap(f"{ACT}/sent/status")
    meter.cheap("/letters")
    for reference in db.session.scalars(sa.select(Letter.reference)).all():
        meter.cheap(f"/letters/{reference}")
        meter.cheap(f"/letters/{reference}/answer")
    meter.cheap("/me")


def test_letters_that_are_drafts_again_are_as_cheap(meter: Meter, door: str) -> None:
    meter.get(door)
    meter.post(door)
    _facts(meter, "I1", "P1", "P2")
    _sign(meter)
    meter.post(f"{ACT}/undo")
    meter.cheap(f"{ACT}/facts")
    meter.cheap(f"{ACT}/letters")


def test_choosing_a_representative_is_cheap(meter: Meter, door: str) -> None:
    meter.get(door)
    meter.post(door)
    sites = re.findall(r'name="site"[^>]* value="(\d+)"', meter.get(f"{ACT}/site"))
    meter.post(f"{ACT}/site", site=sites[1])
    page = meter.cheap(f"{ACT}/where")
    seat = re.findall(r'name="seat"[^>]* value="([A-Z]{2}-\d+)"', page)[0]
    meter.post(f"{ACT}/where", seat=seat)
    meter.cheap(f"{ACT}/where")
    _facts(meter, "P1", "P2")
    meter.cheap(f"{ACT}/letters")


def test_more_letters_take_no_more_statements(meter: Meter, door: str) -> None:
    """One letter to one office and others to offices, through the same pages."""
    meter.get(door)
    meter.post(door)
    counted = []
    for keys in (["I1"], ["I1", "P1", "P2"]):
        _facts(meter, *keys)
        of = {path: (meter.get(path), meter.count)[1] for path in (f"{ACT}/pick", f"{ACT}/facts", f"{ACT}/letters")}
        of["sign"] = _sign(meter)
        pages = [f"{ACT}/sent", "/letters"]
        counted.append(of | {path: (meter.get(path), meter.count)[1] for path in pages})
        meter.post(f"{ACT}/undo")
    once, again = counted
    # an action that was signed before: which of its letters have left already
    assert again == once | {f"{ACT}/letters": once[f"{ACT}/letters"] + 1, "sign": once["sign"] + 1}


def test_a_page_that_is_seen_again_after_a_minute_is_still_cheap(meter: Meter, door: str) -> None:
    meter.get(door)
    meter.post(door)
    meter.get(ACT, 303)
    with transaction(db.session()) as session:
        session.execute(sa.text("UPDATE sign_ins SET last_seen_at = created_at"))
    meter.cheap(f"{ACT}/pick")


def test_nobody_is_asked_who_they_are_for_a_file(meter: Meter, door: str) -> None:
    meter.get(door)
    meter.post(door)
    meter.get("/static/app.css")
    assert meter.statements == []
