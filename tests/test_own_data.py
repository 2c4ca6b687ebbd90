"""A user's own data: results of the fits, their summary on the page, and the configuration for a table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import ROOT

from em_study.claims.evaluate import evaluate
from em_study.claims.settings import Claim
from em_study.configuration.loading import load
from em_study.data.dataset import Dataset
from em_study.errors import StudyError
from em_study.evaluation.own_data import LEAST_SURE, answer
from em_study.experiments.settings import Experiment
from em_study.figures.classes import separating_pairs
from em_study.fits.em import run_fit
from em_study.fits.settings import Fit
from em_study.new import new
from em_study.page.own_data import choice_of, difference_interval, next_step, own_data_of, share_of
from em_study.sweeps.settings import Sweep
from emgmm import MixtureParameters, posteriors

DRAW = np.random.default_rng(0)
CENTERS = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]])
Y = np.repeat([0, 1, 2], [150, 100, 50])
X = CENTERS[Y] + DRAW.standard_normal((300, 3))
LABELED = np.arange(300) % 6 == 0
FITS = {
    "with_labels": Fit(initialization="shrunken_labels", semi_supervised="clamped", tol=1e-8),
    "clusters": Fit(initialization="kmeans", n_components=3, tol=1e-8),
}
EXPERIMENT = {
    "data": {
        "source": "csv",
        "features": ["a", "b", "c"],
        "rows": {"path": "mine.csv", "label": "class"},
        "keep": ["id"],
        "missing": "allow",
    },
    "fits": {name: fit.model_dump() for name, fit in FITS.items()},
}


def dataset(X=X, labeled=LABELED):
    return Dataset(
        features=np.array(["a", "b", "c"]),
        classes=np.array(["one", "two", "<b>three"]),
        unlabeled=X[~labeled][None],
        truth=None,
        labeled=X[labeled][None],
        labels=Y[labeled][None],
    )


@pytest.fixture(scope="module")
def found():
    data = dataset()
    runs = {name: run_fit(data, fit, 1, 0, "mine", name) for name, fit in FITS.items()}
    return answer(data, runs, FITS, 0, "mine"), runs


def test_the_answer_is_that_of_the_fit(found):
    said, runs = found
    end = runs["with_labels"].end(0)
    of = said["fits"]["with_labels"]
    assert said["labels"] == {"one": 25, "two": 17, "<b>three": 8}
    np.testing.assert_array_equal(of["share"], end.weights)
    np.testing.assert_array_equal(of["mean"], end.means)
    np.testing.assert_allclose(said["mean"], X.mean(axis=0))
    chances = posteriors(X[~LABELED], end)
    least = np.argsort(chances.max(axis=1), kind="stable")[:LEAST_SURE]
    assert [each["sample"] for each in of["unsure"]] == least.tolist()
    assert of["unsure"][0]["probability"][0] == chances[least[0]].max()
    assert of["n_unclear"] == (chances.max(axis=1) <= 0.9).sum()
    assert of["n_assigned"] == np.bincount(chances.argmax(axis=1)).tolist()
    assert sum(sum(labels.values()) for labels in said["fits"]["clusters"]["labeled_in"]) == 50
    for share, (low, high) in zip(of["share"], of["interval"], strict=True):
        assert low < share < high


def test_what_labels_are_worth_counts_every_hidden_label_once(found):
    worth = found[0]["worth"]
    assert [*worth] == ["with_labels"]
    of = worth["with_labels"]
    assert (of["n"], of["failed"], of["largest_class"]) == (50, 0, 25)
    assert of["fit"] - of["alone"] == of["only_fit"] - of["only_alone"]
    assert of["fit"] >= 45  # the classes hardly overlap


def test_a_class_with_one_label_keeps_it():
    few = np.isin(np.arange(300), [0, 1, 150, 151, 250])
    data = dataset(labeled=few)
    fits = {"with_labels": FITS["with_labels"]}
    runs = {"with_labels": run_fit(data, fits["with_labels"], 1, 0, "mine", "with_labels")}
    assert answer(data, runs, fits, 0, "mine")["worth"]["with_labels"]["n"] == 4


def test_the_interval_of_a_difference_is_that_of_the_paper():
    # Bonett and Price (2012): n = 25, 9 and 2 discordant pairs.
    low, high = difference_interval(9, 2, 25)
    p, q = 10 / 27, 3 / 27
    half = 1.959964 * np.sqrt((p + q - (p - q) ** 2) / 27)
    assert (low, high) == pytest.approx((p - q - half, p - q + half), abs=1e-6)


def sweep(zipped=None):
    vary = {"fits.clusters.n_components": [1, 2], "fits.clusters.covariance_type": ["full", "diag"]}
    return Sweep(experiment="mine", vary=vary, replicates=1)


SUMMARY = pd.DataFrame(
    [
        (k, kind, "clusters", criterion, 1, mean)
        for criterion, values in {"bic": [900.0, 950.0, 820.0, 880.5], "icl": [900.0, 950.0, 890.0]}.items()
        for (k, kind), mean in zip([(1, "full"), (1, "diag"), (2, "full"), (2, "diag")], values, strict=False)
    ],
    columns=["fits.clusters.n_components", "fits.clusters.covariance_type", "fit", "quantity", "n", "mean"],
)


def test_a_sweep_is_tabulated_with_its_lowest_criterion():
    (bic, icl), fit, lowest = choice_of("how_many", sweep(), SUMMARY)
    assert bic.header == ["n_components", "diag", "full"]
    assert bic.rows == [["1", "950.0", "900.0"], ["2", "880.5", "820.0 (lowest)"]]
    assert icl.rows[1] == ["2", "failed", "890.0 (lowest)"]
    assert fit == "clusters"
    assert lowest["bic"][:2] == ({"n_components": 2, "covariance_type": "full"}, pytest.approx(60.5))


def test_the_page_says_all_of_it(found):
    experiment = Experiment.model_validate(EXPERIMENT)
    noted = found[0] | {"note": "50 of 300 rows have a label"}
    part = own_data_of("mine", experiment, noted, {"how_many": (sweep(), SUMMARY)}, {})
    assert "Note from reading the file: 50 of 300 rows have a label." in part.sentences
    text = " ".join([*part.sentences, *(" ".join(fit.sentences) for fit in part.fits), part.choice, part.next])
    assert "300 samples, 3 features, 50 of them labeled (one: 25, two: 17, <b>three: 8)." in text
    assert "other labels alone classified" in text
    assert "BIC of fit clusters is lowest with n_components: 2, covariance_type: full; the next is 60.5 higher" in text
    assert part.next.startswith("BIC prefers n_components: 2")
    assert part.fits[0].links == {
        "predictions": "predictions/mine/with_labels.csv",
        "imputed values": "imputed/mine/with_labels.csv",
    }
    assert "results/predictions/mine/*.csv" in part.private
    assert all(table.rows for fit in part.fits for table in fit.tables)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"failure": "step 3: collapsed"}, "Fit with_labels failed"),
        ({"converged": False}, "Fit with_labels did not converge"),
        ({}, "Add a sweep"),
    ],
)
def test_the_next_step_is_the_first_that_is_called_for(found, change, words):
    said = {**found[0], "fits": {**found[0]["fits"], "with_labels": found[0]["fits"]["with_labels"] | change}}
    assert next_step(Experiment.model_validate(EXPERIMENT), said, {}).startswith(words)


def test_a_share_is_written_to_the_digit_of_its_error():
    of = {"share": [0.30061], "interval": [[0.25, 0.352]]}
    assert share_of(of, 0) == "30 % (95 % interval 25 to 35 %)"


def test_the_pairs_that_tell_most_come_first():
    parameters = MixtureParameters(np.ones(3) / 3, CENTERS, np.stack([np.eye(3)] * 3))
    pairs = separating_pairs(X, parameters, posteriors(X, parameters).argmax(axis=1))
    assert next(iter(pairs)) == (0, 1)
    assert pairs[0, 1] > 0.99 > pairs[0, 2]


def test_the_interval_of_a_claim_on_resamples_is_that_of_the_bootstrap():
    claim = Claim(
        source="me", statement="s", experiment="mine", table="fits", quantity="bic", published=0.3, where={"fit": "a"}
    )
    values = np.linspace(0.2, 0.4, 201)
    table = pd.DataFrame({"experiment": "mine", "fit": "a", "replicate": range(201), "bic": values, "failure": None})
    of_resamples, of_new = (
        evaluate("M1", claim, {"fits": table}, frozenset(), own) for own in (frozenset({"resampled/mine"}), frozenset())
    )
    assert (of_resamples["rows_of"], of_new["rows_of"]) == ("resampled", "other")
    assert (of_resamples["interval_low"], of_resamples["interval_high"]) == pytest.approx((0.205, 0.395))
    assert of_resamples["mcse"] == pytest.approx(values.std(ddof=1))
    assert of_new["interval_low"] > 0.28
    assert "Median 0.30 (95 % interval 0.21 to 0.40)." in of_resamples["explanation"]


def write_table(folder, monkeypatch, rows=120, **changes):
    """Write a table of two classes as a spreadsheet does, and work in its folder."""
    monkeypatch.chdir(folder)
    draw = np.random.default_rng(1)
    y = np.arange(rows) % 2
    table = pd.DataFrame({"id": [f"s{i}" for i in range(rows)], "nr": range(1, rows + 1)})
    table["a: {b}"] = [f"{value:.2f}" for value in draw.standard_normal(rows) + 4 * y]
    table["müll #1"] = [f"{value:.2f}" for value in draw.standard_normal(rows)]
    table["all one"] = "7"
    table["kind"] = np.where(np.arange(rows) % 7 < 2, np.array(["no", "yes"])[y], "")
    table.loc[3, "müll #1"] = ""
    return table.assign(**changes)


def configured(overlay):
    return load([ROOT / "config.yaml", ROOT / "config/empty.yaml", overlay]).study


def test_a_configuration_for_a_table_runs_as_it_is(tmp_path, monkeypatch):
    table = write_table(tmp_path, monkeypatch)
    table.to_csv("My Table.csv", index=False)
    output = "\n".join(new(Path("My Table.csv")))
    assert "Features: a: {b}, müll #1. Missing values: 1." in output
    assert "Label: kind, filled in for 35 samples (no, yes)." in output
    assert "Not used: all one (only one value)." in output
    study = configured("my_table.yaml")
    data = study.experiments["my_table"].data
    assert (data.features, data.keep, data.rows.label) == (["a: {b}", "müll #1"], ["nr", "id"], "kind")
    assert (data.missing, data.resample, study.experiments["my_table"].replicates) == ("allow", "bootstrap", 200)
    assert data.load(2, 0, "my_table").classes.tolist() == ["no", "yes"]
    assert [*study.sweeps] == ["my_table_components"]
    assert study.claims["M1"].where == {"fit": "semi_supervised", "class": "no", "parameter": "weight"}
    assert len(Path("my_table.yaml").read_text().partition("\nsweeps")[0].splitlines()) <= 15


def test_a_configuration_is_never_overwritten(tmp_path, monkeypatch):
    write_table(tmp_path, monkeypatch).to_csv("mine.csv", index=False)
    Path("mine.yaml").write_text("mine: all\n")
    with pytest.raises(StudyError, match=r"mine.yaml exists and was not changed; to run it:\n  snakemake"):
        [*new(Path("mine.csv"))]
    assert Path("mine.yaml").read_text() == "mine: all\n"


@pytest.mark.parametrize(
    ("write", "changes", "expected"),
    [
        ({"sep": ";", "decimal": ",", "encoding": "utf-8-sig"}, {}, {"separator": None}),
        ({"encoding": "cp1252"}, {}, {"encoding": "cp1252"}),
        ({}, {"a: {b}": ["?", "-999"] + ["1.5", "2.5"] * 59}, {"missing_values": ["-999", "?"]}),
    ],
)
def test_a_table_is_taken_as_it_comes(write, changes, expected, tmp_path, monkeypatch):
    table = write_table(tmp_path, monkeypatch, **changes)
    if write.get("decimal") == ",":
        table = table.map(lambda cell: cell.replace(".", ",") if isinstance(cell, str) else cell)
    table.to_csv("mine.csv", index=False, **{key: value for key, value in write.items() if key != "decimal"})
    [*new(Path("mine.csv"))]
    data = configured("mine.yaml").experiments["mine"].data
    assert {key: getattr(data, key) for key in expected} == expected
    assert data.load(2, 0, "mine").unlabeled.shape == (2, 85, 2)


def test_whole_numbers_in_few_rows_are_labels(tmp_path, monkeypatch):
    table = write_table(tmp_path, monkeypatch)
    table["kind"] = table["kind"].map({"no": 0, "yes": 1})  # missing in most rows
    table = table.assign(**{name: pd.to_numeric(table[name]) for name in ("a: {b}", "müll #1")})
    for name, write in (("a.csv", table.to_csv), ("b.parquet", table.to_parquet)):
        write(name, index=False)
        output = "\n".join(new(Path(name)))
        assert "Label: kind, filled in for 35 samples (0, 1)." in output
        assert "Kept for the predictions: nr, id." in output
        assert "'0'" in Path(name).with_suffix(".yaml").read_text().partition("claims:")[2]
        assert configured(f"{name[0]}.yaml").experiments[name[0]].data.load(2, 0, name[0]).classes.tolist() == [
            "0",
            "1",
        ]


def test_words_for_no_label_and_large_identifiers_are_no_stumble(tmp_path, monkeypatch):
    table = write_table(tmp_path, monkeypatch)
    table["id"] = [str(2**53 + 3 * i) for i in range(len(table))][::-1]
    table["kind"] = [kind or "?-"[i % 2] for i, kind in enumerate(table["kind"])]
    table.to_csv("mine.csv", index=False)
    [*new(Path("mine.csv"))]
    data = configured("mine.yaml").experiments["mine"].data
    assert (data.missing_values, data.keep) == (["-", "?"], ["id", "nr"])
    assert data.load(2, 0, "mine").labeled.shape == (2, 35, 2)


def test_classes_of_all_rows_are_for_the_accuracy(tmp_path, monkeypatch):
    table = write_table(tmp_path, monkeypatch)
    table["kind"] = ["no", "yes"] * 60
    table.to_csv("mine.csv", index=False)
    [*new(Path("mine.csv"), "kind")]
    experiment = configured("mine.yaml").experiments["mine"]
    assert (experiment.data.unlabeled.target, [*experiment.fits]) == ("kind", ["clusters"])
    assert experiment.data.load(2, 0, "mine").truth.shape == (2, 120)


def test_without_labels_there_are_clusters(tmp_path, monkeypatch):
    write_table(tmp_path, monkeypatch).drop(columns="kind").to_parquet("mine.parquet")
    output = "\n".join(new(Path("mine.parquet")))
    assert (
        "Label: none found. A label is a name or a small integer for some of the samples; see --label COLUMN." in output
    )
    experiment = configured("mine.yaml").experiments["mine"]
    assert [*experiment.fits] == ["clusters"]
    assert experiment.data.rows.label is None


@pytest.mark.parametrize(
    ("header", "words"), [("a,b,,", "column 3 (its name is empty"), ("a,b,a,a", "a (its name is empty or not unique)")]
)
def test_columns_without_a_name_of_their_own_are_not_used(header, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("\n".join([header, "1,2,3,4", "2,4,5,4", "3,5,1,2", "3,7,1,1"]))
    output = "\n".join(new(Path("t.csv"), None))
    assert words in output
    assert "Features:" in output


def test_a_title_above_the_header_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("Patients 2026\n\nx,y\n1,2\n2,4\n")
    with pytest.raises(StudyError, match=r"Its first line is read as the header: 'Patients 2026'\."):
        list(new(Path("t.csv"), None))


@pytest.mark.parametrize(
    ("label", "words"), [("kinds", "no column 'kinds'; did you mean 'kind'"), (None, "no column holds num")]
)
def test_what_cannot_be_configured_is_said(label, words, tmp_path, monkeypatch):
    table = write_table(tmp_path, monkeypatch)
    (table if label else table[["id", "all one"]]).to_csv("mine.csv", index=False)
    with pytest.raises(StudyError, match=words):
        [*new(Path("mine.csv"), label)]
    assert not Path("mine.yaml").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "BIC prefers n_components: 2, covariance_type: full for fit clusters"),  # 2, diag
        ({"with_labels": "diag"}, "BIC prefers covariance_type: full for fit with_labels"),
    ],
)
def test_a_fit_is_compared_by_its_own_setting(found, settings, words):
    types = {"clusters": "full" if settings else "diag"} | {"with_labels": settings.get("with_labels", "full")}
    changed = {key: fit | {"covariance_type": types[key]} for key, fit in EXPERIMENT["fits"].items()}
    said = {**found[0], "worth": {}}
    said["fits"] = {key: fit | {"names": fit["names"][:2]} for key, fit in found[0]["fits"].items()}
    _, fit, lowest = choice_of("how_many", sweep(), SUMMARY)
    experiment = Experiment.model_validate(EXPERIMENT | {"fits": changed})
    assert next_step(experiment, said, {fit: lowest}).startswith(words)
