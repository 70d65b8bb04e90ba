"""Programs that are not ours read how records and tables are described, and find nothing wrong."""

import json

import pytest
from frictionless import Package
from rocrate.rocrate import ROCrate

from kb.exports.described_tables import COLUMNS
from tests.machine_sites import site_of, texts_of
from tests.states_project import write_states_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder with all files for programs of a project with one claim in each state."""
    root = write_states_project(tmp_path_factory.mktemp("described"))
    target = tmp_path_factory.mktemp("files")
    for path, text in texts_of(site_of(root)).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8", newline="\n")
    return target


def test_every_row_of_every_table_is_as_described(folder):
    """Sizes, hashes, columns and the type of each value, read by the reference implementation."""
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])
    assert report.stats["tasks"] == len([*folder.glob("experiments/*.csv")])


def test_a_row_that_is_not_as_described_is_found(folder, tmp_path):
    """Else the check above would show nothing."""
    document = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    for resource in document["resources"]:
        (tmp_path / resource["path"]).parent.mkdir(exist_ok=True)
        text = (folder / resource["path"]).read_text(encoding="utf-8")
        (tmp_path / resource["path"]).write_text(text.replace(",0,", ",zero,", 1), encoding="utf-8")
    (tmp_path / "datapackage.json").write_text(json.dumps(document), encoding="utf-8")
    assert not Package(str(tmp_path / "datapackage.json")).validate().valid


def test_every_column_is_explained(folder):
    """Except for the points of a curve, of which there may be any number."""
    document = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    for resource in document["resources"]:
        named = [field["name"] for field in resource["schema"]["fields"]]
        assert {name for name in named if not name.startswith("point_")} <= COLUMNS.keys()


def test_the_research_object_names_files_that_are_there(folder):
    """Read by the library of its makers, which warns of every file that is missing."""
    crate = ROCrate(str(folder))
    named = {entity.id for entity in crate.data_entities}
    assert {"claims/toy-claim.yaml", "experiments/coin.csv", "datapackage.json"} <= named
    assert [name for name in named if not (folder / name).is_file()] == []
    assert crate.root_dataset["license"].id == "https://creativecommons.org/licenses/by/4.0/"
    assert {entity["name"] for entity in crate.data_entities if entity.id == "claims/toy-claim.yaml"}
