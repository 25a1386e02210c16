"""The member's journey and the public pages in a browser without scripts: each step, and each wrong input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from campaign import paths
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.events import ResponseKind
from campaign.domain.references import TokenKind
from campaign.domain.statuses import ActionStatus, CampaignStatus, Status
from campaign.extensions import db
from campaign.models.action import Action, Consent
from campaign.models.campaign import Campaign
from campaign.models.company import Company, Facility
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.office import Office, StaffContact, Tenure
from campaign.models.organization import Organization
from campaign.models.response import Response
from campaign.models.suppression import Suppression
from campaign.models.user import Link, User
from campaign.services import counts, deliveries, invitations, links, responses
from campaign.unit_of_work import database_now
from tests import factories

OWN_WORDS = "Last fall a nine-week wait for dysprosium idled our second line and we sent 31 people home."
ACT = "/c/minerals/act"


@dataclass
class Browser:
    """A person without scripts: follows links, and sends a form with the token that its page gave."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.headers.get("Location"))
        return self._read(answer)

    def post(self, path: str, status: int = 303, **fields: object) -> str:
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        assert answer.status_code == status, (path, answer.status_code, self._read(answer)[:2000])
        page = self._read(answer)
        return answer.headers["Location"] if status in (302, 303) else page

    def _read(self, answer: TestResponse) -> str:
        db.session.rollback()  # what the request wrote is seen by the test
        page = answer.get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        self.token = found[1] if found else self.token
        return page


@dataclass
class World:
    """Ids of one live campaign with a docket and two bills, and of Maya, who speaks for Kokomo."""

    member: int
    campaign: int
    site: int
    docket: str
    door: str


@pytest.fixture
def world(app: Flask) -> World:
    now = database_now()
    with transaction(db.session()) as session:
        docket = factories.docket(session, opens_at=now - timedelta(days=5), closes_at=now + timedelta(days=7))
        cards = [
            factories.recommendation(session, "I1", docket, title="Agree rules with partners"),
            factories.recommendation(session, "P1", title="Finish permitting reform"),
            factories.recommendation(session, "P2", title="Keep the credit"),
            factories.recommendation(session, "P3", title="Build a reserve"),
        ]
        factories.staff_address(session)
        campaign = factories.campaign(
            session, *cards, slug="minerals", opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=30)
        )
        company, site = factories.company(session, "Halvorsen Magnetics")
        maya = factories.member(session, company, first="Maya", last="Lindqvist", email="maya@halvorsen.example")
        invitation = invitations.invite(session, maya, campaign, factories.ENVELOPE, now)
        door = invitations.door_url(invitation, factories.ENVELOPE).removeprefix("http://localhost:8000")
        return World(maya.id, campaign.id, site.id, docket.number, door)


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    return Browser(client)


@pytest.fixture
def maya(world: World, browser: Browser) -> Browser:
    """Came in by her door."""
    browser.get(world.door)
    browser.post(world.door)
    return browser


def _pick(maya: Browser, *keys: str) -> None:
    maya.get(f"{ACT}/pick")
    maya.post(f"{ACT}/pick", choices=list(keys))


def _signed(maya: Browser, *keys: str) -> list[Letter]:
    """Goes the whole way and signs."""
    _pick(maya, *keys)
    maya.get(f"{ACT}/facts")
    maya.post(f"{ACT}/facts", jobs="340", story=OWN_WORDS)
    maya.post(f"{ACT}/letters", agree="y", name="Maya Lindqvist", shown=_shown(maya.get(f"{ACT}/letters")))
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Letter).order_by(Letter.id)))


def _shown(page: str) -> str:
    found = re.search(r'name="shown" type="hidden" value="([0-9a-f]{64})"', page)
    assert found, "the page must carry the digest of the letters that it shows"
    return found[1]


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


# --- the door -------------------------------------------------------------------------------------------------------


def test_opening_the_door_shows_who_hears_and_signs_nobody_in(world: World, browser: Browser) -> None:
    page = _text(browser.get(world.door))
    assert "Choose what matters" in page
    assert "Rep. Victoria Spartz" in page or "Representative for Indiana" in page
    assert world.docket in page
    assert browser.client.get("/letters").status_code == 302


def test_the_button_of_the_door_leads_to_the_choices(world: World, browser: Browser) -> None:
    browser.get(world.door)
    assert browser.post(world.door) == f"{ACT}"
    assert browser.client.get(ACT).headers["Location"] == f"{ACT}/pick"


@pytest.mark.parametrize("token", ["nonsense", "d" + "0" * 30])
def test_a_forged_link_says_so_and_offers_a_new_one(world: World, browser: Browser, token: str) -> None:
    page = browser.get(f"/go/{token}", status=404)
    assert "This link does not work" in page
    assert 'action="/account/sign-in"' in page


def test_a_sign_in_link_works_once_and_then_offers_a_new_one(world: World, browser: Browser) -> None:
    with transaction(db.session()) as session:
        user = session.get_one(User, session.get_one(Member, world.member).user_id)
        path = links.url(links.create(session, user, "", database_now()), factories.ENVELOPE)[
            len("http://localhost:8000") :
        ]
    browser.get(path)
    assert browser.post(path) == "/letters"
    page = browser.get(path, status=410)
    assert "was used or is too old" in page
    assert "Mail me my link" in page


def test_the_door_of_a_closed_campaign_tells_what_came_of_it(world: World, browser: Browser) -> None:
    _close(world, outcome="Two offices cosponsored the bill.")
    page = browser.get(world.door, status=410)
    assert "This campaign has ended" in page
    assert "Two offices cosponsored the bill." in page


