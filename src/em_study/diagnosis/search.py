"""Search for the deviations that explain the result of another EM, or report that none does."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from em_study.diagnosis.deviations import SEARCHED
from em_study.diagnosis.recipe import LAST, Path, Problem, Recipe, residual, take_path
from em_study.diagnosis.stopping import OTHER_TRACE, SAME_TRACE, compare_traces, stopping_tests, tolerances
from em_study.fits.runs import Run
from emgmm import MixtureParameters

TRIED = 2  # number of deviations up to which every combination is tried
KEPT = 4  # best combinations of these to which one more deviation is added
EXPLAINED = 1e-9  # standard deviations: a smaller difference is rounding
APART = 1000  # a deviation is named if the difference without it is this many times larger: else it may be chance
SETTLED = 1e-6  # standard deviations from the limit of EM: many initial parameters lead there
MOST_ALIKE = 5  # explanations that are listed
MOST_STEPS = 1000  # of a path
SAMPLE_STEPS, FEW_SAMPLES = 50_000_000, 1000  # samples times steps of all paths together; fewer samples cost as much
INDISTINGUISHABLE = "cannot be distinguished"
STEPS_BEYOND = 10  # further steps of ours, if the other reports no number of steps


@dataclass(frozen=True)
class Explanation:
    """Deviations with which our EM reaches the other's result, or comes near it."""

    deviations: tuple[str, ...]  # keys of `SEARCHED`
    n_steps: int  # M-steps after which it is nearest
    # Largest remaining difference: of a weight, a mean in standard deviations, a covariance in those of its features
    residual: float
    trace: str  # the other's trace compared with it: "" (none), "the same", "different", or how it is changed
    gap: float = 0.0  # largest difference of the traces, in nats per sample
    as_reported: bool = True  # its number of steps is the other's

    @property
    def explains(self) -> bool:
        """Whether only rounding remains, and neither trace nor number of steps contradicts it."""
        return self.reaches and self.trace != OTHER_TRACE and self.as_reported

    @property
    def reaches(self) -> bool:
        """Whether the parameters differ only by rounding."""
        return self.residual <= EXPLAINED

    @property
    def explains_trace(self) -> bool:
        """Whether the other's trace is that of this EM from the first value on."""
        return self.trace not in ("", OTHER_TRACE) and "one step" not in self.trace

    def left(self, best: "Explanation") -> float:
        """Return the difference of the parameters; if that is rounding, of the trace, if `best` explains the trace."""
        by_trace = self.reaches and best.explains_trace and self.trace != best.trace
        return max(self.residual, self.gap) if by_trace else self.residual

    @property
    def order(self):
        """Sort key: better explanations come first."""
        trace = 2 if self.trace == OTHER_TRACE else int(self.trace not in ("", SAME_TRACE))
        return not self.reaches, trace, self.residual, len(self.deviations), self.deviations


@dataclass(frozen=True)
class Diagnosis:
    """Result of the search for one run of another implementation."""

    best: Explanation  # the nearest, if nothing explains it
    alike: tuple[Explanation, ...]  # equally good explanations, none a part of another; at most MOST_ALIKE
    next_best: Explanation | None  # best of the rest with no more deviations; `best` if nothing explains it
    without: dict[str, float]  # for each deviation of the best: the smallest difference without it
    before: float  # difference from the result of our EM
    our_steps: int  # M-steps of our EM
    reported: int | None  # M-steps that the other reports, if it does
    settled: bool  # the best is at its limit, where many initial parameters lead, and there is no trace
    # By stopping rule, the range of tolerances that stop the best explanation where the other stops; and the rules that
    # stop it there at the other's own tolerance
    tolerances: dict[str, tuple[float, float]]
    stopped_by: tuple[str, ...]
    n_runs: int  # number of combinations that were tried

    @property
    def distinguished(self) -> tuple[str, ...]:
        """Deviations of the best without which the difference is far larger, so that they are not chance."""
        least = APART * max(one.residual for one in (self.best, *self.alike))
        least = max(least, SETTLED if self.settled else EXPLAINED)
        return tuple(name for name, left in self.without.items() if left > least)

    @property
    def outcome(self) -> str:
        """Outcome of the diagnosis, in words."""
        if not self.best.reaches:
            return "not explained"
        if not self.best.explains:
            return "same end, different path"
        if not (self.distinguished if self.best.deviations else not (self.alike or self.settled)):
            return INDISTINGUISHABLE
        return "the same" if not self.best.deviations and self.best.n_steps == self.our_steps else "explained"

    @property
    def named(self) -> tuple[str, ...]:
        """Deviations that are named as the cause."""
        return self.distinguished if self.outcome == "explained" else ()


