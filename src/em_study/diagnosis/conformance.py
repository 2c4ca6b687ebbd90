"""What an EM must do: checks of an implementation on small cases, each a plain sentence with what was expected and got.

The reference is a loop of textbook formulas of its own, so that no mistake of our EM can hide here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from em_study.fits.runs import Run
from emgmm import MixtureParameters

# How far a right EM may be off where a case is made to tell one mistake, and where digits count
COARSE, FINE = 1e-3, 1e-10
NAMES = ("weights", "means", "covariances")
HOPELESS = ("cannot be imported", "does not end within")  # of what is run, nothing more is worth a try


@dataclass(frozen=True)
class Result:
    """Outcome of a check.

    Attributes
    ----------
    sentence : str
        What must hold.
    outcome : str
        "holds", "fails", "cannot" (it says that it cannot do this) or "skipped".
    detail : str
        What was expected and got, or why it was not looked at.
    """

    sentence: str
    outcome: str
    detail: str = ""


class CannotError(Exception):
    """The implementation says that it cannot do what a check needs."""


class FailsError(Exception):
    """It does something else than a check expects."""


def _expect(what: str, got, expected, tolerance: float):
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    if got.shape != expected.shape or not np.allclose(got, expected, rtol=tolerance, atol=tolerance):
        raise FailsError(f"{what}: expected {_shown(expected)}, got {_shown(got)}")


def _shown(array) -> str:
    flat = np.ravel(array)
    text = ", ".join(f"{value:.10g}" for value in flat[:4])
    return f"{text}, ..." if len(flat) > 4 else text


def _case(n_features=2, n_components=2, n_rows=60):
    """Rows of groups that overlap, and a start that is not the truth."""
    draw = np.random.default_rng(5)
    mixing = np.eye(n_features) + 0.5 * np.tri(n_features, k=-1)
    X = draw.standard_normal((n_rows, n_features)) @ mixing.T
    X += 2 * np.sort(np.arange(n_rows) % (n_components + 1) > 1)[:, None] * np.sign(draw.uniform(-1, 2, n_features))
    means = np.linspace(0.3, 1.5, n_components)[:, None] * np.ones(n_features)
    covariances = np.array(
        [(1 + 0.3 * k) * (mixing @ mixing.T) + 0.3 * np.eye(n_features) for k in range(n_components)]
    )
    weights = np.arange(2.0, 2 + n_components)
    return X, weights / weights.sum(), means, covariances


def reference_step(X, weights, means, covariances):
    """Posteriors (N, K) and log-likelihoods (N,) under full covariances, and the parameters of the next step."""
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
    return posteriors, log_likelihoods, (mass / len(X), new_means, new_covariances)


class Checked:
    """An implementation, run on cases."""

    def __init__(self, run: Callable[..., Run]):
        self.run_it = run

    def run(self, X, weights, means, covariances, kind="full", **settings) -> Run:
        """Take steps from a start; fails or says that it cannot."""
        start = MixtureParameters.checked(weights, means, covariances, kind)
        run = self.run_it(X, start, **{"tol": 0.0, "max_iter": 1, "reg_covar": 0.0} | settings)
        if "it cannot do this" in run.failure:
            raise CannotError(run.failure.partition("it cannot do this: ")[2])
        if run.failure:
            raise FailsError(run.failure)
        return run

    def after(self, n_steps, *start, X=None, **settings) -> tuple:
        """Weights, means and covariances after some steps from the case's start, or a given one; likewise its rows."""
        rows, *default = _case()
        X = rows if X is None else X
        end = self.run(X, *(start or default), max_iter=n_steps, **settings).end
        return end.weights, end.means, end.covariances


@dataclass(frozen=True)
class Check:
    """What must hold, and the function that raises `FailsError` where it does not.

    Attributes
    ----------
    function : callable
    of_start : bool
        It tells nothing where the start is not taken as it is given.
    """

    function: Callable[[Checked], None]
    of_start: bool


CHECKS: dict[str, Check] = {}


def _must(sentence: str, of_start: bool = True):
    def register(check):
        CHECKS[sentence] = Check(check, of_start)
        return check

    return register


@_must("After max_iter steps it returns the parameters of the last, not of the one before.", of_start=False)
def last_step_is_returned(checked):
    """Beside the start, and one step."""
    X, *start = _case()
    now = checked.after(1)
    if all(np.allclose(a, b, rtol=COARSE) for a, b in zip(now, start, strict=True)):
        raise FailsError(f"means after one step: expected other ones, got the start's, {_shown(start[1])}")
    first = reference_step(X, *start)[2]
    if np.allclose(checked.after(2)[1], first[1], rtol=1e-6) and not np.allclose(now[1], first[1], rtol=1e-6):
        raise FailsError(f"means after two steps: expected other ones, got those of one step, {_shown(first[1])}")