def _close(world: World, outcome: str = "") -> None:
    with transaction(db.session()) as session:
        campaign = session.get_one(Campaign, world.campaign)
        campaign.status, campaign.outcome = CampaignStatus.CLOSED, outcome


# --- pick -----------------------------------------------------------------------------------------------------------


def test_pick_shows_every_card_and_the_open_docket_first(maya: Browser) -> None:
    page = maya.get(f"{ACT}/pick")
    order = [
        page.index(title) for title in ("Agree rules with partners", "Finish permitting reform", "Build a reserve")
    ]
    assert order == sorted(order)
    assert re.search(r"Comments close \w{3}, \w+ \d{1,2}, \d{1,2}:\d\d [ap]m ET", _text(page))
    assert "0 picked" in page


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "Pick at least one recommendation."),
        (["I1", "P1", "P2", "P3"], "Pick at most 3: offices answer letters that ask for few things."),
    ],
)
def test_a_wrong_number_of_picks_is_said_twice_and_kept(maya: Browser, keys: list[str], words: str) -> None:
    maya.get(f"{ACT}/pick")
    page = maya.post(f"{ACT}/pick", status=422, choices=keys)
    assert "<title>Error:" in page
    assert page.count(words) == 2  # in the summary and at the field
    assert page.count(" checked") == len(keys)


def test_a_choice_that_is_not_on_the_page_is_refused(maya: Browser) -> None:
    maya.get(f"{ACT}/pick")
    assert "There is a problem" in maya.post(f"{ACT}/pick", status=422, choices=["X9"])


def test_picking_leads_to_the_facts_and_survives_coming_back(maya: Browser) -> None:
    maya.get(f"{ACT}/pick")
    assert maya.post(f"{ACT}/pick", choices=["P1", "I1"]) == f"{ACT}/facts"
    assert maya.get(f"{ACT}/pick").count(" checked") == 2


def test_the_panel_names_one_letter_per_office_and_writes_nothing(maya: Browser) -> None:
    maya.get(f"{ACT}/pick")
    fragment = maya.post(f"{ACT}/pick/panel", status=200, choices=["P1", "P2", "I1"])
    assert 'id="panel"' in fragment
    assert 'id="picked"' in fragment
    assert "4 letters, one per office" in _text(fragment)
    assert "<html" not in fragment
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0
    assert maya.get(f"{ACT}/pick").count(" checked") == 0


# --- where: a ZIP with several districts ----------------------------------------------------------------------------


@pytest.fixture
def split(world: World, maya: Browser) -> Browser:
    """Maya's site lies in a ZIP of three districts of Ohio."""
    with transaction(db.session()) as session:
        site = session.get_one(Facility, world.site)
        site.city, site.state, site.zip = "Dublin", "OH", "43017"
    return maya


def test_a_split_zip_asks_for_a_person_by_name(split: Browser) -> None:
    split.get(f"{ACT}/pick")
    assert split.post(f"{ACT}/pick", choices=["P1"]) == f"{ACT}/where"
    page = _text(split.get(f"{ACT}/where"))
    assert "Who represents Dublin?" in page
    assert "43017" in page
    assert "OH-15" in page
    assert "senators of Ohio only" in page


def test_the_letters_wait_for_the_choice_of_a_seat(split: Browser) -> None:
    _pick(split, "P1")
    assert split.client.get(f"{ACT}/letters").headers["Location"] == f"{ACT}/where"


def test_no_seat_chosen_is_an_error_at_the_question(split: Browser) -> None:
    _pick(split, "P1")
    split.get(f"{ACT}/where")
    page = split.post(f"{ACT}/where", status=422)
    assert page.count("Choose your representative, or senators only.") == 2


def test_a_chosen_seat_is_kept_and_can_be_chosen_again(split: Browser) -> None:
    _pick(split, "P1")
    split.get(f"{ACT}/where")
    assert split.post(f"{ACT}/where", seat="OH-15") == f"{ACT}/facts"
    facts = split.get(f"{ACT}/facts")
    assert "OH-15" in facts
    assert "Change representative" in facts
    again = _text(split.get(f"{ACT}/where"))
    assert "You chose this before" in again
    assert "OH-3" in again


def test_a_place_with_one_district_is_not_asked_about(maya: Browser) -> None:
    _pick(maya, "P1")
    assert maya.client.get(f"{ACT}/where").headers["Location"] == f"{ACT}/facts"


# --- facts ----------------------------------------------------------------------------------------------------------


def test_facts_lead_to_the_letters_and_are_kept(maya: Browser) -> None:
    _pick(maya, "P1")
    page = maya.get(f"{ACT}/facts")
    assert 'value="340"' in page  # known from the profile
    assert maya.post(f"{ACT}/facts", jobs="214", story=OWN_WORDS, reasons=["jobs"]) == f"{ACT}/letters"
    page = maya.get(f"{ACT}/facts")
    assert 'value="214"' in page
    assert OWN_WORDS in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"jobs": "many"}, "Enter how many people work there as a number, like 214."),
        ({"jobs": "0"}, "Enter how many people work there, like 214."),
        ({"reasons": ["jobs", "lead", "single"]}, "Choose at most 2 reasons."),
        ({"story": "x" * 2_012}, "Your words are 2,012 characters; a letter takes 2,000. Cut 12."),
    ],
)
def test_wrong_facts_say_what_to_do_and_keep_what_was_typed(
    maya: Browser, fields: dict[str, object], words: str
) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    page = maya.post(f"{ACT}/facts", status=422, **({"jobs": "340", "story": OWN_WORDS} | fields))
    assert "<title>Error:" in page
    assert page.count(words) == 2
    if "story" not in fields:
        assert OWN_WORDS in page


