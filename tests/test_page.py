"""The page of the claims: its numbers are those of the tables, and no text of a configuration harms it."""

import base64
import hashlib
import html
import io
import json
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from project import SNAKEMAKE, snakemake

from em_study.claims.comparison import Comparison
from em_study.claims.numbers import pandas_lines
from em_study.claims.settings import Argued, Claim
from em_study.configuration.loading import load
from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, read_table
from em_study.evaluation.protocols import LADDER, PROTOCOLS, RELEASED
from em_study.experiments.settings import Experiment
from em_study.figures.sweep import draw as drawn
from em_study.fits.em import run_fit
from em_study.fits.runs import Runs, read_runs, read_runs_by_name
from em_study.page.cards import turns_of
from em_study.page.charts import chart_of
from em_study.page.files import files_of, files_shown
from em_study.page.provenance import command_of
from em_study.page.strips import Criterion, axis_of, points, share_bar, strip
from em_study.page.svg import Scale, distinct_texts
from em_study.page.why import WORDS, why_of
from em_study.places import Places
from em_study.plan.results import Plan
from em_study.sweeps.repeated import repeated_runs
from em_study.sweeps.settings import Sweep
from em_study.watch.choose import scenes_of
from em_study.watch.replay import EVERY_STEP, MOST_STEPS, SAME, NotShownError, replay, shown_steps, stored_run
from emgmm import MixtureParameters, log_likelihoods, posteriors

NOWHERE = float("nan"), float("nan")
CRITERION = Criterion(1.0, np.inf, "criterion: at least 1")


class Page(HTMLParser):
    """The anchors, links and tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []


@pytest.fixture(scope="module")
def page(project):
    """Read the page once, before a test makes another."""
    return (project / "results/index.html").read_text(encoding="utf-8")


@pytest.fixture
def study(project, monkeypatch):
    monkeypatch.chdir(project)
    return load(["config.yaml", "small.yaml"]).study


def test_the_heading_and_the_finding_have_the_numbers_of_the_results(page, study):
    """The number is that on the author's data if known for the same comparison, else that of the replicates."""
    assert '<h2 id="why">Why 99.4 % is not 100 %</h2>' in page
    table = pd.DataFrame(
        [("customers", "sklearn", step, r, 0.9 + r / 100, 1e-3, np.nan) for step in LADDER for r in range(3)],
        columns=[
            "experiment",
            "implementation",
            "protocol",
            "replicate",
            "agreement",
            "max_abs_posterior_difference",
            "failure",
        ],
    )
    none = pd.DataFrame(columns=["experiment", "implementation", "protocol", "outcome", "explanation"])
    found = why_of(study, table, none, [])
    assert (found.share, found.alone[0]) == ("99.4", ("the call as published", "6 of 1,000"))
    assert found.about_steps.startswith("The published call has the tolerance 0.01, our EM 0.0001.")
    assert "differs by more than 1e-03 in any of 3 replicates, on the author's data 6e-15." in found.at_the_end
    close = why_of(study, table.assign(max_abs_posterior_difference=2e-15), none, []).at_the_end
    assert close.endswith("2e-15 in any of 3 replicates, on the author's data 6e-15: no more than rounding.")
    assert why_of(study, table[table["protocol"] == "as_published"], none, []).at_the_end == ""
    other = study.experiments["customers"].model_copy(update={"original": None})
    found = why_of(study.model_copy(update={"experiments": {"customers": other}}), table, none, [])
    assert (found.share, found.alone) == ("91", [])
    assert "91 % of the samples the same label as our EM" in found.finding
    some = table[table["protocol"] != "same_regularization"]
    assert (
        "all settings equal"
        not in why_of(study.model_copy(update={"experiments": {"customers": other}}), some, none, []).finding
    )
    assert why_of(study, table[table["protocol"] != "as_published"], none, []) is None


def test_every_way_to_run_another_has_words():
    assert WORDS.keys() == {RELEASED, *PROTOCOLS}


