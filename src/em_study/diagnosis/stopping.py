"""Where EM stops: what its tolerance may be compared with, and what a trace is of."""

from itertools import product

import numpy as np

SAME_TRACE, OTHER_TRACE = "the same", "another"


def _gains(values, n_rows):
    return np.abs(np.diff(values))


# What a tolerance may be compared with, from mean log-likelihoods and the number of samples; and where: the M-steps
# that have been taken once the first change is known, and the first change that is looked at. A test after an M-step
# sees the values before that step and the one before it (scikit-learn); one before it sees one more (article A), but
# not before its third value.
CHANGES = {
    "the mean log-likelihood": _gains,
    "the sum over the rows": lambda values, n_rows: n_rows * _gains(values, n_rows),
    "the log-likelihood, relatively": lambda values, n_rows: _gains(values, n_rows) / np.abs(values[1:]),
}
PLACES = {"after the M-step": (2, 0), "before the M-step": (1, 1)}
TESTS = {f"of {of}, tested {place}": (CHANGES[of], *PLACES[place]) for of in CHANGES for place in PLACES}


def tolerances(log_likelihoods: list[float], n_steps: int, n_rows: int) -> dict[str, tuple[float, float]]:
    """Find which tolerances stop after so many M-steps, by the test. None that is not there."""
    found = {}
    for test, (changes, taken, earliest) in TESTS.items():
        size, last = changes(np.array(log_likelihoods), n_rows), n_steps - taken
        if earliest <= last < len(size):
            low, high = size[last], size[earliest:last].min(initial=np.inf)
            if low < high:
                found[test] = (float(low), float(high))
    return found


def stopped_after(test: str, tol: float, log_likelihoods: list[float], n_rows: int) -> float:
    """Find after how many M-steps a test stops at a tolerance; infinity if it does not stop by then."""
    changes, taken, earliest = TESTS[test]
    small = np.flatnonzero(changes(np.array(log_likelihoods), n_rows)[earliest:] < tol)
    return small[0] + earliest + taken if len(small) else np.inf


def about_trace(trace, log_likelihoods: list[float], n_rows: int) -> tuple[str, float]:
    """Compare a trace with the mean log-likelihoods after 0, 1, ... M-steps; return the largest difference as well."""
    if not len(trace):
        return "", 0.0
    found, expected = np.array(trace), np.array(log_likelihoods)
    n = min(len(found), len(expected))
    gap = float(np.abs(found[:n] - expected[:n]).max(initial=0.0))
    for factor, of in ((1, SAME_TRACE), (n_rows, "summed over the rows")):
        for shift, moved in ((0, ""), (1, ", one step early"), (-1, ", one step late")):
            mine, theirs = expected[max(shift, 0) :], found[max(-shift, 0) :] / factor
            both = min(len(mine), len(theirs))
            if both > abs(shift) and np.allclose(mine[:both], theirs[:both], rtol=1e-7, atol=1e-9):
                return of + moved, gap
    if n > 2 and np.ptp(found[:n] - expected[:n]) < 1e-8:
        return "the same but for a constant", gap
    return OTHER_TRACE, gap


# More of them, from the steps of a path: whose parameters, responsibilities and mean log-likelihoods are known.
def _of(part):
    """Return the function that gives the changes of a part of the parameters, one array (K, ...) a step."""
    return lambda path: np.diff([getattr(one, part) for one in path.parameters], axis=0)


def _largest(of):
    return lambda path: np.abs(of(path)).reshape(len(path.parameters) - 1, -1).max(axis=1)


def _norm(of):
    return lambda path: np.linalg.norm(of(path).reshape(len(path.parameters) - 1, -1), axis=1)


def _all(path):
    parts = [_of(part)(path).reshape(len(path.parameters) - 1, -1) for part in ("weights", "means", "covariances")]
    return np.concatenate(parts, axis=1)


def _responsibilities(path):
    return np.diff(path.responsibilities, axis=0)


RULES = {
    "the change of the mean log-likelihood": lambda path: _gains(path.log_likelihoods, 1),
    "the change of the log-likelihood's sum over the samples": lambda path: path.n * _gains(path.log_likelihoods, 1),
    "twice the change of the log-likelihood's sum (deviance)": lambda path: (
        2 * path.n * _gains(path.log_likelihoods, 1)
    ),
    "the relative change of the log-likelihood": lambda path: (
        _gains(path.log_likelihoods, 1) / np.abs(path.log_likelihoods[1:])
    ),
    "the change of the log-likelihood relative to its value before": lambda path: (
        _gains(path.log_likelihoods, 1) / np.abs(path.log_likelihoods[:-1])
    ),
    "the change of the log-likelihood relative to the first change": lambda path: (
        _gains(path.log_likelihoods, 1) / _gains(path.log_likelihoods, 1)[0]
    ),
    "the change of the log-likelihood relative to 1 plus its value": lambda path: (
        _gains(path.log_likelihoods, 1) / (1 + np.abs(path.log_likelihoods[1:]))
    ),
    "the square of the change of the mean log-likelihood": lambda path: _gains(path.log_likelihoods, 1) ** 2,
    "the largest move of a mean": _largest(_of("means")),
    "the length of the means' move": _norm(_of("means")),
    "the largest length of a component's move": lambda path: np.linalg.norm(_of("means")(path), axis=2).max(axis=1),
    "the mean size of the means' move": lambda path: np.abs(_of("means")(path)).mean(axis=(1, 2)),
    "the sum of the means' moves": lambda path: np.abs(_of("means")(path)).sum(axis=(1, 2)),
    "the length of the means' move, relative to their length": lambda path: (
        _norm(_of("means"))(path) / [np.linalg.norm(one.means) for one in path.parameters[1:]]
    ),
    "the squared length of the means' move": lambda path: _norm(_of("means"))(path) ** 2,
    "the largest change of a weight": _largest(_of("weights")),
    "the length of the weights' change": _norm(_of("weights")),
    "the largest change of a covariance": _largest(_of("covariances")),
    "the length of the covariances' change": _norm(_of("covariances")),
    "the largest change of a parameter": _largest(_all),
    "the length of the change of all parameters": _norm(_all),
    "the largest change of a responsibility": _largest(_responsibilities),
    "the mean change of the responsibilities": lambda path: np.abs(_responsibilities(path)).mean(axis=(1, 2)),
    "the length of the responsibilities' change": _norm(_responsibilities),
}
AS_ASKED = "the change of the mean log-likelihood"
IN_A_ROW = (1, 2, 3, 5, 10)


def rules():
    """Yield each rule: what the tolerance is compared with, how many in a row must be small, and how many M-steps.

    A change is between two M-steps: 1 more has been taken when it is seen by the next E-step, 2 when after its M-step.
    """
    for in_a_row, of, taken in product(IN_A_ROW, RULES, (1, 2)):
        yield of, in_a_row, taken


def stops(changes: np.ndarray, tol: float, in_a_row: int, taken: int) -> float:
    """Find after how many M-steps so many small changes in a row stop it; infinity if they do not."""
    count = 0
    for number, change in enumerate(changes):
        count = count + 1 if change < tol else 0
        if count == in_a_row:
            return number + taken
    return np.inf