@pytest.mark.parametrize(("written", "jobs"), [("1,250", 1_250), ("1 250", 1_250), ("2,000,000", 2_000_000)])
def test_a_number_may_be_written_as_our_pages_write_it(maya: Browser, written: str, jobs: int) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    assert maya.post(f"{ACT}/facts", jobs=written, story=OWN_WORDS) == f"{ACT}/letters"
    assert db.session.scalar(sa.select(Action.jobs)) == jobs


@pytest.mark.parametrize("written", ["1,25", "12,50", "1.250", "1,250,"])
def test_a_number_that_may_mean_something_else_is_asked_again(maya: Browser, written: str) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    page = maya.post(f"{ACT}/facts", status=422, jobs=written, story=OWN_WORDS)
    assert "Enter how many people work there as a number, like 214." in page
    assert f'value="{written}"' in page


def test_facts_before_any_pick_lead_back(maya: Browser) -> None:
    assert maya.client.get(f"{ACT}/facts").headers["Location"] == f"{ACT}/pick"


def test_the_meter_follows_the_words(maya: Browser) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    without = _text(maya.post(f"{ACT}/facts/meter", status=200, jobs="340", story=""))
    with_words = _text(maya.post(f"{ACT}/facts/meter", status=200, jobs="340", story=OWN_WORDS * 3))
    assert "May be grouped as form mail" in without
    assert "Will be read as an individual letter" in with_words


def test_a_draft_is_saved_while_it_is_typed(maya: Browser) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    assert maya.post(f"{ACT}/facts/save", status=204, jobs="340", story=OWN_WORDS) == ""
    assert OWN_WORDS in maya.get(f"{ACT}/facts")


def test_a_draft_that_cannot_be_used_yet_is_not_called_saved(maya: Browser) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    maya.post(f"{ACT}/facts/save", status=400, jobs="many", story=OWN_WORDS)
    assert OWN_WORDS not in maya.get(f"{ACT}/facts")


def test_another_site_takes_the_words_along(world: World, maya: Browser) -> None:
    with transaction(db.session()) as session:
        home = session.get_one(Facility, world.site)
        other = factories.facility(
            session,
            session.get_one(Company, home.company_id),
            name="Findlay works",
            city="Findlay",
            state="OH",
            zip="45840",
        )
        other_id = other.id
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    maya.post(f"{ACT}/facts", jobs="340", story=OWN_WORDS)
    page = maya.get(f"{ACT}/site")
    assert "Findlay works" in page
    assert "Choose a site." in maya.post(f"{ACT}/site", status=422, site="")
    assert maya.post(f"{ACT}/site", site=str(other_id)) == f"{ACT}/facts"
    page = maya.get(f"{ACT}/facts")
    assert "Findlay works" in page
    assert OWN_WORDS in page


# --- letters --------------------------------------------------------------------------------------------------------


def test_every_letter_stands_on_the_page_with_the_own_words_marked(maya: Browser) -> None:
    _pick(maya, "P1", "I1")
    maya.get(f"{ACT}/facts")
    maya.post(f"{ACT}/facts", jobs="340", story=OWN_WORDS)
    page = maya.get(f"{ACT}/letters")
    assert page.count('<article class="sheet"') == 4
    assert page.count(f"<mark>{OWN_WORDS}</mark>") == 4
    assert "The Honorable" in page
    assert "Public" in page
    assert "Sign and send 4" in page


def test_the_box_starts_empty_and_its_words_are_those_that_are_stored(maya: Browser) -> None:
    _pick(maya, "P1", "I1")
    page = maya.get(f"{ACT}/letters")
    box = re.search(r'<input type="checkbox" id="agree"[^>]*>', page)
    label = re.search(r'<label for="agree">(.*?)</label>', page, re.DOTALL)
    assert box and " checked" not in box[0]
    assert label is not None
    maya.post(f"{ACT}/letters", agree="y", name="Maya Lindqvist", shown=_shown(page))
    stored = db.session.scalars(sa.select(Consent.text)).one()
    assert unescape(re.sub(r"<[^>]+>", "", label[1])) == stored


def test_leaving_an_office_out_and_putting_it_back(maya: Browser) -> None:
    _pick(maya, "P1")
    page = maya.get(f"{ACT}/letters")
    target = re.findall(r"/letters/(SIN\d+)/keep", page)[0]
    assert maya.post(f"{ACT}/letters/{target}/keep", included="no").endswith(f"#letter-{target}")
    page = maya.get(f"{ACT}/letters")
    assert "Sign and send 2" in page
    assert "Put back" in page
    maya.post(f"{ACT}/letters/{target}/keep", included="yes")
    assert "Sign and send 3" in maya.get(f"{ACT}/letters")


def test_with_every_office_left_out_there_is_nothing_to_sign(maya: Browser) -> None:
    _pick(maya, "P1")
    page = maya.get(f"{ACT}/letters")
    for target in re.findall(r"/letters/(\w+)/keep", page):
        maya.post(f"{ACT}/letters/{target}/keep", included="no")
    page = _text(maya.get(f"{ACT}/letters"))
    assert "No letter is left to send." in page
    assert "Sign and send" not in page


