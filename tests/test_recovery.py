"""Data and starts of R, estimates that a source has released, and how fits recover the true mixture.

`rgmmbench.csv` holds lines of `tables/bivariate/bivariate_distributions.rds` of the repository
bastienchassagnol/RGMMBench_paper (commit 8953717; Chassagnol et al., "Gaussian Mixture Models in R", The R Journal,
2023), under CC BY 4.0: of B1 and B11, by RGMMBench and mclust, from k-means, the first eight.
"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project import make_project, snakemake
from scipy.cluster.vq import kmeans2

from em_study.configuration.loading import load
from em_study.data.dataset import Dataset
from em_study.data.gaussian_mixture import GaussianMixtureData
from em_study.data.r import R, lacking, made_by_r
from em_study.data.r_mixture import RMixtureData
from em_study.errors import ConfigurationError, DataError
from em_study.evaluation.measure import measure
from em_study.evaluation.measurements import MEASUREMENTS, OF_RECOVERY
from em_study.evaluation.released import paired
from em_study.experiments.released import Released, read_released
from em_study.fits.em import run_fit
from em_study.fits.partitions import used_of_r
from em_study.fits.runs import Run, stack_runs
from em_study.fits.settings import Fit
from emgmm import MixtureParameters

needs_r = pytest.mark.skipif(bool(lacking("mclust")), reason="R or its package mclust is not installed")
TABLE = Path(__file__).with_name("rgmmbench.csv")
SQUARE = [[1.0, -0.8], [-0.8, 1.0]]
TRUTH = {"means": [[0.0, 2.0], [2.0, 0.0]], "covariances": [SQUARE, SQUARE]}
WEIGHTS = {"B1": [0.5, 0.5], "B11": [0.9, 0.1]}
BASELINE = {"stopping": "sklearn", "tol": 1e-6 / 500, "max_iter": 1000}
COLUMNS = {
    "weights": ["p1", "p2"],
    "means": [[f"mu_var{d}_comp{k}" for d in (1, 2)] for k in (1, 2)],
    "covariances": [[[f"sd_var{max(d, e)}_var{min(d, e)}_comp{k}" for e in (1, 2)] for d in (1, 2)] for k in (1, 2)],
}


def rows_of(scenario, replicates=8):
    data = RMixtureData(source="r_mixture", n_unlabeled=500, weights=WEIGHTS[scenario], **TRUTH, seed=20)
    return data.load(replicates, 1, scenario)


def released(scenario="B1", **changes):
    settings = {
        "file": {"path": str(TABLE)},
        "where": {"ID": scenario, "initialisation_method": "kmeans"},
        "by": "package",
        "packages": {"baseline": "RGMMBench", "mclust": "mclust"},
        "replicates": 8,
        **COLUMNS,
    }
    return Released(**settings | changes)


def gaps(ends, runs):
    """Largest differences of ends from those of runs, one a replicate, whatever the order of the two components."""
    found = []
    for end, other in zip(ends, map(runs.end, range(len(runs))), strict=True):
        parts = [(end.weights, other.weights), (end.means, other.means), (end.covariances, other.covariances)]
        found.append(min(max(np.abs(one[k] - two).max() for one, two in parts) for k in ([0, 1], [1, 0])))
    return np.array(found)


@needs_r
@pytest.mark.parametrize("scenario", WEIGHTS)
def test_a_study_in_r_comes_out_to_the_last_digits(scenario):
    dataset = rows_of(scenario)
    runs = run_fit(dataset, Fit(initialization="r_kmeans", **BASELINE), 8, 1, scenario, "f")
    assert gaps(runs.ends().values(), read_released(released(scenario), "baseline")).max() < 1e-13
    ends = []
    with R("mclust") as r:
        for rows, start in zip(dataset.unlabeled, map(runs.start, range(8)), strict=True):
            given = {name: getattr(start, name) for name in ("weights", "means", "covariances")}
            found = r.call("fit", X=rows, **given, type="full", tol=1e-6, max_iter=1000)
            ends.append(MixtureParameters(*(np.array(found[name]) for name in given)))
    assert gaps(ends, read_released(released(scenario), "mclust")).max() < 1e-13


@needs_r
def test_replicates_are_streams_one_after_the_other():
    data = RMixtureData(source="r_mixture", n_unlabeled=5, weights=[0.5, 0.5], **TRUTH, seed=20)
    later = data.model_copy(update={"first_stream": 4})
    np.testing.assert_array_equal(data.load(4, 0, "e").unlabeled[2:], later.load(2, 9, "other").unlabeled)
    assert not np.array_equal(data.load(1, 0, "e").unlabeled, later.load(1, 0, "e").unlabeled)
    assert (data.load(1, 0, "e").true_weights == 0.5).all()


@needs_r
def test_one_feature_is_drawn_with_the_standard_deviation():
    data = RMixtureData(
        source="r_mixture",
        n_unlabeled=4000,
        weights=[0.2, 0.8],
        means=[[0.0], [9.0]],
        covariances=[[[4.0]], [[0.09]]],
        seed=1,
    )
    dataset = data.load(1, 0, "e")
    for k, (mean, deviation) in enumerate([(0, 2), (9, 0.3)]):
        x = dataset.unlabeled[0, dataset.truth[0] == k, 0]
        assert abs(x.mean() - mean) < 5 * deviation / np.sqrt(len(x))
        assert abs(x.std() / deviation - 1) < 5 / np.sqrt(2 * len(x))
    assert abs((dataset.truth == 0).mean() - 0.2) < 5 * 0.4 / np.sqrt(4000)


def drawn(weights=(0.5, 0.5), n=60, replicates=3, **changes):
    settings = {"n_unlabeled": n, "weights": list(weights), "means": [[0.0], [9.0]], "covariances": [[[1.0]], [[4.0]]]}
    return GaussianMixtureData(source="gaussian_mixture", **settings | changes).load(replicates, 5, "e")


@needs_r
@pytest.mark.parametrize("kind", ["r_kmeans", "r_hc"])
def test_starts_of_r_are_moments_of_a_partition_in_order(kind):
    dataset = drawn(means=[[9.0], [0.0]], covariances=[[[0.1]], [[0.1]]])
    runs = run_fit(dataset, Fit(initialization=kind, max_iter=0), 3, 1, "e", "f")
    again = run_fit(dataset, Fit(initialization=kind, max_iter=0), 3, 1, "e", "f")
    np.testing.assert_array_equal(runs.start_means, again.start_means)
    for r in range(3):
        low = dataset.unlabeled[r, dataset.unlabeled[r, :, 0] < 4.5, 0]
        assert abs(runs.start(r).weights[0] - len(low) / 60) < 1e-12
        np.testing.assert_allclose(runs.start(r).means[0], low.mean(), atol=1e-12)
        np.testing.assert_allclose(runs.start(r).covariances[0, 0, 0], low.var(), atol=1e-12)


@needs_r
def test_a_start_of_r_is_one_of_lowest_inertia():
    dataset = drawn(n=200, means=[[0.0, 0.0], [2.0, 1.0]], covariances=[np.eye(2).tolist()] * 2)
    runs = run_fit(dataset, Fit(initialization="r_kmeans", max_iter=0), 3, 1, "e", "f")

    def inertia(X, means):
        return ((X[:, None] - means) ** 2).sum(axis=2).min(axis=1).sum()

    for r, X in enumerate(dataset.unlabeled):
        others = [inertia(X, kmeans2(X, 2, minit="++", rng=seed)[0]) for seed in range(20)]
        assert inertia(X, runs.start_means[r]) <= min(others) * (1 + 1e-9)


@needs_r
def test_a_cluster_of_one_sample_shares_the_others():
    X = np.concatenate([np.linspace(-1, 1, 40), [50.0]])[None, :, None]
    none = np.empty((1, 0, 1))
    dataset = Dataset(np.array(["x1"]), np.array(["0", "1"]), X, None, none, none[..., 0].astype(int))
    start = run_fit(dataset, Fit(initialization="r_hc", max_iter=0), 1, 1, "e", "f").start(0)
    np.testing.assert_allclose(start.weights, [(40 * 0.95 + 0.05) / 41, (40 * 0.05 + 0.95) / 41])
    np.testing.assert_allclose(start.means[1], 50 * 0.95 / (40 * 0.05 + 0.95))


def test_quantiles_are_groups_of_equal_size():
    dataset = drawn(n=8)
    start = run_fit(dataset, Fit(initialization="quantiles", n_components=4, max_iter=0), 3, 1, "e", "f").start(1)
    pairs = np.sort(dataset.unlabeled[1, :, 0]).reshape(4, 2)
    np.testing.assert_allclose(start.weights, 0.25)
    np.testing.assert_allclose(start.means[:, 0], pairs.mean(axis=1))
    np.testing.assert_allclose(start.covariances[:, 0, 0], pairs.var(axis=1))


def test_what_is_of_r_is_recorded_with_its_version():
    data = RMixtureData(source="r_mixture", n_unlabeled=5, weights=[0.5, 0.5], **TRUTH, seed=20)
    assert used_of_r([GaussianMixtureData], ["kmeans", "quantiles"]) == {} == made_by_r()
    assert {"serve.R", "draw.R"} <= used_of_r([data], ["random"]).keys()
    found = used_of_r(initializations=["r_hc"])
    assert "starts.R" in found
    assert lacking() or "R" in found


def test_released_estimates_are_read_as_runs():
    runs = read_released(released("B11"), "mclust").first(5)
    line = TABLE.read_text().splitlines()
    header = line[0].split(",")
    first = dict(zip(header, next(row for row in line if row.startswith("B11,mclust")).split(","), strict=True))
    assert len(runs) == 5
    assert runs.is_paired
    assert runs.end(0).weights.tolist() == [float(first["p1"]), float(first["p2"])]
    assert runs.end(0).means[1].tolist() == [float(first["mu_var1_comp2"]), float(first["mu_var2_comp2"])]
    assert runs.end(0).covariances[0, 0, 1] == runs.end(0).covariances[0, 1, 0] == float(first["sd_var2_var1_comp1"])
    assert runs.start(0) is None
    assert not runs.n_traced.any()
    assert (runs.n_iter == -1).all()
    assert len(read_released(released("B11"), "mclust")) == 8


def test_missing_lines_leave_runs_without_pairs():
    runs = read_released(released(replicates=10), "mclust")
    assert len(runs) == 10
    assert not runs.is_paired
    assert np.sum(runs.failure != "") == 2


@needs_r
def test_a_file_of_r_reads_as_a_csv_file(tmp_path):
    place = tmp_path / "released.rds"
    script = tmp_path / "save.R"
    script.write_text(f'saveRDS(read.csv("{TABLE}"), "{place}")')
    subprocess.run(["Rscript", "--vanilla", str(script)], check=True)
    for package in ("baseline", "mclust"):
        one, two = (read_released(released(file={"path": str(path)}), package) for path in (TABLE, place))
        np.testing.assert_array_equal(one.means, two.means)
        np.testing.assert_array_equal(one.covariances, two.covariances)
    with pytest.raises(DataError, match=r"released.rds: has no column 'p3'. Allowed: ID, package"):
        read_released(released(file={"path": str(place)}, weights=["p1", "p3"]), "mclust")
    with pytest.raises(DataError, match=r"released.rds: column 'ID': must hold numbers, not character"):
        read_released(released(file={"path": str(place)}, weights=["p1", "ID"]), "mclust")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"where": {"ID": "B3"}}, "no row has ID B3.* Allowed: B1, B11"),
        ({"packages": {"mclust": "Mclust"}}, "no row with ID B1, .* has package Mclust; did you mean 'mclust'"),
        ({"by": "packages"}, "no column 'packages'"),
        ({"weights": ["p1", "p9"]}, "no column 'p9'"),
        ({"weights": ["p1", "ID"]}, "column 'ID': must be a finite number"),
        ({"weights": ["p1", "p1"]}, "row [0-9]+ of the table: weights must be positive with sum 1"),
        ({"replicates": 7}, "8 rows have ID B1, .*, more than replicates: 7"),
        ({"file": {"path": "nowhere.csv"}}, "nowhere.csv"),
    ],
)
def test_a_table_that_does_not_hold_what_is_asked_for(changes, message):
    with pytest.raises(DataError, match=message):
        read_released(released(**changes), "mclust")


def test_a_line_without_numbers_is_a_fit_that_failed(tmp_path):
    lines = TABLE.read_text().splitlines()
    place = tmp_path / "t.csv"
    number = next(i for i, line in enumerate(lines) if line.startswith("B1,mclust"))
    cells = lines[number].split(",")
    lines[number] = ",".join([*cells[:3], "NA", *cells[4:]])
    place.write_text("\n".join(lines))
    runs = read_released(released(file={"path": str(place)}), "mclust")
    assert runs.is_paired
    assert np.flatnonzero(runs.failure != "").tolist() == [0]


def measurements(dataset, runs, **settings):
    fits = dict.fromkeys(runs, Fit())
    return measure(dataset, runs, fits, 10, {}, 1, "e", **settings).set_index(["fit", "measurement", "replicate"])[
        "value"
    ]


def test_recovery_is_bias_and_mean_squared_error_over_the_replicates():
    dataset, random = drawn(replicates=4), np.random.default_rng(0)
    weights = random.dirichlet([5, 5], size=4)
    means, deviations = random.normal([1, 8], 1, size=(4, 2)), random.uniform(1, 3, size=(4, 2))
    ends = [
        MixtureParameters(weights[r][::-1], means[r][::-1, None], deviations[r][::-1, None, None] ** 2)
        for r in range(4)
    ]
    runs = stack_runs([*(Run(end, end) for end in ends[:3]), Run(None, failure="x")], 2, 1, "full")
    found = measurements(dataset, {"f": runs}, only=OF_RECOVERY)["f"]
    for name, values, true in (("weights", weights, 0.5), ("means", means, [0, 9]), ("spreads", deviations, [1, 2])):
        errors = values[:3] - true
        assert found[f"bias_of_{name}", 0] == pytest.approx(np.abs(errors.mean(axis=0)).sum())
        mse = errors.var(axis=0, ddof=1) + errors.mean(axis=0) ** 2
        assert found[f"mse_of_{name}", 0] == pytest.approx(mse.sum())
        for r in range(3):
            assert found[f"squared_error_of_{name}", r] == pytest.approx(np.sum(errors[r] ** 2))
        assert (f"squared_error_of_{name}", 3) not in found.index
    listed = means[:3, ::-1] - [0, 9]
    assert found["bias_of_means_as_listed", 0] == pytest.approx(np.abs(listed.mean(axis=0)).sum())
    assert found["failed_fits", 0] == 1
    assert 0.01 < found["weights_are_shares", 0] <= 0.5


def test_each_covariance_counts_once():
    dataset = drawn(means=[[0.0, 0.0], [9.0, 0.0]], covariances=[np.eye(2).tolist()] * 2)
    end = MixtureParameters.checked([0.5, 0.5], [[0.0, 0.0], [9.0, 0.0]], [[[1.5, 0.5], [0.5, 1.0]], np.eye(2)])
    runs = stack_runs([Run(end, end)] * 3, 2, 2, "full")
    found = measurements(dataset, {"f": runs}, only=OF_RECOVERY)["f"]
    assert found["bias_of_spreads", 0] == pytest.approx(1.0)
    assert found["mse_of_spreads", 0] == pytest.approx(0.5)
    assert found["bias_of_weights", 0] == found["bias_of_means", 0] == 0
    assert found["weights_are_shares", 0] == 0


def test_recovery_is_measured_where_it_is_asked_for():
    dataset = drawn()
    runs = {"f": run_fit(dataset, Fit(initialization="quantiles"), 3, 1, "e", "f")}
    assert not {name for name in measurements(dataset, runs).index.levels[1] if "bias" in name or "failed" in name}
    only = measure(dataset, runs, {"f": Fit()}, 10, {}, 1, "e", only=["squared_error_of_means"])
    assert [*only["measurement"]] == ["squared_error_of_means"] * 3


@needs_r
def test_released_estimates_are_measured_as_fits_are():
    dataset = rows_of("B11")
    theirs = {name: read_released(released("B11"), name) for name in ("baseline", "mclust")}
    fit = Fit(initialization="r_kmeans", **BASELINE)
    ours = run_fit(dataset, fit, 8, 1, "e", "f")
    only = sorted(OF_RECOVERY)
    found = measure(dataset, {"f": ours}, {"f": fit}, 10, {}, 1, "e", only, released=theirs)
    rows = found[found["fit"] == "released_baseline"].set_index(["measurement", "replicate"])["value"]
    own = found[found["fit"] == "f"].set_index(["measurement", "replicate"])["value"][rows.index]
    asked = [not name.startswith("weights_are") and not name.endswith("as_listed") for name, _ in rows.index]
    np.testing.assert_allclose(own[asked], rows[asked], rtol=1e-9)
    # In line 7 of the source the first component is not the one with the lower mean of the first feature.
    assert abs(own["mse_of_means_as_listed", 0] - rows["mse_of_means_as_listed", 0]) > 0.01
    unpaired = {"mclust": read_released(released("B11", replicates=10), "mclust")}
    few = measure(dataset, {"f": ours}, {"f": fit}, 10, {}, 1, "e", only, released=unpaired)
    few = few[few["fit"] == "released_mclust"]
    assert not few["measurement"].str.startswith("squared_error").any()
    assert few.set_index("measurement")["value"]["failed_fits"] == 2


def test_released_estimates_are_paired_with_replicates_and_components():
    theirs = read_released(released("B11"), "baseline")
    turned = [
        MixtureParameters(end.weights[::-1], end.means[::-1], end.covariances[::-1]) for end in theirs.ends().values()
    ]
    ours = stack_runs([Run(end, end) for end in [*turned[:5], *turned[:5]]], 2, 2, "full")
    found = paired(theirs, ours)
    for r in range(5):
        np.testing.assert_array_equal(found.means[r], ours.means[r])
        np.testing.assert_array_equal(found.covariances[r], ours.covariances[r])
    assert (found.n_iter == -1).all()
    assert [bool(text) for text in found.failure] == [False] * 8 + [True] * 2
    unknown = paired(read_released(released("B11", replicates=10), "baseline"), ours)
    assert len(unknown) == 10
    assert unknown.ends() == {}


CONFIGURATION = {
    "seed": 1,
    "experiments": {
        "e": {
            "data": {"source": "gaussian_mixture", "n_unlabeled": 50, "weights": [0.5, 0.5], **TRUTH},
            "fits": {"f": {"initialization": "kmeans"}},
            "replicates": 4,
            "released": released().model_dump(exclude_none=True),
        }
    },
}


def problems_of(tmp_path, monkeypatch, **changes):
    monkeypatch.chdir(tmp_path)
    experiment = CONFIGURATION["experiments"]["e"] | changes
    Path("c.yaml").write_text(yaml.safe_dump(CONFIGURATION | {"experiments": {"e": experiment}}, sort_keys=False))
    try:
        load(["c.yaml"])
    except ConfigurationError as error:
        return str(error)
    return ""


def with_released(**changes):
    return {"released": CONFIGURATION["experiments"]["e"]["released"] | changes}


RANDOM = {"source": "gaussian_mixture", "n_unlabeled": 50, "n_components": 2, "n_features": 2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, ""),
        (with_released(means=[["a"], ["b"]]), "every list of columns must have 1 features"),
        (with_released(weights=["p1"]), "must have 2 components, as means has"),
        (with_released(covariances=None), "needs either covariances or standard_deviations"),
        (with_released(fits={"flexmix": "f"}), "fits names an unknown package 'flexmix'"),
        (with_released(fits={"mclust": "g"}), "e.released.fits.mclust: there is no fit 'g'"),
        (with_released(packages={"Mclust": "mclust"}), "a name must be lower-case"),
        (with_released(replicates=0), "released.replicates: must be greater than or equal to 1"),
        (with_released(file={"url": "ftp://a/b", "sha256": "0" * 64}), "released.file.url: "),
        (with_released(file={"url": "file:///a/b.csv"}), "needs both url and sha256"),
        ({"data": RANDOM | {"n_components": 3}}, "e.released.means: has 2 components, but the data have 3"),
        ({"data": RANDOM | {"n_features": 3}}, "e.released.means: has 2 features, but the data have 3"),
        (
            {"data": RANDOM, "measurements": ["mse_of_means"]},
            r"e.measurements.0: is 'mse_of_means', which needs data that are drawn from one known mixture",
        ),
        ({"measurements": ["mse_of_mean"]}, "there is no measurement 'mse_of_mean'; did you mean 'mse_of_means'"),
        ({"fits": {"released_mclust": {}}}, "e.fits.released_mclust: is the name of the released estimates"),
        ({"fits": {"f": {"initialization": "quantiles"}}}, "f.initialization: is quantiles, which needs one feature"),
        (
            {"fits": {"f": {"initialization": "r_hc", "n_init": 2}}},
            "n_init: the initialization r_hc is always the same",
        ),
    ],
)
def test_mistakes_are_reported_with_their_key(tmp_path, monkeypatch, changes, message):
    found = problems_of(tmp_path, monkeypatch, **changes)
    assert message in found if message else found == ""


def test_without_r_what_needs_it_is_a_mistake_of_the_configuration(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    data = {"source": "r_mixture", "n_unlabeled": 50, "weights": [0.5, 0.5], **TRUTH, "seed": 1}
    file = {"url": "file:///a/b.rds", "sha256": "0" * 64}
    found = problems_of(
        tmp_path, monkeypatch, data=data, fits={"f": {"initialization": "r_kmeans"}}, **with_released(file=file)
    )
    for key, told in (
        ("data.source", "is r_mixture, which"),
        ("fits.f.initialization", "is r_kmeans, which"),
        ("released.file", "is an .rds file of R, which"),
    ):
        assert f"e.{key}: {told} needs R, which is not installed" in found
    assert found.count("c.yaml:") == 3


def test_a_claim_may_name_released_estimates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    claim = {
        "source": "S", "statement": "s", "experiment": "e", "table": "measurements", "quantity": "value",
        "where": {"measurement": "mse_of_means", "fit": "released_mclust"}, "relation": "<", "published": 1.0,
        "kind": "inequality", "quote": "q", "cited": "c", "basis": "quote",
    }  # fmt: skip
    Path("c.yaml").write_text(yaml.safe_dump({**CONFIGURATION, "claims": {"S1": claim}}, sort_keys=False))
    try:
        told = str(load(["c.yaml"]))
    except ConfigurationError as error:
        told = str(error)
    assert "has no fit" not in told
    claim["where"]["fit"] = "released_bgmm"
    Path("c.yaml").write_text(yaml.safe_dump({**CONFIGURATION, "claims": {"S1": claim}}, sort_keys=False))
    with pytest.raises(ConfigurationError, match=r"experiment e has no fit 'released_bgmm'.*released_mclust"):
        load(["c.yaml"])


def test_released_estimates_are_part_of_a_run(tmp_path):
    checksum = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    file = {"url": TABLE.as_uri(), "sha256": checksum}
    experiment = CONFIGURATION["experiments"]["e"] | with_released(file=file)
    empty = yaml.safe_load(Path(__file__).parents[1].joinpath("config/empty.yaml").read_text())
    experiments = empty["experiments"] | {"e": experiment}
    project = make_project(tmp_path, {**empty, **CONFIGURATION, "experiments": experiments})
    table, figure = "results/tables/measurements.csv", "results/figures/e/convergence.png"
    run = snakemake(project, table, figure)
    assert run.returncode == 0, run.stderr
    rows = pd.read_csv(project / table)
    assert {"f", "released_baseline", "released_mclust"} <= {*rows["fit"].dropna()}
    of_recovery = {name for found in MEASUREMENTS if found.of_recovery for name in found.quantities}
    assert {*rows.loc[rows["fit"] == "released_mclust", "measurement"]} == of_recovery
    record = json.loads((project / "results/records/released/e/mclust.json").read_text())
    assert record["inputs"] == {f"results/downloads/{checksum}.csv": checksum}
    assert record["settings"]["r"] == {}
