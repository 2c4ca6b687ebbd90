"""The EM loop."""

from dataclasses import dataclass

from emgmm.e_step import expectation
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.statistics import SufficientStatistics, complete_log_likelihood, maximization


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

    def is_met(self, trace) -> bool:
        """Tell whether the last change in a trace of mean log-likelihoods is small enough."""
        return len(trace) >= self.earliest and abs(trace[-1] - trace[-2]) < self.tol


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
    labeled: SufficientStatistics | None = None,
    reg_covar: float = 0.0,
) -> EMResult:
    """Fit a Gaussian mixture by EM (Dempster, Laird and Rubin, 1977).

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Rows without labels.
    start : MixtureParameters
    stopping : StoppingRule
    labeled : SufficientStatistics, optional
        Of labeled rows that stay in the likelihood with their posteriors clamped to their labels
        (`labeled_statistics`). The trace is then the joint log-likelihood of all rows, a row.
    reg_covar : float, default=0
        Added to the diagonal of each covariance. With 0 the trace never decreases.

    Returns
    -------
    EMResult
        A collapsed component is an outcome, not an exception.
    """
    parameters = start
    trace: list[float] = []
    n_maximizations, converged, collapse = 0, False, None
    while len(trace) < stopping.max_iter and not converged:
        statistics, log_likelihood = expectation(X, parameters)
        if labeled is not None:
            statistics += labeled
            log_likelihood += complete_log_likelihood(labeled, parameters)
        trace.append(float(log_likelihood / statistics.mass.sum()))
        converged = stopping.is_met(trace)
        if converged and stopping.before_maximization:
            break
        try:
            parameters = maximization(statistics, reg_covar)
        except CollapsedComponentError as error:
            converged, collapse = False, str(error)
            break
        n_maximizations += 1
    return EMResult(parameters, tuple(trace), n_maximizations, converged, collapse)