def test_an_edited_paragraph_stands_in_that_letter_only(maya: Browser) -> None:
    _pick(maya, "P1")
    target = re.findall(r"/letters/(SIN\d+)/keep", maya.get(f"{ACT}/letters"))[0]
    page = maya.get(f"{ACT}/letters/{target}/edit")
    fields = dict(re.findall(r'name="(part_[^"]+)"', page) and _areas(page))
    assert "What you ask: Finish permitting reform" in page
    fields["part_closing"] = "Come and see the line."
    maya.post(f"{ACT}/letters/{target}/edit", **fields)
    assert maya.get(f"{ACT}/letters").count("Come and see the line.") == 1


def test_a_paragraph_that_is_too_long_is_refused_and_kept(maya: Browser) -> None:
    _pick(maya, "P1")
    target = re.findall(r"/letters/(SIN\d+)/keep", maya.get(f"{ACT}/letters"))[0]
    fields = dict(_areas(maya.get(f"{ACT}/letters/{target}/edit"))) | {"part_closing": "y" * 3_001}
    page = maya.post(f"{ACT}/letters/{target}/edit", status=422, **fields)
    assert page.count("A paragraph takes 3,000 characters.") == 2
    assert "y" * 3_001 in page


def _areas(page: str) -> list[tuple[str, str]]:
    areas = re.findall(r"<textarea([^>]*)>(.*?)</textarea>", page, re.DOTALL)
    return [(re.findall(r'name="([^"]+)"', attributes)[0], unescape(text).strip()) for attributes, text in areas]


def test_a_letter_to_an_unknown_office_is_not_found(maya: Browser) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/letters")
    maya.get(f"{ACT}/letters/HXX99/edit", status=404)
    maya.post(f"{ACT}/letters/HXX99/keep", status=404, included="no")


def test_a_letter_that_cannot_be_written_says_why_and_the_others_go(world: World, maya: Browser) -> None:
    with transaction(db.session()) as session:
        session.get_one(Facility, world.site).jobs = None
    with transaction(db.session()) as session:  # the frame of senators names the head count, that of the House does not
        session.execute(sa.update(Action).values(jobs=None))
    _pick(maya, "P1")
    with transaction(db.session()) as session:
        session.execute(sa.update(Action).values(jobs=None))
    page = maya.get(f"{ACT}/letters")
    assert "It says how many people work at your site, and we do not know." in page
    assert f'href="{ACT}/facts#jobs"' in page
    assert "Sign and send 1" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"agree": ""}, "Tick the box to let us send these 3 letters in your name."),
        ({"name": ""}, "Type your full name to sign."),
        ({"name": "Somebody Else"}, "Sign with your own name, Maya Lindqvist."),
    ],
)
def test_an_unfinished_signature_sends_nothing_and_says_what_is_missing(
    maya: Browser, fields: dict[str, str], words: str
) -> None:
    _pick(maya, "P1")
    shown = _shown(maya.get(f"{ACT}/letters"))
    values = {"agree": "y", "name": "Maya Lindqvist", "shown": shown} | fields
    page = maya.post(f"{ACT}/letters", status=422, **{name: value for name, value in values.items() if value})
    assert page.count(words) == 2
    assert "<title>Error:" in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0


def test_letters_that_changed_in_another_tab_are_read_again_before_they_are_signed(maya: Browser) -> None:
    _pick(maya, "P1")
    old = _shown(maya.get(f"{ACT}/letters"))
    maya.get(f"{ACT}/facts")
    maya.post(f"{ACT}/facts", jobs="340", story=OWN_WORDS)
    page = maya.post(f"{ACT}/letters", status=409, agree="y", name="Maya Lindqvist", shown=old)
    assert "The letters have changed since this page was loaded. Read them again, then sign." in page
    assert _shown(page) != old


def test_a_wrong_name_keeps_the_tick_for_the_same_letters_only(maya: Browser) -> None:
    _pick(maya, "P1")
    shown = _shown(maya.get(f"{ACT}/letters"))
    page = maya.post(f"{ACT}/letters", status=422, agree="y", name="Bob", shown=shown)
    assert 'value="y" checked' in page
    maya.post(f"{ACT}/facts", jobs="12", story="Other words.")
    page = maya.post(f"{ACT}/letters", status=422, agree="y", name="", shown=shown)
    assert 'value="y" checked' not in page


def test_words_typed_after_the_visit_ended_are_shown_with_the_way_back(maya: Browser) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/facts")
    with maya.client.session_transaction() as visit:
        visit.pop("_user_id")
    page = maya.post(f"{ACT}/facts", status=400, jobs="12", story=OWN_WORDS, reasons=["jobs"])
    assert "You are signed out" in page
    assert OWN_WORDS in page
    assert "Your own words" in page
    assert f'href="/account/sign-in?next={ACT}/facts"' in page
    assert ">jobs<" not in page  # what was ticked has no words to copy


def test_a_form_without_its_cookie_is_signed_out_too_and_one_that_only_takes_forms_leads_to_the_start(
    maya: Browser,
) -> None:
    _pick(maya, "P1")
    maya.get(f"{ACT}/letters")
    stranger = Browser(maya.client.application.test_client(), maya.token)
    page = stranger.post(f"{ACT}/letters/SIN01/keep", status=400, included="no")
    assert "You are signed out" in page
    assert 'href="/account/sign-in?next=/"' in page


# --- sent -----------------------------------------------------------------------------------------------------------