def test_every_link_leads_somewhere(page, project, study):
    read = Page(page)
    files = {link for link in read.links if (project / "results" / link).is_file()}
    assert files == {"predictions/mine/start.csv"}
    assert len(set(read.ids)) == len(read.ids)
    addresses = {claim.address for claim in study.claims.values()}
    assert set(read.links) <= files | {f"#{name}" for name in read.ids} | addresses


def test_every_claim_has_a_card_with_the_observed_number(page, project, study):
    claims = pd.read_csv(project / "results/tables/claims.csv")
    for row in claims.itertuples():
        card = page[page.index(f'id="{row.claim}"') :]
        card = card[: card.index("</article>")]
        tested = row.n_replicates > 0
        drawn = "; observed " in card or "95 % interval" in card or 'class="points"' in card
        assert drawn == (tested and row.kind != "identity")
        assert html.escape(row.headline).replace("&#x27;", "&#39;") in card
        assert ("<pre" in card) == tested


def test_an_argument_says_which_way_it_goes(page, study):
    ways = {"True: by Wu.": "true_by_argument", "False as worded: no.": "false_by_argument", "Both.": "by_argument"}
    for text, way in ways.items():
        assert Argued(source="s", statement="t", by_argument=text).decided.name == way
    classes = [given["class"] for tag, given in Page(page).tags if tag == "tbody" and "id" in given]
    argued = [name for name in classes if name.endswith("by_argument")]
    assert argued == sorted(argued)  # what is false comes first
    assert len(argued) == sum(isinstance(claim, Argued) for claim in study.claims.values())
    assert "&#34;ours" not in page


@pytest.mark.parametrize(
    ("relation", "turns", "said"),
    [
        ("at_least", (0.0, 2.0), "of 0 or less or above 2"),
        ("less_than", (np.nan, 2.0), "above 2"),
        ("at_most", (0.0, 2.0), "below 0 or of 2 or more"),
        ("more_than", (0.0, np.nan), "below 0"),
        ("at_most", (np.nan, np.nan), ""),
    ],
)
def test_a_card_says_which_criteria_would_have_another_verdict(relation, turns, said):
    """The text states on which side a threshold at the turn lies; the verdicts agree with it."""
    settings = {"experiment": "toy", "source": "s", "statement": "t", "table": "fits", "quantity": "n_iter"}
    claim = Claim.model_validate(settings | {"relation": relation, "published": 1, "threshold_of": "study"})
    assert turns_of(claim, replace(CRITERION, turns=turns)) == said
    counts = [
        replace(claim.comparison, published=end).count(np.array([0.0, 2.0])) for end in (-0.5, 0, 0.5, 1.5, 2, 2.5)
    ]
    like = (0, 3) if relation in ("at_least", "less_than") else (2, 5)
    assert (counts[1], counts[4]) == (counts[like[0]], counts[like[1]])


def test_the_lines_of_pandas_give_the_observed_number(project, study):
    claims = pd.read_csv("results/tables/claims.csv").set_index("claim")["observed"]
    tested = 0

    for name, claim in study.claims.items():
        if isinstance(claim, Claim) and np.isfinite(claims[name]):
            tables = {table: read_table(f"results/tables/{table}.csv") for table in claim.tables}
            lines = pandas_lines(claim, tables, claim.experiment, repeated_runs(study))
            found: dict = {}
            exec("\n".join(lines[:-1]), found)  # noqa: S102 (lines of the page)
            assert eval(lines[-1], found) == claims[name], name  # noqa: S307
            tested += 1
    assert tested > 10


def test_the_files_behind_a_number_are_there(project, study):
    for claim in study.claims.values():
        if (
            isinstance(claim, Claim)
            and (claim.experiment in (None, *study.experiments))
            and claim.sweep in (None, *study.sweeps)
        ):
            for path, _ in files_of(claim, Plan(study)):
                assert (project / path).is_file(), path


