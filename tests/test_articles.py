"""Articles: one file a source, below the configuration and its overlays."""

import copy
from pathlib import Path

import pandas as pd
import pytest
import yaml
from test_configuration import CLAIM, GOOD

from em_study.audit.replaced import notices_of
from em_study.claims.evaluate import evaluate_all
from em_study.columns import COLUMNS, PARTS
from em_study.configuration.changes import warnings_of
from em_study.configuration.loading import load
from em_study.errors import ConfigurationError
from em_study.evaluation.measure import measure
from em_study.evaluation.scores import evaluate_fit
from em_study.fits.em import run_fit
from em_study.sweeps.repeated import own_rows

ROOT = Path(__file__).parent.parent
TOY = GOOD["experiments"]["toy"]
SWEEP = {"experiment": "toy", "vary": {"data.n_unlabeled": [30, 60]}}
ARTICLE = {
    "source": "A. Author (2021)",
    "section": "The first",
    "experiments": {"toy": TOY},
    "sweeps": {"sizes": SWEEP},
    "claims": {"A1": {key: value for key, value in CLAIM.items() if key != "source"}},
}
OTHER = {"source": "B. Author", "experiments": {"other": TOY}}
BASE = {"seed": 1, "articles": {"first": "articles/first.yaml", "second": "articles/second.yaml"}}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files below a folder of their own; load them by their names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "articles").mkdir()

    def written(overlay=None, first=ARTICLE, second=OTHER, base=BASE):
        files = {"config.yaml": base, "articles/first.yaml": first, "articles/second.yaml": second}
        files |= {"overlay.yaml": overlay} if overlay else {}
        for name, values in files.items():
            (tmp_path / name).write_text(values if isinstance(values, str) else yaml.safe_dump(values))
        return ["config.yaml", "overlay.yaml"] if overlay else ["config.yaml"]

    return written


def refused(files):
    with pytest.raises(ConfigurationError) as caught:
        load(files)
    return str(caught.value)


def test_an_article_gives_its_experiments_sweeps_and_claims(write):
    loaded = load(write())
    study = loaded.study
    assert list(study.experiments) == ["toy", "other"]
    assert (list(study.sweeps), list(study.claims)) == (["sizes"], ["A1"])
    assert study.claims["A1"].source == "A. Author (2021)"
    assert [experiment.section for experiment in study.experiments.values()] == ["The first", "B. Author"]
    assert loaded.article_files == ["articles/first.yaml", "articles/second.yaml"]


def test_configuration_and_overlay_lie_above_the_articles(write):
    base = {**BASE, "experiments": {"toy": {"replicates": 3, "section": "Mine"}}}
    toy = load(write({"experiments": {"toy": {"replicates": 5}}}, base=base)).study.experiments["toy"]
    assert (toy.replicates, toy.section) == (5, "Mine")


def test_an_article_is_left_out_by_one_line_and_keys_for_it_are_told_of(write):
    told = []
    overlay = {
        "articles": {"first": None},
        "experiments": {"toy": {"replicates": 5}},
        "claims": {"A1": None},
    }
    study = load(write(overlay), told.append).study
    assert (list(study.experiments), study.sweeps, study.claims) == (["other"], {}, {})
    assert sorted(line.partition(" ")[2] for line in told) == [
        "claims.A1 is not used, because article first is left out",
        "experiments.toy is not used, because article first is left out",
    ]
    assert all(line.startswith("overlay.yaml:") for line in told)


def test_a_line_removed_from_the_configuration_leaves_out_likewise(write):
    told = []
    base = {**BASE, "articles": {"second": "articles/second.yaml"}, "sweeps": {"mine": SWEEP}}
    study = load(write({"experiments": {"toy": {"replicates": 5}}}, base=base), told.append).study
    assert (list(study.experiments), study.sweeps) == (["other"], {})
    assert told[0].endswith("experiments.toy is not used, because article articles/first.yaml is not named")
    assert told[1].startswith("sweep mine is left out: its experiment does not exist (article articles/first")
    assert told[1].endswith("(config.yaml:5)")