def test_signing_leads_to_the_undo_and_mails_a_copy(maya: Browser) -> None:
    letters = _signed(maya, "P1", "I1")
    assert len(letters) == 4
    page = maya.get(f"{ACT}/sent")
    assert 'data-undo="' in page
    assert "Signed. Your 3 letters leave" in _text(page)  # the docket comment is filed by hand
    assert "Yours to send" in page
    assert '<noscript><meta http-equiv="refresh" content="15">' in page
    assert "A copy of all 4 goes to maya@halvorsen.example" in _text(page)
    assert db.session.scalar(sa.select(sa.func.count()).where(MemberMail.kind == MailKind.COPY)) == 1


def test_pressing_twice_signs_once(maya: Browser) -> None:
    _pick(maya, "P1")
    shown = _shown(maya.get(f"{ACT}/letters"))
    for _ in range(2):
        assert maya.post(f"{ACT}/letters", agree="y", name="Maya Lindqvist", shown=shown) == f"{ACT}/sent"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 3


def test_undo_brings_the_letters_back_as_drafts(maya: Browser) -> None:
    _signed(maya, "P1")
    maya.get(f"{ACT}/sent")
    assert maya.post(f"{ACT}/undo") == f"{ACT}/letters"
    page = maya.get(f"{ACT}/letters")
    assert "Undone. Nothing has left; your letters are drafts again." in page
    assert OWN_WORDS in page
    assert {row.status for row in db.session.scalars(sa.select(Delivery).where(Delivery.letter_id.is_not(None)))} == {
        Status.CANCELLED
    }


@pytest.mark.parametrize("step", ["pick", "facts", "where", "letters", "letters/HIN05/edit"])
def test_back_after_signing_leads_to_what_became_of_the_letters(maya: Browser, step: str) -> None:
    _signed(maya, "P1")
    assert maya.client.get(f"{ACT}/{step}").headers["Location"] == f"{ACT}/sent"


