"""The EM loop."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from emgmm.acceleration import ACCELERATIONS
from emgmm.checks import checked_reg_covar, checked_rows, checked_weight, scaled_weight, total_weight
from emgmm.e_step import rows_to_fit
from emgmm.incomplete import IncompleteRows, check_features
from emgmm.one_thread import one_thread
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.statistics import SufficientStatistics, maximization


@dataclass(frozen=True)
class StoppingRule:
    """When EM stops: the mean log-likelihood changes by less than `tol` from one step to the next.

    Attributes
    ----------
    tol : float, in nats a row
    max_iter : int
        The most passes over the rows; EM has then not converged. Without acceleration each is a step.
    before_maximization : bool
        Test between the E-step and the M-step, and leave the M-step out when the test passes (article A).
        If False, test after the M-step (scikit-learn).
    earliest : int, the first step at which the test may pass
    by_limit : bool, default=False
        Look at the distance from the limit in place of the change (`distance_from_limit`).
    """

    tol: float
    max_iter: int
    before_maximization: bool
    earliest: int
    by_limit: bool = False

    def __post_init__(self):
        if not (self.tol >= 0 and self.max_iter >= 0):
            raise ValueError(f"tol and max_iter must not be negative, got {self.tol} and {self.max_iter}")

    def is_met(self, trace, previous=None) -> bool:
        """Tell whether EM may stop, by mean log-likelihoods, and the last one of a run that they continue."""
        if len(trace) < self.earliest and previous is None:
            return False
        if self.by_limit:
            return distance_from_limit(trace) < self.tol
        before = trace[-2] if len(trace) > 1 else previous
        return before is not None and abs(trace[-1] - before) < self.tol


ESTIMATES = 3  # of the limit, that must agree that EM is near it


def distance_from_limit(trace) -> float:
    """Estimate how far a trace of mean log-likelihoods is from its limit, by Aitken's extrapolation (Aitken, 1926).

    Gains that shrink by a ratio r each leave r / (1 - r) times the last one to gain (for EM: Böhning et al., 1994,
    "The distribution of the likelihood ratio for mixtures of densities from the one-parameter exponential family").
    One ratio may be small by chance, where EM is about to leave a flat place: the largest of three estimates counts,
    from the last steps. It is infinite for less than five steps, and where a gain is as large as the one before.
    """
    if len(trace) < ESTIMATES + 2:
        return np.inf
    gains = np.diff(trace[-ESTIMATES - 2 :])
    rounding = 64 * np.finfo(float).eps * max(1.0, abs(trace[-1]))
    ratios = gains[1:] / np.where(gains[:-1] == 0, np.nan, gains[:-1])
    shrinks = (ratios >= 0) & (ratios < 1)
    left = np.where(shrinks, np.abs(gains[1:] * ratios) / np.where(shrinks, 1 - ratios, 1.0), np.inf)
    return float(np.where(np.abs(gains[1:]) <= rounding, 0.0, left).max())


def article_stopping(tol=1e-4, max_iter=1000):
    """Stop as article A does: tested before the M-step, never before the third step."""
    return StoppingRule(tol, max_iter, before_maximization=True, earliest=3)


def sklearn_stopping(tol=1e-3, max_iter=100):
    """Stop as scikit-learn's GaussianMixture does: tested after the M-step."""
    return StoppingRule(tol, max_iter, before_maximization=False, earliest=2)


def aitken_stopping(tol=1e-6, max_iter=1000):
    """Stop nearer than `tol` to the limit, by the last steps (`distance_from_limit`): slow is not done.

    Tested before the M-step, never before the fifth step.
    """
    return StoppingRule(tol, max_iter, before_maximization=True, earliest=ESTIMATES + 2, by_limit=True)


