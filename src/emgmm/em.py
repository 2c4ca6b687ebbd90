"""The EM loop."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from emgmm.acceleration import ACCELERATIONS
from emgmm.checks import checked_reg_covar, checked_samples, checked_weight, scaled_weight, total_weight
from emgmm.e_step import samples_to_fit
from emgmm.incomplete import IncompleteRows, check_features
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.regularization import CovariancePenalty
from emgmm.statistics import SufficientStatistics, maximization
from emgmm.threads import one_thread


@dataclass(frozen=True)
class StoppingRule:
    """Stopping rule of EM: the mean log-likelihood changes by less than `tol` from one step to the next.

    Parameters
    ----------
    tol : float
        Tolerance in nats per sample; not negative.
    max_iter : int
        Largest number of passes over the samples. EM that reaches it has not converged. Without acceleration each pass
        is one step.
    before_maximization : bool
        If True, test between the E-step and the M-step, and omit the M-step when the test passes (article A). If
        False, test after the M-step (scikit-learn).
    earliest : int
        First step at which the test may pass, counted from 1.
    by_limit : bool, default=False
        Compare `tol` with the Aitken estimate of the distance to the limit, instead of with the change.

    Raises
    ------
    ValueError
        If `tol` or `max_iter` is negative.

    See Also
    --------
    sklearn_stopping, article_stopping, aitken_stopping : The three rules in use.
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
        """Return whether EM may stop.

        Parameters
        ----------
        trace : sequence of float
            Mean log-likelihoods of the steps so far, in nats per sample.
        previous : float, optional
            Last mean log-likelihood of the run that the trace continues.

        Returns
        -------
        bool
            Whether the rule is met at the last step of the trace.
        """
        if len(trace) < self.earliest and previous is None:
            return False
        if self.by_limit:
            return distance_from_limit(trace) < self.tol
        before = trace[-2] if len(trace) > 1 else previous
        return before is not None and abs(trace[-1] - before) < self.tol


ESTIMATES = 3  # of the limit; all of them must be near