def test_a_letter_that_was_taken_back_expects_nothing_more_and_is_not_called_sent(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    maya.get(f"{ACT}/sent")
    maya.post(f"{ACT}/undo")
    page = _text(maya.get(f"/letters/{letter.reference}"))
    assert "You took it back" in page
    assert "(not yet)" not in page
    office = _text(maya.client.application.test_client().get(f"/verify/{letter.reference}").get_data(as_text=True))
    assert "This letter was not sent" in office
    assert "genuine" not in office


def test_letters_that_were_taken_back_are_listed_and_not_counted(maya: Browser) -> None:
    _signed(maya, "P1")
    maya.get(f"{ACT}/sent")
    maya.post(f"{ACT}/undo")
    page = _text(maya.get("/letters"))
    assert "<h1>Your letters</h1>" in maya.get("/letters")
    assert "3 that you took back are not counted." in page
    maya.post(f"{ACT}/letters", agree="y", name="Maya Lindqvist", shown=_shown(maya.get(f"{ACT}/letters")))
    page = _text(maya.get("/letters"))
    assert "Your 3 letters" in page
    assert "3 on their way. 3 that you took back are not counted." in page
    assert page.count("You took it back before it left.") == 3


def test_nobody_answers_a_letter_that_never_left(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    path = f"/letters/{letter.reference}"
    assert "They answered" in maya.get(path)
    maya.get(f"{path}/answer")
    maya.post(f"{ACT}/undo")
    page = _text(maya.get(path))
    assert "You took this letter back." in page
    assert "They answered" not in page
    assert maya.client.get(f"{path}/answer").headers["Location"] == path
    page = maya.post(f"{path}/answer", 422, kind="form", received_on=_today(), text="Dear friend")
    assert "This letter never left" in _text(page)
    assert "Dear friend" in page
    assert not db.session.scalars(sa.select(Response)).all()


def test_a_letter_given_up_after_it_was_handed_over_stays_genuine(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    _hand_over(letter.id)
    with transaction(db.session()) as session:
        for row in deliveries.of_letter(session, letter.id):
            deliveries.move(session, row, Status.BOUNCED, database_now(), "", "event:1")
            deliveries.move(session, row, Status.CANCELLED, database_now(), "given up", "user:1")
    assert "This letter is genuine" in maya.get(f"/verify/{letter.reference}")


def test_an_undo_that_comes_too_late_says_so(maya: Browser) -> None:
    for letter in _signed(maya, "P1"):
        _hand_over(letter.id)
    page = maya.get(f"{ACT}/sent")
    assert 'data-undo="' not in page
    assert maya.post(f"{ACT}/undo") == f"{ACT}/sent"
    assert "Undo came too late: your letters have left." in maya.get(f"{ACT}/sent")


def test_a_letter_that_waits_for_its_next_try_offers_no_undo_ring(maya: Browser) -> None:
    _signed(maya, "P1")
    with transaction(db.session()) as session:
        session.execute(sa.update(Delivery).values(tries=1, due_at=database_now() + timedelta(minutes=5)))
    page = maya.get(f"{ACT}/sent")
    assert 'data-undo="' not in page
    assert "Waiting to retry" in page


def test_the_status_fragment_polls_only_while_something_may_still_come(maya: Browser) -> None:
    letters = _signed(maya, "P1")
    assert "data-poll" in maya.get(f"{ACT}/sent/status")
    for letter in letters:
        _hand_over(letter.id)
    assert "data-poll" in maya.get(f"{ACT}/sent/status")  # receipts come within minutes
    with transaction(db.session()) as session:
        session.execute(sa.update(Delivery).values(changed_at=database_now() - timedelta(days=1)))
    fragment = maya.get(f"{ACT}/sent/status")
    assert "data-poll" not in fragment
    assert "<html" not in fragment
    assert "Sent" in fragment


def test_sent_before_signing_leads_back_to_the_choices(maya: Browser) -> None:
    maya.get(f"{ACT}/pick")
    assert maya.client.get(f"{ACT}/sent").headers["Location"] == f"{ACT}/pick"


def _hand_over(letter_id: int) -> None:
    with transaction(db.session()) as session:
        for row in deliveries.of_letter(session, letter_id):
            now = database_now()
            row.lease_owner, row.lease_until = "test", now + timedelta(seconds=60)
            deliveries.move(session, row, Status.SENDING, now, "", "worker:test")
            deliveries.move(session, row, Status.ACCEPTED, now, "", "worker:test")


# --- letters that were signed ---------------------------------------------------------------------------------------


def test_without_letters_the_list_says_what_will_be_there(maya: Browser) -> None:
    page = _text(maya.get("/letters"))
    assert "No letters yet" in page
    assert "Choose what matters" in page


def test_each_letter_shows_five_stops_and_what_proves_them(maya: Browser) -> None:
    letters = _signed(maya, "P1")
    _hand_over(letters[0].id)
    with transaction(db.session()) as session:
        (row,) = deliveries.of_letter(session, letters[0].id)
        deliveries.move(session, row, Status.DELIVERED, database_now(), "a receipt came", "event:1")
    page = maya.get("/letters")
    assert page.count('<ol class="stops">') == 3
    text = _text(page)
    for stop in ("Signed", "Sent", "Delivered", "Acknowledged", "Replied"):
        assert stop in text
    assert "handed over" in text
    assert "confirmed by receipt" in text
    assert "1 with the office and 2 on their way." in text


def test_a_quiet_letter_is_presumed_there_and_not_called_delivered(maya: Browser) -> None:
    letters = _signed(maya, "P1")
    _hand_over(letters[0].id)
    with transaction(db.session()) as session:
        session.execute(sa.update(Delivery).values(changed_at=database_now() - timedelta(days=6)))
    page = _text(maya.get(f"/letters/{letters[0].reference}"))
    assert "presumed to be there" in page
    assert "Delivered (not yet)" in page


def test_a_letter_that_came_back_says_who_looks_after_it(maya: Browser) -> None:
    letters = _signed(maya, "P1")
    _hand_over(letters[0].id)
    with transaction(db.session()) as session:
        (row,) = deliveries.of_letter(session, letters[0].id)
        deliveries.move(session, row, Status.BOUNCED, database_now(), "it came back: 5.1.1", "event:1")
    page = _text(maya.get(f"/letters/{letters[0].reference}"))
    assert "Came back" in page
    assert "Your association finds another way." in page


def test_one_letter_shows_the_signed_text_and_every_step(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    page = _text(maya.get(f"/letters/{letter.reference}"))
    for line in (*letter.address_block, letter.salutation, OWN_WORDS, letter.valediction, *letter.signature):
        assert line in page
    assert "You signed" in page
    assert letter.digest[:4] in page


def test_the_letter_as_a_pdf(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    answer = maya.client.get(f"/letters/{letter.reference}/letter.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")


@pytest.mark.parametrize("tail", ["", "/answer", "/file", "/letter.pdf"])
def test_the_letter_of_another_member_is_not_found(world: World, maya: Browser, tail: str) -> None:
    with transaction(db.session()) as session:
        company, _ = factories.company(session, "Other Tools")
        other = factories.member(session, company)
        campaign = session.get_one(Campaign, world.campaign)
        letter = factories.signed(session, other, campaign, "P1", now=database_now())[0]
        reference = letter.reference
    maya.get(f"/letters/{reference}{tail}", status=404)


def test_an_answer_that_reached_the_member_is_kept_and_shown(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    _hand_over(letter.id)
    form = maya.get(f"/letters/{letter.reference}/answer")
    assert f'value="{_today()}"' in form
    path = maya.post(
        f"/letters/{letter.reference}/answer", kind="substantive", received_on=_today(), text="We will look at it."
    )
    assert path == f"/letters/{letter.reference}"
    page = _text(maya.get(path))
    assert "Saved. Thank you" in page
    assert "We will look at it." in page
    assert "Replied" in page
    assert "you told us" in page


def _today() -> str:
    return database_now().astimezone(counts.zone(db.session())).date().isoformat()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": ""}, "Choose what they sent."),
        ({"received_on": ""}, "Enter the day, like 2026-03-12."),
        ({"received_on": "yesterday"}, "Enter the day as year-month-day, like 2026-03-12."),
        ({"received_on": "2019-05-01"}, "The answer cannot have come before the letter was signed."),
        ({"received_on": "2199-01-01"}, "The day lies ahead. Enter the day on which the answer came."),
        ({"text": "z" * 20_001}, "An answer takes 20,000 characters."),
    ],
)
def test_a_wrong_answer_says_what_to_do_and_keeps_the_text(maya: Browser, fields: dict[str, str], words: str) -> None:
    letter = _signed(maya, "P1")[0]
    maya.get(f"/letters/{letter.reference}/answer")
    values = {"kind": "form", "received_on": _today(), "text": "Dear friend"} | fields
    page = maya.post(f"/letters/{letter.reference}/answer", status=422, **values)
    assert "<title>Error:" in page
    assert page.count(words) == 2
    assert values["text"] in page


def test_a_reply_from_our_mailbox_is_quoted_in_the_list(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    _hand_over(letter.id)
    with transaction(db.session()) as session:
        row = session.get_one(Letter, letter.id)
        now = database_now()
        responses.record(
            session,
            row,
            ResponseKind.MEETING,
            received_at=now,
            now=now,
            by="event:1",
            source="inbox",
            text="Come on May 4.",
        )
    page = maya.get("/letters")
    assert "“Come on May 4.”" in page
    assert "Read the answer" in page


def test_what_goes_by_hand_is_copied_sent_and_confirmed_by_the_member(world: World, maya: Browser) -> None:
    _by_form(world)
    _signed(maya, "P1")
    row = db.session.scalars(sa.select(Delivery).where(Delivery.channel == ChannelName.HANDOFF)).all()[0]
    letter = db.session.get_one(Letter, row.letter_id)
    assert "Yours to send" in maya.get("/letters")
    page = maya.get(f"/letters/{letter.reference}/file")
    assert 'href="https://forms.example/write"' in page
    assert unescape(page).count(letter.subject) >= 1
    assert OWN_WORDS in page
    assert "data-copy-from" in page
    assert maya.post(f"/letters/{letter.reference}/filed", number=" m8k-2x4q ") == f"/letters/{letter.reference}"
    page = _text(maya.get(f"/letters/{letter.reference}"))
    assert "you confirmed it" in page
    assert "Number m8k-2x4q." in page
    assert "You have sent this letter." in maya.get(f"/letters/{letter.reference}/file")


def _by_form(world: World) -> None:
    """Offices take letters by a web form of theirs, and no address of their staff is known."""
    with transaction(db.session()) as session:
        session.execute(sa.delete(StaffContact))
        session.execute(sa.update(Tenure).values(form_url="https://forms.example/write"))
        session.execute(sa.update(Office).values(form_url="https://forms.example/write"))
        session.execute(sa.update(Campaign).where(Campaign.id == world.campaign).values(channels=["handoff"]))


def test_saying_twice_that_it_was_sent_changes_nothing(world: World, maya: Browser) -> None:
    _by_form(world)
    _signed(maya, "P1")
    letter = db.session.scalars(sa.select(Letter).order_by(Letter.id)).first()
    assert letter is not None
    path = f"/letters/{letter.reference}"
    maya.get(f"{path}/file")
    for _ in range(2):
        maya.post(f"{path}/filed")
    changes = db.session.scalar(sa.text("SELECT count(*) FROM delivery_changes WHERE new = 'delivered'"))
    assert changes == 1


def test_a_letter_that_the_system_sends_has_no_page_for_doing_it_by_hand(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    answer = maya.client.get(f"/letters/{letter.reference}/file")
    assert answer.headers["Location"] == f"/letters/{letter.reference}"


# --- campaigns that are closed or paused ----------------------------------------------------------------------------


def test_a_closed_campaign_takes_no_signature_and_says_so(world: World, maya: Browser) -> None:
    _pick(maya, "P1")
    _close(world)
    page = maya.get(f"{ACT}/facts", status=409)
    assert "is closed. No new letters can be signed." in page


def test_who_comes_after_the_end_reads_what_came_of_it(world: World, maya: Browser) -> None:
    _close(world)
    assert maya.client.get(ACT).headers["Location"] == "/c/minerals"
    assert "This campaign has ended." in maya.get("/c/minerals")


def test_letters_that_were_signed_keep_their_page_when_the_campaign_closes(world: World, maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    _close(world)
    maya.get(f"/letters/{letter.reference}")
    maya.get(f"{ACT}/sent")


@pytest.mark.parametrize("path", ["pick", "letters"])
def test_a_paused_campaign_says_that_letters_wait(world: World, maya: Browser, path: str) -> None:
    _pick(maya, "P1")
    with transaction(db.session()) as session:
        session.get_one(Campaign, world.campaign).status = CampaignStatus.PAUSED
    assert "Sending is paused just now." in maya.get(f"{ACT}/{path}")


# --- public pages ---------------------------------------------------------------------------------------------------


def test_home_lists_open_campaigns(world: World, browser: Browser) -> None:
    page = _text(browser.get("/"))
    assert "Open now" in page
    assert "Are you a member?" in page


def test_home_without_campaigns_says_so(app: Flask, browser: Browser) -> None:
    assert "No campaign is open now" in browser.get("/")


def test_a_cold_visitor_asks_for_the_link_and_hears_the_same_for_any_address(world: World, browser: Browser) -> None:
    answers = []
    for address in ("maya@halvorsen.example", "nobody@halvorsen.example"):
        browser.get("/c/minerals")
        page = browser.post("/c/minerals", status=200, email=address)
        answers.append(_text(page).replace(address, "ADDRESS"))
    assert "a link is on its way" in answers[0]
    assert answers[0] == answers[1]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Link)) == 1


@pytest.mark.parametrize("path", ["/c/minerals", "/account/sign-in"])
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Enter your e-mail, like ada@company.example."),
        ("maya at work", "Enter your e-mail in full, like ada@company.example."),
    ],
)
def test_a_wrong_address_is_kept_and_explained(
    world: World, browser: Browser, path: str, address: str, words: str
) -> None:
    browser.get(path)
    page = browser.post(path, status=422, email=address)
    assert page.count(words) == 2
    assert f'value="{address}"' in page


def test_a_closed_campaign_tells_what_came_of_it(world: World, browser: Browser) -> None:
    _close(world, outcome="Two offices cosponsored the bill.")
    page = browser.get("/c/minerals")
    assert "This campaign has ended." in page
    assert "Two offices cosponsored the bill." in page
    assert "Mail me my link" not in page


@pytest.mark.parametrize("path", ["/c/nothing", "/c/nothing/act/pick", "/letters/abc"])
def test_what_nobody_knows_of_is_not_found(maya: Browser, path: str) -> None:
    maya.get(path, status=404)


def test_pages_of_members_send_a_stranger_to_sign_in(world: World, browser: Browser) -> None:
    answer = browser.client.get(f"{ACT}/pick")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/sign-in")


def test_the_mailed_link_leads_back_to_the_campaign_that_was_asked_for(world: World, browser: Browser) -> None:
    path = browser.client.get(f"{ACT}/facts").headers["Location"]
    browser.get(path)
    browser.post(path, status=200, email="maya@halvorsen.example")
    assert db.session.scalars(sa.select(Link.next_path)).one() == ACT


@pytest.mark.parametrize(
    "path", ["//elsewhere.example", "/c/nothing/act", "/c", "https://elsewhere.example/c/minerals"]
)
def test_a_strange_way_back_is_left_out(world: World, browser: Browser, path: str) -> None:
    browser.get("/account/sign-in")
    browser.post(f"/account/sign-in?next={path}", status=200, email="maya@halvorsen.example")
    assert db.session.scalars(sa.select(Link.next_path)).one() == ""


def test_unsubscribing_takes_one_press_and_no_cookie(world: World, browser: Browser) -> None:
    mail = db.session.scalars(sa.select(MemberMail).where(MemberMail.kind == MailKind.INVITATION)).one()
    path = f"/unsubscribe/{factories.ENVELOPE.signer.sign(TokenKind.UNSUBSCRIBE, mail.reference)}"
    assert "Stop campaign mail" in browser.get(path)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Suppression)) == 0
    browser.token, browser.client = "", browser.client.application.test_client()
    page = browser.post(path, status=200, **{"List-Unsubscribe": "One-Click"})
    assert "You get no more campaign mail" in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Suppression)) == 1


