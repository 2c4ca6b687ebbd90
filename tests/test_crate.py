"""The crate of a run: valid by its profile, and correct where the validator does not check; and the archive."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from project import ROOT, ask

from em_study.audit.crate import FILE
from em_study.audit.record import holding_rows
from em_study.data.checksums import sha256_of

VALIDATOR = ROOT / ".venv-crate/bin/python"
# They want an address on the web of every file of code, and of the workflow: a folder has none.
NO_ADDRESS = ("process-run-crate-0.5_5.1", "process-run-crate-0.5_3.2")


@pytest.fixture(scope="module")
def crate(project):
    run = ask(project, "crate")
    assert run.returncode == 0, run.stderr
    return json.loads((project / FILE).read_text())


@pytest.mark.skipif(not VALIDATOR.exists(), reason="`make test-crate` brings the validator")
def test_the_crate_is_valid_by_its_profile(crate, project):
    run = subprocess.run(
        [VALIDATOR, ROOT / "tests/validate_crate.py", project, *NO_ADDRESS], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("", 0), run.stderr


def entities(crate, kind):
    return [each for each in crate["@graph"] if kind in each["@type"] or kind == each["@type"]]


def references(value):
    if isinstance(value, dict):
        yield from [value["@id"]] if set(value) == {"@id"} else (r for v in value.values() for r in references(v))
    elif isinstance(value, list):
        yield from (reference for each in value for reference in references(each))


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_files_are_there_with_their_checksums_and_sizes(crate, project):
    manifest = json.loads((project / "results/manifest.json").read_text())
    files = {each["@id"]: each for each in entities(crate, "File")}
    for path, each in files.items():
        assert not Path(path).is_absolute()
        assert ".." not in Path(path).parts
        if "sha256" in each:
            assert each["sha256"] == sha256_of(project / path)
            assert int(each["contentSize"]) == (project / path).stat().st_size
    assert {*manifest["outputs"], *manifest["code"], *manifest["inputs"], *manifest["configuration_files"]} <= {*files}


def test_every_id_stands_once_and_every_reference_is_described(crate):
    ids = [each["@id"] for each in crate["@graph"]]
    assert len(ids) == len({*ids})
    missing = {r for each in crate["@graph"] for r in references({**each, "@id": None})} - {*ids}
    assert all(reference.startswith("https://") for reference in missing)
    assert None not in [value for each in crate["@graph"] for value in each.values()]


def test_every_job_is_an_action_with_its_files(crate, project):
    actions = {each["@id"]: each for each in entities(crate, "CreateAction")}
    jobs = json.loads((project / "results/run.json").read_text())["jobs"]
    assert {*actions} == {"#run", *(f"#{job['log']}" for job in jobs)}
    fit = actions["#results/logs/fits/customers/unsupervised.log"]
    assert fit["instrument"] == {"@id": "#tool_fit"}
    assert fit["object"] == {"@id": "results/data/customers.npz"}
    assert fit["result"] == {"@id": "results/fits/customers/unsupervised.npz"}
    assert all(each["startTime"] <= each["endTime"] for each in actions.values())
    made = [r["@id"] for key, each in actions.items() if key != "#run" for r in as_list(each["result"])]
    assert len(made) == len({*made})


def test_steps_stand_after_what_makes_their_inputs(crate):
    position = {each["workExample"]["@id"]: int(each["position"]) for each in entities(crate, "HowToStep")}
    tool_of = {
        r["@id"]: each["instrument"]["@id"]
        for each in entities(crate, "CreateAction")
        if each["@id"] != "#run"
        for r in as_list(each["result"])
    }
    for each in entities(crate, "CreateAction"):
        if each["@id"] != "#run":
            makers = {tool_of[r["@id"]] for r in as_list(each.get("object", [])) if r["@id"] in tool_of}
            assert all(position[maker] < position[each["instrument"]["@id"]] for maker in makers)


def test_the_same_run_gives_the_same_crate(crate, project):
    before = (project / FILE).read_bytes()
    ask(project, "crate")
    assert (project / FILE).read_bytes() == before


@pytest.fixture(scope="module")
def unpacked(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    for name in ("one.zip", "two.zip"):
        run = ask(project, "archive", str(folder / name))
        assert run.returncode == 0, run.stderr
    assert (folder / "one.zip").read_bytes() == (folder / "two.zip").read_bytes()
    assert "left out, and listed with their checksums in archive.json: labeled.csv, results/data/mine.npz" in run.stdout
    with zipfile.ZipFile(folder / "one.zip") as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_an_archive_holds_in_an_empty_place(unpacked, project):
    for folder, arguments in ((unpacked, ()), (project, (str(unpacked),))):
        run = ask(folder, "verify", *arguments)
        assert run.returncode == 0, run.stdout + run.stderr
        assert "not checked, because only their checksums are known: labeled.csv" in run.stdout
        assert run.stdout.splitlines()[-1].startswith("all checks pass:")
    run = ask(unpacked, "compare", str(ROOT / "tests/published_small.zip"), ".")
    assert run.returncode == 0, run.stdout + run.stderr
    assert not (unpacked / ".snakemake").exists()


def test_an_archive_holds_no_rows_of_a_user(unpacked, project):
    manifest = json.loads((project / "results/manifest.json").read_text())
    assert {"results/data/mine.npz", "results/watch/mine.json", "results/index.html"} <= {*holding_rows(manifest)}
    left_out = json.loads((unpacked / "archive.json").read_text())["left_out"]
    assert {*left_out} == {"labeled.csv", "unlabeled.csv", *holding_rows(manifest)}
    assert not any((unpacked / path).exists() for path in left_out)
    first = (project / "unlabeled.csv").read_text().splitlines()[1].split(",")[0]
    assert not any(first[:12].encode() in file.read_bytes() for file in unpacked.rglob("*") if file.is_file())
    crate = json.loads((unpacked / FILE).read_text())
    assert all((unpacked / each["@id"]).is_file() for each in entities(crate, "File"))


def test_inputs_can_be_put_in(project, tmp_path):
    run = ask(project, "archive", str(tmp_path / "all.zip"), "--with-inputs")
    assert run.returncode == 0, run.stderr
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert {"labeled.csv", "results/data/mine.npz", "results/index.html"} <= {*archive.namelist()}


def test_a_place_that_is_not_there_is_reported(project, tmp_path):
    run = ask(project, "archive", str(tmp_path / "nowhere/a.zip"))
    assert run.returncode == 1
    assert run.stderr.startswith(f"{tmp_path}/nowhere/a.zip cannot be written: ")
    assert run.stderr.count("\n") == 1


def test_what_does_not_hold_is_not_archived(tiny, tmp_path):
    run = ask(tmp_path, "archive", root=ROOT)
    assert run.returncode == 1
    assert not (tmp_path / "em-study.zip").exists()
