"""The manifest and `make verify`: any later change is found."""

import base64
import fcntl
import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from project import SNAKEMAKE, ask

from em_study import TITLE
from em_study.claims.opening import opening
from em_study.data.checksums import digest_of, sha256_of
from em_study.tables.pages import table_page

ROOT = Path(__file__).parent.parent


@pytest.fixture
def study(tiny, tmp_path):
    """Copy the finished run."""
    shutil.copytree(tiny, tmp_path / "study", ignore=shutil.ignore_patterns(".snakemake", "logs", "__pycache__"))
    return tmp_path / "study"


def verify(folder):
    return ask(folder, "verify")


def test_manifest_holds_what_the_contract_asks(tiny):
    manifest = json.loads((tiny / "results/manifest.json").read_text())
    assert {"commit", "dirty", "python", "packages", "blas", "threads"} <= set(manifest)
    assert manifest["configuration_sha256"] == digest_of(manifest["configuration"])
    assert manifest["inputs"]["labeled.csv"] == sha256_of(tiny / "labeled.csv")
    assert manifest["outputs"]["results/tables/fits.csv"] == sha256_of(tiny / "results/tables/fits.csv")
    assert manifest["packages"]["scikit-learn"]
    assert "src/emgmm/em.py" in manifest["code"]
    assert list(manifest["configuration_files"]) == ["config.yaml", "small.yaml"]


def test_untouched_results_hold(tiny):
    run = verify(tiny)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("all checks pass:")


def change_byte(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("results/figures/mine/fits.png", "results/figures/mine/fits.png: this result file differs from the one"),
        ("results/tables/sweeps/tolerances.csv", "results/tables/sweeps/tolerances.csv: this result"),
        ("unlabeled.csv", "unlabeled.csv: this input file differs from the one"),
    ],
)
def test_one_changed_byte_is_found(study, path, sentence):
    change_byte(study / path)
    run = verify(study)
    assert run.returncode == 1, run.stderr
    assert sentence in run.stdout


def test_code_counts_by_what_it_computes(study):
    file = study / "src/emgmm/em.py"
    text = file.read_text()
    file.write_text(text.replace('"""', '"""In other words. ', 1) + "# more\n")
    run = verify(study)
    assert run.returncode == 0, run.stdout
    assert run.stdout.startswith("differs only in comments and texts, and counts as the same: src/emgmm/em.py\n")
    file.write_text(text + "MORE = 1\n")
    run = verify(study)
    assert run.returncode == 1
    assert "src/emgmm/em.py: this code file differs from the one that the manifest records" in run.stdout


def test_results_older_than_records_are_not_certified(study):
    file = study / "results/manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in manifest.items() if key != "records"}))
    run = verify(study)
    assert run.returncode == 1
    assert "not certified, because this run is older than the records of results" in run.stdout
    assert "Traceback" not in run.stderr


def test_a_changed_result_is_reported_with_what_made_it(study):
    change_byte(study / "results/fits/mine/start.npz")
    assert "the manifest records (made by rule fit, see results/records/fits/mine/start.json)" in verify(study).stdout


def test_deleted_and_added_files_are_found(study):
    (study / "results/predictions/mine/start.csv").unlink()
    (study / "results/tables/mine.csv").write_text("a\n1\n")
    run = verify(study)
    assert run.returncode == 1
    assert "results/predictions/mine/start.csv: this result file is missing" in run.stdout
    assert "results/tables/mine.csv: this file does not belong to the recorded run" in run.stdout


def test_changed_configuration_is_found(study):
    config = study / "small.yaml"
    config.write_text(config.read_text().replace("0.01", "0.02"))
    run = verify(study)
    assert run.returncode == 1
    assert "small.yaml: this configuration file differs from the one" in run.stdout
    assert "do not give the recorded configuration" in run.stdout


def test_what_is_left_over_is_removed_and_nothing_else(study):
    (study / ".snakemake").mkdir()
    before = {path for path in (study / "results").rglob("*") if path.is_file()}
    for path in (
        "results/figures/gone/fits.png",
        "results/imputed/gone/fit.csv",
        "results/watch/gone.json",
        "results/tables/sweeps/gone_summary.csv",
        "results/report/gone_summary.html",
        f"results/sweeps/gone/cells/{64 * '0'}.csv",
        f"results/sweeps/tolerances/cells/{64 * '0'}.csv",
        "results/sweeps/tolerances/cells/.1.csv.part.csv",
        "results/tables/.fits.csv.part.csv",
        f"results/downloads/{64 * '0'}.csv",
    ):
        (study / path).parent.mkdir(parents=True, exist_ok=True)
        (study / path).write_text("x")
        os.utime(study / path, (0, 0))
    assert "`em-study clean` lists it" in verify(study).stdout
    left = {path for path in (study / "results").rglob("*") if path.is_file()}
    listed = ask(study, "clean")
    assert listed.returncode == 0, listed.stderr
    output = listed.stdout.splitlines()
    assert "results/figures/gone/fits.png" in output
    assert "results/sweeps/tolerances/cells/: 2 files" in output
    assert output[-2:] == [
        "10 files left over by earlier configurations, 0.0 MB. Nothing was deleted.",
        "To delete them: em-study clean --delete",
    ]
    assert {path for path in (study / "results").rglob("*") if path.is_file()} == left
    run = ask(study, "clean", "--delete")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "10 of 10 files left over were deleted."
    assert {path for path in (study / "results").rglob("*") if path.is_file()} == before
    assert not (study / "results/sweeps/gone").exists()
    assert verify(study).returncode == 0
    assert ask(study, "clean").stdout == "There are no leftover files.\n"