def test_a_forged_unsubscribe_link_is_gone(world: World, browser: Browser) -> None:
    assert "This link is not complete" in browser.get("/unsubscribe/forged", status=410)


def test_an_office_checks_who_signed_a_letter(maya: Browser) -> None:
    letter = _signed(maya, "P1")[0]
    office = maya.client.application.test_client()
    page = _text(office.get(f"/verify/{letter.reference}").get_data(as_text=True))
    assert "This letter is genuine" in page
    assert "Maya Lindqvist, Halvorsen Magnetics" in page
    assert OWN_WORDS not in page


def test_a_code_that_is_unknown_gets_a_neutral_answer(browser: Browser, world: World) -> None:
    assert "No letter has this code" in browser.get("/verify/0000000000000", status=404)


def test_my_details_name_who_represents_each_site(maya: Browser) -> None:
    page = _text(maya.get("/me"))
    assert "maya@halvorsen.example" in page
    assert "IN-5" in page
    assert "desk@association.example" in page


def test_signing_out_ends_the_session(maya: Browser) -> None:
    maya.get("/me")
    maya.post("/account/logout", status=302)
    assert maya.client.get("/letters").status_code == 302


@pytest.mark.parametrize("path", ["/privacy", "/accessibility", "/help"])
def test_standing_pages_say_how_to_reach_the_association(browser: Browser, app: Flask, path: str) -> None:
    page = browser.get(path)
    assert "desk@association.example" in page
    assert "1 Demo Way NW" in page


