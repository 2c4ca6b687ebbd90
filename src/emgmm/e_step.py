"""E-step: posteriors of samples under a mixture, their log-likelihoods and expected sufficient statistics."""

import math
from itertools import chain

import numpy as np

from emgmm.checks import checked_samples, checked_weight, weighted
from emgmm.complete import CompleteSamples, checked_kernel
from emgmm.diagonal import DiagonalSamples
from emgmm.incomplete import IncompleteRows, has_value, patterns_of
from emgmm.statistics import has_missing, normalize
from emgmm.threads import one_thread

FEW_SAMPLES = 2  # samples up to which matrix products save less than their preparation costs
FAR = -1e20  # log density below which the squares may hide what differs between components
ROUNDING = 1e-12  # difference of squares, as a share of them, that counts as none


def samples_to_fit(
    X, covariance_type, sample_weight=None, kernel="numpy", n_jobs=None
) -> CompleteSamples | IncompleteRows:
    """Return an object that takes E-steps over samples; those with missing values have one kernel, NumPy's.

    Samples of weight 0 are left out. Those without any value get weight 0: as in `counted_samples`, without a copy.
    """
    sample_weight, X = weighted(sample_weight, X)
    if has_missing(X):
        checked_kernel(kernel)
        if not (seen := has_value(X)).all():
            sample_weight = seen if sample_weight is None else np.where(seen, sample_weight, 0.0)
        return IncompleteRows(X, covariance_type, sample_weight, n_jobs=n_jobs)
    return CompleteSamples(X, covariance_type, sample_weight, kernel, n_jobs=n_jobs)


def _joint_blocks(X, parameters):
    """Yield the indices of each block of samples, and their log joint densities (K, n)."""
    if parameters.type.diagonal and (len(X) > FEW_SAMPLES or has_missing(X)):
        blocks = DiagonalSamples(X, keep=False).joint_blocks(parameters)
    else:
        blocks = chain.from_iterable(patterns.blocks(X) for patterns in patterns_of(X, parameters))
    return ((block, log_joint) for block, *_, log_joint in blocks)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of samples far out, which are reported below
def expectation(X, parameters, sample_weight=None):
    """Take the E-step: the expected sufficient statistics of samples, and their log-likelihood.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples. NaN is a missing value; it must be missing at random.
    parameters : MixtureParameters
        The mixture: K components, D features.
    sample_weight : ndarray of shape (N,), optional
        A sample of weight 2 counts as two.

    Returns
    -------
    statistics : SufficientStatistics
        `weighted_statistics` with the responsibilities r_nk = p(k | x_n) [1]_. A missing value is replaced by its
        conditional mean, and adds its conditional covariance to the scatter [2]_.
    log_likelihood : float
        Sum over the samples of log p(x) of the observed values, in nats.

    Raises
    ------
    ValueError
        If X does not have D features, contains infinite values or values too large to square; if `sample_weight` does
        not have N entries, or has a negative one.

    References
    ----------
    .. [1] Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm", Journal of
       the Royal Statistical Society B 39.
    .. [2] Ghahramani and Jordan (1994), "Supervised learning from incomplete data via an EM approach", Advances in
       Neural Information Processing Systems 6.
    """
    X = checked_samples(X, parameters.n_features)
    samples = samples_to_fit(X, parameters.covariance_type, checked_weight(sample_weight, len(X)))
    statistics, log_likelihood = samples.expectation(parameters)
    if not math.isfinite(log_likelihood):
        raise ValueError("X must be finite: it contains values too large to square")
    return statistics, log_likelihood


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of samples far out, which `_limits` handles
def posteriors(X, parameters):
    """Return the posterior probabilities of the components for each sample (responsibilities).

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples. NaN is a missing value.
    parameters : MixtureParameters
        The mixture: K components, D features.

    Returns
    -------
    ndarray of shape (N, K)
        p(k | x) = weight_k N(x; mean_k, covariance_k) / sum_j weight_j N(x; mean_j, covariance_j), by Bayes' theorem,
        with the densities of the observed values. Each row has sum 1. For a sample without any observed value it is
        the mixture's weights.

    Raises
    ------
    ValueError
        If X does not have D features, or contains infinite values.

    See Also
    --------
    log_likelihoods : The logarithm of the denominator.
    judge_many : Both, for many mixtures.

    Examples
    --------
    >>> from emgmm import MixtureParameters, posteriors
    >>> mixture = MixtureParameters.checked([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
    >>> posteriors([[2.0], [float("nan")]], mixture)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    X = checked_samples(X, parameters.n_features)
    result = np.empty((len(X), parameters.n_components))
    for block, log_joint in _joint_blocks(X, parameters):
        result[block] = shares(X[block], parameters, log_joint).T
    return result


def shares(X, parameters, log_joint):
    """Turn the samples' log joint densities (K, n) into posteriors, in place; and return these."""
    far = ~(np.maximum.reduce(log_joint, axis=0) > FAR)
    normalize(log_joint)
    if far.any():
        patterns, of_row = np.unique(np.isnan(X[far]), axis=0, return_inverse=True)
        for p, missing in enumerate(patterns):
            chosen = np.flatnonzero(far)[of_row.ravel() == p]
            log_joint[:, chosen] = _limits(np.asarray(X[chosen], dtype=float), ~missing, parameters)
    return log_joint