STARTS = "The first means are those of the rows, weighted by the posteriors under the start as it is given."


@_must(STARTS, of_start=False)
def start_is_taken(checked):
    """Means after a step tell the posteriors under the start, whatever comes of covariances and weights."""
    X, *start = _case()
    _expect("means after one step", checked.after(1)[1], reference_step(X, *start)[2][1], COARSE)


@_must("Weights are the means of the posteriors.")
def weights_are_updated(checked):
    """Weights after a step."""
    X, *start = _case()
    _expect("weights after one step", checked.after(1)[0], reference_step(X, *start)[2][0], COARSE)


@_must("Covariances have entries off the diagonal, where features covary.", of_start=False)
def covariances_are_full(checked):
    """Correlations of one component."""
    X, *_ = _case()
    end = checked.run(X, [1.0], X.mean(axis=0)[None], np.cov(X.T)[None]).end
    deviations = np.sqrt(end.covariances[0].diagonal())
    got = end.covariances[0] / np.outer(deviations, deviations)
    _expect("correlations of one component", got, np.corrcoef(X.T), COARSE)


@_must("Covariances are divided by the mass of the component, not by one less.", of_start=False)
def covariances_are_of_highest_likelihood(checked):
    """Covariance of one component on 20 rows."""
    X = _case()[0][::3]
    end = checked.run(X, [1.0], X.mean(axis=0)[None], np.cov(X.T)[None]).end
    _expect("covariance of one component", end.covariances[0], np.cov(X.T, bias=True), COARSE)


@_must("With reg_covar 0 nothing is added to the variances.", of_start=False)
def nothing_is_added(checked):
    """Rows of a small scale show what is added."""
    X, *_ = _case()
    X = X * 1e-4
    end = checked.run(X, [1.0], X.mean(axis=0)[None], np.cov(X.T)[None]).end
    _expect(
        "variances of rows of deviation 1e-4, times 1e8", 1e8 * end.covariances[0], 1e8 * np.cov(X.T, bias=True), 0.05
    )


@_must("A second step takes the posteriors under the parameters of the first: two steps are one step, taken twice.")
def second_step_is_a_step(checked):
    """Stale posteriors show here."""
    one = checked.after(1)
    for name, got, expected in zip(NAMES, checked.after(2), checked.after(1, *one), strict=True):
        _expect(f"{name} after two steps", got, expected, 1e-5)


@_must("It computes in double precision.")
def double_precision(checked):
    """Look at the digits of means after a step."""
    X, *start = _case()
    _expect("means after one step", checked.after(1)[1], reference_step(X, *start)[2][1], FINE)


@_must(
    "One step is that of the textbook: weights, means and covariances, whatever the numbers of features and components."
)
def one_step(checked):
    """All parameters after a step."""
    for n_features, n_components in ((2, 2), (1, 2), (3, 3)):
        X, *start = _case(n_features, n_components)
        try:
            found = checked.after(1, *start, X=X)
        except CannotError:
            if (n_features, n_components) == (2, 2):
                raise
            continue
        for name, got, expected in zip(NAMES, found, reference_step(X, *start)[2], strict=True):
            _expect(f"{name} after one step, {n_features} features, {n_components} components", got, expected, FINE)


@_must("A row far from all components leaves nothing undefined.")
def far_row(checked):
    """One row a thousand deviations away."""
    X, *start = _case()
    X = np.concatenate([X, [[1000.0, -1000.0]]])
    _expect("means after one step", checked.after(1, *start, X=X)[1], reference_step(X, *start)[2][1], 1e-6)


@_must("max_iter is the number of steps: with tol 0, n steps are n textbook steps, and it tells so.")
def steps_are_counted(checked):
    """Five steps."""
    X, *now = _case()
    for _ in range(5):
        now = reference_step(X, *now)[2]
    run = checked.run(*_case(), max_iter=5)
    _expect("means after five steps", run.end.means, now[1], 1e-8)
    if run.n_maximizations not in (-1, 5):
        raise FailsError(f"steps told with tol 0 and max_iter 5: expected 5, got {run.n_maximizations}")


@_must("The trace begins with the mean log-likelihood of the start, and has one value a step.")
def trace_begins_at_the_start(checked):
    """Values of the trace, for two numbers of features."""
    for n_features, n_components in ((2, 2), (3, 3)):
        X, *now = case = _case(n_features, n_components)
        expected = []
        for _ in range(5):
            _, log_likelihoods, following = reference_step(X, *now)
            expected.append(log_likelihoods.mean())
            now = following
        try:
            trace = checked.run(*case, max_iter=4).trace
        except CannotError:
            if n_features == 2:
                raise
            continue
        if not trace:
            raise CannotError("it gives no trace")
        if len(trace) not in (4, 5):  # the end's own value may stand there too
            raise FailsError(f"values of the trace of four steps: expected 4, got {len(trace)}")
        _expect("values of the trace", trace, expected[: len(trace)], 1e-8)


