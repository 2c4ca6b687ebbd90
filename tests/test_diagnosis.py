"""The diagnosis: why an EM differs from ours."""

import sys
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from project import ROOT
from test_conformance import plain_em
from test_emgmm import KINDS, problem

import emgmm
from em_study.checkup import InProcess, examine
from em_study.columns import COLUMNS
from em_study.data.dataset import Dataset
from em_study.diagnosis.answer import answer
from em_study.diagnosis.cases import many_samples
from em_study.diagnosis.deviations import SEARCHED
from em_study.diagnosis.reading import read_all
from em_study.diagnosis.recipe import Problem, residual, take_path
from em_study.diagnosis.report import sentence
from em_study.diagnosis.search import diagnose, parts_of, recipe_of
from em_study.diagnosis.table import tabulate_diagnoses
from em_study.evaluation.compared import Compared
from em_study.evaluation.protocols import Other, run_protocol
from em_study.fits.em import run_fit
from em_study.fits.implementations import checked
from em_study.fits.runs import Run
from em_study.fits.settings import Fit
from em_study.fits.sklearn_adapter import fit as run_sklearn

sys.path.append(str(ROOT / "benchmarks"))

import planting
from planting import drawn_problem

# Without effect on samples of about unit scale: these cannot be distinguished from our EM there.
NO_CHANGE = ("ridge_0", "mass_10_eps", "eigenvalues_above_0.01", "eigenvalues_above_0.001")
DISTINGUISHED = [name for name in SEARCHED if name not in NO_CHANGE]


def in_shape(found, start):
    """Give covariance matrices the shape of the start's type."""
    covariances = found.covariances
    if start.type.diagonal:
        covariances = covariances.diagonal(axis1=1, axis2=2)
        covariances = covariances[:, 0] if start.type.isotropic else covariances
    covariances = covariances[0] if start.type.common else covariances
    return emgmm.MixtureParameters(found.weights, found.means, covariances.copy(), start.covariance_type)


def deviant(deviations):
    """Make an EM with deviations that is run like an implementation."""

    def run(X, start, *, tol, max_iter, reg_covar):
        path = take_path(Problem(X, start, np.array([17, 23])), recipe_of(deviations, reg_covar), max_iter)
        end = in_shape(path.parameters[-1], start)
        return Run(start, end, tuple(path.log_likelihoods[:max_iter]), len(path.parameters) - 1, n_iter=max_iter)

    return run


@cache  # its paths are computed once
def drawn_by(seed):
    return replace(drawn_problem(seed), class_counts=np.array([17, 23]))


def diagnosed(run, seed, n_steps, reported=lambda run: run, **settings):
    """Diagnose an EM on samples of its own, by what `reported` leaves of its run; ours stops by itself."""
    drawn = drawn_by(seed)
    theirs = reported(run(drawn.X, drawn.start, tol=0.0, max_iter=n_steps, reg_covar=0.0))
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.article_stopping())
    return diagnose(drawn, theirs, ours.parameters, ours.n_maximizations, 0.0, **settings)


def without_trace(run):
    return replace(run, trace=())


def without_steps(run):
    return replace(run, trace=(), n_maximizations=-1)


@pytest.mark.parametrize("name", DISTINGUISHED)
def test_a_deviation_is_found_among_all_others(name):
    found = [diagnosed(deviant([name]), seed, 4 + seed) for seed in range(20)]
    assert sum(one.best.deviations == (name,) for one in found) >= 18  # a start may be forgotten by the end
    for one in found:
        assert one.outcome == "explained"
        assert one.best.deviations in ((name,), ())


def test_pairs_of_deviations_are_found():
    draw, n_found, n_pairs = np.random.default_rng(2), 0, 0
    while n_pairs < 20:
        pair = tuple(sorted(draw.choice(DISTINGUISHED, 2, replace=False)))
        if parts_of(pair[0]) & parts_of(pair[1]):
            continue
        n_pairs += 1
        ordered = sorted(pair, key=list(SEARCHED).index)
        n_found += diagnosed(deviant(ordered), n_pairs, 8).best.deviations == pair
    assert n_found >= 19


