"""Stopping rules: the quantities that a tolerance may be compared with; and the comparison of traces."""

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from em_study.diagnosis.recipe import Path, Recipe, Step

SAME_TRACE, OTHER_TRACE = "the same", "different"
AS_ASKED = "the change of the mean log-likelihood"
OF_SUM = "the change of the log-likelihood's sum over the samples"
RELATIVE = "the relative change of the log-likelihood"
RELATIVE_PLUS = "the change of the log-likelihood's sum relative to its size plus {:g}"
SIGNED_MEAN = "the gain of the mean log-likelihood (a decrease stops it too)"
SIGNED = "the gain of the log-likelihood's sum over the samples (a decrease stops it too)"
IN_A_ROW = (1, 2, 3, 5, 10)


def _size(moves):
    """Length of each array, of (T, ...)."""
    return np.linalg.norm(moves.reshape(len(moves), -1), axis=1)


def _largest(moves):
    return np.abs(moves).reshape(len(moves), -1).max(axis=1)


def _relative(plus):
    """Return the change of the sum relative to its size plus a number, as a function of a path."""
    return lambda path: path.n * path.gains / (plus + path.n * np.abs(path.log_likelihoods[1:]))


def _of_bounds(path):
    """Return the changes of the lower bound by new parameters and the responsibilities before them."""
    from scipy.special import entr  # takes its time to import

    steps = [Step(path.problem, one, Recipe(), None, False) for one in path.parameters]
    bounds = [np.sum(old.found * new.joint) + np.sum(entr(old.found)) for old, new in pairwise(steps)]
    return np.abs(np.diff(bounds, prepend=np.inf))


def _to_come(path):
    """Return the gain of the mean log-likelihood that is still to come, by Aitken's extrapolation of three values."""
    gains = np.diff(path.log_likelihoods)
    with np.errstate(all="ignore"):
        ratios = gains[1:] / gains[:-1]
        return np.append(np.full(min(len(gains), 1), np.inf), np.abs(gains[1:] * ratios / (1 - ratios)))


def _in_a_row(rule, times: int):
    """Return the rule that the largest of several successive changes must be small."""

    def largest(path):
        changes = rule(path)
        return sliding_window_view(changes, times).max(axis=1) if len(changes) >= times else changes[:0]

    return largest


# Quantities that a tolerance may be compared with: changes between two M-steps of a path. Of rules that stop at the
# same step the first is named, so usual ones come first.
RULES = {
    AS_ASKED: lambda path: path.gains,
    OF_SUM: lambda path: path.n * path.gains,
    "twice the change of the log-likelihood's sum (deviance)": lambda path: 2 * path.n * path.gains,
    RELATIVE: lambda path: path.gains / np.abs(path.log_likelihoods[1:]),
    "the change of the log-likelihood relative to its value before": lambda path: (
        path.gains / np.abs(path.log_likelihoods[:-1])
    ),
    "the change of the log-likelihood relative to the first change": lambda path: path.gains / path.gains[0],
    **{RELATIVE_PLUS.format(plus): _relative(plus) for plus in (1, 0.1)},  # those of mclust and flexmix
    SIGNED_MEAN: lambda path: np.diff(path.log_likelihoods),
    SIGNED: lambda path: path.n * np.diff(path.log_likelihoods),
    "the change of the mean log-likelihood relative to its size plus 1": lambda path: (
        path.gains / (1 + np.abs(path.log_likelihoods[1:]))
    ),
    "the square of the change of the mean log-likelihood": lambda path: path.gains**2,
    "the gain of the mean log-likelihood that Aitken's extrapolation expects": _to_come,
    "the largest move of a mean": lambda path: _largest(path.moves("means")),
    "the length of the means' move": lambda path: _size(path.moves("means")),
    "the largest length of one mean's move": lambda path: np.linalg.norm(path.moves("means"), axis=2).max(axis=1),
    "the mean size of the means' move": lambda path: np.abs(path.moves("means")).mean(axis=(1, 2)),
    "the sum of the means' moves": lambda path: np.abs(path.moves("means")).sum(axis=(1, 2)),
    "the length of the means' move, relative to their length": lambda path: (
        _size(path.moves("means")) / _size(path.all_of("means")[1:])
    ),
    "the squared length of the means' move": lambda path: _size(path.moves("means")) ** 2,
    "the largest change of a weight": lambda path: _largest(path.moves("weights")),
    "the length of the weights' change": lambda path: _size(path.moves("weights")),
    "the largest change of a covariance": lambda path: _largest(path.moves("covariances")),
    "the length of the covariances' change": lambda path: _size(path.moves("covariances")),
    "the largest change of a parameter": lambda path: _largest(path.moves("parameters")),
    "the length of the change of all parameters": lambda path: _size(path.moves("parameters")),
    "the largest change of a responsibility": lambda path: _largest(path.moves("responsibilities")),
    "the mean change of the responsibilities": lambda path: np.abs(path.moves("responsibilities")).mean(axis=(1, 2)),
    "the length of the responsibilities' change": lambda path: _size(path.moves("responsibilities")),
    "the change of the evidence lower bound after the M-step, summed over the samples": _of_bounds,
    "the length of the change of the samples' largest responsibilities": lambda path: _size(
        np.diff(path.all_of("responsibilities").max(axis=2), axis=0)
    ),
    "the gain of the sum of all components' densities (a decrease stops it too)": lambda path: path.moves(
        "densities"
    ).sum(axis=(1, 2)),
}
# The rules of the search, which knows only the result of a run; and where they are tested: the M-steps taken when the
# first change is known, and the first change that is tested. A test after an M-step sees the values before that step
# and the one before it (scikit-learn); a test before it sees one more (article A), from its third value on.
PLACES = (("after the M-step", 2, 0), ("before the M-step", 1, 1))
OF = {
    AS_ASKED: "of the mean log-likelihood",
    OF_SUM: "of the sum over the samples",
    RELATIVE: "of the log-likelihood, relative to its size",
    RELATIVE_PLUS.format(1): "of the sum over the samples, relative to its size plus 1",
    RELATIVE_PLUS.format(0.1): "of the sum over the samples, relative to its size plus 0.1",
    SIGNED: "of the sum over the samples (a decrease stops it too)",
}
TESTS = {
    f"{of}, tested {place}": (RULES[rule], taken, earliest)
    for rule, of in OF.items()
    for place, taken, earliest in PLACES
}
TESTS |= {  # of GMKMcharlie: several successive changes must be small
    f"{OF[RELATIVE]}, {IN_A_ROW[-1]} times in a row, tested {place}": (
        _in_a_row(RULES[RELATIVE], IN_A_ROW[-1]),
        taken + IN_A_ROW[-1] - 1,
        earliest,
    )
    for place, taken, earliest in PLACES
}
# Tests that are named only if the plain one would stop elsewhere
PLAIN = {
    f"{OF[rule]}, tested {place}": f"{OF[plain]}, tested {place}"
    for rule, plain in {**{RELATIVE_PLUS.format(plus): RELATIVE for plus in (1, 0.1)}, SIGNED: OF_SUM}.items()
    for place, *_ in PLACES
}