def test_the_page_depends_on_what_it_shows(page, project, study):
    shown = re.findall(r'<tr id="file_\d+"><td>([^<]+)</td><td><code>([0-9a-f]{64})<', page)
    inputs = json.loads((project / "results/records/page.json").read_text())["inputs"]
    assert {*shown} <= {*inputs.items()}
    assert {path for path, _ in shown} <= {*files_shown(Plan(study))} < {*inputs}
    assert not {
        path for path in inputs if "evaluation/customers/diagnosis" in path or "/evaluation/guide/fits/" in path
    }


def test_the_command_makes_the_table_again(project, study, monkeypatch):
    monkeypatch.setattr("em_study.page.provenance.Places", lambda: Places(root=project))
    claim = study.claims["A1"]
    command = command_of(claim, ["config.yaml", "small.yaml"])
    assert command == (
        "snakemake --cores 4 --configfile small.yaml --forcerun results/data/customers.npz -- results/tables/fits.csv"
    )
    before = (project / "results/tables/fits.csv").read_bytes()
    run = subprocess.run([*SNAKEMAKE, *command.split()[1:]], cwd=project, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Fit customers by EM: unsupervised" in run.stderr
    assert (project / "results/tables/fits.csv").read_bytes() == before


def test_the_page_asks_for_nothing_and_runs_its_own_script_alone(page, study):
    read = Page(page)
    policy = next(given["content"] for tag, given in read.tags if given.get("http-equiv") == "Content-Security-Policy")
    allowed = re.fullmatch(
        r"default-src 'none'; style-src '(sha256-\S+)'; script-src '(sha256-\S+)'; img-src data:; base-uri 'none'; "
        r"form-action 'none'",
        policy,
    )
    blocks = [re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1] for tag in ("style", "script")]
    for wanted, text in zip(allowed.groups(), blocks, strict=True):
        assert wanted == f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
    addresses = {claim.address for claim in study.claims.values()}  # to follow, not to fetch
    found = {*re.findall(r"https?://[^\s\"'<]*", page)} - addresses
    assert found == {"http://www.w3.org/2000/svg"}  # a name, not an address
    sources = [given["src"] for _, given in read.tags if "src" in given]
    assert [source[:22] for source in sources] == ["data:image/webp;base64"]
    assert not any("style" in given or name.startswith("on") for _, given in read.tags for name in given)


def test_text_of_a_configuration_is_escaped(project, study):
    text = "<script>alert(1)</script>"
    of_parameters = {
        **{"experiment": "customers", "source": "s", "statement": text, "kind": "inequality", "threshold_of": "study"},
        **{"table": "parameters", "where": {"fit": "unsupervised"}, "quantity": "value", "each_draw": "min"},
        **{"relation": "at_least", "published": 0},
    }
    claims = {"A1": {"statement": text, "source": text}, "P1": of_parameters}
    (project / "hostile.yaml").write_text(yaml.safe_dump({"claims": claims}))
    run = snakemake(project, "results/index.html", overlays=["hostile.yaml"])
    assert run.returncode == 0, run.stderr
    page = (project / "results/index.html").read_text()
    assert text not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.fixture
def frames(project, study):
    """Read the scenes of each experiment."""
    return {name: json.loads((project / f"results/watch/{name}.json").read_text()) for name in study.experiments}


@pytest.fixture
def scenes(project, study):
    """Select the scenes once more, from the stored runs."""
    found = []
    for name in ("customers", "guide", "mine"):
        experiment = study.experiments[name]
        fits = read_runs(experiment.fits, [f"results/fits/{name}/{fit}.npz" for fit in experiment.fits])
        others = [(other, read_runs_by_name(f"results/others/{name}/{other.name}.npz")) for other in experiment.others]
        found += scenes_of(name, experiment, read_arrays(f"results/data/{name}.npz", Dataset), fits, others)[0]
    return found