def test_a_deviation_is_not_missed_where_ours_is_at_its_end_after_fewer_steps():
    stale = deviant(["stale_responsibilities"])
    for reported in (without_trace, lambda run: run):
        found = diagnosed(stale, 3, 6, reported)
        assert (found.outcome, found.named, found.best.n_steps) == ("explained", ("stale_responsibilities",), 6)
        assert "and ends after 6 M-steps" in sentence(found)
    end_only = diagnosed(stale, 3, 6, without_steps)
    assert (end_only.outcome, end_only.best.deviations, end_only.best.n_steps) == ("cannot be distinguished", (), 3)
    assert ("stale_responsibilities",) in [one.deviations for one in end_only.alike]
    assert "one that uses responsibilities that are one step old is equal after 5" in sentence(end_only)
    by_tolerance = diagnosed(stale, 3, 6, without_steps, tol=1e-9)  # would end it at its second step: nothing changes
    assert ("stale_responsibilities",) not in [one.deviations for one in by_tolerance.alike]


def test_a_number_of_steps_that_is_not_reported_is_that_of_the_trace_or_the_one_given():
    for reported, settings in (
        (lambda run: replace(run, n_maximizations=-1), {"tol": 1e-3}),
        (without_steps, {"max_iter": 6}),
    ):
        found = diagnosed(deviant(["stale_responsibilities"]), 3, 6, reported, **settings)
        assert (found.named, found.reported) == (("stale_responsibilities",), 6)


def test_our_em_after_other_steps_than_it_reports_explains_nothing():
    found = diagnosed(deviant([]), 3, 8, lambda run: replace(run, n_maximizations=12))
    assert (found.outcome, found.named, found.best.n_steps) == ("same end, different path", (), 8)
    assert "But it reports 12" in sentence(found)


def from_another_start(change):
    """Make a correct EM that starts from other initial parameters."""

    def run(X, start, **settings):
        covariances = change(np.array(start.covariances))
        moved = emgmm.MixtureParameters(np.array(start.weights), np.array(start.means), covariances)
        return deviant([])(X, moved, **settings)

    return run


STARTS = {
    "doubled": lambda covariances: 2 * covariances,
    "diagonal": lambda covariances: covariances * np.eye(2),
    "pooled": lambda covariances: np.broadcast_to(covariances.mean(axis=0), covariances.shape).copy(),
}


@pytest.mark.parametrize("n_steps", [25, 200])
@pytest.mark.parametrize("start", STARTS)
def test_a_start_that_is_forgotten_is_neither_explained_nor_called_the_same(start, n_steps):
    for reported in (lambda run: run, without_trace):
        found = diagnosed(from_another_start(STARTS[start]), 1, n_steps, reported)
        assert found.named == ()
        if n_steps == 200:
            assert found.outcome == ("same end, different path" if found.best.trace else "cannot be distinguished")
        else:
            assert found.outcome not in ("explained", "the same")


def test_what_a_forgotten_start_cannot_hide_is_named():
    found = diagnosed(deviant(["start_unit_covariances", "covariances_n_minus_1"]), 1, 200, without_trace)
    assert (found.outcome, found.named, found.settled) == ("explained", ("covariances_n_minus_1",), True)
    assert "Its initial parameters cannot be distinguished" in sentence(found)


def test_a_pair_whose_parts_alone_are_far_is_found():
    pair = ["start_unit_covariances", "weights_not_updated"]
    assert diagnosed(deviant(pair), 1, 6, without_trace).named == tuple(pair)


def test_nothing_is_named_that_only_comes_near():
    def run(X, start, **settings):
        arrays = {"X": X, "weights": start.weights, "means": start.means, "covariances": start.covariances}
        found, _ = InProcess(plain_em("determinant")).call(arrays, settings | {"covariance_type": "full"})
        return checked(found, start, settings["max_iter"])

    found = diagnosed(run, 1, 6)
    assert found.outcome == "not explained"
    assert (found.named, found.without) == ((), {})
    text = sentence(found)
    assert (
        f"the nearest of {found.n_runs} combinations of known deviations differs from it by {found.best.residual:.1e}"
        in text
    )
    assert not any(change.words in text for changes in SEARCHED.values() for change in changes)


