"""`campaign offices` and `campaign data`, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from campaign.cli.data import data
from campaign.cli.offices import offices

CROSSWALK = "zip,state,district,basis\n44483,OH,13,zcta\n"


def run(app: Flask, command: Any, *arguments: str) -> Result:
    """In the app context that the fixture keeps open."""
    assert app
    return CliRunner().invoke(command, list(arguments))


def answer(app: Flask, *arguments: str) -> dict[str, Any]:
    result = run(app, offices, "match", "--json", "--at", "2026-11-25T12:00-05:00", *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_one_place_is_one_json_object(app: Flask) -> None:
    found = answer(app, "--zip", "89445", "--state", "NV")
    assert found["offices"][0]["code"] == "HNV02"
    assert {"status", "states", "districts", "congress", "vintage", "method", "offices", "message"} <= found.keys()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--zip", "94544"], "vacant"),
        (["--zip", "76014"], "candidates"),
        (["--zip", "44482", "--street", "PO Box 118", "--city", "Warren"], "state_only"),
        (["--zip", "09012"], "military"),
        (["--zip", "96941"], "no_congress"),
        (["--zip", "44483", "--state", "PA"], "conflict"),
        (["--zip", "6604"], "invalid"),
        (["--zip", "00000"], "unknown"),
        (["--zip", "44483", "--lat", "41.24", "--lon", "-80.8"], "one"),
    ],
)
def test_every_answer_is_an_answer(app: Flask, arguments: list[str], status: str) -> None:
    assert answer(app, *arguments)["status"] == status


def test_a_file_gives_a_line_for_each_row_in_order(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("\ufeffzip,state,lat,lon\n44483,OH,,\n6604,CT,,\n46902,,north,-86\n82801,,,\n", encoding="utf-8")
    result = run(app, offices, "match", "--file", str(path), "--json")
    assert result.exit_code == 0
    assert [json.loads(line)["status"] for line in result.output.splitlines()] == [
        "one",
        "invalid",
        "invalid",
        "candidates",
    ]


@pytest.mark.parametrize(
    "arguments", [[], ["--zip", "44483", "--file", __file__], ["--zip", "44483", "--lat", "north"]]
)
def test_wrong_usage_ends_with_2(app: Flask, arguments: list[str]) -> None:
    assert run(app, offices, "match", *arguments).exit_code == 2


def test_a_file_without_the_column_is_refused_with_the_reason(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("postcode\n44483\n")
    result = run(app, offices, "match", "--file", str(tmp_path / "places.csv"))
    assert result.exit_code == 1
    assert "zip" in result.output


def test_people_read_lines_without_json(app: Flask) -> None:
    result = run(app, offices, "match", "--zip", "94544", "--at", "2026-11-25T12:00-05:00")
    assert "HCA14  Representative for California's 14th District: vacant" in result.output
    assert "Senator Alex Padilla" in result.output


def test_who_holds_an_office_at_a_moment(app: Flask) -> None:
    result = run(app, offices, "holder", "hoh14", "USTR", "--json", "--at", "2027-01-03T12:01-05:00")
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert (first["code"], first["status"]) == ("HOH14", "unknown")
    assert second["name"] == "Jamieson Greer"
    assert run(app, offices, "holder", "HIN10").exit_code == 1
    assert run(app, offices, "holder", "HIN05", "--at", "2027-01-03T12:01").exit_code == 2


def test_an_import_shows_first_and_changes_with_apply_once(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "zip_district_120.csv").write_text(CROSSWALK)
    shown = run(app, data, "import", str(tmp_path))
    assert "zip_districts 120: 1 added" in shown.output
    assert "Nothing was changed" in shown.output
    assert "120" not in run(app, data, "status").output
    applied = run(app, data, "import", str(tmp_path), "--apply", "--json")
    assert json.loads(applied.output)["applied"] is True
    again = run(app, data, "import", str(tmp_path), "--apply")
    assert again.output == "No differences.\n"
    assert "zip_districts (120th Congress)" in run(app, data, "status").output
    assert answer(app, "--zip", "44483")["districts"] == ["OH-14"]


def test_a_folder_without_files_is_refused(app: Flask, tmp_path: Path) -> None:
    result = run(app, data, "import", str(tmp_path))
    assert result.exit_code == 1
    assert "none of the files" in result.output


def test_packing_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "zip_district_120.csv").write_text(CROSSWALK)
    result = CliRunner().invoke(data, ["pack", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "zip_districts_120.csv.gz").is_file()
