"""Find the formula of each part of a step: the fewest changes to the textbook that explain the observed cases.

The means after one step are averages of the samples weighted by the responsibilities, however weights and covariances
are computed. So the E-step is found from the means first, then weights and covariances given the responsibilities.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np
from scipy.optimize import least_squares

from em_study.diagnosis.cases import Case
from em_study.diagnosis.deviations import CATALOGUE
from em_study.diagnosis.recipe import Change, Deviation, Recipe, Step, mixture

SAME = 1e-9  # standard deviations of the samples: rounding
ROUNDING = 1e-11  # of a right formula on small data sets
DECISIVE = 1e-3  # largest error of a named formula, relative to the textbook's
GRID = np.array([digit * 10.0**power for power in range(-17, 4) for digit in (1, 2, 3, 5)] + [0.7, 0.9, 1.1, 1.5])
COARSE = np.array([*(10.0**power for power in range(-12, 4, 2)), 0.1, 0.3, 0.5, 0.9, 1.1, 2, 10])
BEYOND = 1e4  # larger than any value
FEW = 3  # cases that suffice to reject a pair
REFINED = 40  # pairs that are refined
# Parts of the step that each result depends on, given the results before it
SHOWN_BY = {
    "means": ("shown", "in_distance", "in_determinant", "powers", "terms", "found", "counted", "mass", "means", "X"),
    "weights": ("weights", "new_weights"),
    "covariances": ("centers", "shares", "scatter", "divisors", "estimate", "covariances"),
}
RESULTS = tuple(SHOWN_BY)
PART_OF = {"weights": "new_weights"}  # results that come from another part of the step


def results(step: Step, result: str) -> list[tuple[str, np.ndarray]]:
    """Return a result of a step with its name; all results if `result` is "next"."""
    if result == "next":
        return [(name, getattr(step.next, name)) for name in RESULTS]
    return [(result, getattr(step, PART_OF.get(result, result)))]


def _size(changes: tuple[Change, ...]) -> tuple[int, int]:
    """Count changes, and their values."""
    return len(changes), sum(len(change.values) for change in changes)


@dataclass
class Found:
    """Changes that were found for one result of the step."""

    changes: tuple[Change, ...]  # empty: the textbook's
    left: float  # remaining error, in standard deviations
    alike: list[tuple[Change, ...]] = field(default_factory=list)  # other changes without a remaining error
    rival: float = np.inf  # remaining error of the best of all others


class Fitting:
    """Cases, and the errors that changes to the textbook leave in them.

    Parameters
    ----------
    cases : list of Case
    reg_covar : float
        Regularization with which they were run.
    same : float
        Errors up to this count as none.
    permuted : bool
        Whether components may be returned in another order, a different one in each case.
    given : list of dict
        Known parts of the step, by case.
    """

    def __init__(self, cases: list[Case], reg_covar=0.0, same=SAME, permuted=False, given=()):
        self.cases, self.base, self.same, self.n_tried = cases, Recipe(reg_covar), same, 0
        self.given, self.permuted = given or [{}] * len(cases), permuted
        self.known, self.tried = (
            {},
            {},
        )  # steps by changes, and single changes by result

    def orders(self, case: Case) -> list:
        """Possible orders of the components of a case."""
        return [list(one) for one in permutations(range(len(case.end.weights)))] if self.permuted else [slice(None)]

    def steps(self, changes: Iterable[Change], n_cases: int | None = None):
        """Yield each case with the step of our EM with changes; steps without the last change are cached."""
        others, last = tuple(changes[:-1]), changes[-1] if changes else None
        if others not in self.known:
            self.known[others] = [
                self._step(case, given, others) for case, given in zip(self.cases, self.given, strict=True)
            ]
        for case, step in zip(self.cases[:n_cases], self.known[others], strict=False):
            yield case, step if last is None else step.changed(last)

    def _step(self, case, given, changes):
        step = Step(case.problem, mixture(case.problem.start), self.base + changes, None, True)
        step.__dict__.update(given)
        return step

    def left(self, result: str, changes: Iterable[Change], n_cases: int | None = None, stop=np.inf) -> float:
        """Return the largest error of a result by changes (of all if it is "next"); stop early above `stop`."""
        most = 0.0
        try:
            with np.errstate(all="ignore"):
                for case, step in self.steps(changes, n_cases):
                    for name, value in results(step, result):
                        error = self.error(value, name, case)
                        most = max(most, error if np.isfinite(error) else np.inf)
                    if most > stop:
                        break
        except (np.linalg.LinAlgError, ValueError):
            return np.inf
        return float(most)

    def error(self, found: np.ndarray, name: str, case: Case) -> float:
        """Largest error of one result of a case, in the best order of the components."""
        other = getattr(case.end, name)
        return min(np.abs((found - other[order]) / case.scale[name]).max() for order in self.orders(case))

    def differences(self, result: str, changes, n_cases) -> np.ndarray:
        """Return the errors of a result in the first cases, as one vector."""
        parts = []
        with np.errstate(all="ignore"):
            for case, step in self.steps(changes, n_cases):
                for name, value in results(step, result):
                    parts.append(((value - getattr(case.end, name)) / case.scale[name]).ravel())
        return np.nan_to_num(np.concatenate(parts), nan=1e6, posinf=1e6, neginf=-1e6)

    def on_grid(self, result, deviation: Deviation, others, grid, n_cases=None, worst=np.inf) -> tuple[float, Change]:
        """Find the best value on a grid for a deviation with one value, if it is better than `worst`."""
        best = worst, Change(deviation, (1.0,) * deviation.n_values)
        for value in (*grid, *(-grid if deviation.signed else ())):
            change = Change(deviation, (float(value),))
            left = self.left(result, (*others, change), n_cases, stop=best[0])
            if left < best[0]:
                best = left, change
        return best

    def fitted(self, result: str, deviation: Deviation, others: tuple[Change, ...] = ()) -> tuple[float, Change]:
        """Find the values of a deviation that leave the smallest error; return this error and the change."""
        self.n_tried += 1
        change = Change(deviation, (1.0,) * deviation.n_values)
        if not deviation.n_values:
            return self.left(result, (*others, change)), change
        left = np.inf
        if deviation.n_values == 1:
            left, change = self.on_grid(result, deviation, others, GRID)
        return (left, change) if left <= self.same else self.polished(result, change, others, left)

    def polished(self, result: str, change: Change, others, left=np.inf) -> tuple[float, Change]:
        """Improve the values of a change by least squares."""
        deviation = change.deviation
        into, out_of = (lambda x: x, lambda x: x) if deviation.signed else (np.log, np.exp)

        def differences(values):
            with np.errstate(over="ignore"):
                tried = Change(deviation, tuple(out_of(values)))
            return self.differences(result, (*others, tried), 2 * FEW)

        try:
            exact = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15)
            values = least_squares(differences, into(np.array(change.values)), method="lm", max_nfev=60, **exact).x
        except (np.linalg.LinAlgError, ValueError):
            return left, change
        with np.errstate(over="ignore"):
            found = out_of(values)
        if not (np.abs(found) < BEYOND).all():
            return left, change
        return min((left, change), self._rounded(result, deviation, found, others), key=lambda one: one[0])

    def _rounded(self, result, deviation, values, others):
        """Round the values to fewer digits, if the error stays as small."""
        change = Change(deviation, tuple(map(float, values)))
        left = self.left(result, (*others, change))
        enough = max(2 * left, 0.01 * self.same)
        for digits in range(6):
            # If a value may be negative, one that is negligible next to 1 becomes 0, not -0.
            near = [round(value, 12) + 0.0 for value in change.values] if deviation.signed else change.values
            rounded = Change(deviation, tuple(float(f"{value:.{digits}e}") for value in near))
            if (of_rounded := self.left(result, (*others, rounded), stop=enough)) <= enough:
                return of_rounded, rounded
        return left, change

    def find(self, result: str, known: tuple[Change, ...] = (), pairs: bool = True) -> Found:
        """Find the fewest changes that explain a result, given the changes of the results before it."""
        alone = self.left(result, known)
        if alone <= self.same:
            return Found((), alone)
        listed = [one for one in CATALOGUE.values() if one.part in SHOWN_BY[result]]
        if (result, known) not in self.tried:
            fitted = (self.fitted(result, one, known) for one in listed)
            self.tried[result, known] = [((change,), left) for left, change in fitted]
        tried = [*self.tried[result, known]]
        # Where the textbook's error is small already, a wrong formula may leave less than `same`, too.
        enough = self.same if self.same > SAME else min(SAME, max(DECISIVE * alone, ROUNDING))
        if pairs and min(left for _, left in tried) > enough:
            tried += self._pairs(result, listed, known)
        right = sorted((one for one in tried if one[1] <= enough), key=lambda one: _size(one[0]))
        others = [alone, *(left for _, left in tried if left > enough)]
        if not right:
            return Found((), alone, [], min(others))
        alike = [changes for changes, _ in right[1:] if _size(changes) == _size(right[0][0])]
        return Found(*right[0], alike, min(others))

    def _pairs(self, result, listed, known):
        """Try two changes together; one of them may have a value."""
        rough = []
        for one, other in combinations(listed, 2):
            plain, valued = sorted((one, other), key=lambda each: each.n_values)
            if one.part == other.part or plain.n_values or valued.n_values > 1:
                continue
            if valued.n_values and plain.part in ("in_distance", "in_determinant"):  # these are many and rarely needed
                continue
            self.n_tried += 1
            others, worst = (*known, Change(plain)), rough[-1][0] if len(rough) == REFINED else np.inf
            if valued.n_values:
                left, change = self.on_grid(result, valued, others, COARSE, FEW, worst)
            else:
                change = Change(valued)
                left = self.left(result, (*others, change), FEW, worst)
            if left < worst:
                rough = sorted([*rough, (left, self.n_tried, Change(plain), change)])[:REFINED]
        for _, _, plain, change in rough:
            others = (*known, plain)
            left = self.left(result, (*others, change))
            if change.values and left > self.same:
                left, change = self.polished(result, change, others, left)
            yield (plain, change), left
