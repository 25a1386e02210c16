"""Every figure of the page of sending opens to its rows: as many as it says, whatever the channel and the page."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import Unclear
from campaign.domain.hours import SendingHours
from campaign.domain.parcels import Outcome, Receipt
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.mail import MailKind
from campaign.services import campaigns, health, mails, office_hours, outbox
from campaign.services.health import Figure
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import ENVELOPE
from tests.integration.test_organizer_pages import Browser

PAGE = "/organize/health"


@pytest.fixture
def staff(app: Flask, session: Session) -> Browser:
    with transaction(session):
        factories.user(session, "staff@association.example", "organizer", name="Olive Organizer")
    return Browser(app, "staff@association.example")


def _mixture(session: Session) -> datetime:
    """By e-mail: 60 letters taken or unclear, then two for the House and four for the Senate that is shut, three each that are
    paused and outside their campaign's hours, and a mail. Returns the moment of it all."""
    now = database_now()
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        card = factories.recommendation(session)

        def sign(members: int, **values: Any) -> Campaign:
            on = factories.campaign(session, card, closes_at=now + timedelta(days=30), **values)
            for _ in range(members):
                who = factories.member(session, company)
                factories.signed(session, who, on, card.key, now=now - timedelta(minutes=5))
            return on

        sign(20)
    answers: list[Outcome] = [Unclear("cut off") if n % 9 == 0 else Receipt("250 ok") for n in range(60)]
    outbox.send_due(session, outbox.Loop(MemoryChannel(answers=answers), ENVELOPE, lambda: now, factories.journal()))
    with transaction(session):
        open_now = sign(2)
        campaigns.pause(session, sign(1).id, now, "user:1")
        sign(1, time_zone="UTC", sends_from=time(0), sends_until=time(0, 0, 0, 1))
        tomorrow = (now + timedelta(days=1)).isoweekday()
        office_hours.keep(session, Chamber.SENATE, SendingHours("UTC", time(9), time(17), {tomorrow}), now, "user:1")
        session.execute(  # of the campaigns that do not send, none has been looked at
            sa.update(Delivery)
            .where(Delivery.campaign_id > open_now.id)
            .values(due_at=now - timedelta(minutes=1), reason="")
        )
        who = factories.member(session, company)
        url = "http://localhost:8000/go/x"
        mails.send(session, MailKind.SIGN_IN, who, "1", ENVELOPE, now, url=url)
    return now


def _figures(page: str) -> dict[str, tuple[int, str]]:
    """Each figure that opens: its number, and where it leads."""
    links = re.findall(r'href="(/organize/health/smtp/(\w+)[^"]*)">([\d,]+)', page)
    return {name: (int(number.replace(",", "")), href.replace("&amp;", "&")) for href, name, number in links}


def test_each_figure_has_as_many_rows_as_it_says(each_session: Session) -> None:
    session = each_session
    now = _mixture(session)
    line = next(each for each in health.report(session, [ChannelName.SMTP], True, now).channels)
    said = {
        Figure.WAITING: line.queue.waiting,
        Figure.DUE: line.queue.due,
        Figure.PAUSED: line.queue.paused,
        Figure.SHUT: line.queue.shut,
        Figure.MINUTE: line.sent_minute,
        Figure.HOUR: line.sent_hour,
        Figure.UNCLEAR: line.unclear,
    }
    assert list(said.values()) == [13, 3, 3, 4, 53, 53, 7]
    for figure, number in said.items():
        rows = health.rows(session, ChannelName.SMTP, figure, now)
        assert len(session.scalars(rows).all()) == number, figure


def test_the_page_leads_to_them_page_by_page(staff: Browser, session: Session) -> None:
    _mixture(session)
    figures = _figures(staff.text(PAGE))
    assert {name: number for name, (number, _) in figures.items()} == {
        "waiting": 13,
        "due": 3,
        "paused": 3,
        "shut": 4,
        "minute": 53,
        "hour": 53,
        "unclear": 7,
    }
    for name, (number, href) in figures.items():
        seen, following = 0, href
        while following:
            page = staff.text(following)
            seen += page.count('<tr><th scope="row">')
            link = re.search(r'href="([^"]+)" rel="next"', page)
            following = link[1] if link else ""
        assert seen == number, name
    assert "Sign-in link" in staff.text(figures["due"][1])
    assert "cut off" in staff.text(figures["unclear"][1])
    assert "outside the office’s hours" in staff.text(figures["shut"][1])


@pytest.mark.parametrize("path", ["/pigeon/due", "/smtp/nothing"])
def test_what_is_no_figure_is_not_found(staff: Browser, path: str) -> None:
    assert staff.get(PAGE + path).status_code == 404


@pytest.mark.parametrize("at", ["", "yesterday", "2026-01-01", "9999-12-31T23:59:59+00:00", "2000-01-01T00:00:00Z"])
def test_a_strange_moment_is_now(staff: Browser, at: str) -> None:
    assert "Nothing here now" in staff.text(f"{PAGE}/smtp/hour?at={at}")
