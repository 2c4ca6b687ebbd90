"""Articles: one file a source, below the configuration and its overlays."""

import copy

import pytest
import yaml
from test_configuration import CLAIM, GOOD

from study.configuration.errors import ConfigurationError
from study.plan.loading import load

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
        "claims.A1 is not used, for article first is left out",
        "experiments.toy is not used, for article first is left out",
    ]
    assert all(line.startswith("overlay.yaml:") for line in told)


def test_a_line_removed_from_the_configuration_leaves_out_likewise(write):
    told = []
    base = {**BASE, "articles": {"second": "articles/second.yaml"}, "sweeps": {"mine": SWEEP}}
    study = load(write({"experiments": {"toy": {"replicates": 5}}}, base=base), told.append).study
    assert (list(study.experiments), study.sweeps) == (["other"], {})
    assert told[0].endswith("experiments.toy is not used, for article first is left out")
    assert told[1].startswith("sweep mine is left out, for the experiment has changed under it: there is no experiment")


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


def test_one_name_in_two_articles_names_both_lines(write):
    second = "source: B\nexperiments:\n  toy: {}\nclaims:\n  A1: {}\n"
    text = refused(write(second=second))
    assert "experiments.toy: stands in two articles, at articles/first.yaml:" in text
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
    assert "articles.second.source: is required, but missing: who says it" in text


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
