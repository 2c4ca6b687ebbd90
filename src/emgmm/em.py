"""The EM loop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emgmm.e_step import checked_rows, rows_to_fit
from emgmm.incomplete import IncompleteRows, check_features, weighted_rows
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.statistics import SufficientStatistics, maximization


@dataclass(frozen=True)
class StoppingRule:
    """When EM stops: |change of the mean log-likelihood from one step to the next| < tol.

    Attributes
    ----------
    tol : float
        In nats a row.
    max_iter : int
        The most steps taken; EM has then not converged.
    before_maximization : bool
        Test between the E-step and the M-step, and leave the M-step out when the test passes (article A).
        If False, test after the M-step (scikit-learn).
    earliest : int
        The first step at which the test may pass.
    """

    tol: float
    max_iter: int
    before_maximization: bool
    earliest: int

    def __post_init__(self):
        if not (self.tol >= 0 and self.max_iter >= 0):
            raise ValueError(f"tol and max_iter must not be negative, got {self.tol} and {self.max_iter}")

    def is_met(self, trace, previous=None) -> bool:
        """Tell whether the last change in a trace of mean log-likelihoods is small enough.

        `previous` is the value before the trace, of a run that this one continues.
        """
        before = trace[-2] if len(trace) > 1 else previous
        early = len(trace) < self.earliest and previous is None
        return not early and before is not None and abs(trace[-1] - before) < self.tol


def article_stopping(tol=1e-4, max_iter=1000):
    """Stop as article A does: tested before the M-step, never before the third step."""
    return StoppingRule(tol, max_iter, before_maximization=True, earliest=3)


def sklearn_stopping(tol=1e-3, max_iter=100):
    """Stop as scikit-learn's GaussianMixture does: tested after the M-step."""
    return StoppingRule(tol, max_iter, before_maximization=False, earliest=2)


@dataclass(frozen=True, eq=False)
class EMResult:
    """Where EM ended, and how it got there.

    Attributes
    ----------
    parameters : MixtureParameters
        The last proper ones, if EM collapsed.
    trace : tuple of float
        Mean log-likelihood a row found by each E-step, in nats. Its length is the number of steps.
    n_maximizations : int
        M-steps taken.
    converged : bool
    collapse : str or None
        Why EM could not go on: which component collapsed, and how.
    """

    parameters: MixtureParameters
    trace: tuple[float, ...]
    n_maximizations: int
    converged: bool
    collapse: str | None


def expectation_maximization(
    X,
    start: MixtureParameters,
    stopping: StoppingRule,
    *,
    labeled: SufficientStatistics | IncompleteRows | None = None,
    reg_covar: float = 0.0,
    sample_weight=None,
    previous: float | None = None,
    monitor: Callable[[int, float], None] | None = None,
) -> EMResult:
    """Fit a Gaussian mixture by EM (Dempster, Laird and Rubin, 1977).

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Rows without labels. NaN is a missing value: the likelihood is that of the observed ones.
    start : MixtureParameters
    stopping : StoppingRule
    labeled : SufficientStatistics or IncompleteRows, optional
        Of labeled rows that stay in the likelihood with their posteriors clamped to their labels: what
        `labeled_statistics` gives. The trace is then the joint log-likelihood of all rows, a row.
    reg_covar : float, default=0
        Added to each variance. With 0 the trace never decreases.
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two.
    previous : float, optional
        Last mean log-likelihood of a run that this one continues.
    monitor : callable, optional
        Called with the number of each step and its mean log-likelihood.

    Returns
    -------
    EMResult
        A collapsed component is an outcome, not an exception.

    Raises
    ------
    ValueError
        If X has another shape than the parameters need, or infinite values, or a feature without any value.
    """
    X = checked_rows(X, start.n_features)
    if labeled is not None and (labeled.covariance_type, labeled.shape) != (
        start.covariance_type,
        start.means.shape,
    ):
        raise ValueError("the labeled statistics must have the start's covariance_type, components and features")
    sample_weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
    rows, parameters = rows_to_fit(X, start.covariance_type, sample_weight), start
    total_weight = len(X) if sample_weight is None else sample_weight.sum()
    total_weight += 0 if labeled is None else labeled.mass.sum()
    if not total_weight > 0:
        raise ValueError("there are no rows to fit")
    parts = [rows] * bool(len(X)) + [labeled] * (labeled is not None)
    if all(isinstance(part, IncompleteRows) for part in parts):
        check_features(*(weighted_rows(part.X, part.sample_weight) for part in parts))
    direct = not len(X) and isinstance(labeled, SufficientStatistics)
    trace: list[float] = []
    n_maximizations, converged, collapse = 0, False, None
    while len(trace) < stopping.max_iter and not converged:
        statistics, log_likelihood = rows.expectation(parameters)
        if labeled is not None:
            known, joint = labeled.expectation(parameters)
            statistics, log_likelihood = statistics + known, log_likelihood + joint
        trace.append(float(log_likelihood / total_weight))
        if not np.isfinite(trace[-1]):
            raise ValueError("X must be finite: there are infinite values, or some too far out to square")
        if monitor is not None:
            monitor(len(trace), trace[-1])
        converged = stopping.is_met(trace, previous) or direct  # labels alone: the direct estimate
        if converged and stopping.before_maximization:
            break
        try:
            parameters = maximization(statistics, reg_covar)
        except CollapsedComponentError as error:
            converged, collapse = False, str(error)
            break
        n_maximizations += 1
    return EMResult(parameters, tuple(trace), n_maximizations, converged, collapse)
