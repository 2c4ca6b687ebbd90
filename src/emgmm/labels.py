"""Samples whose component is known: their statistics, and initial parameters from them."""

from dataclasses import replace

import numpy as np

from emgmm.checks import checked_components, checked_samples, checked_squares, checked_weight, weighted
from emgmm.covariance import COVARIANCE_TYPES, TINY
from emgmm.em import expectation_maximization, sklearn_stopping
from emgmm.incomplete import IncompleteRows
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.regularization import feature_statistics
from emgmm.statistics import SufficientStatistics, has_missing, maximization, pooled, summed, weighted_statistics

STOPPING = sklearn_stopping(1e-12, 1000)  # of EM on labeled samples alone


def labeled_statistics(X, y, n_components, covariance_type="full", sample_weight=None):
    """Compute the sufficient statistics of samples whose component is known (one-hot posteriors).

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Labeled samples. NaN is a missing value.
    y : ndarray of int of shape (N,)
        Component of each sample, 0 to n_components - 1.
    n_components : int
        Number of components, K.
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.
    sample_weight : ndarray of shape (N,), optional
        A sample of weight 2 counts as two.

    Returns
    -------
    SufficientStatistics or IncompleteRows
        Number, mean and scatter of the samples of each component; a component without samples has mass 0. If X contains
        NaN the statistics depend on the parameters, and `IncompleteRows` with the samples are returned instead;
        `expectation_maximization` and `fit_many` accept both.

    Raises
    ------
    ValueError
        If X, `y` or `sample_weight` do not have the shapes above; if a label is not an integer, or out of range; if a
        weight is negative.

    Examples
    --------
    >>> from emgmm import labeled_statistics
    >>> labeled_statistics([[0.0], [2.0], [9.0]], [0, 0, 1], 2).means.tolist()
    [[1.0], [9.0]]
    """
    X = checked_samples(X)
    y, sample_weight = checked_components(y, len(X), n_components), checked_weight(sample_weight, len(X))
    sample_weight, X, y = weighted(sample_weight, X, y)
    if has_missing(X):
        return IncompleteRows(X, covariance_type, sample_weight, y, n_components)

    def one_hot(block):
        components = y[block, None] == np.arange(n_components)
        return components if sample_weight is None else components * sample_weight[block, None]

    return summed(X, one_hot, n_components, covariance_type)


def parameters_from_labels(X, y, n_components, covariance_type="full", reg_covar=0.0) -> MixtureParameters:
    """Estimate initial parameters from labeled samples, as article A does.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Labeled samples. NaN is a missing value.
    y : ndarray of int of shape (N,)
        Component of each sample, 0 to n_components - 1.
    n_components : int
        Number of components, K.
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.
    reg_covar : float, default=0
        Covariance regularization: added to each variance, in squared units of the features.

    Returns
    -------
    MixtureParameters
        Class proportions, class means, and class covariances divided by n. With missing values, the Gaussian of highest
        likelihood for each class, by EM from the means and variances of the observed values. For a feature of which a
        class has no observed value, EM starts from the mean and variance of all labeled samples.

    Raises
    ------
    CollapsedComponentError
        If a class has no samples, or too few for a covariance, or a feature has no observed value.
    ValueError
        As in `labeled_statistics`.

    See Also
    --------
    shrunken_parameters : For few labels.

    Examples
    --------
    >>> from emgmm import parameters_from_labels
    >>> start = parameters_from_labels([[0.0], [2.0], [9.0], [11.0]], [0, 0, 1, 1], 2)
    >>> start.weights.tolist(), start.means.tolist()
    ([0.5, 0.5], [[1.0], [10.0]])
    """
    return estimate(labeled_statistics(X, y, n_components, covariance_type), reg_covar)


def estimate(labeled, reg_covar=0.0, penalty=None):
    """Take the M-step on a result of `labeled_statistics`; with missing values find the likeliest Gaussians by EM."""
    if isinstance(labeled, SufficientStatistics):
        return maximization(labeled, reg_covar, penalty)
    start = maximization(_observed_statistics(labeled), reg_covar, penalty)
    settings = {"labeled": labeled, "reg_covar": reg_covar, "penalty": penalty}
    result = expectation_maximization(labeled.X[:0], start, STOPPING, **settings)
    if result.collapse:
        raise CollapsedComponentError(result.collapse)
    return result.parameters


