from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from campaign import paths
from campaign.domain.errors import Invalid
from campaign.services.snapshot_files import read_folder, read_person
from campaign.services.snapshot_pack import read_agencies, read_pack, wkb, write_pack
from tests.shipped import snapshot


def test_the_shipped_snapshot_is_whole() -> None:
    found = snapshot()
    assert len(found.people or []) == 537
    assert len(found.committees or []) == 230
    assert len(found.seats) == 3_879
    assert len(found.zips or []) == 41_488
    assert len(found.zip_districts[119]) == 40_070
    assert len(found.shapes[119]) == 441
    assert {source.name for source in found.sources} == {
        "legislators", "committees", "committee_seats", "zips", "zip_districts", "zip_prefixes", "district_shapes",
    }  # fmt: skip
    assert [row["code"] for row in read_agencies(paths.SNAPSHOT)] == ["USTR"]


def test_packing_what_was_read_gives_the_same_bytes(tmp_path: Path) -> None:
    for path in write_pack(snapshot(), tmp_path):
        assert path.read_bytes() == (paths.SNAPSHOT / path.name).read_bytes(), path.name
    again = read_pack(tmp_path)
    assert (again.people, again.zips, again.shapes) == (snapshot().people, snapshot().zips, snapshot().shapes)


def test_the_pack_is_small() -> None:
    assert sum(path.stat().st_size for path in paths.SNAPSHOT.iterdir()) < 1_100_000


def test_every_shape_is_valid_and_holds_its_label() -> None:
    for shape in snapshot().shapes[119]:
        polygon = shapely.from_wkb(wkb(shape))
        assert polygon.is_valid
        assert polygon.contains(shapely.Point(*shape.label))


def test_every_source_names_its_licence() -> None:
    text = (paths.SNAPSHOT / "SOURCES.md").read_text()
    assert "GeoNames" in text
    assert "CC BY 4.0" in text
    assert all(source.licence and source.vintage and len(source.digest) == 64 for source in snapshot().sources)


def test_a_person_without_a_full_name_gets_one() -> None:
    term = {"type": "rep", "start": "2026-06-10", "end": "2027-01-03", "state": "CA", "district": 1}
    found = read_person(
        {"id": {"bioguide": "G000607"}, "name": {"first": "James", "last": "Gallagher"}, "terms": [term]}
    )
    assert found.official_full == "James Gallagher"
    assert found.terms[0].code == "HCA01"
    assert found.terms[0].room == ""


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="none of the files"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("zip_district_120.csv", "zip,state,district,basis\n44483,OH,99,zcta\n"),
        ("zip_district_119.csv", "zip,state,district,basis\n4483,OH,14,zcta\n"),
        ("zip_district_119.csv", "zip,state\n44483,OH\n"),
        ("zip_district_119.csv", "zip,state,district,basis\n44483,OH,14,zcta\n44483,OH,14,tract\n"),
        ("zip3_state.csv", "zip3,states\n444,OH\n444,PA\n"),
        ("legislators-current.yaml", "- id: {bioguide: X1}\n  name: {first: A, last: B}\n  terms: []\n"),
        ("legislators-current.yaml", "[ {"),
        ("committee-membership-current.yaml", "- HSWM\n"),
        ("districts_119.geojson", "{}"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Invalid, match=name):
        read_folder(tmp_path)


def test_the_congress_of_a_crosswalk_is_that_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "zip_district_120.csv").write_text("zip,state,district,basis\n44483,OH,14,zcta\n")
    found = read_folder(tmp_path)
    assert list(found.zip_districts) == [120]
    assert found.sources[0].congress == 120