@dataclass(frozen=True, eq=False)
class EMResult:
    """Where EM ended, and how it got there.

    Attributes
    ----------
    parameters : MixtureParameters
        The last proper ones, if EM collapsed.
    trace : tuple of float
        Mean log-likelihood a row found by the E-step of each step, in nats. Its length is the number of steps.
    n_maximizations : int, M-steps taken
    n_passes : int
        E-steps taken: passes over the rows. With acceleration some are of steps that went too far and were taken back.
    converged : bool
    collapse : str or None
        Why EM could not go on: which component collapsed, and how.
    """

    parameters: MixtureParameters
    trace: tuple[float, ...]
    n_maximizations: int
    n_passes: int
    converged: bool
    collapse: str | None


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are told of
def expectation_maximization(
    X,
    start: MixtureParameters,
    stopping: StoppingRule,
    *,
    labeled: SufficientStatistics | IncompleteRows | None = None,
    reg_covar: float = 0.0,
    sample_weight=None,
    map: Callable = map,  # noqa: A002
    acceleration: str = "none",
    kernel: str = "numpy",
    previous: float | None = None,
    monitor: Callable[[int, float, MixtureParameters], None] | None = None,
) -> EMResult:
    """Fit a Gaussian mixture by EM (Dempster, Laird and Rubin, 1977).

    Parameters
    ----------
    X : ndarray of shape (N, D), or Parts, which have labels and weights of their own
        Rows without labels. NaN is a missing value: the likelihood is that of the observed ones.
    start : MixtureParameters
    stopping : StoppingRule
    labeled : SufficientStatistics or IncompleteRows, optional
        Of labeled rows that stay in the likelihood with their posteriors clamped to their labels: what
        `labeled_statistics` gives. The trace is then the joint log-likelihood of all rows, a row.
    reg_covar : float, default=0
        Added to each variance. With 0 the trace never decreases.
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two, one of weight 0 nowhere; neither does a row without any value.
    map : callable, default=map
        For `Parts`: what runs a task a part, like the `map` of an executor.
    acceleration : {"none", "anderson"}, default="none"
        Extrapolate EM's steps by Anderson's method: to the same limit in far fewer passes where EM is slow. Where
        there are several optima it may end in another. A step that lowers the log-likelihood is replaced by EM's own.
    kernel : {"numpy", "numba", "auto"}, default="numpy"
        What goes through complete rows: NumPy, or a loop that numba compiles (the extra `fast`), which is faster and
        gives the same up to rounding. "auto" goes over to numba's, where it is installed, once that repays its import.
    previous : float, optional
        Last mean log-likelihood of a run that this one continues.
    monitor : callable, optional
        Called with the number of each step, its mean log-likelihood, and the parameters that have it.

    Returns
    -------
    EMResult
        A collapsed component is an outcome, not an exception.

    Raises
    ------
    ValueError
        If X has another shape than the parameters need, or infinite values, or a feature without any value; if the
        weights are not as many as rows, or negative; of a part that cannot be used, its name and why.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import MixtureParameters, expectation_maximization, sklearn_stopping
    >>> X = np.array([[-1.1], [-1.0], [-0.8], [0.9], [1.0], [1.2]])
    >>> start = MixtureParameters.checked([0.5, 0.5], [[-1.0], [1.0]], [[[1.0]], [[1.0]]])
    >>> result = expectation_maximization(X, start, sklearn_stopping(tol=1e-6))
    >>> result.converged, result.parameters.means.round(2).ravel().tolist()
    (True, [-0.97, 1.03])
    """
    checked_reg_covar(reg_covar)
    if acceleration not in ACCELERATIONS:
        raise ValueError(f"acceleration must be one of {list(ACCELERATIONS)}, not {acceleration!r}")
    if labeled is not None and (labeled.covariance_type, labeled.shape) != (start.covariance_type, start.means.shape):
        raise ValueError("the labeled statistics must have the start's covariance_type, components and features")
    if hasattr(X, "to_fit"):  # Parts, which import this module
        if labeled is not None or sample_weight is not None:
            raise ValueError("give labels and weights of parts to Parts")
        rows, total, direct = X.to_fit(start, kernel, map), X.total_weight, False
    else:
        rows, total, direct = _rows_of_array(X, start, labeled, sample_weight, kernel)
    if not 0 < total < math.inf:
        raise ValueError("there are no rows to fit" if not total else f"the sum of the weights is {total}")
    end, trace, n_maximizations, n_passes = start, [], 0, stopping.max_iter
    converged, collapse = False, None
    take = partial(_step, rows, labeled, total, reg_covar)
    for passes, parameters, mean, image, why_none in steps(take, start, stopping.max_iter, acceleration):
        if not math.isfinite(mean):
            raise ValueError("X must be finite: there are infinite values, or some too far out to square")
        trace.append(mean)
        if monitor is not None:
            monitor(len(trace), mean, parameters)
        converged = stopping.is_met(trace, previous) or direct  # labels alone: the direct estimate
        skips = converged and stopping.before_maximization
        collapse = None if skips else why_none
        end = parameters if skips or collapse else image
        n_maximizations += end is image
        if converged or collapse:
            n_passes = passes
            break
    return EMResult(end, tuple(trace), n_maximizations, n_passes, converged and not collapse, collapse)


