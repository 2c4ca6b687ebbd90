"""Comparison with the published results: altered copies are found, and rounding is no difference."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from project import ROOT, TINY, ask, make_project, snakemake

from em_study.audit.comparison import compare
from em_study.audit.results import NotResultsError, Results, publish
from em_study.cli import main
from em_study.evaluation.measurements import QUANTITIES

SMALL = ROOT / "tests/published_small.zip"


def test_a_fresh_run_is_the_published_one(project):
    """It fixes the streams of random numbers; `python tests/renew_published.py` renews the published results."""
    found = compare(Results(SMALL), Results(project))
    assert found.settings == []
    assert found.problems == []
    assert found.n_verdicts_same == found.n_verdicts > 30
    assert sum(column["numbers"] for column in found.columns) > 2000


@pytest.fixture
def altered(project, tmp_path):
    """Give a copy of the results, and what changes a table of it."""
    copy = shutil.copytree(project / "results", tmp_path / "results", ignore=shutil.ignore_patterns("figures", "cells"))

    def alter(table, change):
        file = copy / f"tables/{table}.csv"
        rows = pd.read_csv(file)
        change(rows).to_csv(file, index=False)
        return compare(Results(project), Results(tmp_path))

    return alter


def of_column(found, table, column):
    return next(row for row in found.columns if (row["table"], row["column"]) == (table, column))


def put(column, row, value):
    def change(rows):
        rows[column] = rows[column].astype(object)
        rows.loc[row, column] = value
        return rows

    return change


def test_what_is_not_altered_is_the_same(altered):
    found = altered("fits", lambda rows: rows)
    assert found.same
    assert found.line.startswith(f"all {found.n_verdicts} verdicts and all ")
    assert found.line.endswith(" numbers are as published, to every digit")
    assert found.largest == []


def test_a_changed_verdict_is_found(altered):
    found = altered("claims", put("verdict", 0, "not_reproduced"))
    assert not found.same
    assert any(text.startswith("claims.csv, A1: verdict is not_reproduced, published") for text in found.problems)
    assert found.n_verdicts_same == found.n_verdicts - 1


@pytest.mark.parametrize(("factor", "same"), [(1 + 1e-6, False), (1 - 1e-13, True)])
def test_a_number_that_is_off_is_found_and_rounding_is_none(altered, factor, same):
    found = altered("fits", lambda rows: rows.assign(mean_log_likelihood=rows["mean_log_likelihood"] * factor))
    assert found.same is same
    row = of_column(found, "fits", "mean_log_likelihood")
    assert row["same"] == (row["numbers"] if same else 0)
    assert row["largest_relative"] == pytest.approx(abs(factor - 1), rel=0.01)
    if not same:
        assert "mean_log_likelihood is -" in found.problems[0]
        assert f"and in {row['numbers'] - 1} more rows" in found.problems[0]


def test_numbers_near_rounding_are_reported_as_such(altered):
    column = "max_abs_posterior_difference"
    found = altered("agreement", lambda rows: rows.assign(**{column: rows[column] + 5e-13}))
    assert found.same
    row = of_column(found, "agreement", column)
    assert row["by_rounding"] > 0
    assert row["largest_rounding"] == pytest.approx(5e-13, rel=0.1)
    assert found.largest[-1] == (
        "Of numbers so near 0 that rounding decides, the largest difference is 5e-13, in max_abs_posterior_difference "
        "of agreement.csv (largest difference of a posterior probability, over samples and components), and within its "
        "tolerance"
    )


def test_the_largest_difference_is_named_with_what_is_allowed(altered):
    def changed_by(factor):
        changed = {"overlap": factor}
        return lambda rows: rows.assign(value=rows["value"] * rows["measurement"].map(changed).fillna(1.0))

    found = altered("measurements", changed_by(1 + 1e-10))
    assert found.line.endswith(" numbers are as published, each within its tolerance")
    meaning, allowed = QUANTITIES["overlap"].description.split("; ")[0], QUANTITIES["overlap"].tolerance.relative
    named = f"in overlap of measurements.csv ({meaning});"
    text = (
        f"The largest relative difference is 1e-10 of the number, {named} {allowed:.0e} of the number is allowed there"
    )
    assert found.largest == [text]
    found = altered("measurements", changed_by(1.02))
    assert not found.same
    assert found.line.endswith(" numbers are as published")
    assert found.largest[0].startswith(f"The largest relative difference is 2 %, {named} no more than ")


def test_rows_that_are_missing_or_new_are_found(altered):
    found = altered("fits", lambda rows: rows.drop(index=[3, 4]))
    assert any(text.startswith("fits.csv: 2 rows are missing, the first ") for text in found.problems)
    found = altered("parameters", lambda rows: pd.concat([rows, rows.iloc[:1].assign(fit="another")]))
    assert "parameters.csv: 1 rows are new, the first customers, another, 0, weight" in found.problems


def test_rows_that_stand_twice_are_found(altered):
    found = altered("claims", lambda rows: pd.concat([rows, rows.iloc[:1].assign(verdict="undecided")]))
    assert found.problems == ["claims.csv: 1 rows occur twice, the first A1"]


@pytest.mark.parametrize("value", [np.inf, -np.inf, "many"])
def test_what_is_no_number_is_found(altered, value):
    found = altered("fits", put("bic", slice(None), value))
    assert not found.same
    assert of_column(found, "fits", "bic")["same"] == 0


def test_a_missing_table_counts(altered, tmp_path, project):
    altered("fits", lambda rows: rows.iloc[:0])
    found = compare(Results(project), Results(tmp_path))
    whole = compare(Results(project), Results(project))
    assert sum(row["numbers"] for row in found.columns) == sum(row["numbers"] for row in whole.columns)
    assert of_column(found, "fits", "bic")["same"] == 0


def test_a_flip_explains_no_more_than_it_does(altered):
    def change(rows):
        rows["trace_before_last"], rows["trace_last"] = 5.0, 5.0 + 1e-4
        return rows.assign(n_iter=3, n_samples=7)

    found = altered("fits", change)
    assert found.flips == []
    assert any("n_samples is 7" in text for text in found.problems)


def test_a_missing_number_is_found(altered):
    found = altered("fits", put("accuracy", 0, None))
    assert any("accuracy is nan, published" in text for text in found.problems)


@pytest.mark.parametrize(("gap", "same"), [(1e-4 - 1e-12, True), (0.9e-4, False)])
def test_a_step_more_is_reported_as_one_if_rounding_decided(altered, project, gap, same):
    before = pd.read_csv(project / "results/tables/fits.csv")
    place = before.index[(before["fit"] == "semi_supervised") & (before["replicate"] == 1)][0]

    def change(rows):
        rows.loc[place, ["n_iter", "n_passes"]] -= 1
        rows.loc[place, "trace_last"] = rows.loc[place, "trace_before_last"]
        rows.loc[place, "trace_before_last"] -= gap
        rows.loc[place, "mean_log_likelihood"] += 1e-5  # follows
        return rows

    found = altered("fits", change)
    assert found.same is same
    assert len(found.flips) == same
    if same:
        n_iter = int(before.loc[place, "n_iter"])
        assert f"customers, semi_supervised, replicate 1: {n_iter - 1} steps, published {n_iter}" in found.flips[0]
        assert str(before.loc[place, "trace_last"]) in found.flips[0]


def test_another_seed_is_another_study(tmp_path):
    data = {"source": "gaussian_mixture", "counts": [30, 30], "means": [[0], [4]], "covariances": [[[1]], [[1]]]}
    fits = {"start": {"initialization": "random_responsibilities"}}
    study = {**TINY, "experiments": {**TINY["experiments"], "mine": {"data": data, "fits": fits}}, "sweeps": None}
    found = []
    for seed in (5, 6):
        folder = make_project(tmp_path / str(seed), {**study, "seed": seed})
        run = snakemake(folder, "results/manifest.json")
        assert run.returncode == 0, run.stderr
        found.append(Results(folder))
    result = compare(*found)
    assert result.settings == ["seed is 6, published 5"]
    assert any(text.startswith("fits.csv, mine, start, 0: mean_log_likelihood is ") for text in result.problems)
    assert not result.same


def test_other_settings_and_versions_are_reported_first(altered, project, tmp_path, capsys):
    altered("fits", lambda rows: rows)
    file = tmp_path / "results/manifest.json"
    manifest = json.loads(file.read_text())
    manifest["packages"]["numpy"] = "1.0"
    manifest["dirty"] = True
    manifest["configuration"]["experiments"]["customers"]["replicates"] = 4
    manifest["code"]["src/emgmm/em.py"] = "0" * 64
    file.write_text(json.dumps(manifest))
    assert main(["compare", str(project), str(tmp_path), "--csv", str(tmp_path / "new/table.csv")]) == 1
    output = capsys.readouterr().out.splitlines()
    assert output[0] == "Different settings:"
    assert output[1] == "  experiments.customers.replicates is 4, published 3"
    assert output[2] == "Made with different:"
    assert output[3].startswith("  packages.numpy is 1.0, published ")
    assert output[4:6] == ["  code with changes that are not committed", "  code: src/emgmm/em.py differ"]
    assert output[-1].startswith("NOT the published results: all ")
    assert output[-1].endswith("to every digit; the settings differ.")
    columns = pd.read_csv(tmp_path / "new/table.csv")
    assert {"table", "column", "numbers", "same", "largest_relative"} <= {*columns}


def test_published_results_are_the_same_bytes_and_hold_no_data(project, tmp_path):
    for name in ("one.zip", "two.zip"):
        publish(Results(project), tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert compare(Results(tmp_path / "one.zip"), Results(project)).same
    assert main(["compare", str(tmp_path / "one.zip"), str(project)]) == 0


WRONG = [
    *({"configuration": value} for value in ([], None, {}, {"experiments": None, "sweeps": {}, "claims": {}})),
    *({"configuration": {"experiments": {}, "sweeps": value, "claims": {}}} for value in ([], None, {"s": 1})),
    *({key: value} for key in ("code", "packages", "outputs", "inputs") for value in (None, [], {"a": 1}, "text")),
    {
        "outputs": {"../../etc/passwd": "0"},
        "inputs": {"/etc/passwd": "0", "x" * 5000: "0", "nul\0": "0", "\ud800": "0"},
    },
    {"configuration_sha256": None, "python": {}, "blas": [], "processor": 3, "caller": 5, "commit": ["\n"]},
    {"configuration": {"experiments": {"e": {}}, "sweeps": {"s": {}}, "claims": {"c": {}}}},
]


@pytest.mark.parametrize("change", WRONG)
def test_no_manifest_gives_a_traceback(tiny, tmp_path, change, capsys):
    shutil.copytree(tiny / "results/tables", tmp_path / "results/tables")
    manifest = json.loads((tiny / "results/manifest.json").read_text()) | change
    (tmp_path / "results/manifest.json").write_text(json.dumps(manifest))
    assert main(["verify", str(tmp_path)]) == 1
    main(["compare", str(tiny), str(tmp_path)])
    main(["compare", str(tmp_path), str(tiny)])
    assert all(line.isprintable() for line in "".join(capsys.readouterr()).splitlines())


@pytest.mark.parametrize("table", ["fits", "claims", "parameters", "sweeps/tolerances_summary"])
@pytest.mark.parametrize("content", [b"", b"\0\0", b"a,b\n1\n1,2,3\n", b"\xff", b"experiment,fit\n", b"n_iter\nmany\n"])
def test_no_table_gives_a_traceback(tiny, tmp_path, table, content, capsys):
    shutil.copytree(tiny / "results/tables", tmp_path / "results/tables")
    shutil.copy(tiny / "results/manifest.json", tmp_path / "results")
    (tmp_path / f"results/tables/{table}.csv").write_bytes(content)
    assert main(["verify", str(tmp_path)]) == 1
    assert main(["compare", str(tiny), str(tmp_path)]) == 1
    main(["compare", str(tmp_path), str(tiny)])
    assert "Traceback" not in "".join(capsys.readouterr())


def test_another_s_results_are_read_within_their_folder(tiny, tmp_path, capsys):
    (tmp_path / "results").mkdir()
    shutil.copy(tiny / "results/manifest.json", tmp_path / "results")
    (tmp_path / "results/tables").symlink_to(tiny / "results/tables")
    assert main(["verify", str(tmp_path)]) == 1
    assert "results/tables/fits.csv: this result file is missing" in capsys.readouterr().out
    manifest = json.loads((tiny / "results/manifest.json").read_text()) | {"outputs": {}, "records": {}}
    (tmp_path / "results/manifest.json").write_text(json.dumps(manifest))
    assert main(["verify", str(tmp_path)]) == 1
    assert "does not record results/tables/fits.csv" in capsys.readouterr().out


def message_of(place):
    with pytest.raises(NotResultsError) as error:
        Results(place).read("fits")
    return str(error.value)


def test_hostile_results_do_no_harm(project, tmp_path):
    results = tmp_path / "results"
    (results / "tables").mkdir(parents=True)
    assert "manifest.json is missing, or leads out" in message_of(tmp_path)
    (results / "manifest.json").symlink_to("/etc/passwd")
    assert "manifest.json is missing, or leads out" in message_of(tmp_path)
    (results / "manifest.json").unlink()
    for content, words in (
        ("[" * 100_000, "cannot be read"),
        ("{}", "is not a manifest"),
        ('{"configuration": {}, "code": {}, "packages": {}}', "of an older version"),
    ):
        (results / "manifest.json").write_text(content)
        assert words in message_of(tmp_path)
    shutil.copy(project / "results/manifest.json", results)
    assert "fits.csv is missing" in message_of(tmp_path)
    table = results / "tables/fits.csv"
    table.symlink_to(table)
    assert "fits.csv is missing, or leads out" in message_of(tmp_path)
    table.unlink()
    with open(table, "wb") as file:
        os.truncate(file.fileno(), 10**12)
    assert "more than the limit of" in message_of(tmp_path)
    table.unlink()
    table.write_bytes(b"\xff\xfe,\n")
    assert "cannot be read" in message_of(tmp_path)
    os.unlink(table)
    os.mkfifo(table)
    assert "leads out of the folder" in message_of(tmp_path)
    (tmp_path / "file.zip").write_bytes(b"PK")
    assert "neither a folder nor a file of published results" in message_of(tmp_path / "file.zip")


def test_what_stands_in_cells_is_printed_on_one_line(altered):
    found = altered("fits", put("note", 0, "<script>\x1b[2J\n" + "x" * 500))
    text = next(text for text in found.problems if "note is" in text)
    assert text.isprintable()
    assert len(text) < 300


def test_the_command_says_what_it_cannot_read(tmp_path):
    run = ask(tmp_path, "compare", SMALL, tmp_path, root=ROOT)
    assert run.returncode == 1
    assert run.stderr == f"{tmp_path}: manifest.json is missing, or leads out of the folder\n"
