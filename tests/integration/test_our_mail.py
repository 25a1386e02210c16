"""Our own mail to members, and the links in it."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.domain.errors import Gone
from campaign.domain.references import TokenKind
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.invitation import Invitation
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.suppression import SuppressionReason
from campaign.models.user import Link, User
from campaign.services import invitations, links, mails, suppressions
from campaign.services.outgoing import parcels
from tests import factories
from tests.factories import ENVELOPE, NOW


def somebody(session: Session) -> tuple[Member, Campaign]:
    with transaction(session):
        company, _ = factories.company(session)
        who = factories.member(session, company)
        return who, factories.campaign(session, factories.recommendation(session))


def mail_of(session: Session) -> list[MemberMail]:
    return list(session.scalars(sa.select(MemberMail).order_by(MemberMail.id)))


def test_inviting_twice_is_inviting_once(each_session: Session) -> None:
    session = each_session
    who, on = somebody(session)
    found = []
    for _ in range(2):
        with transaction(session):
            found.append(invitations.invite(session, who, on, ENVELOPE, NOW).id)
    assert found[0] == found[1]
    assert len(mail_of(session)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 1


def test_a_new_wave_is_a_new_invitation_with_a_door_of_its_own(session: Session) -> None:
    who, on = somebody(session)
    with transaction(session):
        first = invitations.door_url(invitations.invite(session, who, on, ENVELOPE, NOW), ENVELOPE)
        on = session.get_one(Campaign, on.id)
        on.wave = 2
        second = invitations.door_url(invitations.invite(session, who, on, ENVELOPE, NOW), ENVELOPE)
    assert first != second
    assert len(mail_of(session)) == 2


def test_a_door_counts_visits_and_keeps_its_first_opening(session: Session) -> None:
    who, on = somebody(session)
    with transaction(session):
        door = invitations.invite(session, who, on, ENVELOPE, NOW)
        invitations.opened(session, door.id, NOW)
        invitations.opened(session, door.id, NOW + timedelta(hours=1))
    row = session.scalars(sa.select(Invitation)).one()
    assert (row.visits, row.opened_at) == (2, NOW)


def test_the_same_mail_twice_is_one(session: Session) -> None:
    who, _ = somebody(session)
    with transaction(session):
        facts: dict[str, Any] = {"campaign": {"name": "", "summary": ""}, "url": "http://localhost:8000/go/x"}
        first = mails.send(session, MailKind.SIGN_IN, who, "key", ENVELOPE, NOW, **facts)
        second = mails.send(session, MailKind.SIGN_IN, who, "key", ENVELOPE, NOW, **facts)
    assert first is second
    assert len(mail_of(session)) == 1


@pytest.mark.parametrize(
    ("reason", "kind", "goes"),
    [
        (SuppressionReason.UNSUBSCRIBED, MailKind.INVITATION, False),
        (SuppressionReason.UNSUBSCRIBED, MailKind.SIGN_IN, True),
        (SuppressionReason.BOUNCED, MailKind.INVITATION, False),
        (SuppressionReason.BOUNCED, MailKind.SIGN_IN, False),
        (SuppressionReason.COMPLAINED, MailKind.SIGN_IN, False),
        (SuppressionReason.ORGANIZER, MailKind.INVITATION, False),
    ],
)
def test_an_unsubscribe_stops_campaign_mail_and_a_dead_or_complaining_mailbox_all(
    session: Session, reason: SuppressionReason, kind: MailKind, goes: bool
) -> None:
    who, on = somebody(session)
    with transaction(session):
        suppressions.suppress(session, who.email.upper(), reason, NOW)
        if kind is MailKind.INVITATION:
            invitations.invite(session, who, on, ENVELOPE, NOW)
        else:
            assert links.send_sign_in(session, who.email, ENVELOPE, NOW) is goes
    assert bool(mail_of(session)) is goes


def test_a_suppression_that_was_lifted_bars_nothing_and_may_come_again(each_session: Session) -> None:
    session = each_session
    who, on = somebody(session)
    with transaction(session):
        suppressions.suppress(session, who.email, SuppressionReason.BOUNCED, NOW)
        again = suppressions.suppress(session, who.email, SuppressionReason.COMPLAINED, NOW)
        assert again.reason is SuppressionReason.BOUNCED
        assert suppressions.lift(session, who.email, NOW, "user:1")
        assert not suppressions.lift(session, who.email, NOW, "user:1")
        invitations.invite(session, who, on, ENVELOPE, NOW)
        suppressions.suppress(session, who.email, SuppressionReason.COMPLAINED, NOW)
    assert len(mail_of(session)) == 1


def test_whether_an_address_is_known_shows_in_no_mail(session: Session) -> None:
    who, _ = somebody(session)
    with transaction(session):
        assert not links.send_sign_in(session, "stranger@nowhere.example", ENVELOPE, NOW)
        assert links.send_sign_in(session, f" {who.email.upper()} ", ENVELOPE, NOW)
        session.execute(sa.update(User).values(active=False))
        session.expire_all()
        assert not links.send_sign_in(session, who.email, ENVELOPE, NOW)
    assert len(mail_of(session)) == 1


def test_a_sign_in_link_is_good_once_and_for_an_hour(session: Session) -> None:
    who, _ = somebody(session)
    with transaction(session):
        user = session.get_one(User, who.user_id)
        first, second = (links.create(session, user, "/letters", NOW) for _ in range(2))
    with transaction(session):
        assert links.use(session, first.id, NOW + links.LASTS - timedelta(seconds=1)) == (user, "/letters")
    for link, at in ((first, NOW), (second, NOW + links.LASTS)):
        with pytest.raises(Gone), transaction(session):
            links.use(session, link.id, at)


def test_of_two_presses_at_once_one_signs_in(each_app: Flask) -> None:
    session = db.session()
    who, _ = somebody(session)
    with transaction(session):
        link_id = links.create(session, session.get_one(User, who.user_id), "", NOW).id
    session.close()
    together, won, gone = threading.Barrier(2), [], []

    def press() -> None:
        with each_app.app_context():
            own = db.session()
            together.wait(10)
            try:
                with transaction(own):
                    won.append(links.use(own, link_id, NOW)[0].id)
            except Gone:
                gone.append(1)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(won), len(gone)) == (1, 1)
    assert session.scalars(sa.select(Link.used_at)).all() == [NOW]


LINK = re.compile(r"^http://localhost:8000/(?:go|unsubscribe)/[a-z][0-9a-z]{29}$", re.ASCII)


def test_f02_in_the_mail_that_leaves_every_link_stands_alone_and_ends_in_a_letter_or_digit(session: Session) -> None:
    who, on = somebody(session)
    with transaction(session):
        invitations.invite(session, who, on, ENVELOPE, NOW)
        links.send_sign_in(session, who.email, ENVELOPE, NOW, on)
    ids = list(session.scalars(sa.select(Delivery.id).where(Delivery.status == Status.QUEUED)))
    made = parcels(session, ids, ENVELOPE, NOW)
    assert len(made) == 2
    kinds = set()
    for parcel in made.values():
        lines = [line for line in parcel.body.splitlines() if "://" in line]
        assert lines
        assert all(LINK.match(line) for line in lines)
        for token in (line.rsplit("/", 1)[1] for line in lines):
            found = ENVELOPE.signer.read(token)
            assert found is not None
            kinds.add(found.kind)
            assert ENVELOPE.signer.read(token[:-1]) is None
    assert kinds == {TokenKind.INVITATION, TokenKind.SIGN_IN, TokenKind.UNSUBSCRIBE}


def test_f02_a_cut_link_is_gone_with_a_way_to_ask_again_and_shows_nobody(client: FlaskClient, session: Session) -> None:
    who, on = somebody(session)
    with transaction(session):
        door = invitations.door_url(invitations.invite(session, who, on, ENVELOPE, NOW), ENVELOPE)
    name = who.name
    session.close()
    path = door.removeprefix("http://localhost:8000")
    for cut in (path[:-1], path[:-5], path + "0"):
        answer = client.get(cut)
        assert answer.status_code in (404, 410)
        assert name not in answer.text
        assert 'name="email"' in answer.text or "/account/sign-in" in answer.text
    assert client.get(path).status_code == 200