def test_certainty_of_a_deviation_is_the_difference_without_it():
    found = diagnosed(deviant(["precisions_as_covariances", "ridge_1e-06"]), 2, 4)
    assert found.without["precisions_as_covariances"] > 1e-2  # though the next best has it too
    assert 1e-7 < found.without["ridge_1e-06"] < 1e-4
    assert "precisions_as_covariances" in found.next_best.deviations
    without, nearest = drawn_by(2), np.inf
    for names in [(), *planting.catalogued()]:
        if "ridge_1e-06" not in names:
            end = take_path(without, recipe_of(names, 0.0), 5).parameters
            target = take_path(without, recipe_of(["precisions_as_covariances", "ridge_1e-06"], 0.0), 4).parameters[4]
            nearest = min([nearest, *(residual(one, target) for one in end[3:6])])
    assert found.without["ridge_1e-06"] == nearest
    assert f"{nearest:.1e} without the second" in sentence(found)


def test_a_sample_of_what_is_planted_is_named_and_nothing_else():
    draw, answers = np.random.default_rng(4), []
    for distance, n_steps in ((2.0, 6), (2.0, 40), (12.0, 6)):
        problem = drawn_problem(9, distance=distance)
        for names in draw.permutation(np.array(planting.catalogued(), dtype=object))[:12]:
            run = planting.planted(problem, names, n_steps)
            answers.append(planting.answered(problem, run, names))
            assert planting.answered(problem, without_trace(run), names) not in ("wrong cause", "acquitted")
        for name in draw.permutation(list(planting.HELD_OUT))[:4]:
            run = planting.mistaken(problem, planting.HELD_OUT[name], n_steps)
            for one in (run, without_trace(run)):
                assert planting.answered(problem, one) not in ("wrong cause", "acquitted"), name
    assert not {"wrong cause", "acquitted"} & set(answers)
    assert sum(answer in ("named", "an equal named", "no effect") for answer in answers) >= 34  # of 36


@pytest.mark.parametrize("name", NO_CHANGE)
def test_what_changes_nothing_is_no_deviation(name):
    found = diagnosed(deviant([name]), 3, 10)
    assert found.best.deviations == ()


def test_a_floor_of_eigenvalues_is_found_where_it_acts():
    drawn = drawn_problem(4)
    small = Problem(
        0.03 * drawn.X,
        emgmm.MixtureParameters(drawn.start.weights, 0.03 * drawn.start.means, 0.0009 * drawn.start.covariances),
        drawn.class_counts,
    )
    theirs = deviant(["eigenvalues_above_0.001"])(small.X, small.start, tol=0, max_iter=8, reg_covar=0.0)
    ours = emgmm.expectation_maximization(small.X, small.start, emgmm.article_stopping())
    found = diagnose(small, theirs, ours.parameters, ours.n_maximizations, 0.0)
    assert found.best.deviations == ("eigenvalues_above_0.001",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_correct_implementations_are_the_same(kind, seed):
    X, _, start = problem(seed, kind=kind)
    ours = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-5, 30))
    theirs = run_sklearn(X, start, tol=1e-5, max_iter=30, reg_covar=0.0)
    found = diagnose(Problem(X, start), theirs, ours.parameters, ours.n_maximizations, 0.0)
    assert (found.outcome, found.best.deviations, found.best.trace) == ("the same", (), "the same")
    assert sentence(found).startswith("It is our EM")


def test_article_a_s_call_is_explained():
    drawn = drawn_problem(2)
    theirs = run_sklearn(drawn.X, drawn.start, tol=0.01, max_iter=1000, reg_covar=1e-6, precisions_are_covariances=True)
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.article_stopping())
    found = diagnose(drawn, theirs, ours.parameters, ours.n_maximizations, 0.0)
    assert (found.outcome, set(found.best.deviations)) == ("explained", {"precisions_as_covariances", "ridge_1e-06"})
    assert found.best.residual < 1e-13
    assert found.next_best.residual > 1e-7
    low, high = found.tolerances["of the mean log-likelihood, tested after the M-step"]
    assert low < 0.01 <= high


