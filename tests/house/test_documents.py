"""What the documents list is what the code has: settings, states, events, commands."""

from __future__ import annotations

import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest

from campaign import tasknames
from campaign.channels.smtp.inbox import InboundKind
from campaign.cli import COMMANDS
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.statuses import ActionStatus, BatchState, CampaignStatus, ResponseState, Status
from campaign.models.delivery import AttemptOutcome
from campaign.models.mail import MailKind
from campaign.models.position import Stance
from campaign.models.rollup import Measure
from campaign.models.suppression import SuppressionReason
from campaign.models.user import ROLES
from campaign.services.decisions import Decision
from campaign.settings import Settings

WORKED_OUT = {"database_url", "secret_key", "inbox_maildir", "regulations_url", "regulations_key"}
"""Settings whose default depends on another: the document says how."""

LISTS: dict[str, type[StrEnum]] = {
    "Campaign": CampaignStatus,
    "Action": ActionStatus,
    "Delivery": Status,
    "Response of a letter": ResponseState,
    "Print batch": BatchState,
    "Events": EventKind,
    "Kinds of response": ResponseKind,
    "Channels": ChannelName,
    "Kinds of channel": ChannelKind,
    "Outcomes of an attempt": AttemptOutcome,
    "Decisions of a person": Decision,
    "Kinds of incoming mail": InboundKind,
    "Member mail": MailKind,
    "Suppressions": SuppressionReason,
    "Positions of an office": Stance,
    "Rollups": Measure,
}
"""Headings of docs/vocabulary.md, and what each lists."""


def _table(text: str) -> dict[str, str]:
    """First cell (in backquotes) -> second cell, of the tables in a text."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", text, re.MULTILINE))


def test_every_setting_is_documented_and_nothing_else(root: Path) -> None:
    documented = _table((root / "docs" / "settings.md").read_text())
    assert set(documented) == {f"CAMPAIGN_{field.name.upper()}" for field in fields(Settings)}


def test_the_documented_defaults_are_the_defaults(root: Path, tmp_path: Path) -> None:
    """Each cell, given as the variable's value, must read as what the field has without it."""
    documented = _table((root / "docs" / "settings.md").read_text())
    base = {"CAMPAIGN_VAR_DIR": str(tmp_path)}
    plain = Settings.from_env(base)
    for field in fields(Settings):
        cell = documented[f"CAMPAIGN_{field.name.upper()}"]
        if field.name in WORKED_OUT:
            assert "`" not in cell, f"{field.name}: say how it is worked out, not a value"
            continue
        text = "" if cell == "empty" else cell.strip("`")
        assert cell in ("empty", f"`{text}`"), f"{field.name}: a value in backquotes, or the word empty"
        if field.name == "var_dir":
            assert text == str(field.default)
            continue
        read = Settings.from_env(base | {f"CAMPAIGN_{field.name.upper()}": text})
        assert getattr(read, field.name) == getattr(plain, field.name), field.name


@pytest.mark.parametrize("heading", LISTS)
def test_every_word_of_a_list_is_explained(root: Path, heading: str) -> None:
    text = (root / "docs" / "vocabulary.md").read_text()
    sections = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    explained = _table(sections[heading])
    assert set(explained) == {str(word) for word in LISTS[heading]}
    assert all(meaning.strip() for meaning in explained.values())


def test_every_role_is_explained(root: Path) -> None:
    text = (root / "docs" / "vocabulary.md").read_text()
    assert all(f"| {role} |" in text for role in ROLES)


def test_every_command_is_documented(root: Path) -> None:
    text = (root / "docs" / "operations.md").read_text()
    missing = [
        command.name for command in COMMANDS if not re.search(rf"(`|^)campaign {command.name}\b", text, re.MULTILINE)
    ]
    assert missing == []


def test_the_production_commands_start_a_consumer_for_every_queue(root: Path) -> None:
    text = (root / "docs" / "operations.md").read_text()
    assert set(re.findall(r"-Q (\w+)", text)) == set(tasknames.QUEUES.values())


def test_links_between_documents_lead_somewhere(root: Path) -> None:
    documents = [root / "README.md", root / "CONTRIBUTING.md", root / "CHANGELOG.md", *(root / "docs").rglob("*.md")]
    dead = [
        (str(path.relative_to(root)), target)
        for path in documents
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert dead == []


def test_the_documents_name_only_paths_that_exist(root: Path) -> None:
    """Paths in backquotes that begin with a folder of the checkout."""
    folders = ("campaign/", "workers/", "templates/", "migrations/", "tests/", "docs/", "requirements/")
    dead = []
    for path in [root / "CONTRIBUTING.md", *(root / "docs").rglob("*.md")]:
        for named in re.findall(r"`([^`\s<>]+)`", path.read_text()):
            target = named.split("::")[0].rstrip("/")
            if named.startswith(folders) and "NAME" not in named and not any(root.glob(target)):
                dead.append((path.name, named))
    assert dead == []
