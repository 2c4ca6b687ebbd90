"""Conformance: what an EM must do on small cases, each a plain sentence with what was expected and got.

The reference is a loop of textbook formulas of its own, so that no mistake of our EM can hide here. It takes of the
library what a covariance type is, and nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from em_study.fits.runs import PARAMETERS, Run
from emgmm import COVARIANCE_TYPES, MixtureParameters, SufficientStatistics, maximization

# How far a right EM may be off where a case is made to tell one mistake, and where digits count
COARSE, FINE = 1e-3, 1e-10
HOPELESS = ("cannot be imported", "does not end within")  # of what is run, nothing more is worth a try


class Result(NamedTuple):
    """Outcome of a check."""

    sentence: str  # what must hold
    outcome: str  # "holds", "fails", "cannot" (it says that it cannot do this) or "skipped"
    detail: str = ""  # what was expected and got, or why it was not looked at


class CannotError(Exception):
    """The implementation says that it cannot do what a check needs."""


class FailsError(Exception):
    """It does something else than a check expects."""


def _expect(what: str, got, expected, tolerance: float):
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    if got.shape != expected.shape or not np.allclose(got, expected, rtol=tolerance, atol=tolerance):
        raise FailsError(f"{what}: expected {_shown(expected)}, got {_shown(got)}")


def _expect_all(when: str, got, expected, tolerance: float):
    for name, *values in zip(PARAMETERS, got, expected, strict=True):
        _expect(f"{name} {when}", *values, tolerance)


def _shown(array) -> str:
    flat = np.ravel(array)
    text = ", ".join(f"{value:.10g}" for value in flat[:4])
    return f"{text}, ..." if len(flat) > 4 else text


def _case(n_features=2, n_components=2):
    """Draw 60 rows of groups that overlap; make a start that is not the truth: weights, means and covariances."""
    draw = np.random.default_rng(5)
    mixing = np.eye(n_features) + 0.5 * np.tri(n_features, k=-1)
    X = draw.standard_normal((60, n_features)) @ mixing.T
    X += 2 * np.sort(np.arange(60) % (n_components + 1) > 1)[:, None] * np.sign(draw.uniform(-1, 2, n_features))
    means = np.linspace(0.3, 1.5, n_components)[:, None] * np.ones(n_features)
    covariances = [(1 + 0.3 * k) * (mixing @ mixing.T) + 0.3 * np.eye(n_features) for k in range(n_components)]
    weights = np.arange(2.0, 2 + n_components)
    return X, (weights / weights.sum(), means, np.array(covariances))


X, START = _case()  # of most checks


def reference_step(X, weights, means, covariances):
    """Log-likelihoods (N,) under full covariances, and the parameters of the next step."""
    joint = np.empty((len(X), len(weights)))
    for n, x in enumerate(X):
        for k, (weight, mean, covariance) in enumerate(zip(weights, means, covariances, strict=True)):
            deviation = x - mean
            distance = deviation @ np.linalg.solve(covariance, deviation)
            joint[n, k] = np.log(weight) - 0.5 * (distance + np.linalg.slogdet(2 * np.pi * covariance)[1])
    log_likelihoods = np.logaddexp.reduce(joint, axis=1)
    posteriors = np.exp(joint - log_likelihoods[:, None])
    mass = posteriors.sum(axis=0)
    new_means = posteriors.T @ X / mass[:, None]
    new_covariances = np.array(
        [
            sum(p * np.outer(x - mean, x - mean) for p, x in zip(column, X, strict=True)) / m
            for column, mean, m in zip(posteriors.T, new_means, mass, strict=True)
        ]
    )
    return log_likelihoods, (mass / len(X), new_means, new_covariances)


def reference_path(n_steps, X=X, start=START):
    """Parameters after 0, 1, ..., `n_steps` steps, and the mean log-likelihoods under all but the last."""
    path, values = [start], []
    for _ in range(n_steps):
        log_likelihoods, following = reference_step(X, *path[-1])
        values.append(log_likelihoods.mean())
        path.append(following)
    return path, values


class Subject:
    """An implementation, run on cases."""

    def __init__(self, implementation: Callable[..., Run]):
        self.implementation = implementation

    def run(self, X=X, start=START, kind="full", **settings) -> Run:
        """Take steps from a start; fails or says that it cannot."""
        settings = {"tol": 0.0, "max_iter": 1, "reg_covar": 0.0} | settings
        run = self.implementation(X, MixtureParameters.checked(*start, kind), **settings)
        if "it cannot do this" in run.failure:
            raise CannotError(run.failure.partition("it cannot do this: ")[2])
        if run.failure:
            raise FailsError(run.failure)
        return run

    def trace(self, *case, **settings) -> tuple[float, ...]:
        """Take steps; return the trace."""
        if not (trace := self.run(*case, **settings).trace):
            raise CannotError("it gives no trace")
        return trace

    def after(self, n_steps, start=START, X=X, **settings) -> tuple:
        """Weights, means and covariances after some steps."""
        end = self.run(X, start, max_iter=n_steps, **settings).end
        return end.weights, end.means, end.covariances

    def covariance(self, X):
        """Covariance (D, D) that it finds for one component."""
        return self.run(X, ([1.0], X.mean(axis=0)[None], np.cov(X.T)[None])).end.covariances[0]


# What must hold: the function that raises `FailsError` where it does not, and whether it tells nothing where the start
# is not taken as it is given.
CHECKS: dict[str, tuple[Callable[[Subject], None], bool]] = {}


def _must(sentence: str, of_start: bool = True):
    def register(check):
        CHECKS[sentence] = check, of_start
        return check

    return register


def _on_each(shapes, check: Callable[..., None]):
    """Check cases of so many features and components; what it cannot do beyond the first says nothing."""
    for number, shape in enumerate(shapes):
        with suppress(*[CannotError] * (number > 0)):
            check(*shape)


@_must("After max_iter steps it returns the parameters of the last, not of the one before.", of_start=False)
def _last_step_is_returned(subject):
    one, (_, first) = subject.after(1), reference_path(1)[0]
    if all(np.allclose(a, b, rtol=COARSE) for a, b in zip(one, START, strict=True)):
        raise FailsError(f"means after one step: expected other ones, got the start's, {_shown(START[1])}")
    if np.allclose(subject.after(2)[1], first[1], rtol=1e-6) and not np.allclose(one[1], first[1], rtol=1e-6):
        raise FailsError(f"means after two steps: expected other ones, got those of one step, {_shown(first[1])}")


STARTS = "The first means are those of the rows, weighted by the posteriors under the start as it is given."


@_must(STARTS, of_start=False)
def _start_is_taken(subject):
    # Whatever comes of covariances and weights, the means tell the posteriors.
    _expect("means after one step", subject.after(1)[1], reference_path(1)[0][1][1], COARSE)


@_must("Weights are the means of the posteriors.")
def _weights_are_updated(subject):
    _expect("weights after one step", subject.after(1)[0], reference_path(1)[0][1][0], COARSE)


@_must("Covariances have entries off the diagonal, where features covary.", of_start=False)
def _covariances_are_full(subject):
    covariance = subject.covariance(X)
    deviations = np.sqrt(covariance.diagonal())
    got = covariance / np.outer(deviations, deviations)
    _expect("correlations of one component", got, np.corrcoef(X.T), COARSE)


@_must("Covariances are divided by the mass of the component, not by one less.", of_start=False)
def _covariances_are_of_highest_likelihood(subject):
    few = X[::3]
    _expect("covariance of one component", subject.covariance(few), np.cov(few.T, bias=True), COARSE)


@_must("With reg_covar 0 nothing is added to the variances.", of_start=False)
def _nothing_is_added(subject):
    small = X * 1e-4  # rows of a small scale show it
    expected = 1e8 * np.cov(small.T, bias=True)
    _expect("variances of rows of deviation 1e-4, times 1e8", 1e8 * subject.covariance(small), expected, 0.05)


@_must("A second step takes the posteriors under the parameters of the first: two steps are one step, taken twice.")
def _second_step_is_a_step(subject):
    one = subject.after(1)
    _expect_all("after two steps", subject.after(2), subject.after(1, one), 1e-5)


@_must("It computes in double precision.")
def _double_precision(subject):
    _expect("means after one step", subject.after(1)[1], reference_path(1)[0][1][1], FINE)


@_must(
    "One step is that of the textbook: weights, means and covariances, whatever the numbers of features and components."
)
def _one_step(subject):
    def check(n_features, n_components):
        X, start = _case(n_features, n_components)
        when = f"after one step, {n_features} features, {n_components} components"
        _expect_all(when, subject.after(1, start, X), reference_step(X, *start)[1], FINE)

    _on_each([(2, 2), (1, 2), (3, 3)], check)


@_must("A row far from all components leaves nothing undefined.")
def _far_row(subject):
    rows = np.concatenate([X, [[1000.0, -1000.0]]])
    _expect("means after one step", subject.after(1, X=rows)[1], reference_step(rows, *START)[1][1], 1e-6)


@_must("max_iter is the number of steps: with tol 0, n steps are n textbook steps, and it tells so.")
def _steps_are_counted(subject):
    run = subject.run(max_iter=5)
    _expect("means after five steps", run.end.means, reference_path(5)[0][5][1], 1e-8)
    if run.n_maximizations not in (-1, 5):
        raise FailsError(f"steps told with tol 0 and max_iter 5: expected 5, got {run.n_maximizations}")


@_must("The trace begins with the mean log-likelihood of the start, and has one value a step.")
def _trace_begins_at_the_start(subject):
    def check(*shape):
        case = _case(*shape)
        trace = subject.trace(*case, max_iter=4)
        if len(trace) not in (4, 5):  # the end's own value may stand there too
            raise FailsError(f"values of the trace of four steps: expected 4, got {len(trace)}")
        _expect("values of the trace", trace, reference_path(5, *case)[1][: len(trace)], 1e-8)

    _on_each([(2, 2), (3, 3)], check)


@_must("The log-likelihood never decreases.")
def _trace_is_monotone(subject):
    least = np.diff(subject.trace(max_iter=100)).min(initial=0)
    if least < -1e-9:
        raise FailsError(f"smallest change of the trace: expected at least 0, got {least:.3g}")


@_must("Components that are given in another order come out in that order.")
def _components_may_be_permuted(subject):
    reversed_end = subject.after(5, [array[::-1] for array in START])
    _expect_all("of the permuted start", [array[::-1] for array in reversed_end], subject.after(5), 1e-8)


@_must("Rows that lie far from the origin give the same covariances.")
def _offset_loses_no_digits(subject):
    weights, means, covariances = START
    moved = subject.after(5, (weights, means + 1e4, covariances), X + 1e4)[2]
    _expect("covariances of rows moved by 10,000", moved, subject.after(5)[2], 1e-5)


@_must("reg_covar is added to each variance in every step.")
def _reg_covar_is_added(subject):
    expected = reference_path(1)[0][1][2] + 0.5 * np.eye(2)
    _expect("covariances with reg_covar 0.5", subject.after(1, reg_covar=0.5)[2], expected, 1e-8)


@_must("It stops when the mean log-likelihood changes by less than tol, tested before or after the M-step.")
def _tolerance_ends_it(subject):
    path, values = reference_path(59)
    small = np.abs(np.diff(values))
    for tol in (3e-3, 1e-4):
        after = int(np.argmax(small < tol)) + 2  # M-steps where the test comes after one
        end = subject.run(tol=tol, max_iter=1000).end
        steps = int(np.argmin([np.abs(end.means - means).max() for _, means, _ in path]))
        if steps not in (after - 1, after):
            raise FailsError(f"steps at tol {tol:g}: expected {after}, or {after - 1} if tested before, got {steps}")


def _of_type(kind: str, weights, means, covariances) -> MixtureParameters:
    """Give covariances the shape of a type, by highest likelihood."""
    moments = covariances.diagonal(axis1=1, axis2=2) if COVARIANCE_TYPES[kind].diagonal else covariances
    scatter = (moments.T * weights).T
    return maximization(SufficientStatistics(weights, means, scatter, kind))


def _takes_type(kind: str):
    @_must(f"With {kind} covariances a step gives those of highest likelihood of their shape.")
    def check(subject):
        start = _of_type(kind, *START)
        expected = _of_type(kind, *reference_step(X, *START[:2], start.covariance_matrices)[1])
        _, *got = subject.after(1, (*START[:2], start.covariances), kind=kind)
        _expect("means after one step", got[0], expected.means, 1e-8)
        _expect("covariances after one step", got[1], expected.covariances, 1e-8)


for other in [kind for kind in COVARIANCE_TYPES if kind != "full"]:
    _takes_type(other)


def check_up(run: Callable[..., Run]) -> Iterator[Result]:
    """Check an implementation; yield each result as it comes.

    Parameters
    ----------
    run : callable
        From rows, a start and settings to a `Run` (`em_study.fits.implementations.running`).
    """
    subject, results, useless = Subject(run), {}, ""
    for sentence, (check, of_start) in CHECKS.items():
        if useless or (of_start and results[STARTS].outcome == "fails"):
            why = useless or "nothing can be told where the start is not taken"
            results[sentence] = Result(sentence, "skipped", why)
        else:
            results[sentence] = _result(sentence, check, subject)
            if any(sign in results[sentence].detail for sign in HOPELESS):
                useless = "it could not be run before"
        yield results[sentence]


def _result(sentence: str, check: Callable[[Subject], None], subject: Subject) -> Result:
    try:
        check(subject)
    except FailsError as error:
        return Result(sentence, "fails", str(error))
    except CannotError as error:
        return Result(sentence, "cannot", str(error))
    return Result(sentence, "holds")
