"""Accuracy and calibration of imputed values, and the bias that missing values cause."""

from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.measurement import OneRun, measured
from em_study.fits.missing import imputed
from emgmm import CollapsedComponentError, MixtureParameters, expectation, impute, maximization

# Of 40 exchangeable numbers, a given one is neither the smallest nor the largest with probability 38 / 40, or 95 %.
DRAWS = 39
SOME_ROWS = 5000  # samples that are imputed at a time
SMALL_STEP = 1e-5  # in standard deviations, and relative of variances


@measured(
    OneRun,
    needs=("end", "ground_truth"),
    imputation_error=Column(
        "standard deviations",
        "root mean square error of the imputed values, each in its feature's standard deviation over the complete data",
    ),
)
def imputation_error(run):
    """Compare imputed values with the values that were removed."""
    true, is_missing = run.ground_truth, np.isnan(run.rows.unlabeled)
    spread = true.std(axis=0)
    errors = (imputed(run.rows, run.fit.missing, run.end) - true) / np.where(spread > 0, spread, 1.0)
    return np.sqrt(np.mean(errors[is_missing] ** 2))


@measured(
    OneRun,
    needs=("end", "ground_truth"),
    imputation_coverage=Column(
        "share",
        f"share of the removed values that lie between the smallest and the largest of {DRAWS} random imputations by "
        "the fit (multiple imputation); 95 % if the fit is the true mixture",
        label="imputed values within their\n95 % interval (%)",
        nominal=95.0,
    ),
)
def imputation_coverage(run):
    """Measure how well the fit describes the uncertainty of missing values; nothing after mean imputation."""
    if run.fit.missing == "column_means":
        return None
    X, generator = run.rows.unlabeled, run.replicate.generator("imputations")
    lacking = np.flatnonzero(np.isnan(X).any(axis=1))
    covered = []
    for rows in np.array_split(lacking, 1 + len(lacking) // SOME_ROWS):
        draws = impute(np.repeat(X[rows], DRAWS, axis=0), run.end, generator).reshape(-1, DRAWS, X.shape[1])
        true = run.ground_truth[rows]
        inside = (draws.min(axis=1) < true) & (true < draws.max(axis=1))
        covered.append(inside[np.isnan(X[rows])])
    return np.concatenate(covered).mean()


@measured(
    OneRun,
    needs=("end", "mixture"),
    overall_mean_error=Column(
        "standard deviations",
        "mean of the fitted mixture less that of the true one, in the feature with the most missing values (the last "
        "of several), in standard deviations of the true mixture; its mean over the replicates is the bias",
        nominal=0.0,
    ),
)
def overall_mean_error(run):
    """Measure the error of a feature's mean that missing values cause."""
    feature = _feature_with_most_missing(run)
    weights, means = run.mixture.weights, run.mixture.means[:, feature]
    true_mean = weights @ means
    variance = weights @ (run.mixture.variances[:, feature] + (means - true_mean) ** 2)
    return (run.end.weights @ run.end.means[:, feature] - true_mean) / np.sqrt(variance)


def _feature_with_most_missing(run) -> int:
    n_missing = np.isnan(run.rows.unlabeled).sum(axis=0)
    return np.flatnonzero(n_missing == n_missing.max())[-1]


@measured(
    OneRun,
    needs=("start", "end", "mixture", "ground_truth"),
    first=100,
    fitted_variance_ratio=Column(
        "ratio",
        "variance, given the other features, of the feature with the most missing values within the components "
        "(weighted mean), divided by the true one (full and tied covariances)",
    ),
    plugin_variance_ratio=Column(
        "ratio",
        "the same for EM from the fit's initial parameters whose E-step treats conditional means as observed values, "
        "without the conditional covariance (of a fit to the observed values)",
        tolerance=Tolerance(1e-3),  # rounding decides whether the last step is taken
    ),
)
def variance_ratios(run):
    """Compare the variances of EM and of EM on completed samples with the true ones; nothing where one collapses."""
    if run.end.type.diagonal:
        return None
    feature = _feature_with_most_missing(run)

    def given_others(mixture):
        return mixture.weights @ (1 / np.linalg.inv(mixture.covariance_matrices)[:, feature, feature])

    found = {("fitted_variance_ratio", None): given_others(run.end) / given_others(run.mixture)}
    plugin = plugin_em(run.rows.unlabeled, run.start, run.fit.reg_covar) if run.fit.missing == "observed" else None
    if plugin is not None:
        found["plugin_variance_ratio", None] = given_others(plugin) / given_others(run.mixture)
    return found


def plugin_em(X, start: MixtureParameters, reg_covar: float = 0.0, max_iter: int = 1000) -> MixtureParameters | None:
    """Fit samples with missing values as if the components' conditional means had been observed; None if it collapses.

    This is not EM, whose E-step takes the expectation of products too: mean times mean plus conditional covariance
    (Little and Rubin, 2002, "Statistical Analysis with Missing Data", chapter 11).
    """
    here, is_missing = start, np.isnan(X)
    alike = [(missing, X[(is_missing == missing).all(axis=1)]) for missing in np.unique(is_missing, axis=0)]
    for _ in range(max_iter):
        precisions, parts = np.linalg.inv(here.covariance_matrices), []
        for missing, rows in alike:
            block, part = np.ix_(np.arange(here.n_components), missing, missing), expectation(rows, here)[0]
            scatter = np.array(part.scatter)
            scatter[block] -= part.mass[:, None, None] * np.linalg.inv(precisions[block])
            parts.append(replace(part, scatter=scatter))
        try:
            moved = maximization(reduce(add, parts), reg_covar)
        except CollapsedComponentError:
            return None
        steps = (moved.means - here.means) / np.sqrt(here.variances), moved.variances / here.variances - 1
        here = moved
        if max(np.abs(step).max() for step in steps) < SMALL_STEP:
            break
    return here