@_must("The log-likelihood never decreases.")
def trace_is_monotone(checked):
    """Take a hundred steps."""
    trace = checked.run(*_case(), max_iter=100).trace
    if not trace:
        raise CannotError("it gives no trace")
    least = np.diff(trace).min(initial=0)
    if least < -1e-9:
        raise FailsError(f"smallest change of the trace: expected at least 0, got {least:.3g}")


@_must("Components that are given in another order come out in that order.")
def components_may_be_permuted(checked):
    """Reverse the start."""
    _, *start = _case()
    for name, got, expected in zip(NAMES, checked.after(5, *(a[::-1] for a in start)), checked.after(5), strict=True):
        _expect(f"{name} of the permuted start", got[::-1], expected, 1e-8)


@_must("Rows that lie far from the origin give the same covariances.")
def offset_loses_no_digits(checked):
    """All moved by 10,000."""
    X, weights, means, covariances = _case()
    end = checked.run(X + 1e4, weights, means + 1e4, covariances, max_iter=5).end
    _expect("covariances of rows moved by 10,000", end.covariances, checked.after(5)[2], 1e-5)


@_must("reg_covar is added to each variance in every step.")
def ridge_is_added(checked):
    """Add a large one."""
    X, *start = _case()
    expected = reference_step(X, *start)[2][2] + 0.5 * np.eye(2)
    _expect("covariances with reg_covar 0.5", checked.after(1, reg_covar=0.5)[2], expected, 1e-8)


@_must("It stops when the mean log-likelihood changes by less than tol, tested before or after the M-step.")
def tolerance_ends_it(checked):
    """Hold its steps against those of the reference, at two tolerances."""
    path, values = [_case()[1:]], []
    while len(path) < 60:
        _, log_likelihoods, following = reference_step(_case()[0], *path[-1])
        values.append(log_likelihoods.mean())
        path.append(following)
    small = np.abs(np.diff(values))
    for tol in (3e-3, 1e-4):
        after = int(np.argmax(small < tol)) + 2  # M-steps where the test comes after one
        end = checked.run(*_case(), tol=tol, max_iter=1000).end
        steps = int(np.argmin([np.abs(end.means - means).max() for _, means, _ in path]))
        if steps not in (after - 1, after):
            raise FailsError(f"steps at tol {tol:g}: expected {after}, or {after - 1} if tested before, got {steps}")


def _kind_check(kind, of_step):
    @_must(f"With {kind} covariances a step gives those of highest likelihood of their shape.")
    def check(checked):
        X, weights, means, covariances = _case()
        given = of_step(covariances, weights)
        as_full = np.array([np.eye(2) * c if kind in ("diag", "spherical") else c for c in np.array(list(given))])
        full = np.broadcast_to(given, (2, 2, 2)) if kind == "tied" else as_full
        new_weights, new_means, new_covariances = reference_step(X, weights, means, full)[2]
        end = checked.run(X, weights, means, given, kind).end
        _expect("means after one step", end.means, new_means, 1e-8)
        _expect("covariances after one step", end.covariances, of_step(new_covariances, new_weights), 1e-8)


_kind_check("tied", lambda covariances, weights: np.einsum("k,kde->de", weights, covariances))
_kind_check("diag", lambda covariances, weights: covariances.diagonal(axis1=1, axis2=2).copy())
_kind_check("spherical", lambda covariances, weights: covariances.diagonal(axis1=1, axis2=2).mean(axis=1))


def check_up(run: Callable[..., Run]) -> Iterator[Result]:
    """Check an implementation; yield each result as it comes.

    Parameters
    ----------
    run : callable
        From rows, a start and settings to a `Run` (`em_study.fits.implementations.running`).
    """
    checked, results = Checked(run), {}
    useless = ""
    for sentence, check in CHECKS.items():
        if useless or (check.of_start and results[STARTS].outcome == "fails"):
            why = useless or "nothing can be told where the start is not taken"
            results[sentence] = Result(sentence, "skipped", why)
        else:
            results[sentence] = _result(sentence, check, checked)
            if any(sign in results[sentence].detail for sign in HOPELESS):
                useless = "it could not be run before"
        yield results[sentence]


def _result(sentence: str, check: Check, checked: Checked) -> Result:
    try:
        check.function(checked)
    except FailsError as error:
        return Result(sentence, "fails", str(error))
    except CannotError as error:
        return Result(sentence, "cannot", str(error))
    return Result(sentence, "holds")
