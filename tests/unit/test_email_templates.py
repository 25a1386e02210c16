"""Our own mail: what a mail program may do to a link, and what the law wants in a footer."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import UndefinedError

from campaign.domain.references import TokenKind, TokenSigner, new_reference
from campaign.models.mail import BULK, MailKind
from campaign.services.mails import _environment

SIGNER = TokenSigner("not a secret")
URL = f"https://letters.example/go/{SIGNER.sign(TokenKind.INVITATION, new_reference())}"
UNSUBSCRIBE = f"https://letters.example/unsubscribe/{SIGNER.sign(TokenKind.UNSUBSCRIBE, new_reference())}"


def _facts(kind: MailKind, **more: Any) -> dict[str, Any]:
    return {
        "member": {"name": "Ada Quillback", "first": "Ada", "company": "Rod & Wire <Works>"},
        "organization": {
            "name": "Bluestem Materials and Makers Association",
            "postal_lines": ["1 Demo Way NW", "Washington, DC 20036"],
            "contact_email": "letters@bluestem.example",
            "is_demonstration": True,
        },
        "campaign": {"name": "Critical minerals strategy", "summary": "A permit process with dates."},
        "url": URL,
        "unsubscribe_url": UNSUBSCRIBE if kind in BULK else None,
        "letters": [{"addressee": "Rep. Testerly", "subject": "Magnets", "body": "Dear <Rep.>:\n\nText."}],
        "office": "Rep. Testerly",
        "offices": ["Rep. Testerly", "Sen. Example"],
        "reply": "a form letter",
        **more,
    }


def _render(kind: MailKind, name: str, **more: Any) -> str:
    return _environment().get_template(f"{kind}/{name}").render(_facts(kind, **more))


@pytest.mark.parametrize("kind", MailKind)
def test_each_link_stands_alone_on_its_line(kind: MailKind) -> None:
    text = _render(kind, "body.txt", closes_on="in 7 days, March 19", good_for="30 minutes")
    links = [line for line in text.splitlines() if "://" in line]
    assert links == [URL, *([UNSUBSCRIBE] if kind in BULK else [])]


@pytest.mark.parametrize("kind", MailKind)
@pytest.mark.parametrize("name", ["body.txt", "body.html"])
def test_the_footer_says_who_sends_from_where_and_why(kind: MailKind, name: str) -> None:
    body = _render(kind, name)
    for words in ("Bluestem Materials and Makers Association", "1 Demo Way NW", "You get this because", "invented"):
        assert words in body
    assert (UNSUBSCRIBE in body) is (kind in BULK)
    assert "{" not in body.replace("{font", "")


@pytest.mark.parametrize("kind", MailKind)
def test_a_subject_is_one_short_line(kind: MailKind) -> None:
    subject = _render(kind, "subject.txt")
    assert "\n" not in subject
    assert 10 < len(subject) < 90


@pytest.mark.parametrize("kind", MailKind)
def test_html_escapes_what_members_and_companies_call_themselves(kind: MailKind) -> None:
    html = _render(kind, "body.html", member={"name": "<b>Ada</b>", "first": "", "company": "Rod & Wire <Works>"})
    assert "<b>" not in html
    assert "<Works>" not in html
    assert "<Rep.>" not in html


@pytest.mark.parametrize("kind", MailKind)
def test_a_mail_without_its_link_is_not_written(kind: MailKind) -> None:
    facts = _facts(kind)
    del facts["url"]
    with pytest.raises(UndefinedError):
        _environment().get_template(f"{kind}/body.txt").render(facts)


def test_paragraphs_of_plain_text_are_kept_apart() -> None:
    for kind in MailKind:
        text = _render(kind, "body.txt")
        assert "\n\nBluestem Materials and Makers Association\n\n--\n" in text
        assert text.lstrip().startswith("Dear ")


def test_a_person_without_a_company_is_told_another_reason() -> None:
    text = _render(MailKind.INVITATION, "body.txt", member={"name": "Jo Li", "first": "Jo", "company": ""})
    assert "you joined the campaigns of" in text
    assert "a contact" not in text


def test_the_reminder_of_what_the_member_sends_names_the_offices_and_one_link() -> None:
    facts = _facts(MailKind.REMINDER)
    text, page, subject = (
        _environment().get_template(f"reminder_to_send/{name}").render(facts)
        for name in ("body.txt", "body.html", "subject.txt")
    )
    assert [line for line in text.splitlines() if "://" in line] == [URL, UNSUBSCRIBE]
    assert all(
        "Rep. Testerly" in body and "Sen. Example" in body and "You get this because" in body for body in (text, page)
    )
    assert subject == "Reminder: 2 letters wait for you to send them"