def mixtures(frames):
    """Make parameters of frames."""
    n_features = {3: 1, 6: 2}[frames.shape[2]]
    lower, upper = np.tril_indices(n_features), np.tril_indices(n_features)[::-1]
    for frame in frames:
        covariances = np.empty((len(frame), n_features, n_features))
        covariances[:, *lower] = covariances[:, *upper] = frame[:, 1 + n_features :]
        yield MixtureParameters(frame[:, 0].copy(), frame[:, 1 : 1 + n_features].copy(), covariances)


def test_a_replayed_run_is_the_stored_one(scenes, frames):
    replayed = [(scene, name) for scene in scenes for name in scene.replays]
    assert len(replayed) > 10
    for scene, name in replayed:
        run, replay = scene.runs[name], scene.replays[name]
        packed = frames[scene.experiment]["scenes"][scene.key]["runs"][name]
        assert np.array_equal(np.frombuffer(base64.b64decode(packed["frames"])), replay.frames.ravel())
        assert np.array_equal(np.frombuffer(base64.b64decode(packed["trace"])), replay.trace)
        assert replay.steps[0] == 1
        of_run = replay.steps[replay.steps <= len(run.trace)]
        assert of_run[-1] == packed["n_steps"] == len(run.trace)
        np.testing.assert_array_equal(replay.trace[: len(of_run)], run.trace[of_run - 1])
        parameters = [*mixtures(replay.frames)]
        if run.end is not None:
            np.testing.assert_allclose(np.sort(parameters[-1].means, axis=0), np.sort(run.end.means, axis=0), SAME)
        if not run.is_joint:
            found = [log_likelihoods(scene.samples.unlabeled, each).mean() for each in parameters]
            np.testing.assert_allclose(found, replay.trace, rtol=0, atol=SAME)


def test_what_cannot_be_watched_is_named(frames, page):
    assert frames["incomplete"]["left_out"]["incomplete"] == "it has 4 features, and the pictures show one or two"
    assert "incomplete: it has 4 features" in page
    assert {name for name, found in frames.items() if found["scenes"]} == {"customers", "guide", "mine"}


def test_a_run_of_other_steps_is_not_watched(study, project):
    runs = read_arrays("results/fits/customers/semi_supervised.npz", Runs)
    samples = read_arrays("results/data/customers.npz", Dataset).replicate(0)
    fit = study.experiments["customers"].fits["semi_supervised"]
    assert len(replay(samples, stored_run(fit, runs, 0)).steps) == runs.n_iter[0]
    other = replace(runs, trace=runs.trace + 1e-6)
    with pytest.raises(NotShownError, match="not those of our EM from step 1 on"):
        replay(samples, stored_run(fit, other, 0))
    with pytest.raises(NotShownError, match="no steps"):
        replay(samples, stored_run(fit, replace(runs, trace=np.full_like(runs.trace, np.nan)), 0))


def test_every_caption_leads_to_stored_runs(frames):
    ways = [way for found in frames.values() for way in found["ways"]]
    kinds = " ".join(way["text"] for way in ways)
    assert "initial parameters without labels compared with those from labels" in kinds
    assert "labels that stay in the likelihood" in kinds
    assert "passes the covariances as precisions" in kinds
    for way in ways:
        runs, sides = frames[way["scene"].split("/")[0]]["scenes"][way["scene"]]["runs"], (way["left"], way["right"])
        assert {*sides} <= {*runs}
        assert 1 <= way["step"] <= max(runs[name]["steps"][-1] for name in sides)


@given(st.integers(1, 100_000))
def test_the_first_and_last_steps_are_shown_and_not_too_many(n_steps):
    steps = shown_steps(n_steps)
    assert (np.diff(steps) > 0).all()
    assert steps[0] == 1
    assert steps[-1] == n_steps
    assert len(steps) <= MOST_STEPS
    assert steps[: min(EVERY_STEP, n_steps)].tolist() == [*range(1, min(EVERY_STEP, n_steps) + 1)]