def test_nonsense_is_not_explained():
    drawn = drawn_problem(5)
    end = emgmm.MixtureParameters(np.array([0.9, 0.1]), drawn.start.means[::-1] + 7, drawn.start.covariances * 9)
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.article_stopping())
    found = diagnose(drawn, Run(drawn.start, end), ours.parameters, ours.n_maximizations, 0.0)
    assert found.outcome == "not explained"
    assert sentence(found).startswith("It: nothing in the catalogue explains it")


@pytest.mark.parametrize("of", ["the mean log-likelihood", "the sum over the samples"])
@pytest.mark.parametrize(
    ("rule", "place"), [(emgmm.sklearn_stopping, "after the M-step"), (emgmm.article_stopping, "before the M-step")]
)
def test_the_test_that_stopped_is_found(rule, place, of):
    for seed in range(20):
        drawn = drawn_problem(seed)
        tol = 1e-3 if of == "the mean log-likelihood" else 1e-3 * len(drawn.X)
        result = emgmm.expectation_maximization(drawn.X, drawn.start, rule(1e-3, 500))
        run = Run(drawn.start, result.parameters, result.trace, result.n_maximizations, True)
        found = diagnose(drawn, run, result.parameters, result.n_maximizations, 0.0, tol)
        assert f"of {of}, tested {place}" in found.stopped_by


def test_a_trace_that_is_moved_or_summed_is_described():
    drawn = drawn_problem(6)
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.sklearn_stopping(0, 12))
    true = np.array(ours.trace)
    for trace, described in ((true[1:], "the same, one step early"), (400 * true, "summed over the samples")):
        run = Run(drawn.start, ours.parameters, tuple(trace), 12)
        assert diagnose(drawn, run, ours.parameters, 12, 0.0).best.trace == described


def peer(returned="used", divisor="mass", second=False, about="new"):
    """Make an EM like those of R's packages, for full covariances, by the contract."""

    def responsibilities(X, weights, means, covariances):
        centered = X[:, None] - means
        distances = np.einsum("nkd,kde,nke->nk", centered, np.linalg.inv(covariances), centered)
        joint = np.log(weights) - 0.5 * (distances + np.linalg.slogdet(2 * np.pi * covariances)[1])
        totals = np.logaddexp.reduce(joint, axis=1)
        return np.exp(joint - totals[:, None]), totals.sum()

    def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
        if covariance_type != "full" or reg_covar:
            raise NotImplementedError("full covariances as they are, alone")
        r, before = responsibilities(X, weights, means, covariances)
        for n_iter in range(1, max_iter + 1):
            center = means
            weights, means = r.mean(axis=0), r.T @ X / r.sum(axis=0)[:, None]
            if second:  # normalmixEM of mixtools
                r, _ = responsibilities(X, weights, means, covariances)
                weights = r.mean(axis=0)
            mass = r.sum(axis=0)
            centered = X[:, None] - (means if about == "new" else center)
            by = mass - (r**2).sum(axis=0) / mass if divisor == "cov.wt" else mass
            covariances = np.einsum("nk,nkd,nke->kde", r, centered, centered) / by[:, None, None]
            r, now = responsibilities(X, weights, means, covariances)
            if n_iter > 1 and abs(now - before) / (1 + abs(now)) < tol:
                break
            before = now
        labels = np.bincount(r.argmax(axis=1), minlength=len(weights)) / len(X)
        weights = {"used": weights, "ahead": r.mean(axis=0), "labels": labels}[returned]
        return {"weights": weights, "means": means, "covariances": covariances, "n_iter": n_iter}

    return fit