def test_a_whole_experiment_may_take_the_name_of_one_that_is_left_out(write):
    study = load(write({"articles": {"first": None}, "experiments": {"toy": {**TOY, "replicates": 7}}})).study
    assert study.experiments["toy"].replicates == 7


def test_an_article_that_is_not_named_does_not_stand_in_the_way(write):
    """A file in the folder has an experiment of the same name as the configuration's own."""
    base = {**BASE, "articles": {"second": "articles/second.yaml"}, "experiments": {"toy": TOY}}
    told = []
    study = load(write({"experiments": {"toy": {"replicates": 5}}}, base=base), told.append).study
    assert (study.experiments["toy"].replicates, told) == (5, [])


def test_all_articles_are_left_out_by_null(write):
    study = load(write({"articles": None, "experiments": {"mine": TOY}})).study
    assert list(study.experiments) == ["mine"]


def test_an_overlay_over_what_another_removed_is_told_of(write, tmp_path):
    (tmp_path / "later.yaml").write_text("experiments: {toy: {replicates: 5}}")
    told = []
    study = load([*write({"experiments": {"toy": None}, "claims": {"A1": None}}), "later.yaml"], told.append).study
    assert list(study.experiments) == ["other"]
    assert told[0] == "later.yaml:1 experiments.toy is not used, because overlay.yaml:4 removes it"
    assert told[1].startswith("sweep sizes is left out: its experiment was removed (overlay.yaml:4")


def test_a_threshold_that_an_overlay_sets_is_the_study_s(write):
    assert load(write()).study.claims["A1"].threshold_of == "article"
    assert load(write({"claims": {"A1": {"published": 2}}})).study.claims["A1"].threshold_of == "study"
    assert load(write({"claims": {"A1": {"statement": "x"}}})).study.claims["A1"].threshold_of == "article"


def test_typing_errors_in_the_names_of_a_claim_are_told_of(write):
    claims = {"A1": {**ARTICLE["claims"]["A1"], "experiment": "toi"}}
    claims["A2"] = {**ARTICLE["claims"]["A1"], "where": {"fit": "frist"}}
    text = refused(write(first={**ARTICLE, "claims": claims}))
    for told in (
        "claims.A1.experiment: there is no experiment 'toi'; did you mean 'toy'? Allowed: toy, other",
        "claims.A2.where.fit: experiment toy has no fit 'frist'; did you mean 'first'? Allowed: first",
    ):
        assert told in text


def test_what_is_written_whole_twice_names_both_lines(write):
    text = refused(write(base={**BASE, "experiments": {"toy": TOY}}))
    assert "experiments.toy: is defined in an article and in the configuration: articles/first.yaml:" in text


def test_mistakes_in_one_s_own_sweep_are_mistakes(write):
    """Also where the experiment has the name of one that is left out."""
    wrong = {"mine": {"experiment": "toy", "vary": {"data.n_unlabled": [3]}}}
    text = refused(write({"articles": {"first": None}, "experiments": {"toy": TOY}, "sweeps": wrong}))
    assert "data.n_unlabled: unknown key; did you mean 'n_unlabeled'?" in text


def test_a_claim_s_source_may_be_changed(write):
    assert load(write({"claims": {"A1": {"source": "C. Author"}}})).study.claims["A1"].source == "C. Author"


def test_numbers_printed_for_too_few_features_are_refused(write):
    first = copy.deepcopy(ARTICLE)
    first["experiments"]["toy"]["published"] = {"first": [{"mean": [1.0]}]}
    text = refused(write(first=first))
    assert "published.first: has 1 numbers per component for 2 features; null removes it" in text