def test_components_with_labels_keep_their_number(scenes):
    named = [
        (scene.runs[name], found)
        for scene in scenes
        for name, found in scene.replays.items()
        if scene.runs[name].fit.uses_labels
    ]
    assert len(named) > 5
    for run, found in named:
        np.testing.assert_array_equal(next(mixtures(found.frames)).means, run.start.means)


def samples_of_three(n_samples=60):
    X = np.concatenate([np.random.default_rng(0).normal(at, 1, (n_samples, 1)) for at in (0, 4, 20)])[None]
    return Dataset(np.array(["x"]), np.array([]), X, None, np.empty((1, 0, 1)), np.empty((1, 0), dtype=int))


def experiment_of(fits, replicates=1):
    data = {"source": "csv", "features": ["x"], "unlabeled": {"path": "x.csv"}}
    return Experiment.model_validate({"data": data, "fits": fits, "replicates": replicates})


@pytest.mark.parametrize(
    ("fit", "n_ways"),
    [({"n_components": 1}, 1), ({"n_components": 1, "max_iter": 1}, 1), ({"n_components": 9}, 1), ({"max_iter": 0}, 0)],
)
def test_odd_fits_can_be_watched_or_not(fit, n_ways):
    experiment = experiment_of({"a": {"initialization": "kmeans", "n_components": 2, **fit}})
    runs = {"a": run_fit(samples_of_three(), experiment.fits["a"], 1, 1, "x", "a")}
    scenes, ways = scenes_of("x", experiment, samples_of_three(), runs, [])
    assert len(ways) == len(scenes) == n_ways
    assert [way.text for way in ways] == ["x: a, initialization 0"] * n_ways


def test_a_run_that_cannot_be_watched_leaves_the_other():
    experiment = experiment_of({key: {"initialization": "kmeans", "n_components": 2} for key in "ab"})
    ours = run_fit(samples_of_three(), experiment.fits["a"], 1, 1, "x", "a")
    runs = {"a": ours, "b": replace(ours, trace=ours.trace - 1)}
    scenes, ways = scenes_of("x", experiment, samples_of_three(), runs, [])
    assert [(way.left, way.right) for way in ways] == [("a, initialization 0", "a, initialization 0")]
    assert [*scenes[0].replays] == ["a, initialization 0"]


def test_components_are_numbered_alike(scenes):
    last = [[*mixtures(found.frames)][-1] for found in scenes[0].replays.values()]
    ends = [posteriors(scenes[0].samples.unlabeled, parameters).argmax(axis=1) for parameters in last]
    for end in ends:
        assert np.mean(end == ends[0]) > 0.5


def test_a_false_convergence_is_found():
    data, common = samples_of_three(200), {"initialization": "random_responsibilities", "n_components": 3}
    fits = {"early": {**common, "tol": 0.05}, "late": {**common, "tol": 1e-9, "max_iter": 10_000}}
    experiment = experiment_of(fits, 6)
    runs = {name: run_fit(data, fit, 6, 1, "x", name) for name, fit in experiment.fits.items()}
    scenes, ways = scenes_of("x", experiment, data, runs, {})
    assert len(scenes) == 1
    by_title = {way.text.split(". ")[0]: way for way in ways}
    assert "x: early, initialization 0 compared with late, initialization 0" in by_title
    way = by_title["x: a false convergence"]
    early, late = (scenes[0].runs[name] for name in (way.left, way.right))
    assert way.left.startswith("early")
    assert late.trace[-1] - early.trace[-1] > 0.05
    assert len(early.trace) == way.step < len(late.trace)


def summary(values, **columns):
    rows = [
        {
            "data.n_unlabeled": x,
            "fit": "first",
            "quantity": quantity,
            "n": 2,
            "mean": y,
            "mcse": 0.5,
            "low": y,
            "high": y,
            **columns,
        }
        for quantity in ("n_iter", "converged")
        for x, y in values
    ]
    return pd.DataFrame(rows)