PEERS = {  # what it does, and what the search and the check-up name
    "mclust": ({}, (), ""),
    "flexmix": (
        {"divisor": "cov.wt", "returned": "ahead"},
        ("cov_wt", "weights_one_step_ahead"),
        "it returns the weights of one more E-step, not those of its last M-step, divides the covariances by "
        "N_k - sum(r^2) / N_k, as R's cov.wt and numpy.cov do with weights by default",
    ),
    "flexmix's sizes": (
        {"divisor": "cov.wt", "returned": "labels"},
        ("cov_wt", "weights_of_labels"),
        "it returns the shares of hard assignments as weights (each sample counts for its likeliest component), ",
    ),
    "mixtools": (
        {"second": True},
        ("ecm",),
        "it uses the weights from a second E-step with the new weights and means (ECM), recomputes the "
        "responsibilities with the new weights and means before the covariances (ECM)",
    ),
    "mixtools, fast": (
        {"about": "old"},
        ("old_means",),
        "it computes the covariances with deviations from the old means",
    ),
}


def run_peer(X, start, what, **settings):
    found = peer(**what)(X, start.weights, start.means, start.covariances, covariance_type="full", **settings)
    end = emgmm.MixtureParameters(found["weights"], found["means"], found["covariances"])
    return Run(start, end, n_maximizations=found["n_iter"])


@pytest.mark.parametrize("shape", [(1, 3), (3, 3)])
@pytest.mark.parametrize("name", PEERS)
def test_what_packages_of_r_do_is_found_by_the_end(name, shape):
    what, named, _ = PEERS[name]
    for seed in range(3):
        drawn = many_samples(seed, "full", *shape, n=300, distance=1.0)
        ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.sklearn_stopping(1e-9, 1000))
        theirs = run_peer(drawn.X, drawn.start, what, tol=0.0, max_iter=6, reg_covar=0.0)
        found = diagnose(drawn, theirs, ours.parameters, ours.n_maximizations, 0.0)
        assert (found.outcome, found.named, found.best.n_steps) == ("explained", named, 6)
        assert found.alike == ()


@pytest.mark.parametrize("name", ["mclust", "flexmix's sizes"])
def test_the_end_alone_and_the_tolerance_are_enough(name):
    what, named, _ = PEERS[name]
    drawn = many_samples(5, "full", 2, 2, n=300, distance=1.5)
    theirs = run_peer(drawn.X, drawn.start, what, tol=1e-6, max_iter=1000, reg_covar=0.0)
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.sklearn_stopping(1e-9, 1000))
    assert 20 < theirs.n_maximizations < ours.n_maximizations - 20
    found = diagnose(drawn, without_steps(theirs), ours.parameters, ours.n_maximizations, 0.0, 1e-6, 1000)
    assert (found.outcome, found.named, found.best.n_steps) == ("explained", named, theirs.n_maximizations)
    assert found.stopped_by == ("of the log-likelihood, relative to its size, tested before the M-step",)
    assert found.n_runs == 1 or name != "mclust"  # our EM that stops elsewhere is found at once


@pytest.mark.parametrize("name", PEERS)
def test_what_packages_of_r_do_is_read(name):
    what, _, words = PEERS[name]
    said = answer(read_all(InProcess(peer(**what))))[0]
    relatively = (
        "compares its tolerance with the relative change of the log-likelihood, not with the change of the mean"
    )
    assert said.startswith(f"Cause: {words}" if words else f"Cause: it {relatively}")
    assert relatively in said


def test_what_has_another_em_for_one_feature_is_read_for_each():
    """So has mixtools: normalmixEM and mvnormalmixEM."""
    one, several = peer(second=True), peer()

    def fit(X, *arrays, **settings):
        return (one if X.shape[1] == 1 else several)(X, *arrays, **settings)

    found = examine("both", InProcess(fit))
    said = found["answer"]
    assert said[0].startswith("With full covariances and one feature: Cause: it uses the weights from a second E-step")
    relatively = "it compares its tolerance with the relative change of the log-likelihood"
    assert said[-1].startswith(f"With full covariances and several features: Cause: {relatively}")
    assert next(one for one in found["checks"] if one["name"] == "full")["outcome"] == "fails"


