"""The main trip in a real browser: from the door to the reply, for the member and for the organizer."""

from __future__ import annotations

from typing import Any

from flask_security.utils import hash_password
from playwright.sync_api import Browser, expect

from campaign.database import transaction
from campaign.extensions import db
from campaign.models.office import Office, StaffContact
from campaign.services import invitations
from tests import factories
from tests.browser.conftest import Checked, Site, opened
from tests.factories import NOW

STORY = "Last fall a nine-week wait for dysprosium idled our second line, and we sent 31 people home for a month."
SCRIPT = {
    "HIN05": "hin05+form@offices.example",
    "SIN01": "sin01+bounce@offices.example",
    "SIN03": "sin03+ack@offices.example",
}


def world(site: Site) -> str:
    """A live campaign with a domestic and an international recommendation; gives the member's door."""
    with site.app.app_context(), transaction(db.session()) as session:
        for code, address in SCRIPT.items():
            office = session.query(Office).filter(Office.code == code).one()
            session.add(StaffContact(office_id=office.id, email=address))
        company, _ = factories.company(session, "Quillback Magnetics")
        member = factories.member(session, company, first="Ada", last="Quillback")
        docket = factories.docket(
            session, number="DEMO-2026-0001", opens_at=NOW.replace(year=2020), closes_at=NOW.replace(year=2040)
        )
        cards = [
            factories.recommendation(session, "P1", title="Finish permitting reform"),
            factories.recommendation(session, "I1", docket, title="Trade rules with partners"),
        ]
        campaign = factories.campaign(
            session, *cards, slug="critical-minerals", name="Critical minerals strategy", opens_at=None, closes_at=None
        )
        envelope = factories.ENVELOPE
        invitation = invitations.invite(session, member, campaign, envelope, NOW)
        password = hash_password("a long enough phrase")
        factories.user(session, "odalys@association.example", "organizer", name="Odalys Fernhollow", password=password)
        return site.url + invitations.door_url(invitation, envelope).removeprefix(envelope.base_url)


def sign(checked: Checked, door: str) -> None:
    page = checked.page
    page.goto(door)
    checked.scan()
    page.locator("main form button").click()
    page.get_by_text("Finish permitting reform").click()
    page.get_by_text("Trade rules with partners").click()
    checked.scan()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("In your own words").fill(STORY)
    page.get_by_label("Lead times").check()
    checked.scan()
    page.get_by_role("button", name="See my letters").click()
    expect(page.locator("main")).to_contain_text("nine-week wait")
    checked.scan()
    page.get_by_role("button", name="Sign and send 4").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    checked.scan()
    page.locator("input[type=checkbox][name=agree]").check()
    page.get_by_role("button", name="Sign and send 4").click()
    page.wait_for_url("**/act/sent")
    checked.scan()


def test_a_member_signs_and_sees_what_became_of_each_letter(browser: Browser, site: Site, view: dict[str, Any]) -> None:
    checked = opened(browser, **view)
    sign(checked, world(site))
    site.step()
    assert {message.office for message in site.store.messages() if message.office} == set(SCRIPT)
    site.later(minutes=5)
    page = checked.page
    page.goto(f"{site.url}/letters")
    main = page.locator("main")
    expect(main).to_contain_text("Came back")
    expect(main).to_contain_text("Replied")
    expect(main).to_contain_text("Acknowledged")
    expect(main).to_contain_text("Yours to send")
    checked.scan()
    page.context.close()


def test_the_organizer_sees_the_same_letters(browser: Browser, site: Site, view: dict[str, Any]) -> None:
    member = opened(browser)
    sign(member, world(site))
    member.page.context.close()
    site.step()
    site.later(minutes=5)
    checked = opened(browser, **view)
    page = checked.page
    page.goto(f"{site.url}/organize/")
    page.get_by_label("E-mail").fill("odalys@association.example")
    page.get_by_label("Password").fill("a long enough phrase")
    checked.scan()
    page.locator("main form button").click()
    page.wait_for_url("**/organize/")
    checked.scan()
    page.get_by_role("link", name="Critical minerals strategy").first.click()
    checked.scan()
    page.goto(f"{site.url}/organize/c/critical-minerals/letters")
    expect(page.locator("main")).to_contain_text("Quillback")
    checked.scan()
    page.goto(f"{site.url}/organize/c/critical-minerals/attention")
    expect(page.locator("main")).to_contain_text("came back")
    checked.scan()
    page.context.close()


def test_the_journey_needs_no_script(browser: Browser, site: Site) -> None:
    door = world(site)
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(door)
    page.locator("main form button").click()
    page.get_by_text("Finish permitting reform").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("In your own words").fill(STORY)
    page.get_by_role("button", name="See my letters").click()
    page.locator("input[type=checkbox][name=agree]").check()
    page.get_by_role("button", name="Sign and send 3").click()
    page.wait_for_url("**/act/sent")
    site.step()
    assert len([message for message in site.store.messages() if message.office]) == 3
    page.context.close()