def sweep(**figure):
    block = {"x": "data.n_unlabeled", "y": "n_iter", **figure}
    vary = {"data.n_unlabeled": [30, 60], "data.n_labeled": [4]}
    return Sweep.model_validate(
        {"experiment": "toy", "vary": vary, "zip": False, "replicates": 2, "protocols": [], "figure": block}
    )


def test_a_chart_has_the_numbers_of_the_summary():
    chart = chart_of(summary([(30, 5.0), (60, 7.25)], **{"data.n_labeled": 4}), sweep(color="fit"))
    assert [row[1:4] for row in chart.rows] == [
        ("first", "number of unlabeled samples = 30", "5"),
        ("first", "number of unlabeled samples = 60", "7.25"),
    ]
    assert chart.panels[0].count('class="point"') == 2
    assert chart.lines == []  # of one line there is nothing to choose


@pytest.mark.parametrize("figure", [{"color": "fit"}, {}, {"kind": "heatmap", "color": "data.n_labeled"}])
@pytest.mark.parametrize(
    "values",
    [[], [(30, 4.0)], [(30, 0.0), (60, 5.0)], [(30, 0.0), (60, 5e3)], [(30, 1.0), (60, 1e4)], [(30, 2), (60, 2)]],
)
def test_odd_sweeps_are_drawn(values, figure):
    table = summary(values or [(30, 0.0)], **{"data.n_labeled": 4})
    table = table if values else table[table["quantity"] == "converged"]  # where all fits failed
    chart = chart_of(table, sweep(**figure))
    drawn(table, sweep(**figure)).savefig(io.BytesIO())
    assert len(chart.panels) == 1
    assert "nan" not in chart.panels[0]
    assert "inf" not in chart.panels[0]
    assert chart.panels[0].count('class="point"') == len(values) == chart.n_points
    assert ("no fit has a value" in chart.panels[0]) == (not values)


NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=50)


@given(NUMBERS, st.floats(-1e6, 1e6))
def test_all_that_is_drawn_lies_on_the_strip(values, end):
    axis = axis_of(values, [end, np.median(values)])
    places = [axis.place(value) for value in [*values, end]]
    assert 0 <= min(places) <= max(places) <= 1000
    order = np.argsort([*values, end], kind="stable")
    assert (np.diff(np.array(places)[order]) >= -1e-9).all()


@pytest.mark.parametrize(
    "values", [[0.0] * 5, [3.0], [0, 1, 1, 0, 1], [1e-15, 2e-15], [0.0, 1e-12, 1.0], [1 + 1e-12, 1 + 2e-12], [-1, 0, 5]]
)
def test_odd_numbers_are_drawn(values):
    text = strip(values, float(np.median(values)), NOWHERE, CRITERION, "some")
    assert text.count('class="bar"') >= 1
    assert "nan" not in text
    assert "inf" not in text


def bars_of(drawn):
    """Give begin and width of each bar of a strip."""
    path = re.search(r'class="bar" d="([^"]*)"', drawn)[1]
    return np.array(re.findall(r"M([-\d.]+) \d+h([\d.]+)v", path), dtype=float)


@given(
    NUMBERS | st.lists(st.floats(1 - 1e-9, 1 + 1e-9), min_size=1, max_size=50) | st.lists(st.integers(0, 9), min_size=1)
)
def test_every_number_lies_in_a_bar(values):
    axis = axis_of(values, [1.0, float(np.median(values))])
    bars = bars_of(strip(values, float(np.median(values)), NOWHERE, CRITERION, "some"))
    for value in values:
        beyond = np.maximum(bars[:, 0] - axis.place(value), axis.place(value) - bars.sum(axis=1))
        assert beyond.min() <= 3.01  # half of what is left free between bars, half of the widest place, and a digit


@given(NUMBERS)
def test_no_bar_lies_on_both_sides_of_a_criterion(values):
    criterion = Criterion(-np.inf, 1.0, "at most 1")
    axis = axis_of(values, [1.0, float(np.median(values))])
    bars = bars_of(strip(values, float(np.median(values)), NOWHERE, criterion, "some"))
    edge, counted = axis.place(1.0), not any(np.round(values) != values)
    if not counted and np.ptp([axis.place(value) for value in values]) > 6:
        assert not ((bars[:, 0] < edge - 1) & (bars.sum(axis=1) > edge + 1)).any()


