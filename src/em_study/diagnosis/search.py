"""The search for the deviations that explain another EM's end, or the answer that none does."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from em_study.diagnosis.deviations import SEARCHED
from em_study.diagnosis.recipe import LAST, Path, Problem, Recipe, residual, take_path
from em_study.diagnosis.stopping import OTHER_TRACE, SAME_TRACE, about_trace, stopping_tests, tolerances
from em_study.fits.runs import Run
from emgmm import MixtureParameters

TRIED = 2  # deviations together that are tried in every combination
KEPT = 4  # combinations of these to which one more is added
EXPLAINED = 1e-9  # standard deviations: what is left is rounding
APART = 1000  # times more than an explanation leaves, any without its deviation must leave: else it is chance
SETTLED = 1e-6  # standard deviations from where EM ends: many initial parameters lead there
MOST_ALIKE = 5  # that are named
MOST_STEPS = 1000  # of a path
ROW_STEPS, FEW_ROWS = 50_000_000, 1000  # rows times steps that all paths together may take; fewer rows cost as many
STEPS_BEYOND = 10  # of ours, where the other reports no number of steps


@dataclass(frozen=True)
class Explanation:
    """Deviations that bring our EM to the other's end, or near it."""

    deviations: tuple[str, ...]  # keys of `SEARCHED`
    n_steps: int  # M-steps after which it is nearest
    # Largest difference that is left: of a weight, a mean in standard deviations, a covariance in those of its features
    residual: float
    trace: str  # how the other's compares with it: "" (there is none), "the same", "another", or how it is changed
    gap: float = 0.0  # largest difference of the traces as they are, in nats per sample
    as_reported: bool = True  # its number of steps is the other's

    @property
    def explains(self) -> bool:
        """Whether nothing but rounding is left, and neither trace nor number of steps contradicts it."""
        return self.reaches and self.trace != OTHER_TRACE and self.as_reported

    @property
    def reaches(self) -> bool:
        """Whether nothing but rounding is left of the parameters."""
        return self.residual <= EXPLAINED

    @property
    def shows_the_way(self) -> bool:
        """Whether the other's trace is that of this EM from the first value."""
        return self.trace not in ("", OTHER_TRACE) and "one step" not in self.trace

    def left(self, best: "Explanation") -> float:
        """Tell what it leaves: of the parameters; where that is nothing, of the trace, if the best one has that."""
        by_trace = self.reaches and best.shows_the_way and self.trace != best.trace
        return max(self.residual, self.gap) if by_trace else self.residual

    @property
    def order(self):
        """Better ones come first."""
        trace = 2 if self.trace == OTHER_TRACE else int(self.trace not in ("", SAME_TRACE))
        return not self.reaches, trace, self.residual, len(self.deviations), self.deviations


@dataclass(frozen=True)
class Diagnosis:
    """What was found for one run of another implementation."""

    best: Explanation  # the nearest, if nothing explains it
    alike: tuple[Explanation, ...]  # other explanations of as much, that are no part of one another; if many, some
    next_best: Explanation | None  # the best of the rest that has no more deviations; the best if nothing explains it
    without: dict[str, float]  # for each deviation of the best: what the best without it leaves, that is not alike
    before: float  # the residual compared with our EM's own end
    our_steps: int  # M-steps of our EM
    reported: int | None  # M-steps of the other, if it reports them
    settled: bool  # the best is so near its end that many initial parameters lead there, and no trace shows from where
    # Tolerances, from and to, that stop the best explanation's steps where the other stops, by the test: of what, and
    # where; and the tests among them that the tolerance which the other was given passes there
    tolerances: dict[str, tuple[float, float]]
    stopped_by: tuple[str, ...]
    n_runs: int  # combinations that were tried

    @property
    def told_apart(self) -> tuple[str, ...]:
        """Deviations of the best without which far more is left: it is not chance that it has them."""
        least = APART * max(one.residual for one in (self.best, *self.alike))
        least = max(least, SETTLED if self.settled else EXPLAINED)
        return tuple(name for name, left in self.without.items() if left > least)

    @property
    def outcome(self) -> str:
        """Say what it is worth in words."""
        if not self.best.reaches:
            return "not explained"
        if not self.best.explains:
            return "the same end, another way"
        if not (self.told_apart if self.best.deviations else not (self.alike or self.settled)):
            return "cannot tell"
        return "the same" if not self.best.deviations and self.best.n_steps == self.our_steps else "explained"

    @property
    def named(self) -> tuple[str, ...]:
        """Deviations that are the answer."""
        return self.told_apart if self.outcome == "explained" else ()


def recipe_of(deviations, reg_covar: float) -> Recipe:
    """Make the recipe of our EM with its reg_covar and some deviations, in the order of the catalogue."""
    return Recipe(reg_covar, tuple(change for name in SEARCHED if name in deviations for change in SEARCHED[name]))