def steps(take, parameters, max_passes, acceleration="none"):
    """Take steps of EM from parameters, in at most so many passes over the rows, and yield those that are accepted.

    `take` gives the mean log-likelihood of parameters, EM's image of them, and why there is none (a collapse) or None;
    of a group of mixtures arrays of these. A step: passes so far, the parameters, and these three. An accelerator
    proposes what to go on from in place of an image. What is less likely, or collapses, is taken back.
    """
    accelerator, trace, own = ACCELERATIONS[acceleration](), [], None  # EM's own image, where another is tried
    for n_passes in range(1, max_passes + 1):
        mean, image, collapse = take(parameters)
        if own is not None and (collapse or not mean >= trace[-1]):
            parameters, own = own, None
            accelerator.reject()
            continue
        yield n_passes, parameters, mean, image, collapse
        trace.append(mean)
        proposal = None if accelerator is None else accelerator.propose(parameters, image, trace)
        parameters, own = (image, None) if proposal is None else (proposal, image)


def _rows_of_array(X, start, labeled, sample_weight, kernel):
    """Give what takes E-steps over X; the weight of all rows; and whether labels alone make the fit, in one step."""
    X = checked_rows(X, start.n_features)
    sample_weight = checked_weight(sample_weight, len(X))
    if labeled is None:  # whose mass is by the same measure
        sample_weight = scaled_weight(sample_weight)
    rows = rows_to_fit(X, start.covariance_type, sample_weight, kernel)
    own = total_weight(rows.X, rows.sample_weight)
    every = [rows] * (own > 0) + [labeled] * (labeled is not None)
    if every and all(isinstance(part, IncompleteRows) for part in every):
        check_features(*(part.X for part in every))
    total = own + (0 if labeled is None else labeled.mass.sum())
    return rows, total, not own and isinstance(labeled, SufficientStatistics)


def _step(rows, labeled, total, reg_covar, parameters):
    """Take E-step and M-step: give the mean log-likelihood, EM's image, and why there is none."""
    image, collapse = None, None
    if labeled is None and rows.kernel != "numpy":
        weights, means, factors = parameters.weights, parameters.means, parameters.precisions_cholesky
        after, log_likelihood, proper = rows.step(weights[None], means[None], factors[None], reg_covar)
        if after is not None and proper[0]:  # else more care is needed
            weights, means, covariances, factors = (array[0] for array in after)
            image = MixtureParameters(weights, means, covariances, parameters.covariance_type, factors)
            return float(log_likelihood[0] / total), image, None
    statistics, log_likelihood = rows.expectation(parameters)
    if labeled is not None:
        known, joint = labeled.expectation(parameters)
        statistics, log_likelihood = statistics + known, log_likelihood + joint
    try:
        image = maximization(statistics, reg_covar)
    except CollapsedComponentError as error:
        collapse = str(error)
    return float(log_likelihood / total), image, collapse
