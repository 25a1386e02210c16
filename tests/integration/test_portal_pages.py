"""The simulated portals as a person and another program see them."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from campaign.simulator.clock import Clock
from campaign.simulator.pages import make_pages
from campaign.simulator.store import Store

FORM = "/ustr/s/submit-new-comment?docketNumber=DEMO-2026-0001"
WHO = {"docketNumber": "DEMO-2026-0001", "organization": "Acme", "first": "Ada", "last": "Q", "email": "a@q.example"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    store = Store(tmp_path / "simulator.sqlite3")
    yield make_pages(store, Clock(real=time.time)).test_client()
    store.close()


def _file(client: FlaskClient, *files: tuple[str, str], **changes: Any) -> tuple[int, str]:
    attached = [(io.BytesIO(b"%PDF-1.7"), name) for name, _ in files]
    data = {**WHO, "comment": "See attached.", "file": attached, "sensitivity": [kind for _, kind in files], **changes}
    answer = client.post(FORM, data=data, content_type="multipart/form-data")
    return answer.status_code, answer.get_data(as_text=True)


PUBLIC, SECRET = "Public document", "Business confidential"


def test_a_pair_is_filed_and_gets_a_number_that_the_list_shows(client: FlaskClient) -> None:
    status, page = _file(client, ("BCI_Acme.pdf", SECRET), ("P_Acme.pdf", PUBLIC))
    assert status == 200
    number = re.search(r"SIM-[0-9A-F]{8}", page)
    assert number is not None
    assert "simulation" in page
    listed = client.get("/ustr/s/docket?docketNumber=DEMO-2026-0001").get_data(as_text=True)
    assert number[0] in listed
    assert "BCI_Acme.pdf, P_Acme.pdf" in listed
    (kept,) = client.get("/regulations/simulation.json").get_json()["filings"]
    assert kept["confirmation"] == number[0]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("BCI_Acme.pdf", SECRET)], "needs a public version"),
        ([("BCI_Acme.pdf", PUBLIC)], "say so"),
        ([("Acme.pdf", SECRET), ("P_Acme.pdf", PUBLIC)], "begins with BCI"),
    ],
)
def test_files_that_do_not_follow_the_notice_are_refused(
    client: FlaskClient, files: list[tuple[str, str]], words: str
) -> None:
    status, page = _file(client, *files)
    assert status == 422
    assert words in page


@pytest.mark.parametrize("change", [{"docketNumber": ""}, {"first": " "}, {"email": "nobody"}, {"comment": ""}])
def test_what_is_missing_is_said(client: FlaskClient, change: dict[str, str]) -> None:
    assert _file(client, **change)[0] == 422


def test_a_page_of_another_site_files_nothing(client: FlaskClient) -> None:
    assert client.post(FORM, data=WHO, headers={"Origin": "https://elsewhere.example"}).status_code == 403


def test_what_was_typed_is_escaped(client: FlaskClient) -> None:
    _file(client, organization="<script>alert(1)</script>")
    page = client.get("/ustr").get_data(as_text=True)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_only_the_form_may_be_sent_and_other_pages_send_none(client: FlaskClient) -> None:
    assert "form-action 'self'" in client.get(FORM).headers["Content-Security-Policy"]
    assert "form-action 'none'" in client.get("/").headers["Content-Security-Policy"]


def test_a_docket_of_the_demonstration_has_two_documents_and_no_other_has_any(client: FlaskClient) -> None:
    key = {"X-Api-Key": "any"}
    path = "/regulations/v4/documents?filter[docketId]="
    found = client.get(f"{path}DEMO-2026-0009", headers=key).get_json()["data"]
    assert [each["id"] for each in found] == ["DEMO-2026-0009-0001", "DEMO-2026-0009-0002"]
    assert client.get(f"{path}BIS-2026-0009", headers=key).get_json()["data"] == []


def test_a_document_is_put_by_json_and_answered_as_it_was_put(client: FlaskClient) -> None:
    said = {"docketId": "DEMO-2026-0009", "commentEndDate": "2026-12-01", "openForComment": True}
    path = "/regulations/simulation/documents/DEMO-2026-0009-0003"
    assert client.put(path, data="x").status_code == 415
    assert client.put(path, json=said).status_code == 200
    answer = client.get("/regulations/v4/documents/DEMO-2026-0009-0003", headers={"X-Api-Key": "any"})
    assert answer.get_json()["data"]["attributes"] == said


def test_a_person_comments_on_a_document_and_gets_a_tracking_number(client: FlaskClient) -> None:
    path = "/regulations/document/DEMO-2026-0009-0001"
    assert "Submit comment" in client.get(path).get_data(as_text=True)
    page = client.post(path, data={"comment": "We make magnets."}).get_data(as_text=True)
    assert re.search(r"sim-[0-9a-f]{4}-[0-9a-f]{4}", page)
    assert client.get("/regulations/document/BIS-2026-0009-0001").status_code == 404
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert client.post(path, data={"comment": "x"}, headers=elsewhere).status_code == 403
