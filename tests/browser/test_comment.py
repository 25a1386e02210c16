"""A comment on a docket in a real browser: the count on the page is the server's, and a packet is filed and confirmed."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from campaign.database import transaction
from campaign.extensions import db
from campaign.models.docket import Portal
from campaign.services import invitations
from tests import factories
from tests.browser.conftest import Site, opened
from tests.factories import NOW

LINES = ["m" * 121] * 40 + ["n" * 120]  # 40 line ends: 5,000 characters, 5,040 bytes as a browser sends them
SECRET = "We buy [412.5 tonnes] of copper a year from [Quiet Creek Mining]."


def _door(site: Site, **docket: Any) -> str:
    with site.app.app_context(), transaction(db.session()) as session:
        company, _ = factories.company(session, "Quillback Magnetics")
        member = factories.member(session, company, first="Ada", last="Quillback")
        values = {"opens_at": NOW.replace(year=2020), "closes_at": NOW.replace(year=2040)} | docket
        card = factories.recommendation(session, "I1", factories.docket(session, **values), title="Trade rules")
        on = factories.campaign(session, card, slug="minerals", opens_at=None, closes_at=None)
        invitation = invitations.invite(session, member, on, factories.ENVELOPE, NOW)
        door = invitations.door_url(invitation, factories.ENVELOPE)
        return site.url + door.removeprefix(factories.ENVELOPE.base_url)


def _to_the_letters(page: Page, door: str, story: str) -> None:
    page.goto(door)
    page.locator("main form button").click()
    page.get_by_text("Trade rules").first.click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("In your own words").fill(story)
    page.get_by_role("button", name="See my letters").click()


def _only(page: Page, text: str) -> None:
    """The comment is this one paragraph."""
    for area in page.locator("main textarea").all():
        area.fill("")
    page.get_by_label("Your own words").fill(text)


def test_f10_the_page_counts_as_the_server_does(browser: Browser, site: Site, view: dict[str, Any]) -> None:
    checked = opened(browser, **view)
    page = checked.page
    door = _door(site, portal=Portal.REGULATIONS_GOV, number="BIS-2026-0025", document_id="BIS-2026-0025-0001")
    _to_the_letters(page, door, "Short.")
    checked.scan()
    page.get_by_role("link", name="Edit").click()
    _only(page, "\n".join(LINES))
    expect(page.locator("#comment-size")).to_have_text("5,000 characters in 5,000 bytes; 5,000 of each fit.")
    checked.scan()
    page.get_by_role("button", name="Save this letter").click()
    expect(page.locator("main")).to_contain_text("5,000 characters in 5,000 bytes")
    page.get_by_role("link", name="Edit").click()
    _only(page, "\n".join(LINES) + "m")
    expect(page.locator("#comment-size")).to_contain_text(
        "5,001 characters in 5,001 bytes; 5,000 of each fit. It goes as an attached file."
    )
    page.get_by_role("button", name="Save this letter").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    expect(page.locator("main")).to_contain_text("5,001")
    checked.scan()
    page.context.close()


def test_a_packet_is_read_in_both_versions_signed_taken_and_confirmed(
    browser: Browser, site: Site, view: dict[str, Any]
) -> None:
    checked = opened(browser, **view)
    page = checked.page
    _to_the_letters(page, _door(site, number="DEMO-2026-0001"), SECRET)
    expect(page.locator(".pair")).to_contain_text("We buy [***] of copper a year from [***].")
    checked.scan()
    page.locator("input[type=checkbox][name=agree]").check()
    page.get_by_role("button", name="Sign and send").click()
    page.wait_for_url("**/act/sent")
    page.get_by_role("link", name="Show me how").click()
    checked.scan()
    page.get_by_role("button", name="Certify and get my files").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    checked.scan()
    page.locator("textarea[name=reason]").fill("It shows what we pay, which competitors do not know.")
    page.locator("input[type=checkbox][name=certified]").check()
    page.get_by_role("button", name="Certify and get my files").click()
    checked.scan()
    with page.expect_download() as started:
        page.get_by_role("link", name="P_Quillback_Magnetics.pdf").click()
    assert started.value.suggested_filename == "P_Quillback_Magnetics.pdf"
    page.get_by_label("Confirmation number").fill("SIM-0A1B2C3D")
    page.get_by_role("button", name="I filed it").click()
    expect(page.locator("main")).to_contain_text("you confirmed it")
    checked.scan()
    page.context.close()
