"""Staff addresses of offices: entered from a file, and never one of our own, whose mail would come back to us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.smtp.client import SmtpChannel
from campaign.cli.offices import offices
from campaign.database import transaction
from campaign.domain.errors import Invalid
from campaign.extensions import db
from campaign.models.office import StaffContact
from campaign.models.organization import Organization
from campaign.services import contacts
from tests.unit.parcels import a_parcel

OWN = frozenset({"bounces.acme.example", "acme.example"})


@pytest.mark.parametrize(
    "address",
    [
        "who@bounces.acme.example",
        "WHO@Bounces.Acme.Example",
        "r+token@bounces.acme.example",
        "campaigns@acme.example",
        "x@mail.acme.example",
    ],
)
def test_s29_an_address_of_our_own_is_no_contact_and_the_words_say_what_to_do(address: str) -> None:
    with pytest.raises(Invalid, match="Enter the office's address") as caught:
        contacts.check(address, OWN)
    assert caught.value.field == "email"


@pytest.mark.parametrize("address", ["staff@house.example", " Staff@House.Example ", "x@notacme.example"])
def test_another_address_is_taken_in_lower_case(address: str) -> None:
    assert contacts.check(address, OWN) == address.strip().lower()


@pytest.mark.parametrize("address", ["", "staff", "a b@house.example", "x@house.example\r\nBcc: y@z.example"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        contacts.check(address, OWN)


def test_our_own_domains_are_those_of_returned_mail_of_the_sender_and_of_the_contact(each_session: Session) -> None:
    with transaction(each_session) as session:
        organization = session.get_one(Organization, 1)
        organization.sending_address, organization.contact_email = "hello@send.acme.example", "ann@acme.example"
        assert contacts.own_domains(session, "Bounces.Acme.example") == {
            "bounces.acme.example",
            "send.acme.example",
            "acme.example",
        }


def _run(app: Flask, *arguments: str) -> tuple[int, str]:
    """In the app context that the fixture keeps open."""
    assert app
    db.session.rollback()
    found = CliRunner().invoke(offices, ["contacts", *arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


def test_the_command_tells_every_row_and_keeps_the_right_ones_only_when_asked(each_app: Flask, tmp_path: Path) -> None:
    own = each_app.extensions["countersign"].settings.bounce_domain
    file = tmp_path / "contacts.csv"
    file.write_text(f"code,email,name\nHIN05,ann@house.example,Ann\nHIN05,x@{own},\nZZZ99,y@house.example,\n")
    code, text = _run(each_app, str(file))
    assert code == 1
    assert f"Line 3: {own} is a domain of your own" in text
    assert "Line 4: There is no office with this code." in text
    assert "Nothing was kept" in text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StaffContact)) == 0
    for added, known in ((1, 0), (0, 1)):
        code, text = _run(each_app, str(file), "--apply", "--json")
        told = json.loads(text)
        assert (code, told["added"], told["known"], len(told["faults"])) == (1, added, known, 2)
    assert db.session.scalars(sa.select(StaffContact.email)).all() == ["ann@house.example"]


def test_a_file_without_its_columns_is_refused(each_app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("office,mail\n")
    code, text = _run(each_app, str(file))
    assert code == 1
    assert "needs the columns code and email" in text


def test_what_got_in_all_the_same_is_not_sent_round_in_a_loop() -> None:
    parcel = a_parcel(to_address="x@Bounces.acme.example", envelope_sender="b+token@bounces.acme.example")
    (words,) = SmtpChannel("127.0.0.1", 25).problems(parcel)
    assert "our own domain" in words
