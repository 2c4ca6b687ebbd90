"""The search for the deviations that explain another EM's end, or the answer that none does."""

from dataclasses import dataclass

import numpy as np

from em_study.diagnosis.deviations import CATALOGUE, Path, Problem, recipe_of, take_path
from em_study.fits.runs import Run
from emgmm import CollapsedComponentError, MixtureParameters

KEPT = 4  # of each depth, to add another deviation to
MOST = 3  # deviations of the arithmetic together
EXPLAINED = 1e-9  # standard deviations: what is left is rounding
SAME_TRACE, OTHER_TRACE = "the same", "another"
MOST_ALIKE = 5  # that are named
MOST_STEPS = 500  # of a path
ROW_STEPS = 50_000_000  # rows times steps that all paths together may take
STEPS_BEYOND = 10  # of those that the other tells


@dataclass(frozen=True)
class Explanation:
    """Deviations that bring our EM to the other's end, or near it."""

    deviations: tuple[str, ...]  # keys of `CATALOGUE`
    n_steps: int  # M-steps after which it is nearest
    # Largest difference that is left: of a weight, a mean in standard deviations, a covariance in those of its features
    residual: float
    trace: str  # how the other's compares with it: "" (there is none), "the same", "another", or how it is changed

    @property
    def explains(self) -> bool:
        """Whether nothing but rounding is left."""
        return self.residual <= EXPLAINED and self.trace != OTHER_TRACE

    @property
    def reaches(self) -> bool:
        """Whether nothing but rounding is left of the parameters."""
        return self.residual <= EXPLAINED

    @property
    def order(self):
        """Better ones come first."""
        trace = 2 if self.trace == OTHER_TRACE else int(self.trace not in ("", SAME_TRACE))
        return not self.reaches, trace, self.residual, len(self.deviations), self.deviations


@dataclass(frozen=True)
class Diagnosis:
    """What was found for one run of another implementation."""

    outcome: str  # "the same", "explained", "partly explained" or "not explained"
    best: Explanation
    alike: tuple[
        Explanation, ...
    ]  # others, of as many deviations, that rows and start cannot tell from it; if many, some
    next_best: Explanation | None  # the best of the rest that has no more deviations
    before: float  # the residual beside our EM's own end
    our_steps: int  # M-steps of our EM
    # Tolerances, from and to, that stop the best explanation's steps where the other stops, by the test: of what, and
    # where; and the tests among them that the tolerance which the other was given passes there
    tolerances: dict[str, tuple[float, float]]
    stopped_by: tuple[str, ...]
    n_runs: int  # recipes that were run


def residual(found: MixtureParameters, other: MixtureParameters) -> float:
    """Largest difference of two mixtures, in standard deviations of the other's components."""
    deviations = np.sqrt(other.variances)
    scale = deviations[:, :, None] * deviations[:, None, :]
    return max(
        np.abs(found.weights - other.weights).max(),
        (np.abs(found.means - other.means) / deviations).max(),
        (np.abs(found.covariance_matrices - other.covariance_matrices) / scale).max(),
    )