@pytest.mark.parametrize(
    ("scale", "named"),
    [
        (0.3, "of the sum over the samples, relative to its size plus 1"),  # a small sum
        (1.0, "of the log-likelihood, relative to its size"),
    ],
)
def test_a_rule_relative_to_more_than_the_sum_is_named_only_where_the_plain_one_stops_elsewhere(scale, named):
    drawn = many_samples(6, "full", 2, 2, n=40, distance=1.0, scale=scale)
    theirs = run_peer(drawn.X, drawn.start, {}, tol=1e-4, max_iter=1000, reg_covar=0.0)
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.sklearn_stopping(1e-9, 1000))
    found = diagnose(drawn, theirs, ours.parameters, ours.n_maximizations, 0.0, 1e-4, 1000)
    assert found.stopped_by == (f"{named}, tested before the M-step",)


def test_ten_small_changes_in_a_row_are_a_rule():
    drawn = many_samples(6, "full", 2, 2, n=200, distance=1.5)
    end, before, in_a_row = drawn.start, -np.inf, 0
    while in_a_row < 10:
        statistics, value = emgmm.expectation(drawn.X, end)
        end = emgmm.maximization(statistics, 0.0)
        in_a_row = in_a_row + 1 if abs(value - before) / abs(value) < 1e-5 else 0
        before = value
    ours = emgmm.expectation_maximization(drawn.X, drawn.start, emgmm.sklearn_stopping(1e-9, 1000))
    theirs = Run(drawn.start, end, n_maximizations=-1)
    found = diagnose(drawn, theirs, ours.parameters, ours.n_maximizations, 0.0, 1e-5, 1000)
    assert (found.outcome, found.best.deviations) == ("explained", ())
    assert found.stopped_by == (
        "of the log-likelihood, relative to its size, 10 times in a row, tested after the M-step",
    )


def test_triples_of_deviations_are_found():
    draw, n_found, n_tried = np.random.default_rng(3), 0, 0
    while n_tried < 6:
        names = sorted(draw.choice(DISTINGUISHED, 3, replace=False), key=list(SEARCHED).index)
        if any(parts_of(one) & parts_of(other) for one, other in combinations(names, 2)):
            continue
        n_tried += 1
        found = diagnosed(deviant(names), n_tried, 6)
        n_found += found.outcome == "explained" and set(found.best.deviations) == set(names)
    assert n_found >= 4


def test_diagnoses_are_tabulated_and_predict_other_replicates():
    drawn = [drawn_problem(seed) for seed in (7, 8, 9, 10)]
    X, y = np.stack([one.X for one in drawn]), np.tile(np.arange(400) % 5 > 1, (4, 1)).astype(int)
    names = np.array(["a", "b"]), np.array(["0", "1"])
    dataset = Dataset(*names, X, y, X[:, :40], y[:, :40])
    fit = Fit(initialization="labels", semi_supervised="init_only")
    ours = run_fit(dataset, fit, 4, 0, "e", "f")
    theirs = {name: run_protocol(name, dataset, ours, fit) for name in ("as_published", "same_regularization")}
    failed = replace(ours, failure=np.array(["step 2: it collapsed"] * 4))
    last = theirs["same_regularization"].means.copy()
    last[3] += 1e-6
    theirs["same_regularization"] = replace(theirs["same_regularization"], means=last)
    table = tabulate_diagnoses(dataset, [Compared(ours, fit, [(Other(), theirs | {"failed": failed})])], "e")
    assert table["outcome"].tolist() == ["explained"] * 2 + ["the same"] * 2 + ["not diagnosed"] * 2
    assert table["deviations"][0] == "precisions_as_covariances + ridge_1e-06"
    assert table["explanation"][4] == "step 2: it collapsed"
    assert table["predicted"].tolist()[:4] == [1.0, 1.0, 2 / 3, 2 / 3]
    assert table["n_others"].tolist()[:4] == [3] * 4
    assert "to 1e-09: 3 of 3." in table["explanation"][0]
    assert "to 1e-09: 2 of 3." in table["explanation"][2]
    least = min(float(part.split(": ")[1]) for part in table["without"][0].split("; "))
    assert least == pytest.approx(table["residual_without"][0], rel=0.05)
    assert list(table.columns) == list(COLUMNS["diagnosis"])
