"""`campaign cwc`, as a shell sees it: exit codes, words, and no trace whatever is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.orm import Session

from campaign import gateway_lists, gateways
from campaign.app import create_app
from campaign.channels.cwc import checker
from campaign.channels.cwc.gateway import SIMULATED_AGENT
from campaign.cli import group
from campaign.domain.districts import Chamber
from campaign.domain.errors import CannotStart
from campaign.extensions import db
from campaign.runtime import runtime
from campaign.services import active_offices
from campaign.settings import Settings
from campaign.unit_of_work import database_now
from tests.integration.cwc_simulation import Simulation, simulated
from tests.integration.http_script import Says, scripted
from tests.unit.cwc_samples import SENATE, sample, xml_of

AGENT = {
    "CAMPAIGN_CWC_HOUSE_AGENT": "Countersign Test Agent",
    "CAMPAIGN_CWC_SENATE_AGENT": "Countersign Test Agent",
    "CAMPAIGN_CWC_AGENT_CONTACT": "Ada Quillback",
    "CAMPAIGN_CWC_AGENT_EMAIL": "ada@agent.example",
    "CAMPAIGN_CWC_AGENT_PHONE": "202-555-0100",
    "CAMPAIGN_CWC_AGENT_ACK_EMAIL": "ack@agent.example",
}
KEY = "SECRETKEY0123456789"
REAL = {"CAMPAIGN_CWC_HOUSE_KEY": KEY, "CAMPAIGN_SIMULATED": "no"}


def run(*arguments: str, given: bytes | str = b"", app: Flask | None = None) -> Result:
    script = ScriptInfo(create_app=lambda: app, set_debug_flag=False)  # type: ignore[arg-type, return-value]
    ended = CliRunner().invoke(group, ["cwc", *arguments], input=given, obj=script)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended


def given(data: Any) -> bytes:
    return json.dumps(data).encode()


@pytest.mark.parametrize("chamber", [{}, SENATE])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_good_message_is_printed_as_xml(tmp_path: Path, chamber: dict[str, Any], options: list[str]) -> None:
    file = tmp_path / "message.json"
    file.write_bytes(given(sample(**chamber)))
    ended = run("build", str(file), *options)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, xml_of(**chamber), "")


def test_an_id_and_a_day_are_made_where_none_are_given() -> None:
    bare = sample(delivery_id=None, delivery_date=None)
    first, second = (run("build", "-", given=given(bare)).stdout_bytes for _ in range(2))
    assert checker.check(first) == checker.check(second) == []
    assert first != second


def test_problems_come_as_json_with_exit_1_and_nothing_else() -> None:
    ended = run("build", "-", "--json", given=given(sample(**{"member.city": "X", "letter.topics": ["Minerals"]})))
    assert (ended.exit_code, ended.stderr) == (1, "")
    told = json.loads(ended.stdout)
    assert list(told) == ["problems"]
    assert [sorted(each) for each in told["problems"]] == [["code", "field", "message"]] * 2
    assert [(each["field"], each["code"]) for each in told["problems"]] == [
        ("member.city", "too_short"),
        ("letter.topics[0]", "not_in_list"),
    ]


def test_without_json_problems_are_lines_on_standard_error() -> None:
    ended = run("build", "-", given=given(sample(**{"member.city": "X"})))
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == "campaign: member.city: This has 1 character: give 3 to 500 characters.\n"


@pytest.mark.parametrize("command", ["build", "check"])
@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"[" * 50_000, b"<CWC/>", b'{"chamber": 1e999}']
)
def test_whatever_is_given_ends_in_words(command: str, raw: bytes) -> None:
    for options in ([], ["--json"]):
        ended = run(command, "-", *options, given=raw)
        assert ended.exit_code == 1
        if options:
            assert json.loads(ended.stdout)["problems"]
        else:
            assert f"{ended.stdout}{ended.stderr}".strip().endswith(".")


@pytest.mark.parametrize("command", ["build", "check"])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, command: str) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        ended = run(command, str(path))
        assert ended.exit_code == 1
        assert "cannot be read" in f"{ended.stdout}{ended.stderr}"


def test_wrong_usage_is_exit_2() -> None:
    assert run("build").exit_code == 2
    assert run("check", "-", "--nonsense").exit_code == 2


def test_check_grades_each_problem_and_ends_with_1_for_errors_alone() -> None:
    good = xml_of()
    assert json.loads(run("check", "-", "--json", given=good).stdout) == {"problems": []}
    assert run("check", "-", given=good).stdout == "Nothing is wrong with it.\n"
    warned = good.replace("<Title>plant manager</Title>", "").replace(
        "<Prefix>", "<Title>plant manager</Title><Prefix>"
    )
    ended = run("check", "-", "--json", given=warned)
    assert ended.exit_code == 0
    (problem,) = json.loads(ended.stdout)["problems"]
    assert (problem["severity"], problem["code"], sorted(problem)) == (
        "warning",
        "order",
        ["code", "field", "message", "severity"],
    )
    ended = run("check", "-", "--json", given=warned.replace("89501", "8950"))
    assert ended.exit_code == 1
    assert {each["severity"] for each in json.loads(ended.stdout)["problems"]} == {"warning", "error"}


def test_many_octets_are_built_with_a_warning() -> None:
    ended = run("build", "-", given=given(sample(**{"letter.message": "é" * 9_000})))
    assert ended.exit_code == 0
    assert "octets" in ended.stderr
    assert "é" * 9_000 in ended.stdout


def settings_with(tmp_path: Path, **changes: str) -> Settings:
    return Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path)} | AGENT | changes)


def test_without_addresses_no_gateway_is_used(tmp_path: Path) -> None:
    assert gateways.gateways(settings_with(tmp_path, CAMPAIGN_SIMULATED="no")) == ()
    assert [each.faults() for each in gateways.gateways(settings_with(tmp_path))] == [[], []]  # those of the simulation


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({**REAL, "CAMPAIGN_CWC_HOUSE_URL": "https://cwc.house.gov"}, "CAMPAIGN_CWC_PROXY"),
        ({**REAL, "CAMPAIGN_CWC_HOUSE_URL": "https://cwc.house.gov", "CAMPAIGN_SIMULATED": "yes"}, "a real address"),
        ({**REAL, "CAMPAIGN_CWC_HOUSE_URL": "https://elsewhere.example"}, "house.gov"),
        ({"CAMPAIGN_CWC_SENATE_URL": "http://127.0.0.1:8026/senate/message"}, "its key"),
        (
            {
                "CAMPAIGN_CWC_SENATE_URL": "http://127.0.0.1:8026/senate/message",
                "CAMPAIGN_CWC_SENATE_KEY": KEY,
                "CAMPAIGN_CWC_AGENT_PHONE": "5550100",
            },
            "CAMPAIGN_CWC_AGENT_PHONE",
        ),
        (
            {
                "CAMPAIGN_CWC_SENATE_URL": "http://127.0.0.1:8026/senate/message",
                "CAMPAIGN_CWC_SENATE_KEY": KEY,
                "CAMPAIGN_SIMULATED": "no",
            },
            "only the simulation",
        ),
        ({"CAMPAIGN_CWC_MAINTENANCE": "at night"}, "CAMPAIGN_CWC_MAINTENANCE"),
        ({"CAMPAIGN_CWC_MORE_INFO": "middle"}, "CAMPAIGN_CWC_MORE_INFO"),
        ({"CAMPAIGN_CWC_PER_SECOND": "nan"}, "CAMPAIGN_CWC_PER_SECOND"),
        ({"CAMPAIGN_CWC_PROXY": "socks5://proxy.example"}, "CAMPAIGN_CWC_PROXY"),
    ],
)
def test_settings_that_would_be_wrong_keep_it_from_starting(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(CannotStart, match=words) as told:
        settings_with(tmp_path, **changes)
    assert KEY not in str(told.value)


@pytest.fixture
def lists(app: Flask) -> Iterator[tuple[Flask, list[Says]]]:
    """An app whose House gateway gives these answers, the last of them for ever."""
    answers = [Says(200, '["HIN05", "HNV02"]')]
    with scripted(*answers) as script:
        script.answers = answers
        settings = replace(
            runtime().settings,
            cwc_house_url=script.url,
            cwc_house_key=KEY,
            cwc_house_agent="Countersign Test Agent",
        )
        made = create_app(settings)
        with made.app_context():
            yield made, answers
            db.session.remove()
            db.engine.dispose()


def test_lists_are_read_once_a_day_and_again_an_hour_after_a_failure(lists: tuple[Flask, list[Says]]) -> None:
    _, answers = lists
    assert gateway_lists.refresh_due() == 1
    assert gateway_lists.refresh_due() == 0
    session: Session = db.session()
    house, senate = active_offices.list_states(session, database_now())
    assert (house.listed, house.fresh, senate.tried_at) == (2, True, None)
    answers.append(Says(503))
    (channel,) = gateway_lists.configured()
    assert not gateway_lists.refresh(channel)
    house, _ = active_offices.list_states(session, database_now())
    assert (house.listed, house.fresh) == (2, True)
    assert "list of offices" in house.problem
    assert gateway_lists.refresh_due() == 0
    assert channel.gateway.chamber is Chamber.HOUSE


def test_a_list_that_the_gateway_contradicted_is_read_anew_once_an_hour(lists: tuple[Flask, list[Says]]) -> None:
    (channel,) = gateway_lists.configured()
    assert not gateway_lists.look_again(channel)
    channel.heard_of_a_closed_office = True
    assert gateway_lists.look_again(channel)
    assert not channel.heard_of_a_closed_office
    channel.heard_of_a_closed_office = True
    assert not gateway_lists.look_again(channel)


def test_the_command_tells_and_reads_the_lists(lists: tuple[Flask, list[Says]]) -> None:
    app, _ = lists
    before = run("offices", app=app)
    assert before.exit_code == 1
    assert "house: never read, lets nothing through." in before.stdout
    assert "senate: its gateway is not used here." in before.stdout
    after = run("offices", "--refresh", "--json", app=app)
    assert after.exit_code == 0
    house = json.loads(after.stdout)["lists"][0]
    assert (house["offices"], house["fresh"], house["problem"]) == (2, True, "")


# --- a rehearsal -------------------------------------------------------------------------------------------------------

OURS = {"agent.name": SIMULATED_AGENT}


@pytest.fixture
def gateways_here(app: Flask, tmp_path: Path) -> Iterator[tuple[Flask, Simulation]]:
    """An app whose gateways are the simulated ones."""
    with simulated(tmp_path) as simulation:
        house, senate = (simulation.gateway(chamber) for chamber in (Chamber.HOUSE, Chamber.SENATE))
        settings = replace(
            runtime().settings,
            cwc_house_url=simulation.url,
            cwc_house_key=house.key,
            cwc_senate_url=senate.message_url,
            cwc_senate_test_url=senate.test_url,
            cwc_senate_key=senate.key,
        )
        made = create_app(replace(settings, cwc_maintenance=""))
        with made.app_context():
            yield made, simulation


@pytest.mark.parametrize(("chamber", "words"), [({}, "The House gateway"), (SENATE, "The Senate gateway")])
def test_a_rehearsal_asks_the_chambers_gateway_and_delivers_nothing(
    gateways_here: tuple[Flask, Simulation], chamber: dict[str, Any], words: str
) -> None:
    app, simulation = gateways_here
    ended = run("rehearse", "-", given=given(sample(**chamber, **OURS)), app=app)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, f"{words} would take it.\n", "")
    ended = run("rehearse", "-", "--json", given=given(sample(**chamber, **OURS)), app=app)
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["taken"], told["code"], told["problems"]) == (0, True, None, [])
    assert simulation.kept() == []


@pytest.mark.parametrize("chamber", [{}, SENATE])
def test_a_rehearsal_that_is_refused_says_why_with_exit_1(
    gateways_here: tuple[Flask, Simulation], chamber: dict[str, Any]
) -> None:
    app, simulation = gateways_here
    ended = run("rehearse", "-", "--json", given=given(sample(**chamber)), app=app)  # another agent than is registered
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["taken"], told["code"]) == (1, False, "400")
    simulation.rules(keys={})
    ended = run("rehearse", "-", given=given(sample(**chamber, **OURS)), app=app)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("campaign: ")


def test_a_rehearsal_of_what_is_no_message_asks_nobody(app: Flask) -> None:
    ended = run("rehearse", "-", "--json", given=given(sample(**{"member.city": "X"})), app=app)
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["problems"][0]["field"] == "member.city"
    ended = run("rehearse", "-", given=given(sample()), app=app)
    assert (ended.exit_code, ended.stderr) == (1, "campaign: the House gateway is not set up here\n")
    assert run("rehearse", app=app).exit_code == 2