class _Search:
    """Combinations of deviations, each tried once, compared with where the other ended."""

    def __init__(self, problem: Problem, run: Run, reg_covar: float, tol: float, reported: int | None, n_steps: int):
        self.problem, self.run, self.reg_covar, self.tol = problem, run, reg_covar, tol
        self.reported, self.n_steps = reported, n_steps
        self.tried: dict[tuple[str, ...], Explanation | None] = {}
        self.allowed = max(len(SEARCHED) + 1, ROW_STEPS // (n_steps * max(len(problem.X), FEW_ROWS)))

    def path(self, deviations, n_steps: int) -> Path:
        """Take steps of our EM with deviations."""
        return take_path(self.problem, recipe_of(deviations, self.reg_covar), n_steps)

    def compared(self, deviations, steps) -> Explanation | None:
        """Compare the other's end with our EM with deviations: after the first of some steps that is it, or nearest."""
        path = self.path(deviations, max(steps))
        left = {n: residual(path.parameters[n], self.run.end) for n in steps if 0 <= n < len(path.parameters)}
        if not left:  # it collapses before
            return None
        n = next((n for n in left if left[n] <= EXPLAINED), min(left, key=left.get))
        as_reported = self.reported is None or abs(n - self.reported) <= 1
        return Explanation(
            deviations, n, left[n], *about_trace(self.run.trace, path.log_likelihoods, len(self.problem.X)), as_reported
        )

    def try_all(self, combinations, n_steps: int = 0):
        """Try combinations that were not tried, while there is time."""
        every = range(max(self.n_steps, n_steps) + 1)
        steps = every if self.reported is None else [self.reported, self.reported - 1, self.reported + 1]
        new = [names for names in dict.fromkeys(combinations) if names not in self.tried]
        for names in new[: max(0, self.allowed - len(self.tried))]:
            self.tried[names] = self.compared(names, steps)

    def found(self, size: int | None = None, without: str = "") -> list[Explanation]:
        """List what was tried (of so many deviations) without one of them, the best first."""
        of_size = (one for one in self.tried.values() if one and size in (None, len(one.deviations)))
        return sorted((one for one in of_size if without not in one.deviations), key=lambda one: one.order)

    def widen(self, combinations: list[Explanation], without: str = ""):
        """Add to each of some combinations each deviation but one, if it may join; first what alone comes nearest."""
        rank = {one.deviations[0]: number for number, one in enumerate(self.found(1))}
        pairs = ((one.deviations, name) for one in combinations for name in SEARCHED if name != without)
        wider = (tuple(sorted((*names, name))) for names, name in pairs if _may_join(name, names))
        self.try_all(sorted(wider, key=lambda names: sum(rank.get(name, 0) for name in names)))

    def try_our_em(self, max_iter: int | None):
        """Try our EM without deviations, which is quick: after many steps as well, for it may stop long after ours."""
        self.try_all([()], min(max_iter or MOST_STEPS, MOST_STEPS))

    def try_together(self):
        """Try each deviation, then two and three together, until something explains the other's end."""
        self.widen(self.found(0))
        if () not in [one.deviations for one in self.explaining()]:
            self.widen(self.found(1))
        if not self.explaining():
            self.widen(self.found(TRIED)[:KEPT])

    def stops(self, one: Explanation) -> dict[str, tuple[float, float]]:
        """Find which tolerances stop an explanation where the other ended, by the test."""
        return tolerances(self.path(one.deviations, one.n_steps), one.n_steps)

    def stood_still(self, one: Explanation) -> bool:
        """Whether it would have ended before, with any tolerance: a step has changed nothing."""
        path = self.path(one.deviations, one.n_steps).parameters[:-1]
        return self.tol > 0 and self.reported is None and any(residual(*pair) == 0 for pair in pairwise(path))

    def ends_as_ours(self, n_steps: int | None) -> bool:
        """Whether it is our EM after so many steps, or where its tolerance stops ours."""
        return any(
            one.trace in ("", SAME_TRACE) and (one.n_steps == n_steps or stopping_tests(self.stops(one), self.tol))
            for one in self.explaining()
        )

    def explaining(self) -> list[Explanation]:
        """List the explanations by which the trace is most alike, the fewest deviations first.

        None is another one, with a deviation more that changes nothing.
        """
        explaining = [one for one in self.found() if one.explains and not self.stood_still(one)]
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
    max_iter : int, optional
        The most steps that it was given.
    """
    reported = steps_of(run, tol, max_iter)
    n_steps = our_steps + STEPS_BEYOND if reported is None else reported + 1
    if n_steps > MOST_STEPS:
        reported, n_steps = None, MOST_STEPS
    near = n_steps
    if reported is None:  # few steps first: an EM that is much like ours ends where ours is near
        alone = _Search(problem, run, reg_covar, tol, reported, n_steps)
        alone.try_our_em(max_iter)
        near = min([n_steps, *(2 * one.n_steps + STEPS_BEYOND for one in alone.found())])
    for most in dict.fromkeys((near, n_steps)):
        search = _Search(problem, run, reg_covar, tol, reported, most)
        search.try_our_em(max_iter)
        if not search.ends_as_ours(max_iter if reported is None else reported):
            search.try_together()
        if search.explaining():
            break
    answer, tried = search.explaining(), search.found()
    if not answer:  # our EM after another number of steps than the other reports may be there
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
    near_its_end = residual(path[-1], path[best.n_steps]) <= SETTLED
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
        settled=bool(near_its_end) and not best.shows_the_way,
        tolerances=stops,
        stopped_by=stopping_tests(stops, tol),
        n_runs=len(search.tried),
    )


def parts_of(name: str) -> set:
    """Parts of the step that a deviation changes, and when: those of one part exclude one another."""
    return {(change.deviation.part, change.when == LAST) for change in SEARCHED[name]}


def _may_join(name, deviations):
    return not any(parts_of(name) & parts_of(other) for other in deviations)


def steps_of(run: Run, tol: float, max_iter: int | None) -> int | None:
    """Tell how many M-steps the other took: as it reports, or its trace shows, or as many as it was given."""
    if run.n_maximizations >= 0:
        return run.n_maximizations
    return len(run.trace) or (None if tol else max_iter)
