"""What missing values cost, and whether a fit knows them."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.measurement import OneRun, measured
from em_study.fits.missing import imputed
from emgmm import impute

# Of 40 exchangeable numbers one is neither the smallest nor the largest with probability 38 / 40, which is 95 %.
DRAWS = 39
SOME_ROWS = 5000  # whose draws are made at a time


@measured(
    OneRun,
    needs=("end", "whole"),
    imputation_error=Column(
        "standard deviations",
        "root mean square of the filled-in values less those that were taken away, each in its feature's standard "
        "deviation over the whole rows",
    ),
)
def imputation_error(run):
    """Hold the values that a fit fills in against those that were taken away."""
    holes, deviations = np.isnan(run.rows.unlabeled), run.whole.std(axis=0)
    errors = (imputed(run.rows, run.fit.missing, run.end) - run.whole) / np.where(deviations > 0, deviations, 1.0)
    return np.sqrt(np.mean(errors[holes] ** 2))


@measured(
    OneRun,
    needs=("end", "whole"),
    imputation_coverage=Column(
        "share",
        f"share of the values taken away that lie between the smallest and the largest of {DRAWS} draws for them by "
        "the fit (multiple imputation): 95 % would, if the fit were the truth",
    ),
)
def imputation_coverage(run):
    """Tell whether the fit knows how uncertain missing values are; nothing where it has filled in means."""
    if run.fit.missing == "column_means":
        return None
    X, generator = run.rows.unlabeled, run.draw.generator("imputations")
    lacking = np.flatnonzero(np.isnan(X).any(axis=1))
    covered = []
    for rows in np.array_split(lacking, 1 + len(lacking) // SOME_ROWS):
        draws = impute(np.repeat(X[rows], DRAWS, axis=0), run.end, generator).reshape(-1, DRAWS, X.shape[1])
        inside = (draws.min(axis=1) < run.whole[rows]) & (run.whole[rows] < draws.max(axis=1))
        covered.append(inside[np.isnan(X[rows])])
    return np.concatenate(covered).mean()


@measured(
    OneRun,
    needs=("end", "mixture"),
    overall_mean_error=Column(
        "standard deviations",
        "mean of the fitted mixture less that of the true one, in the feature with the most missing values (of equals "
        "the last), in the true mixture's standard deviations; its mean over the draws is the bias",
    ),
)
def overall_mean_error(run):
    """Tell whether what is missing pulls the fit aside."""
    n_missing = np.isnan(run.rows.unlabeled).sum(axis=0)
    feature = np.flatnonzero(n_missing == n_missing.max())[-1]
    weights, means = run.mixture.weights, run.mixture.means[:, feature]
    true_mean = weights @ means
    variance = weights @ (run.mixture.variances[:, feature] + (means - true_mean) ** 2)
    return (run.end.weights @ run.end.means[:, feature] - true_mean) / np.sqrt(variance)