def tolerances(path: Path, n_steps: int) -> dict[str, tuple[float, float]]:
    """Find the range of tolerances that stop after n_steps M-steps, for each test that has one."""
    found = {}
    for test, (changes, taken, earliest) in TESTS.items():
        size, last = changes(path), n_steps - taken
        if earliest <= last < len(size):
            low, high = size[last], size[earliest:last].min(initial=np.inf)
            if low < high:
                found[test] = (float(low), float(high))
    return found


def stopping_tests(found: dict[str, tuple[float, float]], tol: float) -> tuple[str, ...]:
    """Name the tests whose range holds a tolerance; none if it is 0, because then nothing is tested."""
    passed = [test for test, (low, high) in found.items() if low < tol <= high and tol > 0]
    return tuple(test for test in passed if PLAIN.get(test) not in passed)


def stopped_after(test: str, tol: float, path: Path) -> float:
    """Return the number of M-steps after which a test stops at a tolerance; infinity if it does not."""
    changes, taken, earliest = TESTS[test]
    return stops(changes(path)[earliest:], tol, 1, earliest + taken)


def stops(changes: np.ndarray, tol: float, in_a_row: int, taken: int) -> float:
    """Return the number of M-steps after which `in_a_row` successive small changes stop it; infinity if they do not."""
    count = 0
    for number, change in enumerate(changes):
        count = count + 1 if change < tol else 0
        if count == in_a_row:
            return number + taken
    return np.inf


def compare_traces(trace, log_likelihoods: list[float], n_samples: int) -> tuple[str, float]:
    """Compare a trace with the mean log-likelihoods after 0, 1, ... M-steps; return the largest difference as well."""
    if not len(trace):
        return "", 0.0
    found, expected = np.array(trace), np.array(log_likelihoods)
    n = min(len(found), len(expected))
    gap = float(np.abs(found[:n] - expected[:n]).max(initial=0.0))
    for factor, of in ((1, SAME_TRACE), (n_samples, "summed over the samples")):
        for shift, moved in ((0, ""), (1, ", one step early"), (-1, ", one step late")):
            mine, theirs = expected[max(shift, 0) :], found[max(-shift, 0) :] / factor
            both = min(len(mine), len(theirs))
            if both > abs(shift) and np.allclose(mine[:both], theirs[:both], rtol=1e-7, atol=1e-9):
                return of + moved, gap
    if n > 2 and np.ptp(found[:n] - expected[:n]) < 1e-8:
        return "the same but for a constant", gap
    return OTHER_TRACE, gap
