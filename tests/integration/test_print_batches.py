"""Batches of letters on paper: each letter in one batch and one file, nothing counts as posted before a person says so."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaign import printshop
from campaign.channels.printing import options as printing_options
from campaign.channels.printing.options import Options
from campaign.cli import group
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import WrongState
from campaign.domain.statuses import BatchState, Status
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.printing import PrintBatch, PrintedRow
from campaign.runtime import runtime
from campaign.services import campaigns, cancellations, deliveries, metrics, print_overview, printing
from campaign.services.dashboard import Grades
from tests import factories
from tests.factories import ENVELOPE, NOW
from tests.fault.processes import until
from tests.integration.test_organizer_pages import Browser, desk

__all__ = ["desk"]

LATER = NOW + timedelta(minutes=2)


def on_paper(members: int = 1, **values: object) -> tuple[str, list[Letter]]:
    """A campaign whose letters all go on paper, three of each member."""
    with transaction(db.session()) as session:
        company, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, **({"channels": ["print"]} | values))
        letters = [
            letter
            for _ in range(members)
            for letter in factories.signed(session, factories.member(session, company), on, card.key, story="We wait.")
        ]
        return on.slug, letters


def batch_of(letters: list[Letter], options: Options = Options()) -> PrintBatch:  # noqa: B008
    with transaction(db.session()) as session:
        return printing.make(session, letters[0].campaign_id, options, LATER, "user:1")


def var_dir() -> Path:
    return runtime().settings.var_dir


def made(batch: PrintBatch) -> bool:
    return printshop.make(batch.id, var_dir(), ENVELOPE)


def state(batch: PrintBatch) -> BatchState:
    db.session.rollback()
    db.session.expire_all()
    return db.session().get_one(PrintBatch, batch.id).state


def pdfs(batch: PrintBatch) -> list[Path]:
    return printshop.files(printshop.folder(var_dir(), batch.reference))


def statuses(letters: list[Letter]) -> list[Status]:
    db.session.rollback()
    return list(
        db.session().scalars(
            sa.select(Delivery.status).where(Delivery.letter_id.in_([x.id for x in letters])).order_by(Delivery.id)
        )
    )


def test_a_batch_holds_what_waits_once_and_its_files_hold_every_letter(each_session: Session) -> None:
    _, letters = on_paper(2)
    batch = batch_of(letters)
    assert (batch.letters, batch.files, batch.state) == (6, 1, BatchState.MAKING)
    with pytest.raises(WrongState, match="No printed letter waits"), transaction(each_session) as session:
        printing.make(session, letters[0].campaign_id, Options(), LATER, "user:1")
    assert made(batch)
    assert state(batch) is BatchState.READY
    (pdf,) = pdfs(batch)
    reader = pypdf.PdfReader(pdf)
    text = "".join(page.extract_text() for page in reader.pages)
    assert all(text.count(f"Verification code {letter.reference}") == 1 for letter in letters)
    found = print_overview.figures(each_session, [batch])[batch.id]
    assert (found.set, found.pages, found.sheets) == (6, len(reader.pages), len(reader.pages))
    assert statuses(letters) == [Status.QUEUED] * 6, "printing is no posting"


def test_files_are_readable_by_their_owner_alone(app: Flask) -> None:
    _, letters = on_paper()
    batch = batch_of(letters)
    made(batch)
    where = printshop.folder(var_dir(), batch.reference)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [where, where.parent, *where.iterdir()]}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())
    with pytest.raises(ValueError, match="reference"):
        printshop.folder(var_dir(), "../../etc")


def test_duplex_begins_each_letter_on_a_front_and_counts_sheets(app: Flask) -> None:
    _, letters = on_paper()
    with transaction(db.session()) as session:
        for key in (letters[0].id, letters[2].id):
            row = session.get_one(Letter, key)
            row.parts = [{"text": "We make magnets in Kokomo and motors elsewhere. " * 70}]
    batch = batch_of(letters, Options(duplex=True, marks=False))
    made(batch)
    reader = pypdf.PdfReader(pdfs(batch)[0])
    starts = [n for n, page in enumerate(reader.pages) if "Check that this letter" in page.extract_text()]
    firsts = [n for n in starts if "Page" not in reader.pages[n].extract_text().split("Check that")[1]]
    assert len(firsts) == 3
    assert all(n % 2 == 0 for n in firsts)
    found = print_overview.figures(db.session(), [batch])[batch.id]
    assert found.sheets == sum(((row.pages or 0) + 1) // 2 for row in db.session().scalars(sa.select(PrintedRow)))
    assert sum(line.sheets for line in print_overview.manifest(db.session(), batch)) == found.sheets


def test_a_letter_that_was_cancelled_meanwhile_is_left_out_and_said_so(each_session: Session) -> None:
    _, letters = on_paper()
    batch = batch_of(letters)
    with transaction(each_session) as session:
        cancellations.cancel(session, deliveries.of_letter(session, letters[1].id)[0].id, LATER, "withdrawn", "user:1")
    made(batch)
    lines = {line.reference: line for line in print_overview.manifest(each_session, batch)}
    assert lines[letters[1].reference].left_out == "cancelled since the batch was made"
    assert [lines[letter.reference].pages > 0 for letter in letters] == [True, False, True]
    text = "".join(page.extract_text() for page in pypdf.PdfReader(pdfs(batch)[0]).pages)
    assert letters[1].reference not in text


def test_one_letter_that_cannot_be_printed_does_not_stop_the_others(app: Flask) -> None:
    _, letters = on_paper()
    with transaction(db.session()) as session:
        session.get_one(Letter, letters[0].id).address_block = [f"line {n}" for n in range(12)]
        session.get_one(Letter, letters[1].id).address_block = []
    batch = batch_of(letters)
    assert made(batch)
    assert state(batch) is BatchState.READY
    why = {line.reference: line.left_out for line in print_overview.manifest(db.session(), batch)}
    assert "window" in why[letters[0].reference]
    assert "needed" in why[letters[1].reference]
    assert why[letters[2].reference] == ""


def test_a_batch_of_which_nothing_can_be_printed_is_ready_without_a_file(app: Flask) -> None:
    _, letters = on_paper()
    with transaction(db.session()) as session:
        session.execute(sa.update(Letter).values(address_block=["漢字"]))
    batch = batch_of(letters)
    assert made(batch)
    assert (state(batch), pdfs(batch)) == (BatchState.READY, [])


def test_posting_accepts_the_batch_once_as_posting_one_by_one_would(each_session: Session) -> None:
    _, letters = on_paper(2)
    batch = batch_of(letters)
    made(batch)
    with transaction(each_session) as session:
        cancellations.cancel(session, deliveries.of_letter(session, letters[0].id)[0].id, LATER, "withdrawn", "user:1")
        deliveries.done_by_hand(session, deliveries.of_letter(session, letters[1].id)[0].id, LATER, "user:1")
    with transaction(each_session) as session:
        done = printing.posted(session, batch.id, LATER, "user:1")
    assert done.posted == 4
    assert set(done.gone) == {letters[0].reference, letters[1].reference}
    assert sorted(statuses(letters)) == sorted([Status.CANCELLED] + [Status.ACCEPTED] * 5)
    assert [row.tries for row in each_session.scalars(sa.select(Delivery).where(Delivery.status == Status.ACCEPTED))]
    assert metrics.differences(each_session) == []
    grades = Grades.of(metrics.figures(each_session, letters[0].campaign_id).by_channel)
    assert (grades.accepted, grades.confirmed) == (5, 0)
    with pytest.raises(WrongState, match="already"), transaction(each_session) as session:
        printing.posted(session, batch.id, LATER, "user:1")
    acts = [row.act for row in each_session.scalars(sa.select(AuditEntry)) if "print batch" in row.act]
    assert acts == ["print batch made", "print batch posted"]


def test_giving_up_frees_the_letters_for_another_batch(each_session: Session) -> None:
    _, letters = on_paper()
    first = batch_of(letters)
    made(first)
    with transaction(each_session) as session:
        assert printing.give_up(session, first.id, LATER, "user:1") == 3
    with pytest.raises(WrongState), transaction(each_session) as session:
        printing.posted(session, first.id, LATER, "user:1")
    assert batch_of(letters).letters == 3
    assert printshop.remove_old(var_dir()) == 1
    assert pdfs(first) == []


def test_the_database_holds_a_letter_to_one_batch(each_session: Session) -> None:
    _, letters = on_paper()
    batch = batch_of(letters)
    row = each_session.scalars(sa.select(PrintedRow)).first()
    assert row is not None
    with pytest.raises(IntegrityError), transaction(each_session) as session:
        session.add(PrintedRow(batch_id=batch.id, position=99, file=1, delivery_id=row.delivery_id))


def test_what_can_still_be_undone_or_is_paused_is_not_printed(each_session: Session) -> None:
    _, letters = on_paper()
    campaign_id = letters[0].campaign_id
    assert printing.waiting(each_session, campaign_id, NOW) == 0
    assert printing.waiting(each_session, campaign_id, LATER) == 3
    with transaction(each_session) as session:
        campaigns.pause(session, campaign_id, LATER, "user:1")
    with pytest.raises(WrongState, match="paused"), transaction(each_session) as session:
        printing.make(session, campaign_id, Options(), LATER, "user:1")


def test_a_stopped_batch_makes_nothing_more_and_goes_on_where_it_was(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "MAX_BATCH", 2)  # letters of a file: three files of six letters
    _, letters = on_paper(2)
    batch = batch_of(letters)

    def told(number: int) -> None:
        with transaction(db.session()) as session:
            printing.stop(session, batch.id, LATER, "user:1")

    assert printshop.make(batch.id, var_dir(), ENVELOPE, told=told)
    assert (state(batch), len(pdfs(batch))) == (BatchState.STOPPED, 2), "the one in hand is finished"
    before = pdfs(batch)[0].stat().st_mtime_ns
    with transaction(db.session()) as session:
        printing.go_on(session, batch.id, LATER, "user:1")
    made(batch)
    assert (state(batch), len(pdfs(batch))) == (BatchState.READY, 3)
    assert pdfs(batch)[0].stat().st_mtime_ns == before


def test_a_worker_that_has_other_work_leaves_the_rest_for_later(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "MAX_BATCH", 2)
    _, letters = on_paper(2)
    batch = batch_of(letters)
    calls = 0
    while not printshop.make(batch.id, var_dir(), ENVELOPE, should_stop=lambda: True):  # after each file
        calls += 1
        assert len(pdfs(batch)) == calls
    assert (calls, state(batch)) == (2, BatchState.READY)


_MAKE = """
import os, sys
from campaign.app import create_app
from campaign import printshop
from campaign.services import printing
from tests.factories import ENVELOPE
from campaign.runtime import runtime
how, batch = sys.argv[1], int(sys.argv[2])
app = create_app()
with app.app_context():
    def told(number):
        if how == "after" and number == 1: os.kill(os.getpid(), 9)
    if how == "between":
        printing.set_file = lambda *a: os.kill(os.getpid(), 9)
    printshop.make(batch, runtime().settings.var_dir, ENVELOPE, told=told)
