"""Rows whose component is known."""

from dataclasses import replace

import numpy as np

from emgmm.checks import checked_components, checked_rows, checked_squares, checked_weight, weighted
from emgmm.covariance import COVARIANCE_TYPES, TINY
from emgmm.em import expectation_maximization, sklearn_stopping
from emgmm.incomplete import IncompleteRows
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.ridge import feature_statistics
from emgmm.statistics import SufficientStatistics, has_missing, maximization, pooled, summed, weighted_statistics

STOPPING = sklearn_stopping(1e-12, 1000)  # of EM on labeled rows alone


def labeled_statistics(X, y, n_components, covariance_type="full", sample_weight=None):
    """Sufficient statistics of rows whose component is known: posteriors that are one-hot.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    y : ndarray of int of shape (N,)
        Component of each row, 0 to n_components - 1.
    n_components : int
    covariance_type : str, default="full"
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two.

    Returns
    -------
    SufficientStatistics or IncompleteRows
        A component without rows has mass 0. With missing values there are no statistics without parameters:
        the rows are returned, which `expectation_maximization` and `fit_many` take in place of statistics.

    Raises
    ------
    ValueError
        If there is not one label a row, or one is out of range or no whole number; likewise of the weights.
    """
    X = checked_rows(X)
    y, sample_weight = checked_components(y, len(X), n_components), checked_weight(sample_weight, len(X))
    sample_weight, X, y = weighted(sample_weight, X, y)
    if has_missing(X):
        return IncompleteRows(X, covariance_type, sample_weight, y, n_components)

    def one_hot(block):
        components = y[block, None] == np.arange(n_components)
        return components if sample_weight is None else components * sample_weight[block, None]

    return summed(X, one_hot, n_components, covariance_type)


def parameters_from_labels(X, y, n_components, covariance_type="full", reg_covar=0.0) -> MixtureParameters:
    """Estimate a start from labeled rows: class proportions, class means, class covariances divided by n.

    With missing values it is each class's Gaussian of highest likelihood, by EM from the means and variances of the
    observed values. Of a feature that a class has no value of, they are those of all labeled rows.

    Parameters
    ----------
    X, y, n_components, covariance_type
        As of `labeled_statistics`, and what it raises.
    reg_covar : float, default=0

    Raises
    ------
    CollapsedComponentError
        If a class has no rows, or too few for a covariance, or no row has a value of a feature.
    """
    return estimate(labeled_statistics(X, y, n_components, covariance_type), reg_covar)


def estimate(labeled, reg_covar=0.0):
    """Take the M-step on what `labeled_statistics` gives; with missing values the Gaussians of highest likelihood."""
    if isinstance(labeled, SufficientStatistics):
        return maximization(labeled, reg_covar)
    start = maximization(_observed_statistics(labeled), reg_covar)
    result = expectation_maximization(labeled.X[:0], start, STOPPING, labeled=labeled, reg_covar=reg_covar)
    if result.collapse:
        raise CollapsedComponentError(result.collapse)
    return result.parameters


def shrunken_parameters(labeled, X, reg_covar=0.0, sample_weight=None) -> MixtureParameters:
    """Estimate a start from labeled rows that holds for few of them: each class's covariance is shrunken.

    It is drawn towards the one that all classes share, and this one towards half the variances of all rows, both by
    the weight of D + 1 labeled rows: regularized discriminant analysis (Friedman, 1989), with amounts that go by the
    counts. Rows of different weights count as Kish's effective number of them. The measured choice: docs/labels.md.

    Parameters
    ----------
    labeled : SufficientStatistics or IncompleteRows
        Of the labeled rows (`labeled_statistics`), some of each component.
    X : ndarray of shape (N, D)
        Unlabeled rows. NaN is a missing value.
    reg_covar : float, default=0
    sample_weight : ndarray of shape (N,), optional
        Of the unlabeled rows.

    Raises
    ------
    CollapsedComponentError
        If a class has no rows, or with reg_covar=0 a feature has one value in all rows.
    ValueError
        If X or the weights cannot be used.
    """
    every = _of_all(checked_rows(X, labeled.shape[1]), sample_weight)
    if isinstance(labeled, SufficientStatistics):
        return shrunken(labeled, every + _of_features(labeled), reg_covar)
    every += _of_all(labeled.X, labeled.sample_weight)
    first = shrunken(_observed_statistics(labeled, every), every, reg_covar)
    return shrunken(replace(labeled.expectation(first)[0], row_weight=labeled.row_weight), every, reg_covar)


def shrunken(statistics, every=None, reg_covar=0.0):
    """Take the M-step with covariances as in `shrunken_parameters`.

    `every` are the `feature_statistics` of all rows, if `statistics` are not.
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
    """Pool components, to what `feature_statistics` gives of their rows."""
    scatter = COVARIANCE_TYPES[statistics.covariance_type].variances(statistics.scatter)
    mass = np.broadcast_to(statistics.mass[:, None], scatter.shape)
    return pooled(SufficientStatistics(mass, statistics.means[..., None], scatter[..., None], "diag"))


def _observed_statistics(labeled: IncompleteRows, every=None) -> SufficientStatistics:
    """Mass of each component, and means and variances of its observed values, as if features did not covary.

    What the class does not tell, all labeled rows do; and what these do not, all rows, by their `feature_statistics`.
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
            raise CollapsedComponentError(f"no labeled row has a value of feature {d} (counted from 0)")
        else:
            found, i = every, d
        means[k, d], variances[k, d] = found.means[i, 0], found.scatter[i, 0] / found.mass[i]
    kind, mass = COVARIANCE_TYPES[labeled.covariance_type], labeled.mass
    moments = variances if kind.diagonal else variances[:, None] * np.eye(means.shape[1])
    scatter = kind.scaled(moments, mass)
    return SufficientStatistics(mass, means, scatter, labeled.covariance_type, None, labeled.row_weight)