def shrunken_parameters(labeled, X, reg_covar=0.0, sample_weight=None) -> MixtureParameters:
    """Estimate initial parameters from few labeled samples: the covariance of each class is shrunken.

    The covariance of a class is shrunken towards the common covariance of all classes, and the common one towards half
    the variances of all samples, both with the weight of D + 1 labeled samples. This is regularized discriminant
    analysis [1]_, with amounts of shrinkage that depend on the counts.

    Parameters
    ----------
    labeled : SufficientStatistics or IncompleteRows
        The labeled samples, from `labeled_statistics`: at least one of each component.
    X : ndarray of shape (N, D)
        Unlabeled samples. NaN is a missing value.
    reg_covar : float, default=0
        Covariance regularization: added to each variance, in squared units of the features.
    sample_weight : ndarray of shape (N,), optional
        Weights of the unlabeled samples.

    Returns
    -------
    MixtureParameters
        Class proportions, class means, and shrunken covariances. With S_k the scatter of the n_k labeled samples of
        class k, n = sum_k n_k, and V the diagonal matrix of the variances of all samples:
        shared = (sum_k S_k + (D + 1) V / 2) / (n + D + 1), covariance_k = (S_k + (D + 1) shared) / (n_k + D + 1).

    Raises
    ------
    CollapsedComponentError
        If a class has no samples, or with reg_covar=0 a feature is constant.
    ValueError
        If X or the weights cannot be used.

    Notes
    -----
    If samples have different weights, n_k and n are Kish's effective numbers of samples [2]_. The page on labels has
    the measurements that led to this choice.

    References
    ----------
    .. [1] Friedman (1989), "Regularized discriminant analysis", Journal of the American Statistical Association 84.
    .. [2] Kish (1965), "Survey Sampling", Wiley.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import labeled_statistics, shrunken_parameters
    >>> labeled = labeled_statistics([[0.0], [2.0]], [0, 1], 2)  # one label for each class: no scatter
    >>> shrunken_parameters(labeled, np.array([[0.0], [2.0]])).covariances.ravel()
    array([0.16666667, 0.16666667])
    """
    every = _of_all(checked_samples(X, labeled.shape[1]), sample_weight)
    if isinstance(labeled, SufficientStatistics):
        return shrunken(labeled, every + _of_features(labeled), reg_covar)
    every += _of_all(labeled.X, labeled.sample_weight)
    first = shrunken(_observed_statistics(labeled, every), every, reg_covar)
    return shrunken(replace(labeled.expectation(first)[0], row_weight=labeled.row_weight), every, reg_covar)


def shrunken(statistics, every=None, reg_covar=0.0):
    """Take the M-step with covariances as in `shrunken_parameters`.

    `every` are the `feature_statistics` of all samples, if `statistics` are those of only some.
    """
    every = _of_features(statistics) if every is None else every
    variances = every.scatter[:, 0] / every.mass
    kind, mass, rows = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass, len(variances) + 1
    largest = np.max(statistics.row_weight) or 1.0
    own = rows * np.where(mass > 0, statistics.row_weight, largest)
    common = rows * largest * (mass @ (own / (rows * largest))) / max(mass.sum(), TINY)
    target = 0.5 * variances if kind.diagonal else np.diag(0.5 * variances)
    shared = (statistics.scatter.sum(axis=0) + common * target) / max(mass.sum() + common, TINY)
    scatter = kind.scaled(statistics.scatter + kind.scaled(shared, own), mass / (mass + own))
    return maximization(replace(statistics, scatter=scatter), reg_covar)


def _of_all(X, sample_weight):
    sample_weight, X = weighted(checked_weight(sample_weight, len(X)), X)
    return feature_statistics(checked_squares(X), sample_weight)


def _of_features(statistics):
    """Pool components; return the `feature_statistics` of their samples."""
    scatter = COVARIANCE_TYPES[statistics.covariance_type].variances(statistics.scatter)
    mass = np.broadcast_to(statistics.mass[:, None], scatter.shape)
    return pooled(SufficientStatistics(mass, statistics.means[..., None], scatter[..., None], "diag"))


def _observed_statistics(labeled: IncompleteRows, every=None) -> SufficientStatistics:
    """Return mass, and means and variances of the observed values, of each component, as if features did not covary.

    If a class has no observed value of a feature, all labeled samples are used; if these have none, all samples, by
    their `feature_statistics`.
    """
    X, weight = labeled.X, np.ones(len(labeled.X)) if labeled.sample_weight is None else labeled.sample_weight
    means, variances = np.zeros(labeled.shape), np.zeros(labeled.shape)
    for k, d in np.ndindex(*labeled.shape):
        with_value = ~np.isnan(X[:, d]) & (weight > 0)
        own = with_value & (labeled.labels == k)
        rows = own if own.any() else with_value
        if rows.any():
            found, i = weighted_statistics(X[rows, d, None], weight[rows, None], "diag"), 0
        elif every is None:
            raise CollapsedComponentError(f"feature {d} (counted from 0) has no observed value in the labeled samples")
        else:
            found, i = every, d
        means[k, d], variances[k, d] = found.means[i, 0], found.scatter[i, 0] / found.mass[i]
    kind, mass = COVARIANCE_TYPES[labeled.covariance_type], labeled.mass
    moments = variances if kind.diagonal else variances[:, None] * np.eye(means.shape[1])
    scatter = kind.scaled(moments, mass)
    return SufficientStatistics(mass, means, scatter, labeled.covariance_type, None, labeled.row_weight)