def diagnose(
    problem: Problem, run: Run, ours: MixtureParameters, our_steps: int, reg_covar: float, tol: float = 0.0
) -> Diagnosis:
    """Find the fewest deviations of our EM that explain where another ended.

    Parameters
    ----------
    problem : Problem
        Rows and start of both.
    run : Run
        The other's, which did not fail.
    ours : MixtureParameters
        Where ours ended.
    our_steps : int
        M-steps of ours.
    reg_covar : float
        Of ours.
    tol : float
        The tolerance that the other was given; 0 if it took a number of steps.
    """
    theirs = run.end
    n_steps = min(max(run.n_maximizations, our_steps) + STEPS_BEYOND, MOST_STEPS)
    allowed = max(len(CATALOGUE) + 1, ROW_STEPS // (n_steps * len(problem.X)))
    paths: dict[tuple[str, ...], Path] = {}

    def tried(deviations: tuple[str, ...]) -> Explanation | None:
        try:
            path = paths[deviations] = take_path(problem, recipe_of(deviations, reg_covar), n_steps)
        except (CollapsedComponentError, np.linalg.LinAlgError):
            return None
        distances = [residual(parameters, theirs) for parameters in path.parameters]
        best = int(np.argmin(distances))
        trace = about_trace(run.trace, path.log_likelihoods, len(problem.X))
        return Explanation(deviations, best, float(distances[best]), trace)

    every: list[Explanation] = []
    level = [found for found in [tried(())] if found]
    for _ in range(MOST):
        if not level or level[0].explains or len(paths) >= allowed:
            break
        every += level
        pairs = ((one.deviations, name) for one in level[:KEPT] for name in CATALOGUE)
        sets = {tuple(sorted((*names, name))) for names, name in pairs if _may_join(name, names)}
        found = [tried(deviations) for deviations in sorted(sets)[: allowed - len(paths)]]
        level = sorted(filter(None, found), key=lambda one: one.order)
    every = sorted([*every, *level], key=lambda one: one.order)
    if level and level[0].explains:
        best = level[0]
    else:  # with the trace left aside, the fewest
        best = min(every, key=lambda one: (not one.reaches, len(one.deviations), one.order))
        best = best if best.reaches else every[0]
    others = [one for one in every if one is not best and len(one.deviations) <= len(best.deviations)]
    alike = [one for one in others if best.reaches and _as_good(one, best)]
    rest = [one for one in others if one not in alike]
    before = residual(ours, theirs)
    stops = tolerances(paths[best.deviations].log_likelihoods, best.n_steps, len(problem.X))
    return Diagnosis(
        _outcome(best, before, our_steps),
        best,
        tuple(alike[:MOST_ALIKE]),
        rest[0] if rest else None,
        float(before),
        our_steps,
        stops,
        tuple(test for test, (low, high) in stops.items() if low < tol <= high),
        len(paths),
    )


def _may_join(name, deviations):
    return CATALOGUE[name].part not in {CATALOGUE[other].part for other in deviations}


def _as_good(one: Explanation, best: Explanation) -> bool:
    same_size = len(one.deviations) == len(best.deviations)
    return same_size and one.trace == best.trace and one.residual <= max(10 * best.residual, 1e-3 * EXPLAINED)


def _outcome(best: Explanation, before: float, our_steps: int) -> str:
    if best.residual > EXPLAINED:
        return "partly explained" if best.residual < 0.1 * before else "not explained"
    return "the same" if not best.deviations and best.n_steps == our_steps else "explained"


def tolerances(log_likelihoods: list[float], n_steps: int, n_rows: int) -> dict[str, tuple[float, float]]:
    """Tell which tolerances stop after so many M-steps, by the test: of what, and where. None that is not there.

    A test after an M-step sees the values before that step and the one before it (scikit-learn); one before it sees one
    more (article A), but not before its third value.
    """
    values = np.array(log_likelihoods)
    changes = np.abs(np.diff(values))
    sizes = {
        "the mean log-likelihood": changes,
        "the sum over the rows": n_rows * changes,
        "the log-likelihood, relatively": changes / np.abs(values[1:]),
    }
    found = {}
    for of, size in sizes.items():
        for place, last, earliest in (("after the M-step", n_steps - 2, 0), ("before the M-step", n_steps - 1, 1)):
            if earliest <= last < len(size):
                low, high = size[last], size[earliest:last].min(initial=np.inf)
                if low < high:
                    found[f"of {of}, tested {place}"] = (float(low), float(high))
    return found


def about_trace(trace, log_likelihoods: list[float], n_rows: int) -> str:
    """Hold a trace against the mean log-likelihoods after 0, 1, ... M-steps."""
    if not len(trace):
        return ""
    found, expected = np.array(trace), np.array(log_likelihoods)
    for factor, of in ((1, SAME_TRACE), (n_rows, "summed over the rows")):
        for shift, moved in ((0, ""), (1, ", one step early"), (-1, ", one step late")):
            mine, theirs = expected[max(shift, 0) :], found[max(-shift, 0) :] / factor
            n = min(len(mine), len(theirs))
            if n > 1 and np.allclose(mine[:n], theirs[:n], rtol=1e-7, atol=1e-9):
                return of + moved
    n = min(len(found), len(expected))
    if n > 2 and np.ptp(found[:n] - expected[:n]) < 1e-8:
        return "the same but for a constant"
    return OTHER_TRACE