def distance_from_limit(trace) -> float:
    """Estimate how far a trace of mean log-likelihoods is from its limit, by Aitken's extrapolation (Aitken, 1926).

    If each gain is r times the gain before, r / (1 - r) times the last gain remains (for EM: Böhning et al., 1994,
    "The distribution of the likelihood ratio for mixtures of densities from the one-parameter exponential family").
    One ratio may be small by chance, just before EM leaves a plateau. The result is therefore the largest of three
    estimates, from the last steps. It is infinite for fewer than five steps, and if a gain is as large as the one
    before it.
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
    """Return article A's stopping rule: test the change before the M-step, from the third step on.

    Parameters
    ----------
    tol : float, default=1e-4
        Tolerance of the change of the mean log-likelihood, in nats per sample.
    max_iter : int, default=1000
        Largest number of passes over the samples.

    Returns
    -------
    StoppingRule
        The rule.
    """
    return StoppingRule(tol, max_iter, before_maximization=True, earliest=3)


def sklearn_stopping(tol=1e-3, max_iter=100):
    """Return the stopping rule of scikit-learn's GaussianMixture: test the change after the M-step.

    Parameters
    ----------
    tol : float, default=1e-3
        Tolerance of the change of the mean log-likelihood, in nats per sample.
    max_iter : int, default=100
        Largest number of passes over the samples.

    Returns
    -------
    StoppingRule
        The rule.
    """
    return StoppingRule(tol, max_iter, before_maximization=False, earliest=2)


def aitken_stopping(tol=1e-6, max_iter=1000):
    """Stop when the Aitken estimate of the distance to the limit falls below `tol`.

    Where EM is slow, a small change does not mean that it has converged. If each gain of the mean log-likelihood is r
    times the gain before, r / (1 - r) times the last gain remains [1]_ [2]_. The largest of the estimates from the last
    three ratios counts. The rule tests before the M-step, from the fifth step on.

    Parameters
    ----------
    tol : float, default=1e-6
        Tolerance of the estimated distance to the limit, in nats per sample.
    max_iter : int, default=1000
        Largest number of passes over the samples.

    Returns
    -------
    StoppingRule
        The rule.

    References
    ----------
    .. [1] Aitken (1926), "On Bernoulli's numerical solution of algebraic equations", Proceedings of the Royal Society
       of Edinburgh 46.
    .. [2] Böhning, Dietz, Schaub, Schlattmann and Lindsay (1994), "The distribution of the likelihood ratio for
       mixtures of densities from the one-parameter exponential family", Annals of the Institute of Statistical
       Mathematics 46.
    """
    return StoppingRule(tol, max_iter, before_maximization=True, earliest=ESTIMATES + 2, by_limit=True)


@dataclass(frozen=True, eq=False)
class EMResult:
    """Result of a run of EM.

    Attributes
    ----------
    parameters : MixtureParameters
        The final parameters; if a component collapsed, the last ones before the collapse.
    trace : tuple of float
        Mean log-likelihood that the E-step of each step computed, in nats per sample; with a `CovariancePenalty` minus
        the penalty, divided by the number of samples. Its length is the number of steps.
    n_maximizations : int
        Number of M-steps.
    n_passes : int
        Number of E-steps, which are passes over the samples. With acceleration this includes rejected steps.
    converged : bool
        Whether the stopping rule was met, and no component collapsed.
    collapse : str or None
        Which component collapsed, and how; None if none did.
    """

    parameters: MixtureParameters
    trace: tuple[float, ...]
    n_maximizations: int
    n_passes: int
    converged: bool
    collapse: str | None


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of samples far out, which are reported below
def expectation_maximization(
    X,
    start: MixtureParameters,
    stopping: StoppingRule,
    *,
    labeled: SufficientStatistics | IncompleteRows | None = None,
    reg_covar: float = 0.0,
    penalty: CovariancePenalty | None = None,
    sample_weight=None,
    map: Callable = map,  # noqa: A002
    acceleration: str = "none",
    kernel: str = "numpy",
    n_jobs: int | None = None,
    previous: float | None = None,
    monitor: Callable[[int, float, MixtureParameters], None] | None = None,
) -> EMResult:
    """Fit a Gaussian mixture by EM from given initial parameters.

    Parameters
    ----------
    X : ndarray of shape (N, D), or Parts
        Samples without labels, N may be 0 if there are labeled ones. NaN is a missing value: the likelihood is that of
        the observed values. `Parts` have labels and weights of their own.
    start : MixtureParameters
        Initial parameters: K components, D features.
    stopping : StoppingRule
        When EM stops.
    labeled : SufficientStatistics or IncompleteRows, optional
        Statistics of labeled samples from `labeled_statistics`. These samples stay in the likelihood, with their
        posteriors clamped to their labels. The trace is then the joint log-likelihood of all samples, divided by their
        number.
    reg_covar : float, default=0
        Covariance regularization: added to each variance, in squared units of the features. With 0 the trace never
        decreases.
    penalty : CovariancePenalty, optional
        Penalty on the covariances, by which a component collapses only if it loses all its mass. The trace, and with it
        the stopping rule, is then that of the penalized log-likelihood.
    sample_weight : ndarray of shape (N,), optional
        A sample of weight 2 counts as two. A sample of weight 0 does not count, and neither does one without any
        observed value.
    map : callable, default=map
        For `Parts`: runs one task for each part, like the `map` of an executor.
    acceleration : {"none", "anderson"}, default="none"
        With "anderson", extrapolate EM's steps by Anderson's method [2]_. It reaches the limit in far fewer passes
        where EM is slow. If there are several local maxima it may reach another one. A step that lowers the
        log-likelihood is replaced by EM's own.
    kernel : {"numpy", "numba", "auto"}, default="numpy"
        Code for passes over complete samples: NumPy, or a loop compiled by numba (the extra `fast`), which is faster
        and gives the same up to rounding. "auto" changes to numba, if it is installed, once that repays its import.
    n_jobs : int, optional
        Number of threads for the passes over the samples, by joblib's conventions: None is 1 (unless
        ``joblib.parallel_config`` sets another number), -1 is all processors. Each number gives the same bytes. Few
        samples are left to one thread.
    previous : float, optional
        Last mean log-likelihood of a run that this one continues, in nats per sample.
    monitor : callable, optional
        Called at each step with its number, its mean log-likelihood, and the parameters that have it.

    Returns
    -------
    EMResult
        The parameters and the trace. A collapsed component is reported in `collapse`, and is not an exception.

    Raises
    ------
    ValueError
        If X or `penalty` does not have D features; if X contains infinite values, or has a feature without any
        observed value; if `sample_weight` does not have N entries, or has a negative one; if the covariance type,
        components or features of `labeled` are not those of `start`; if `n_jobs` is 0 or not an integer; if a part
        cannot be read or used (the message names it).

    Notes
    -----
    With posteriors r_nk = p(k | x_n), each step sets weight_k = sum_n r_nk / N, mean_k = sum_n r_nk x_n / sum_n r_nk,
    and covariance_k to the weighted covariance about mean_k, plus `reg_covar` on its diagonal [1]_. For a step with a
    penalty see `maximization`.

    References
    ----------
    .. [1] Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm", Journal of
       the Royal Statistical Society B 39.
    .. [2] Henderson and Varadhan (2019), "Damped Anderson acceleration with restarts and monotonicity control for
       accelerating EM and EM-like algorithms", Journal of Computational and Graphical Statistics 28.

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
    if penalty is not None and not isinstance(penalty, CovariancePenalty):
        raise ValueError(f"penalty must be a CovariancePenalty or None, not {penalty!r}")
    if penalty is not None and penalty.scale.shape != (start.n_features,):
        raise ValueError(f"the penalty's scale must have {start.n_features} variances, not {len(penalty.scale)}")
    if labeled is not None and (labeled.covariance_type, labeled.shape) != (start.covariance_type, start.means.shape):
        raise ValueError("labeled must have the covariance_type, components and features of the initial parameters")
    if isinstance(labeled, IncompleteRows):  # with threads, and what it keeps between steps, of this fit
        labeled = replace(labeled, n_jobs=n_jobs)
    if hasattr(X, "to_fit"):  # Parts, which import this module
        if labeled is not None or sample_weight is not None:
            raise ValueError("pass labels and sample_weight of parts to Parts(...)")
        samples, total, direct = X.to_fit(start, kernel, map, n_jobs), X.total_weight, False
    else:
        samples, total, direct = _samples_of_array(X, start, labeled, sample_weight, kernel, n_jobs, penalty)
    if not 0 < total < math.inf:
        raise ValueError("there are no samples to fit" if not total else f"the sum of the sample weights is {total}")
    end, trace, n_maximizations, n_passes = start, [], 0, stopping.max_iter
    converged, collapse = False, None
    take = partial(_step, samples, labeled, total, reg_covar, penalty)
    for passes, parameters, mean, image, why_none in steps(take, start, stopping.max_iter, acceleration):
        if not math.isfinite(mean):
            raise ValueError("X must be finite: it contains infinite values, or values too large to square")
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
    """Yield the accepted steps of EM from parameters, in at most `max_passes` passes over the samples.

    `take` returns the mean log-likelihood of parameters, EM's image of them, and the reason for a collapse, or None;
    for a group of mixtures it returns arrays of these. A step is the number of passes so far, the parameters, and what
    `take` returned. An accelerator proposes parameters to continue from instead of the image. A proposal that is less
    likely, or collapses, is rejected.
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


def _samples_of_array(X, start, labeled, sample_weight, kernel, n_jobs, penalty):
    """Return an object that takes E-steps over X, the total weight, and whether the fit is by labels alone."""
    X = checked_samples(X, start.n_features)
    sample_weight = checked_weight(sample_weight, len(X))
    if labeled is None and penalty is None:  # these count in samples, as unscaled weights do
        sample_weight = scaled_weight(sample_weight)
    samples = samples_to_fit(X, start.covariance_type, sample_weight, kernel, n_jobs)
    own = total_weight(samples.X, samples.sample_weight)
    every = [samples] * (own > 0) + [labeled] * (labeled is not None)
    if every and all(isinstance(part, IncompleteRows) for part in every):
        check_features(*(part.X for part in every))
    total = own + (0 if labeled is None else labeled.mass.sum())
    return samples, total, not own and isinstance(labeled, SufficientStatistics)


def _step(samples, labeled, total, reg_covar, penalty, parameters):
    """Take E-step and M-step: return the mean log-likelihood, EM's image, and the reason for a collapse or None."""
    image, collapse = None, None
    if labeled is None and penalty is None and samples.kernel != "numpy":
        weights, means, factors = parameters.weights, parameters.means, parameters.precisions_cholesky
        after, log_likelihood, proper = samples.step(weights[None], means[None], factors[None], reg_covar)
        if after is not None and proper[0]:  # else more care is needed
            weights, means, covariances, factors = (array[0] for array in after)
            image = MixtureParameters(weights, means, covariances, parameters.covariance_type, factors)
            return float(log_likelihood[0] / total), image, None
    statistics, log_likelihood = samples.expectation(parameters)
    if labeled is not None:
        known, joint = labeled.expectation(parameters)
        statistics, log_likelihood = statistics + known, log_likelihood + joint
    if penalty is not None:
        log_likelihood -= penalty.of(parameters)
    try:
        image = maximization(statistics, reg_covar, penalty)
    except CollapsedComponentError as error:
        collapse = str(error)
    return float(log_likelihood / total), image, collapse