def test_the_example_s_numbers_come_out():
    """What other programs print for iris, from the rows to the verdicts."""
    file = Path(__file__).parent.parent / "articles/iris_elsewhere.yaml"
    study = load([file.parent.parent / "config.yaml"], caller={"articles": {"elsewhere": str(file)}}).study
    experiment, name, seed = study.experiments["iris_elsewhere"], "iris_elsewhere", study.seed
    dataset = experiment.data.load(experiment.replicates, seed, name)
    runs = {key: run_fit(dataset, fit, experiment.replicates, seed, name, key) for key, fit in experiment.fits.items()}
    fits = [evaluate_fit(dataset, runs[key], fit, name, key) for key, fit in experiment.fits.items()]
    measurements = measure(dataset, runs, experiment.fits, experiment.bins, experiment.published, seed, name)
    claims = {key: claim for key, claim in study.claims.items() if getattr(claim, "experiment", None) == name}
    fits = pd.concat(fits).replace({"failure": {"": None}})  # as it is read
    rows = evaluate_all(claims, {"fits": fits, "measurements": measurements}, own=own_rows(study))
    assert len(rows) == 11
    assert {row["verdict"] for row in rows} == {"reproduced"}


def test_one_run_on_the_source_s_own_rows_decides():
    """What mclust prints for Old Faithful, by the BIC that 20 starts on these rows end with."""
    file = Path(__file__).parent.parent / "articles/old_faithful.yaml"
    study = load([file.parent.parent / "config.yaml"], caller={"articles": {"faithful": str(file)}}).study
    claims = {key: claim for key, claim in study.claims.items() if key.startswith("F")}
    bic = {"own_2": 2322.191743098875, "equal_3": 2314.2956785226233}
    fits = pd.DataFrame({"experiment": "old_faithful", "fit": bic.keys(), "replicate": 0, "bic": bic.values()})
    rows = evaluate_all(claims, {"fits": fits.assign(failure=None)}, own=own_rows(study))
    assert [(row["verdict"], row["n_replicates"]) for row in rows] == [("reproduced", 1), ("explained", 1)]
    assert "At the limit of EM the fit has BIC 2314.296; the printed BIC is 2314.316." in rows[1]["explanation"]


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("sweeps: 3", "sweeps: must be a block of keys and values, got 3"),
        ("experiments: 3", "experiments: must be a block of keys and values, got 3"),
        ("experiments: null", "experiments: is required, but missing"),
        ("experiments: {toy: {<<: [{published: null}]}}", "published: null removes a key, but there is none"),
        (
            "articles: {first: null, furst: null}",
            "articles.furst: null removes a key, but there is none",
        ),
        ("experiments: {toy: null}\nsweeps: {mine: {experiment: toy, vry: {}}}", "sweeps.mine.vry: unknown key"),
        ("claims: {A2: {statment: it holds}}", "claims.A2.statment: unknown key; did you mean 'statement'?"),
    ],
)
def test_odd_overlays_get_a_message(write, overlay, message):
    files = write()
    with open("overlay.yaml", "w") as file:
        file.write(overlay)
    assert message in refused([*files, "overlay.yaml"])


def test_what_is_removed_twice_or_never_was_there_is_no_mistake(write):
    """An overlay that empties the study may be given twice, and to a study without articles or sweeps."""
    files, told = write(), []
    with open("empty.yaml", "w") as file:
        file.write("articles: null\nexperiments: {toy: null, other: null}\nsweeps: null\nclaims: {A1: null}\n")
    with open("own.yaml", "w") as file:
        yaml.safe_dump({"experiments": {"mine": TOY}}, file)
    study = load([*files, "empty.yaml", "empty.yaml", "own.yaml"], told.append).study
    assert (list(study.experiments), study.articles, study.claims) == (["mine"], {}, {})
    assert "empty.yaml:2 experiments.toy is not used, because article first is left out" in told
    with open("base.yaml", "w") as file:
        yaml.safe_dump(GOOD, file)
    with open("less.yaml", "w") as file:
        file.write("articles: null\nsweeps: null\n")
    assert load(["base.yaml", "less.yaml"]).study.sweeps == {}