def test_numbers_that_hardly_differ_have_a_thin_bar_at_their_place():
    for values, criterion in (
        ([-1.8e-15, -4e-16, 0.0], Criterion(-1e-9, 1e-9, "0")),
        ([-7.896] * 20, Criterion(-8, -7, "")),
        ([0.3006], Criterion(0.2, 0.3, "0.25")),
    ):
        drawn = strip(values, values[-1], NOWHERE, criterion, "some")
        ((begin, width),) = bars_of(drawn)
        line = float(re.search(r'class="observed" d="M([\d.]+)', drawn)[1])
        assert begin + width / 2 == pytest.approx(line, abs=0.2)
        assert width < 6


def test_experiments_are_rows_of_points_and_a_threshold_shows_how_far_it_may_move():
    numbers = {"customers: 1 of 3": [0.0, 0.5, 2.0], "<b>: 0 of 1": [0.2]}
    drawn = points(numbers, Criterion(1.0, np.inf, "criterion: at least 1", turns=(0.5, np.nan)))
    assert drawn.count('class="points"') == drawn.count('class="row"') == 2
    assert re.findall(r'class="points" d="([^"]*)"', drawn)[0].count("h0") == 3
    assert "&lt;b&gt;: 0 of 1" in drawn
    low, high = re.search(r'class="turns" d="M([\d.]+) \d+H([\d.]+)"', drawn).groups()
    assert (30 < float(low) < float(high), float(high)) == (True, 970)
    drawn = strip([0.0, 2.0], 1.0, NOWHERE, Criterion(1.0, np.inf, "at least 1", turns=(0.5, np.nan)), "1")
    assert "the verdict is the same for thresholds from 0.5 to any value" in drawn


def test_points_on_one_place_are_all_drawn():
    drawn = points({"all alike": [1.0] * 40}, Criterion(-np.inf, np.inf, ""), {"all alike": 2.0})
    assert drawn.count("h0") == 40
    assert drawn.count('class="own"') == 1


def test_a_share_stands_between_the_cuts_with_its_interval():
    drawn = share_bar({"": (0.5, 100)}, (0.05, 0.95))
    assert "50 %, 95 % interval 40.4 to 59.6 %" in drawn
    low, high = map(float, re.search(r'class="range" d="M([\d.]+) \d+H([\d.]+)"', drawn).groups())
    assert (low, high) == (pytest.approx(30 + 940 * 0.404, abs=0.5), pytest.approx(30 + 940 * 0.596, abs=0.5))
    assert [drawn.count(f'class="zone {kind}"') for kind in ("no", "maybe", "yes")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("linear", 0.3, 7), ("log", -17, 0), ("log", 1.4, 1.6), ("symlog", 0, 6)]
)
def test_ticks_lie_on_their_scale(kind, low, high):
    scale = Scale(low, high, 0, 100, kind)
    assert len(scale.ticks) > 1
    assert all(low - 1e-9 <= scale.of(tick) <= high + 1e-9 for tick in scale.ticks)
    assert len(set(distinct_texts(scale.ticks))) == len(scale.ticks)


def test_ticks_are_written_as_they_are():
    assert distinct_texts([0.0, 2.5, 5.0, 7.5, 10.0]) == ["0", "2.5", "5", "7.5", "10"]
    assert distinct_texts([0.998, 0.9985, 0.999]) == ["0.998", "0.9985", "0.999"]


def test_a_criterion_in_words():
    assert Comparison("equals", 4.0, 0.5).words() == "4 \u00b1 0.5"
    assert Comparison("at_most", 4.0, 0.0).words() == "at most 4"
    assert Comparison("more_than", 0.0, 1e-10).words() == "more than 1e-10"