def _limits(X, observed, parameters):
    """Posteriors (K, n) of samples so far out that their squares overflow, or hide what differs between components.

    At a distance r in the direction u, a log joint density is a r^2 + b r + c. Where two have the same a, as with tied
    covariances, b decides, and so on.
    """
    kind, means = parameters.type, parameters.means
    moments = kind.expand(parameters.covariances, *means.shape)
    factors = kind.given(moments, observed[None])[0][0]
    constants = kind.log_constants(parameters.weights, factors)[:, None]
    center = means.mean(axis=0)
    deviations = np.where(observed, X - center, 0.0).T
    size = np.abs(deviations).max(axis=0)
    direction = kind.whiten(factors, (deviations / size)[None])
    whitened = kind.whiten(factors, np.where(observed, means - center, 0.0)[:, :, None])
    a, b = -0.5 * (direction**2).sum(axis=1), (direction * whitened).sum(axis=1)
    c = constants - 0.5 * (whitened**2).sum(axis=1)
    ahead = a - a.max(axis=0)
    ahead[ahead > -ROUNDING * np.abs(a.max(axis=0))] = 0.0
    log_joint = ahead * size + b + c / size  # over the distance, and so finite
    log_joint -= log_joint.max(axis=0)
    log_joint *= size
    normalize(log_joint)
    return log_joint


@one_thread()
def log_likelihoods(X, parameters):
    """Return the log-likelihood of each sample, in nats.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples. NaN is a missing value.
    parameters : MixtureParameters
        The mixture: K components, D features.

    Returns
    -------
    ndarray of shape (N,)
        log p(x) = log sum_k weight_k N(x; mean_k, covariance_k), with the densities of the observed values, in nats.
        For a sample without any observed value it is 0; for one too far out to square, -inf.

    Raises
    ------
    ValueError
        If X does not have D features, or contains infinite values.

    See Also
    --------
    posteriors : The components' shares of the density.
    complete_log_likelihood : That of labeled samples with their labels.

    Examples
    --------
    >>> from emgmm import MixtureParameters, log_likelihoods
    >>> mixture = MixtureParameters.checked([1.0], [[0.0]], [[[1.0]]])
    >>> log_likelihoods([[0.0], [1.0]], mixture).round(3)
    array([-0.919, -1.419])
    """
    X = checked_samples(X, parameters.n_features)
    result = np.empty(len(X))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # where a square overflows, the likelihood is 0
        for block, log_joint in _joint_blocks(X, parameters):
            result[block] = normalize(np.maximum(log_joint, np.finfo(float).min / 2))
    return np.where(result <= np.finfo(float).min / 2, -np.inf, result)