def test_a_slug_that_names_another_file_leaves_the_first_out(write, tmp_path):
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({"source": "C", "experiments": {"third": TOY}}))
    told = []
    overlay = {"articles": {"first": "other.yaml"}, "claims": {"A1": {"tolerance": 1.0}}}
    study = load(write(overlay), told.append).study
    assert list(study.experiments) == ["third", "other"]
    assert told == ["overlay.yaml:4 claims.A1 is not used, because article articles/first.yaml is left out"]


def test_a_fit_that_an_overlay_removed_is_no_typing_error(write):
    claims = {"A1": {**ARTICLE["claims"]["A1"], "where": {"fit": "second"}}}
    toy = {**TOY, "fits": {**TOY["fits"], "second": {"initialization": "kmeans"}}}
    told = []
    first = {**ARTICLE, "experiments": {"toy": toy}, "claims": claims}
    load(write({"experiments": {"toy": {"fits": {"second": None}}}}, first=first), told.append)
    assert told == []


def test_one_name_in_two_articles_names_both_lines(write):
    second = "source: B\nexperiments:\n  toy: {}\nclaims:\n  A1: {}\n"
    text = refused(write(second=second))
    assert "experiments.toy: is defined in two articles: articles/first.yaml:" in text
    assert "and articles/second.yaml:3" in text
    assert "and articles/second.yaml:5" in text


def test_mistakes_name_the_article_s_file_and_line(write):
    first = copy.deepcopy(ARTICLE)
    first["experiments"]["toy"]["replicate"] = 3
    text = refused(write(first=first, second={**OTHER, "sources": "x", "section": 3}))
    assert "articles/first.yaml:" in text
    assert "experiments.toy.replicate: unknown key; did you mean 'replicates'?" in text
    assert "articles.second.sources: unknown key; did you mean 'source'? Allowed: source, section" in text
    assert "articles.second.section: must be text of at most 1000 letters, got 3" in text


@pytest.mark.parametrize(
    ("articles", "message"),
    [
        ({"gone": "articles/gone.yaml"}, "articles.gone: articles/gone.yaml: there is no such file"),
        ({"Bad name": "articles/second.yaml"}, "a name must be lower-case letters"),
        ({"number": 3}, "articles.number: must be text, got 3"),
        (["articles/first.yaml"], "articles: must be a block of keys and values"),
        ({"nul": "a\0b"}, "articles.nul: "),
    ],
)
def test_wrong_names_of_articles(write, articles, message):
    assert message in refused(write(base={**BASE, "articles": articles, "experiments": {"toy": TOY}}))


@pytest.mark.parametrize(
    "text", ["- a\n", "experiments: 3\n", "source: {a: 1}\nexperiments: []\n", "{\n", "", "claims: {A1: 3}"]
)
def test_what_is_no_article(write, text):
    assert "articles/first.yaml" in refused(write(first=text))


def test_who_says_it_is_required(write):
    text = refused(write(second={"experiments": {"other": TOY}}))
    assert "articles.second.source: is required, but missing: it names the author or publication" in text


def test_data_files_are_relative_to_the_article(write, tmp_path):
    (tmp_path / "articles/data").mkdir()
    (tmp_path / "articles/data/u.csv").write_text("x\n1\n")
    (tmp_path / "articles/v.csv").write_text("x\n1\n")
    data = {"source": "csv", "features": ["x"], "unlabeled": {"path": "data/u.csv"}}
    mine = {"data": data, "fits": {"f": {"n_components": 1}}}
    vary = {"experiment": "mine", "vary": {"data.unlabeled.path": ["data/u.csv", "v.csv"]}, "protocols": []}
    second = {"source": "B", "experiments": {"mine": mine}, "sweeps": {"files": vary}}
    study = load(write(second=second)).study
    assert study.experiments["mine"].data.unlabeled.path == "articles/data/u.csv"
    assert study.sweeps["files"].vary["data.unlabeled.path"] == ["articles/data/u.csv", "articles/v.csv"]