def test_what_others_made_and_what_is_newer_stays(study):
    for path, newer in (
        ("results/notes.txt", False),
        ("results/mytool/out.csv", False),
        ("results/tables/mine.csv", False),
        ("results/figures/later/fits.png", True),  # of a run that has not ended
    ):
        (study / path).parent.mkdir(exist_ok=True)
        (study / path).write_text("x")
        if not newer:
            os.utime(study / path, (0, 0))
    (study / "results/tables/.x.part").mkdir()
    output = ask(study, "clean").stdout.splitlines()
    assert output[0].startswith("Newer than the last complete run, so kept")
    assert output[1:] == ["  results/figures/later/fits.png", "There are no leftover files."]
    assert (study / "results/figures/later/fits.png").exists()


def test_nothing_is_deleted_during_a_run_or_without_a_manifest(study):
    (study / ".snakemake").mkdir()
    (study / "results/left.csv").write_text("x")
    with open(study / ".snakemake/run.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        output = "another snakemake is running in this folder; wait for it, or stop it. Nothing was deleted."
        assert output in ask(study, "clean").stderr
    (study / "results/manifest.json").unlink()
    assert "there is no complete run here. Nothing was deleted." in ask(study, "clean").stderr
    assert (study / "results/left.csv").exists()


def test_manifest_of_an_older_version_is_reported_as_that(study):
    file = study / "results/manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in manifest.items() if key != "article_files"}))
    run = verify(study)
    assert run.returncode == 1
    assert "is of an older version (see CHANGELOG.md)" in run.stdout
    assert "is of an older version (see CHANGELOG.md)" in ask(study, "clean").stderr


def forge(study, path, change):
    """Change a table and write its new checksum into the manifest, as a forger would."""
    table = pd.read_csv(study / path)
    change(table)
    table.to_csv(study / path, index=False)
    manifest = json.loads((study / "results/manifest.json").read_text())
    manifest["outputs"][path] = sha256_of(study / path)
    (study / "results/manifest.json").write_text(json.dumps(manifest))


def test_claims_are_computed_again_from_the_tables(study):
    forge(study, "results/tables/measurements.csv", lambda table: table.__setitem__("value", table["value"] - 1))
    run = verify(study)
    assert run.returncode == 1
    assert "results/tables/measurements.csv: not certified, because it differs from what its job wrote" in run.stdout
    assert "results/tables/claims.csv does not agree with the other tables" in run.stdout


def test_summaries_are_computed_again_from_the_tables(study):
    forge(study, "results/tables/sweeps/tolerances.csv", lambda table: table.__setitem__("n_iter", table["n_iter"] + 1))
    run = verify(study)
    assert run.returncode == 1
    assert "tolerances_summary.csv does not agree with its table" in run.stdout


def test_column_that_is_not_documented_is_found(study):
    forge(study, "results/tables/fits.csv", lambda table: table.insert(0, "extra", 1))
    run = verify(study)
    assert "results/tables/fits.csv does not fit its data dictionary" in run.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "manifest.json is missing"),
        ("{", "manifest.json cannot be read"),
        ("[]", "manifest.json is not a manifest"),
    ],
)
def test_missing_or_broken_manifest_is_reported(study, text, sentence):
    manifest = study / "results/manifest.json"
    manifest.unlink() if text is None else manifest.write_text(text)
    run = verify(study)
    assert run.returncode == 1
    assert sentence in run.stdout
    assert "Traceback" not in run.stderr


def test_report_is_made_by_snakemake(tiny, tmp_path):
    made = subprocess.run(
        [*SNAKEMAKE, "--configfile", "small.yaml", "--report", str(tmp_path / "report.html")],
        cwd=tiny,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "report.html").read_text()
    assert TITLE in text
    assert "Tables" in text


def test_pages_escape_their_text(tmp_path):
    table = pd.DataFrame({"<b>": ["<script>alert(1)</script>"], "n": [1.5]})
    table.to_csv(tmp_path / "t.csv", index=False)
    page = table_page(tmp_path / "t.csv", "<i>", {}, ROOT / "workflow/report/table.html")
    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page
    packed = re.search('data-rows="([^"]*)"', page)[1]
    assert json.loads(gzip.decompress(base64.b64decode(packed))) == [["<script>alert(1)</script>", 1.5]]
    claims = pd.DataFrame(
        [{"claim": "A1", "statement": "<b>", "explanation": "<i>{{ 1 }}", "verdict": "explained"}]
    ).assign(published=1.0, observed=1.0, interval_low=1.0, interval_high=1.0, n_replicates=1, share_holding=1.0)
    claims = claims.assign(
        criterion="x < <i>",
        threshold_of="study",
        source="<i>",
        original_observed=1.0,
        original_verdict="<b>",
        quote="<b>",
        cited="<i>",
        basis="question",
    )
    text = opening(claims, {"a": "<i>"}, "0", ROOT / "workflow/report/opening.rst")
    assert "<b>" not in text.replace('<b style="color', "").replace("<p><b>a</b>", "<p>a")
    assert "&lt;b&gt;" in text
    assert "&lt;i&gt;" in text
