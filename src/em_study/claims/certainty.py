"""Decisions by intervals, the number of replicates that decides, and the stability of a decision in a new run."""

import numpy as np

from em_study.claims.intervals import NORMAL, share_interval

# Outcomes for a claim, or a question.
YES, DEPENDS, BY_DATA, NO, UNDECIDED = "yes", "depends on the draw", "depends on the data", "no", "undecided"
ROUNDING = 1e-12  # relative
RUNS = 2000  # simulated runs, where several experiments decide together


def by_shares(shares, ns, low_cut: float, high_cut: float):
    """Decide by comparing the intervals of shares with two thresholds.

    Parameters
    ----------
    shares, ns : array-like of shape (..., n_experiments)
        Share of the replicates of each experiment, and the number of its replicates.
    low_cut, high_cut : float
        "no" for an interval at or below the first, "yes" for one at or above the second.

    Returns
    -------
    ndarray of str, of shape (...,)
    """
    low, high = share_interval(shares, ns)
    return together(low >= high_cut, high <= low_cut, (low > low_cut) & (high < high_cut), low, high)


def together(yes, no, between, low, high):
    """Combine the outcomes of several experiments, on the last axis: all must agree.

    Parameters
    ----------
    yes, no, between : ndarray of bool
        Whether an experiment has this outcome.
    low, high : ndarray
        Its interval; NaN if it has none.
    """
    apart = np.fmax.reduce(low, -1) > np.fmin.reduce(high, -1)
    choices = [yes.all(-1), no.all(-1), apart, between.all(-1)]
    return np.select(choices, [YES, NO, BY_DATA, DEPENDS], UNDECIDED)


def draws_needed(shares, ns, cuts, rule) -> float:
    """Count the replicates of each experiment after which the rule decides, if the shares stay; NaN if no number does.

    Wilson's interval contains a threshold c as long as n (share - c)^2 < 1.96^2 c (1 - c).

    Parameters
    ----------
    shares, ns, rule
        As in `stability`.
    cuts : iterable of float
        Thresholds that an interval must not contain.
    """
    cuts = np.asarray(cuts, dtype=float)
    with np.errstate(divide="ignore"):
        needed = NORMAL**2 * cuts * (1 - cuts) / np.subtract.outer(np.asarray(shares, dtype=float), cuts) ** 2
    enough = np.ceil(np.unique(needed[np.isfinite(needed)]) * (1 + ROUNDING))
    return next((float(n) for n in enough if rule(shares, np.maximum(ns, n)) != UNDECIDED), np.nan)


def stability(shares, ns, rule) -> float:
    """Compute the probability that a new run of the same size has the same outcome; NaN if all runs are identical.

    The share of each experiment has Jeffreys' posterior, so that the new counts are beta-binomial.

    Parameters
    ----------
    shares, ns : array-like of shape (n_experiments,)
    rule : callable
        From shares and numbers of replicates, of shape (..., n_experiments), to outcomes.
    """
    from scipy.stats import betabinom  # takes its time to import

    shares, ns = np.asarray(shares, dtype=float), np.asarray(ns, dtype=float)
    if np.isinf(ns).all():
        return np.nan
    now, drawn = rule(shares, ns), np.isfinite(ns)
    counts = np.where(drawn, shares, 0) * np.where(drawn, ns, 0)
    if len(ns) == 1:
        fresh = np.arange(ns[0] + 1)
        chance = betabinom.pmf(fresh, ns[0], counts[0] + 0.5, ns[0] - counts[0] + 0.5)
        return float(chance[rule(fresh[:, None] / ns[0], ns) == now].sum())
    generator = np.random.default_rng(0)
    fresh = np.tile(shares, (RUNS, 1))
    n, counts = ns[drawn].astype(int), counts[drawn]
    fresh[:, drawn] = generator.binomial(n, generator.beta(counts + 0.5, n - counts + 0.5, (RUNS, len(n)))) / n
    return float((rule(fresh, ns) == now).mean())


def power(share: float, n: int, rule) -> dict[str, float]:
    """Compute the probability of each outcome of one experiment.

    Parameters
    ----------
    share : float
        True share.
    n : int
        Number of replicates.
    rule : callable
        As in `stability`.
    """
    from scipy.stats import binom  # takes its time to import

    counts = np.arange(n + 1)
    found, chance = rule(counts[:, None] / n, np.array([n])), binom.pmf(counts, n, share)
    return {outcome: float(chance[found == outcome].sum()) for outcome in (YES, DEPENDS, NO, UNDECIDED)}


def turning_points(outcome_at, steps, threshold: float) -> tuple[float, float]:
    """Find how far a threshold can move, down and up, before the outcome changes; NaN if it never does.

    Parameters
    ----------
    outcome_at : callable
        From a threshold to the outcome.
    steps : array-like
        Thresholds at which the outcome may change.
    threshold : float
    """
    steps = np.unique(np.asarray(steps, dtype=float))
    if not len(steps):
        return (np.nan, np.nan)
    room = max(1.0, abs(steps[0]), abs(steps[-1]))
    between = [steps[0] - room, *((steps[1:] + steps[:-1]) / 2), steps[-1] + room]
    now, place = outcome_at(threshold), int(np.searchsorted(steps, threshold))
    below = place + 1 if threshold in steps else place  # number of steps at the threshold or below
    low = next((steps[k] for k in reversed(range(below)) if outcome_at(between[k]) != now), np.nan)
    high = next((steps[k - 1] for k in range(place + 1, len(between)) if outcome_at(between[k]) != now), np.nan)
    return float(low), float(high)