def test_keys_of_a_caller_are_a_last_overlay(write):
    files = write()
    assert load(files, caller={"experiments": {"toy": {"replicates": 4}}}).study.experiments["toy"].replicates == 4
    with pytest.raises(ConfigurationError, match=r"the module's config experiments\.toy\.replicate: unknown key"):
        load(files, caller={"experiments": {"toy": {"replicate": 4}}})


def test_what_an_overlay_changes_of_an_article_is_named(write):
    overlay = {
        "experiments": {"toy": {"replicates": 5, "fits": {"first": {"tol": 1e-9}}}, "other": None},
        "claims": {"A1": {"published": 0.5}},
    }
    loaded = load(write(overlay))
    assert [*map(str, loaded.changes)] == [
        "toy.fits.first.tol (overlay.yaml) is 1e-09; the article does not set it",
        "toy.replicates (overlay.yaml) is 5; the article does not set it",
        f"A1.published (overlay.yaml) is 0.5; the article's is {CLAIM['published']}",
    ]
    (warning,) = warnings_of(loaded.study, loaded.changes).values()
    assert warning.startswith("Not with the article's settings: toy.fits.first.tol (overlay.yaml) is")
    tables = {name: pd.DataFrame(columns=list(COLUMNS[name])) for name in PARTS}
    rows = evaluate_all(loaded.study.claims, tables, warnings=warnings_of(loaded.study, loaded.changes))
    assert rows[0]["explanation"].startswith(f"{warning} Not tested: ")
    assert load(write()).changes == []
    notices = [*notices_of(loaded, ["overlay.yaml"])]
    assert notices[0] == "This run changes settings of the articles:"
    assert len(notices) == 4  # nothing is here that it could replace


def test_another_kind_of_data_is_one_change(write):
    data = {"source": "sklearn", "dataset": "iris"}
    (change,) = load(write({"experiments": {"toy": {"data": data}}, "sweeps": {"sizes": None}})).changes
    assert str(change) == "toy.data.source (overlay.yaml) is 'sklearn'; the article's is 'gaussian_mixture'"


def test_another_file_for_an_article_is_a_change_of_its_claims(write):
    Path("articles/third.yaml").write_text(yaml.safe_dump(ARTICLE))
    (change,) = load(write({"articles": {"first": "articles/third.yaml"}})).changes
    told = "A1.article (overlay.yaml) is 'articles/third.yaml'; the article's is 'articles/first.yaml'"
    assert str(change) == told


def test_what_a_run_replaces_is_said_when_it_starts(write, monkeypatch):
    loaded = load(write({"experiments": {"toy": {"replicates": 5}}}))
    before = load(write()).study.model_dump(mode="json")
    monkeypatch.setattr("em_study.audit.replaced.read_manifest", lambda folder: ({"configuration": before}, ""))
    told = [*notices_of(loaded, ["my overlay.yaml"])]
    assert told[2] == (
        "It replaces the results of another configuration in results: experiment toy, sweep sizes. To keep both, run"
    )
    assert told[3].startswith("  snakemake -s ")  # the tree is elsewhere
    assert told[3].endswith("Snakefile --cores 4 --configfile 'my overlay.yaml' --directory elsewhere")


DEFAULT = load([ROOT / "config.yaml"]).study


@pytest.mark.parametrize("name", DEFAULT.claims)
def test_a_claim_says_what_its_source_says(name):
    claim = DEFAULT.claims[name]
    assert claim.cited
    assert bool(claim.quote) == (claim.basis in ("verbatim", "inferred"))  # a question has no author
    assert claim.statement.endswith("?" if claim.basis == "question" else ".")
    assert len((claim.short or claim.statement).split()) <= 10


def test_the_page_of_methods_lists_every_experiment_and_its_replicates():
    lines = (ROOT / "docs/methods.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    assert {row[0].strip("`"): int(row[2]) for row in rows} == {
        name: experiment.replicates for name, experiment in DEFAULT.experiments.items()
    }