def recipe_of(deviations, reg_covar: float) -> Recipe:
    """Make the recipe of our EM with deviations, in the order of the catalogue."""
    return Recipe(reg_covar, tuple(change for name in SEARCHED if name in deviations for change in SEARCHED[name]))


class _Search:
    """Combinations of deviations, each tried once and compared with the other's result."""

    def __init__(self, problem: Problem, run: Run, reg_covar: float, tol: float, reported: int | None, n_steps: int):
        self.problem, self.run, self.reg_covar, self.tol = problem, run, reg_covar, tol
        self.reported, self.n_steps = reported, n_steps
        self.tried: dict[tuple[str, ...], Explanation | None] = {}
        self.allowed = max(len(SEARCHED) + 1, SAMPLE_STEPS // (n_steps * max(len(problem.X), FEW_SAMPLES)))

    def path(self, deviations, n_steps: int) -> Path:
        """Run our EM with deviations."""
        return take_path(self.problem, recipe_of(deviations, self.reg_covar), n_steps)

    def compared(self, deviations, steps) -> Explanation | None:
        """Compare the other's result with our EM with deviations: after the step that reaches it or is nearest."""
        path = self.path(deviations, max(steps))
        left = {n: residual(path.parameters[n], self.run.end) for n in steps if 0 <= n < len(path.parameters)}
        if not left:  # it collapses earlier
            return None
        n = next((n for n in left if left[n] <= EXPLAINED), min(left, key=left.get))
        as_reported = self.reported is None or abs(n - self.reported) <= 1
        traces = compare_traces(self.run.trace, path.log_likelihoods, len(self.problem.X))
        return Explanation(deviations, n, left[n], *traces, as_reported)

    def try_all(self, combinations, n_steps: int = 0):
        """Try new combinations, up to the allowed number."""
        every = range(max(self.n_steps, n_steps) + 1)
        steps = every if self.reported is None else [self.reported, self.reported - 1, self.reported + 1]
        new = [names for names in dict.fromkeys(combinations) if names not in self.tried]
        for names in new[: max(0, self.allowed - len(self.tried))]:
            self.tried[names] = self.compared(names, steps)

    def found(self, size: int | None = None, without: str = "") -> list[Explanation]:
        """List what was tried (with `size` deviations), without one of the deviations, the best first."""
        of_size = (one for one in self.tried.values() if one and size in (None, len(one.deviations)))
        return sorted((one for one in of_size if without not in one.deviations), key=lambda one: one.order)

    def widen(self, combinations: list[Explanation], without: str = ""):
        """Extend each combination by each deviation that fits to it, except one."""
        pairs = ((one.deviations, name) for one in combinations for name in SEARCHED if name != without)
        self.try_all(tuple(sorted((*names, name))) for names, name in pairs if _may_join(name, names))

    def try_our_em(self, max_iter: int | None):
        """Try our EM without deviations, which is quick; also after many steps, because the other may stop late."""
        self.try_all([()], min(max_iter or MOST_STEPS, MOST_STEPS))

    def try_together(self):
        """Try single deviations, then two and three together, until something explains the other's result."""
        self.widen(self.found(0))
        if () not in [one.deviations for one in self.explaining()]:
            self.widen(self.found(1))
        if not self.explaining():
            self.widen(self.found(TRIED)[:KEPT])

    def stops(self, one: Explanation) -> dict[str, tuple[float, float]]:
        """Find the tolerances that stop an explanation where the other ended, by stopping rule."""
        return tolerances(self.path(one.deviations, one.n_steps), one.n_steps)

    def was_stationary(self, one: Explanation) -> bool:
        """Whether any tolerance would have ended it earlier, because a step changed nothing."""
        path = self.path(one.deviations, one.n_steps).parameters[:-1]
        return self.tol > 0 and self.reported is None and any(residual(*pair) == 0 for pair in pairwise(path))

    def ends_as_ours(self, n_steps: int | None) -> bool:
        """Whether the result is that of our EM after n_steps steps, or where the other's tolerance stops ours."""
        return any(
            one.trace in ("", SAME_TRACE) and (one.n_steps == n_steps or stopping_tests(self.stops(one), self.tol))
            for one in self.explaining()
        )

    def explaining(self) -> list[Explanation]:
        """List the explanations that match the trace best, the fewest deviations first.

        Explanations that only add a deviation without effect to another one are left out.
        """
        explaining = [one for one in self.found() if one.explains and not self.was_stationary(one)]
        listed: list[Explanation] = []
        for one in sorted(explaining, key=lambda one: len(one.deviations)):
            parts = (other for other in listed if other.n_steps == one.n_steps)
            if one.trace == explaining[0].trace and not any({*other.deviations} < {*one.deviations} for other in parts):
                listed.append(one)
        return listed


def diagnose(
    problem: Problem,
    run: Run,
    ours: MixtureParameters,
    our_steps: int,
    reg_covar: float,
    tol: float = 0.0,
    max_iter: int | None = None,
) -> Diagnosis:
    """Find the fewest deviations of our EM that explain the result of another.

    Parameters
    ----------
    problem : Problem
        Samples and initial parameters of both.
    run : Run
        Run of the other, which did not fail.
    ours : MixtureParameters
        Result of our EM.
    our_steps : int
        M-steps of our EM.
    reg_covar : float
        Covariance regularization of our EM.
    tol : float
        Tolerance of the other; 0 if it took a fixed number of steps.
    max_iter : int, optional
        Largest number of steps of the other.
    """
    reported = steps_of(run, tol, max_iter)
    n_steps = our_steps + STEPS_BEYOND if reported is None else reported + 1
    if n_steps > MOST_STEPS:
        reported, n_steps = None, MOST_STEPS
    few = n_steps
    if reported is None:  # few steps first: an EM much like ours ends near a step of ours
        means = take_path(problem, recipe_of((), reg_covar), n_steps).all_of("means")
        nearest = np.abs((means - run.end.means) / problem.X.std(axis=0)).max(axis=(1, 2)).argmin()
        few = min(n_steps, 2 * int(nearest) + STEPS_BEYOND)
    for most in dict.fromkeys((few, n_steps)):
        search = _Search(problem, run, reg_covar, tol, reported, most)
        search.try_our_em(max_iter)
        if not search.ends_as_ours(max_iter if reported is None else reported):
            search.try_together()
        if search.explaining():
            break
    answer, tried = search.explaining(), search.found()
    if not answer:  # perhaps our EM reaches it after another number of steps than the other reports
        tried.append(search.compared((), range(n_steps + 1)))
    reaching = answer or sorted((one for one in tried if one.reaches), key=lambda one: (len(one.deviations), one.order))
    best = reaching[0] if reaching else min(tried, key=lambda one: one.residual)
    without = {}
    for name in best.deviations if best.reaches else ():
        if len(best.deviations) > TRIED:
            search.widen(search.found(TRIED, name)[:KEPT], name)
        rivals = (one for one in search.found(without=name) if one not in answer)
        without[name] = min((one.left(best) for one in rivals), default=np.inf)
    path = search.path(best.deviations, 2 * best.n_steps + STEPS_BEYOND).parameters
    near_limit = residual(path[-1], path[best.n_steps]) <= SETTLED
    stops = search.stops(best)
    rest = [one for one in tried if one not in answer and len(one.deviations) <= len(best.deviations)]
    return Diagnosis(
        best=best,
        alike=tuple(answer[1 : MOST_ALIKE + 1]),
        next_best=(rest[0] if rest else None) if answer else best,
        without=without,
        before=residual(ours, run.end),
        our_steps=our_steps,
        reported=reported,
        settled=bool(near_limit) and not best.explains_trace,
        tolerances=stops,
        stopped_by=stopping_tests(stops, tol),
        n_runs=len(search.tried),
    )


def parts_of(name: str) -> set:
    """Parts of the step that a deviation changes, and when; deviations of the same part exclude each other."""
    return {(change.deviation.part, change.when == LAST) for change in SEARCHED[name]}


def _may_join(name, deviations):
    return not any(parts_of(name) & parts_of(other) for other in deviations)


def steps_of(run: Run, tol: float, max_iter: int | None) -> int | None:
    """Return the number of M-steps of the other: reported, or the length of its trace, or max_iter if tol is 0."""
    if run.n_maximizations >= 0:
        return run.n_maximizations
    return len(run.trace) or (None if tol else max_iter)