def test_browsers_find_an_icon_where_they_look_for_it(browser: Browser, app: Flask) -> None:
    with browser.client.get("/favicon.ico") as answer:
        assert answer.status_code == 200
        assert answer.data[:4] == b"\x00\x00\x01\x00"


def test_staff_sign_in_with_a_password_and_a_wrong_one_says_only_that(world: World, browser: Browser) -> None:
    page = browser.get("/account/login")
    assert "Sign in as staff" in page
    answer = browser.client.post(
        "/account/login",
        data={"csrf_token": browser.token, "email": "nobody@association.example", "password": "wrong one"},
    )
    assert "The e-mail or the password is not right." in answer.get_data(as_text=True)


def test_a_demonstration_says_so_on_every_page(world: World, maya: Browser) -> None:
    assert "Demonstration" not in maya.get(f"{ACT}/pick")
    with transaction(db.session()) as session:
        session.get_one(Organization, 1).is_demonstration = True
    for path in ("/", "/c/minerals", f"{ACT}/pick", "/letters", "/me", "/help"):
        assert "nothing reaches a real office" in maya.get(path)


def test_no_page_is_heavier_than_its_budget(maya: Browser) -> None:
    """HTML, styles and script together: at most 100 KB."""
    _pick(maya, "P1", "P2", "I1")
    shared = sum((paths.STATIC / name).stat().st_size for name in ("app.css", "member.css", "app.js"))
    for path in (f"{ACT}/pick", f"{ACT}/facts", f"{ACT}/letters", "/letters", "/me", "/c/minerals"):
        assert shared + len(maya.get(path).encode()) <= 100_000, path


def test_an_action_is_a_draft_until_it_is_signed(world: World, maya: Browser) -> None:
    _pick(maya, "P1")
    action = db.session.scalars(sa.select(Action).where(Action.member_id == world.member)).one()
    assert action.status is ActionStatus.DRAFT
