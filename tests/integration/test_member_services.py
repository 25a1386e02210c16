"""Sites, seats and signing on real databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.statuses import ActionStatus, CampaignStatus
from campaign.models.action import Action, Consent
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.match import ConfirmedBy, DistrictMatch
from campaign.models.member import Member
from campaign.models.office import StaffContact
from campaign.models.template import LetterTemplateVersion
from campaign.services import actions, drafts, previews, signing, sites
from campaign.services.drafts import PARAGRAPH_LIMIT, STORY_LIMIT
from campaign.services.signing import Signature
from tests import factories
from tests.factories import NOW, SET_UP


def site_at(session: Session, **place: str) -> Facility:
    with transaction(session):
        _, site = factories.company(session, **place)
    return site


def drafted(session: Session, story: str = "", *, docket: bool = False, **values: str) -> Action:
    with transaction(session):
        if session.scalar(sa.select(StaffContact.id).limit(1)) is None:
            factories.staff_address(session, "HIN05", "SIN01", "SIN03")
        company, _ = factories.company(session)
        who = factories.member(session, company, **values)
        cards = [factories.recommendation(session)]
        if docket:
            cards.append(factories.recommendation(session, docket=factories.docket(session)))
        on = factories.campaign(session, *cards)
        return factories.draft(session, who, on, *(card.key for card in cards), story=story)


def reread(session: Session, action: Action) -> Action:
    found = session.get_one(Action, action.id)
    again = actions.find(session, found.member_id, _campaign(session, found))
    assert again is not None
    return again


def _campaign(session: Session, action: Action) -> Campaign:
    return session.get_one(Campaign, action.campaign_id)


def sign(session: Session, action: Action, **changes: object) -> list[Letter]:
    with transaction(session):
        action = reread(session, action)
        who = session.get_one(Member, action.member_id)
        shown = previews.preview(session, action, SET_UP, NOW).digest
        given: dict[str, object] = {"name": who.name, "shown": shown, "method": "test"} | changes
        return signing.sign(session, action.id, Signature(**given), SET_UP, NOW)[1]  # type: ignore[arg-type]


# --- which offices ---------------------------------------------------------------------------------------------------


def test_a_zip_in_several_districts_asks_the_member_and_keeps_the_answer(each_session: Session) -> None:
    session = each_session
    site = site_at(session, zip="76014", state="TX", city="Arlington")
    found = sites.seats(session, site, NOW)
    assert not found.settled
    assert sorted(holder.code for holder in found.choose) == ["HTX06", "HTX25", "HTX30", "HTX33"]
    assert sorted(holder.code for holder in found.holders) == ["STX01", "STX02"]
    for _ in range(2):
        with transaction(session):
            sites.choose(session, site, "TX-33", NOW, ConfirmedBy.MEMBER)
    chosen = sites.seats(session, site, NOW)
    assert chosen.settled
    assert chosen.chosen
    assert [holder.code for holder in chosen.holders if holder.code[0] == "H"] == ["HTX33"]
    assert len(chosen.holders) == 3
    assert session.scalar(sa.select(sa.func.count()).select_from(DistrictMatch)) == 1


def test_a_member_may_choose_senators_only_and_nothing_that_the_place_does_not_allow(session: Session) -> None:
    site = site_at(session, zip="76014", state="TX", city="Arlington")
    for code in ("TX-1", "OK-1", "", "TX-99", "NV"):
        with pytest.raises(Invalid) as caught, transaction(session):
            sites.choose(session, site, code, NOW, ConfirmedBy.MEMBER)
        assert caught.value.field == "seat"
    with transaction(session):
        sites.choose(session, site, "TX", NOW, ConfirmedBy.MEMBER)
    assert {holder.code[:3] for holder in sites.seats(session, site, NOW).holders} == {"STX"}


def test_a_zip_that_crosses_a_state_line_follows_the_state_of_the_address(session: Session) -> None:
    for state, house in (("KY", "HKY01"), ("TN", "HTN07")):
        found = sites.seats(session, site_at(session, zip="42223", state=state, city="Fort Campbell"), NOW)
        assert found.settled
        assert {holder.code[:3] for holder in found.holders} == {house[:3], f"S{state}"}
        assert house in [holder.code for holder in (*found.holders, *found.vacant)]


def test_a_box_at_the_post_office_suggests_a_seat_and_settles_only_the_senators(session: Session) -> None:
    found = sites.seats(session, site_at(session, zip="44482", state="OH", city="Warren", street="PO Box 118"), NOW)
    assert [holder.code for holder in found.choose] == ["HOH14"]
    assert all(holder.code.startswith("SOH") for holder in found.holders)


def test_a_vacant_seat_gets_no_letter_and_is_shown(session: Session) -> None:
    found = sites.seats(session, site_at(session, zip="94544", state="CA", city="Hayward"), NOW)
    assert [holder.code for holder in found.vacant] == ["HCA14"]
    assert all(holder.code.startswith("SCA") for holder in found.holders)
    assert found.settled


def test_a_member_without_a_site_is_told_so_and_one_of_another_company_gets_nothing(session: Session) -> None:
    with transaction(session):
        on = factories.campaign(session, factories.recommendation(session))
        nowhere = factories.member(session)
        _, foreign = factories.company(session)
        company, _ = factories.company(session)
        who = factories.member(session, company)
    for member, site_id in ((nowhere, None), (who, foreign.id)):
        with pytest.raises(Invalid) as caught:
            drafts.start(session, member, on, site_id, NOW)
        assert caught.value.field == "site"


# --- facts and words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_f10_a_story_of_exactly_the_limit_is_taken_whatever_its_line_ends(session: Session, end: str) -> None:
    """Forty lines; a browser sends two characters for each end, and the page counts one."""
    action = drafted(session)
    lines = ["x" * 49] * 40
    lines[-1] = "x" * (STORY_LIMIT - 39 - 39 * 49)
    story = end.join(lines)
    assert len(story) == STORY_LIMIT + (39 if end == "\r\n" else 0)
    with transaction(session):
        action = reread(session, action)
        drafts.tell(session, action, jobs=None, reasons=[], story=story, now=NOW)
    assert len(action.story) == STORY_LIMIT
    with pytest.raises(Invalid, match=f"{STORY_LIMIT + 1:,} characters.*Cut 1") as caught:
        drafts.tell(session, action, jobs=None, reasons=[], story=f"{story}y", now=NOW)
    assert (caught.value.field, caught.value.status) == ("story", 422)


def test_f10_a_paragraph_of_exactly_the_limit_is_taken_whatever_its_line_ends(session: Session) -> None:
    action = reread(session, drafted(session))
    text = "\r\n".join(["y" * 99] * 30)
    text += "y" * (PARAGRAPH_LIMIT - len(text.replace("\r\n", "\n")))
    with transaction(session):
        action = reread(session, action)
        drafts.edit(action, "HIN05", NOW, included=True, edits={"closing": text})
    action = reread(session, action)
    (draft,) = action.drafts
    assert len(draft.edits["closing"]) == PARAGRAPH_LIMIT
    with pytest.raises(Invalid):
        drafts.edit(action, "HIN05", NOW, included=True, edits={"closing": f"{text}y"})


def test_f10_what_is_signed_has_the_digest_that_was_shown(each_session: Session) -> None:
    session = each_session
    action = drafted(session, story="one\r\ntwo\rthree")
    view = previews.preview(session, reread(session, action), SET_UP, NOW)
    shown = {each.target: each.written.letter.digest for each in view.going if each.written.letter}
    signed = sign(session, action)
    assert {letter.target: letter.digest for letter in signed} == shown
    assert all("one\ntwo\nthree" in letter.body for letter in signed)
    assert all(letter.message == "one\ntwo\nthree" for letter in signed)


PLACEHOLDERS = ["N/A", "-", "NULL", "#N/A", "TBD", " "]


def titled(session: Session, title: str) -> Action:
    """A draft of a member whose title a spreadsheet filled with this."""
    return reread(session, drafted(session, title=title))


def test_f08_a_placeholder_in_the_title_is_an_empty_title(session: Session) -> None:
    """The letter that needs it cannot be written and names the field; nothing is queued."""
    for title in PLACEHOLDERS:
        action = titled(session, title)
        for each in previews.preview(session, action, SET_UP, NOW).prepared:
            assert each.written.letter is None
            assert each.written.field == "member.title"
        with pytest.raises(Invalid):
            sign(session, action)
    assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0


def test_f08_a_letter_with_a_branch_for_no_title_takes_it(session: Session) -> None:
    branch = "{% if member.title %}I am {{ member.title }} of{% else %}I write for{% endif %} {{ member.company }}."
    frames = {
        who: {kind: frame | {"opening": branch} for kind, frame in kinds.items()}
        for who, kinds in factories.FRAMES.items()
    }
    for title in PLACEHOLDERS:
        action = titled(session, title)
        with transaction(session):
            session.add(
                LetterTemplateVersion(
                    template_id=_campaign(session, action).template_id, number=2, frames=frames, created_at=NOW
                )
            )
        for letter in sign(session, action):
            assert letter.parts[0]["text"].startswith("I write for Company ")
            assert "I am  of" not in letter.body
            assert len(letter.signature) == 4  # name, company, street, city: no line for the title
            assert title not in letter.signature


@pytest.mark.parametrize("last", ["Null", "Na", "None"])
def test_f08_people_of_these_names_sign_with_them(session: Session, last: str) -> None:
    letters = sign(session, drafted(session, first="Soo", last=last))
    assert all(letter.signature[0] == f"Soo {last}" for letter in letters)


# --- signing --------------------------------------------------------------------------------------------------------


def test_letters_that_changed_since_they_were_shown_are_not_signed(each_session: Session) -> None:
    session = each_session
    action = drafted(session)
    shown = previews.preview(session, reread(session, action), SET_UP, NOW).digest
    with transaction(session):
        session.execute(sa.update(Facility).values(city="Peru"))
    with pytest.raises(WrongState, match="changed since"):
        sign(session, action, shown=shown)
    assert session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 0
    assert session.get_one(Action, action.id).status is ActionStatus.DRAFT
    assert len(sign(session, action)) == 3


@pytest.mark.parametrize("name", ["", "  ", "Somebody Else"])
def test_a_signature_is_the_members_own_name(session: Session, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        sign(session, drafted(session), name=name)
    assert caught.value.field == "name"


def test_a_name_may_be_typed_with_other_accents_and_case(session: Session) -> None:
    assert sign(session, drafted(session, first="José", last="O’Brien"), name="JOSE O'BRIEN")


def test_the_consent_keeps_what_was_agreed_to_and_counts_public_comments(session: Session) -> None:
    letters = sign(session, drafted(session, docket=True), network="192.0.2.0/24")
    assert len(letters) == 4
    consent = session.scalars(sa.select(Consent)).one()
    assert consent.text.startswith("Send these 4 letters in my name. The docket comment is public.")
    assert {letter.consent_id for letter in letters} == {consent.id}
    assert consent.network == "192.0.2.0/24"


def test_an_office_that_was_left_out_gets_no_letter(session: Session) -> None:
    action = drafted(session)
    with transaction(session):
        drafts.edit(reread(session, action), "SIN03", NOW, included=False)
    assert sorted(letter.target for letter in sign(session, action)) == ["HIN05", "SIN01"]


def test_paper_is_sent_where_the_signer_wishes_it(session: Session) -> None:
    letters = sign(session, drafted(session), on_paper=frozenset({"HIN05"}))
    channels = {
        letter.target: session.scalars(sa.select(Delivery.channel).where(Delivery.letter_id == letter.id)).one()
        for letter in letters
    }
    assert channels == {"HIN05": ChannelName.PRINT, "SIN01": ChannelName.SMTP, "SIN03": ChannelName.SMTP}


@pytest.mark.parametrize("status", [CampaignStatus.CLOSING, CampaignStatus.CLOSED, CampaignStatus.SCHEDULED])
def test_a_campaign_that_is_not_open_takes_no_signature(session: Session, status: CampaignStatus) -> None:
    action = drafted(session)
    with transaction(session):
        session.execute(sa.update(Campaign).values(status=status))
    with pytest.raises(WrongState, match="closed"):
        sign(session, action)


def test_a_paused_campaign_takes_signatures_until_its_last_moment(session: Session) -> None:
    action = drafted(session)
    with transaction(session):
        session.execute(sa.update(Campaign).values(status=CampaignStatus.PAUSED, closes_at=NOW))
    with pytest.raises(WrongState):
        sign(session, action)
    with transaction(session):
        session.execute(sa.update(Campaign).values(closes_at=NOW + timedelta(seconds=1)))
    assert sign(session, action)


def test_who_speaks_for_two_sites_types_once(session: Session) -> None:
    with transaction(session):
        company, _ = factories.company(session)
        second = factories.facility(session, company, city="Warren", state="OH", zip="44483")
        who = factories.member(session, company)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        factories.draft(session, who, on, card.key, story="We make magnets.")
    with transaction(session):
        other = drafts.start(session, who, on, second.id, NOW)
        assert other.story == "We make magnets."
        assert previews.keys_of(other, [card]) == [card.key]
        assert {each.target for each in previews.preview(session, other, SET_UP, NOW).prepared} == {
            "HOH14",
            "SOH01",
            "SOH03",
        }
