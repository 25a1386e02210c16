"""Comments that an agency has published: looked up within the limit, with growing pauses, and told in the letter's story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from campaign import published
from campaign.channels.docket import postings as portal_side
from campaign.channels.docket.regulations import RegulationsChannel
from campaign.channels.http import Http
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Misconfigured
from campaign.domain.events import EventKind
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.channel import Pace
from campaign.models.delivery import Delivery
from campaign.models.docket import Portal
from campaign.models.event import Event
from campaign.models.letter import Letter
from campaign.models.posting import PostingLook
from campaign.runtime import attach, runtime
from campaign.services import metrics, postings, stories
from campaign.services.outbox.paces import Limits
from campaign.simulator.portal_comments import POSTED_AFTER_S
from campaign.unit_of_work import database_now
from campaign.web.actions import record
from tests import factories
from tests.integration.portals import KEY, Served, portal

DOCUMENT = "DEMO-2026-0009-0001"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with portal(tmp_path) as made:
        yield made


@pytest.fixture
def letter(each_app: Flask, served: Served) -> Letter:
    """Its comment was filed six minutes ago."""
    here = runtime()
    settings = replace(here.settings, regulations_url=served.access.url, regulations_key=KEY, simulated=True)
    channels = {**here.channels, ChannelName.DOCKET_API: RegulationsChannel(served.access)}
    attach(each_app, replace(here, settings=settings, channels=channels))
    return _filed(_comment(served))


def _comment(served: Served, document: str = DOCUMENT) -> str:
    served.store.add_comment("aaa-bbbb-cccc", document, {"comment": "We make magnets."}, served.clock.seconds())
    return "aaa-bbbb-cccc"


def _filed(tracking: str | None, **values: Any) -> Letter:
    with transaction(db.session()) as session:
        row = factories.docket(
            session, portal=Portal.REGULATIONS_GOV, number="DEMO-2026-0009", document_id=DOCUMENT, by_machine=True
        )
        on = factories.campaign(session, factories.recommendation(session, "I1", row))
        company, _ = factories.company(session)
        (letter,) = factories.signed(session, factories.member(session, company), on, "I1")
    with transaction(db.session()) as session:
        changes = {
            "status": Status.ACCEPTED,
            "provider_id": tracking,
            "changed_at": database_now() - 6 * MINUTE,
        } | values
        session.execute(sa.update(Delivery).where(Delivery.letter_id == letter.id).values(**changes))
        metrics.rebuild(session)
    return letter


def _again() -> None:
    """As if the pause were over, and the limit had room."""
    with transaction(db.session()) as session:
        session.execute(sa.update(PostingLook).values(next_at=database_now() - MINUTE))
        session.execute(sa.delete(Pace))


def _status(letter: Letter) -> Status:
    db.session.expire_all()
    return db.session.scalars(sa.select(Delivery.status).where(Delivery.letter_id == letter.id)).one()


def test_a_comment_is_told_as_published_once_the_portal_shows_it(letter: Letter, served: Served) -> None:
    assert published.look() == 0
    assert _status(letter) is Status.ACCEPTED  # not yet public: that is no failure
    served.clock.lead(timedelta(seconds=POSTED_AFTER_S + 1))
    assert published.look() == 0  # the pause is not over
    _again()
    assert published.look() == 1
    assert _status(letter) is Status.DELIVERED
    (event,) = db.session.scalars(sa.select(Event)).all()
    assert event.kind is EventKind.PUBLISHED
    assert event.detail == f"{served.base}/regulations/comment/DEMO-2026-0009-1001"
    found = db.session.get_one(Letter, letter.id)
    *_, step = steps = record.steps(stories.story(db.session(), found))
    assert step.text == "The agency published your comment"
    assert not any("Delivered" in each.text for each in steps)  # told once
    assert f'href="{event.detail}"' in step.small
    assert metrics.differences(db.session()) == []
    _again()
    assert published.look() == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event)) == 1
    assert (
        db.session.scalar(sa.select(sa.func.count()).select_from(PostingLook)) == 0
    )  # nothing is passed over for ever


def test_pauses_grow_to_a_day_and_after_the_set_time_nobody_looks(letter: Letter) -> None:
    assert [postings.pause(n) for n in (1, 2, 3, 12, 400)] == [
        10 * MINUTE,
        20 * MINUTE,
        40 * MINUTE,
        timedelta(days=1),
        timedelta(days=1),
    ]
    published.look()
    look = db.session.scalars(sa.select(PostingLook)).one()
    assert look.looks == 1
    assert 9 * MINUTE < look.next_at - database_now() <= 10 * MINUTE
    _again()
    with transaction(db.session()) as session:
        late = database_now() + postings.LOOK_FOR
        assert postings.next_look(session, Limits(), late) is None
        assert postings.next_look(session, Limits(), late - timedelta(hours=1)) is not None
    assert _status(letter) is Status.ACCEPTED


@pytest.mark.parametrize("status", [Status.UNCLEAR, Status.REFUSED, Status.ACCEPTED])
def test_what_was_not_taken_or_has_no_number_is_not_looked_up(each_app: Flask, status: Status) -> None:
    _filed(None, status=status)
    with transaction(db.session()) as session:
        postings.expect(session, database_now())
        assert session.scalar(sa.select(sa.func.count()).select_from(PostingLook)) == 0
    del each_app


def test_looks_and_filings_share_one_limit(letter: Letter) -> None:
    limits = Limits(channel=50 / 60)
    with transaction(db.session()) as session:
        now = database_now()
        postings.expect(session, now)
        assert postings.next_look(session, limits, now) is not None
        free = session.scalars(sa.select(Pace.next_at).where(Pace.key == str(ChannelName.DOCKET_API))).one()
        assert free - now >= 2 * timedelta(seconds=60 / 50)  # two calls' worth of filings wait
        session.execute(sa.update(PostingLook).values(next_at=now))
        assert postings.next_look(session, limits, now) is None
        assert postings.next_look(session, limits, now + timedelta(seconds=3)) is not None
    del letter


def test_only_a_record_with_our_number_counts_and_a_wrong_key_is_said(served: Served) -> None:
    _comment(served)
    other = {"comment": "See comment aaa-bbbb-cccd of another filer."}
    served.store.add_comment("zzz-bbbb-cccc", DOCUMENT, other, served.clock.seconds())
    served.clock.lead(timedelta(seconds=POSTED_AFTER_S + 1))
    http = Http()
    assert portal_side.published(served.access, "aaa-bbbb-cccd", http) is None
    found = portal_side.published(served.access, "aaa-bbbb-cccc", http)
    assert found is not None
    assert found.id == "DEMO-2026-0009-1001"
    with pytest.raises(Misconfigured):
        portal_side.published(replace(served.access, key="bad"), "aaa-bbbb-cccc", http)
    http.close()