"""


@pytest.mark.parametrize("how", ["after", "between"])
def test_killed_at_its_work_it_goes_on_and_writes_no_file_twice(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """`after`: a file is written and recorded. `between`: it is written, and the record of it is lost."""
    monkeypatch.setattr(printing, "MAX_BATCH", 2)
    _, letters = on_paper(2)
    batch = batch_of(letters)
    settings = runtime().settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")} | {
        "CAMPAIGN_ENV": "test",
        "CAMPAIGN_VAR_DIR": str(settings.var_dir),
        "CAMPAIGN_DATABASE_URL": settings.database_url,
        "CAMPAIGN_SECRET_KEY": settings.secret_key,
        "CAMPAIGN_BROKER_URL": "memory://",
    }
    killed = subprocess.run([sys.executable, "-c", _MAKE, how, str(batch.id)], env=environment, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    (first,) = pdfs(batch)[:1]
    before = (first.stat().st_mtime_ns, first.read_bytes())
    assert state(batch) is BatchState.MAKING
    until(lambda: made(batch))  # the dead one's typesetter may be ending still
    assert (first.stat().st_mtime_ns, first.read_bytes()) == before
    assert (state(batch), len(pdfs(batch))) == (BatchState.READY, 3)
    text = "".join(page.extract_text() for pdf in pdfs(batch) for page in pypdf.PdfReader(pdf).pages)
    assert all(text.count(f"Verification code {letter.reference}") == 1 for letter in letters)
    found = print_overview.figures(db.session(), [db.session().get_one(PrintBatch, batch.id)])[batch.id]
    assert (found.set, found.left_out) == (6, 0)


# --- at the desk ----------------------------------------------------------------------------------------------------


def test_an_organizer_makes_a_batch_prints_it_and_says_that_it_is_posted(app: Flask, desk: Browser) -> None:
    slug, letters = on_paper(2)
    page = desk.text(f"/organize/c/{slug}/print")
    assert "6 printed letters wait" in page
    answer = desk.post(f"/organize/c/{slug}/print", duplex="y", marks="y")
    assert answer.status_code == 303
    where = answer.location
    batch = db.session().scalars(sa.select(PrintBatch)).one()
    assert (batch.duplex, batch.marks) == (True, True)
    assert "0 of 6" in desk.text(where)
    assert desk.get(f"{where}/posted").status_code == 200
    assert desk.post(f"{where}/posted").status_code == 409, "its files are still being made"
    made(batch)
    assert "part-001.pdf" in desk.text(where)
    pdf = desk.get(f"{where}/part-001.pdf")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    rows = desk.csv(f"{where}/manifest.csv")
    assert [row["reference"] for row in rows[:-1]] == [
        line.reference for line in print_overview.manifest(db.session(), batch)
    ]
    assert rows[-1]["position"] == "total"
    assert rows[-1]["sheets"] == str(sum(int(row["sheets"]) for row in rows[:-1]))
    assert "Record 6 letters as posted?" in desk.text(f"{where}/posted")
    assert desk.post(f"{where}/posted").status_code == 303
    assert "6 letters handed to the mail" in desk.text(where)
    assert statuses(letters) == [Status.ACCEPTED] * 6
    assert "No printed letter waits" in desk.text(f"/organize/c/{slug}/print")
    (line,) = desk.csv(f"/organize/c/{slug}/print.csv")
    assert (line["state"], line["letters printed"]) == ("posted", "6")


def test_a_batch_can_be_stopped_continued_and_given_up_at_the_desk(app: Flask, desk: Browser) -> None:
    slug, _ = on_paper()
    desk.text(f"/organize/c/{slug}/print")
    where = desk.post(f"/organize/c/{slug}/print", marks="y").location
    desk.text(where)
    assert desk.post(f"{where}/stop").status_code == 303
    assert "Stopped by an organizer" in desk.text(where)
    assert desk.post(f"{where}/continue").status_code == 303
    batch = db.session().scalars(sa.select(PrintBatch)).one()
    made(batch)
    assert "waits again" not in desk.text(f"{where}/give-up")
    assert desk.post(f"{where}/give-up").status_code == 303
    assert desk.get(f"{where}/part-001.pdf").status_code == 404
    assert "3 printed letters wait" in desk.text(f"/organize/c/{slug}/print")


def test_files_and_batches_of_another_campaign_or_name_are_not_found(app: Flask, desk: Browser) -> None:
    _, letters = on_paper()
    other, _ = on_paper()
    batch = batch_of(letters)
    made(batch)
    for path in (
        f"/organize/c/{other}/print/{batch.reference}",
        f"/organize/c/{other}/print/{batch.reference}/part-001.pdf",
        f"/organize/c/{other}/print/..%2F..%2Fsecret/part-001.pdf",
        f"/organize/c/{other}/print/0000000000000",
    ):
        assert desk.get(path).status_code == 404


def test_batches_page_without_loss(app: Flask, desk: Browser) -> None:
    slug, letters = on_paper()
    for _ in range(52):
        batch = batch_of(letters)
        with transaction(db.session()) as session:
            printing.give_up(session, batch.id, LATER, "user:1")
    first = desk.text(f"/organize/c/{slug}/print")
    assert first.count('<tr><th scope="row">') == 50
    assert 'rel="next"' in first
    assert len(desk.csv(f"/organize/c/{slug}/print.csv")) == 52


# --- on the command line --------------------------------------------------------------------------------------------


def test_the_command_makes_a_batch_and_copies_it(app: Flask, tmp_path: Path) -> None:
    slug, letters = on_paper()
    out = tmp_path / "paper"
    info = ScriptInfo(create_app=lambda: app, set_debug_flag=False)
    ran = CliRunner().invoke(group, ["print", slug, "--out", str(out), "--json"], obj=info)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert (told["set"], told["files"]) == (3, ["part-001.pdf", "manifest.csv"])
    assert stat.S_IMODE((out / "part-001.pdf").stat().st_mode) == 0o600
    assert statuses(letters) == [Status.QUEUED] * 3
    again = CliRunner().invoke(group, ["print", slug, "--out", str(out)], obj=info)
    assert (again.exit_code, "No printed letter waits" in again.stderr) == (1, True), "they are in a batch already"


def test_letters_of_other_channels_are_in_no_batch(app: Flask) -> None:
    _, letters = on_paper(channels=["smtp"])
    with transaction(db.session()) as session:
        factories.staff_address(session)
        session.execute(
            sa.update(Delivery).where(Delivery.letter_id == letters[0].id).values(channel=ChannelName.HANDOFF)
        )
    assert batch_of(letters).letters == 2
    assert printing_options.MAX_BATCH == 50
