"""What a fit takes of rows with missing values, and what it puts there."""

from dataclasses import replace

import numpy as np

from em_study.data.dataset import Replicate
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, SufficientStatistics, impute, labeled_statistics
from emgmm.statistics import has_missing


def fitted_samples(rows: Replicate, fit: Fit) -> Replicate:
    """Take the rows, those without holes, or all with the columns' means filled in."""
    if fit.missing == "observed" or not (has_missing(rows.unlabeled) or has_missing(rows.labeled)):
        return rows
    if fit.missing == "complete_rows":
        kept = complete_samples(rows.unlabeled), complete_samples(rows.labeled)
        return replace(
            rows, unlabeled=rows.unlabeled[kept[0]], labeled=rows.labeled[kept[1]], labels=rows.labels[kept[1]]
        )
    means = column_means(rows.unlabeled)
    filled = (np.where(np.isnan(X), means, X) for X in (rows.unlabeled, rows.labeled))
    return replace(rows, **dict(zip(("unlabeled", "labeled"), filled, strict=True)))


def clamped(rows: Replicate, fit: Fit, n_components: int) -> SufficientStatistics | None:
    """Give the statistics of the labeled rows, if a fit keeps them in its likelihood."""
    if fit.semi_supervised != "clamped":
        return None
    return labeled_statistics(rows.labeled, rows.labels, n_components, fit.covariance_type)


def input_of_others(rows: Replicate, fit: Fit) -> tuple[np.ndarray, np.ndarray | None]:
    """Give the rows that another implementation fits, and their labels if it is to clamp them, -1 where none is."""
    if fit.semi_supervised != "clamped":
        return rows.unlabeled, None
    return np.concatenate([rows.unlabeled, rows.labeled]), np.append(np.full(len(rows.unlabeled), -1), rows.labels)


def complete_samples(X):
    """Tell which rows lack nothing, (N,) of bool."""
    return ~np.isnan(X).any(axis=1)


def column_means(X):
    """Means of the values that are there, (D,); NaN where there are none."""
    seen = ~np.isnan(X)
    with np.errstate(invalid="ignore"):
        return np.where(seen, X, 0.0).sum(axis=0) / seen.sum(axis=0)


def imputed(rows: Replicate, missing: str, parameters: MixtureParameters):
    """Fill in the unlabeled rows (N, D): by their expectation under the fit, or the means that it was given.

    `missing` is what the fit took of such rows (`Fit.missing`).
    """
    X = rows.unlabeled
    return np.where(np.isnan(X), column_means(X), X) if missing == "column_means" else impute(X, parameters)


def imputed_labeled(rows: Replicate, fit: Fit, parameters: MixtureParameters):
    """Fill in the labeled rows (M, D) likewise; by the component of their class, if the fit names the components."""
    X = rows.labeled.copy()
    if fit.missing == "column_means":
        return np.where(np.isnan(X), column_means(rows.unlabeled), X)
    if not fit.uses_labels:
        return impute(X, parameters)
    for k in np.unique(rows.labels):
        of_class = parameters.means[k : k + 1], parameters.covariance_matrices[k : k + 1]
        X[rows.labels == k] = impute(X[rows.labels == k], MixtureParameters(np.ones(1), *of_class))
    return X


def why_not_fitted(rows: Replicate, fit: Fit, features, classes, n_components: int) -> str:
    """Say why what is left cannot be fitted; nothing if it can."""
    complete = "complete " * (fit.missing == "complete_rows")
    X, needed = rows.unlabeled, 1 if fit.from_labels or fit.initialization == "random" else n_components
    if len(X) < needed:
        return f"too few {complete}rows, {len(X)} where {needed} are needed"
    if fit.from_labels:
        for k in np.setdiff1d(np.arange(len(classes)), rows.labels):
            return f"class '{classes[k]}' has no {complete}labeled row"
    seen = [X, rows.labeled] if fit.semi_supervised == "clamped" and fit.missing != "column_means" else [X]
    empty = np.all([np.isnan(part).all(axis=0) for part in seen if len(part)], axis=0)
    return f"feature '{features[empty.argmax()]}' has no value" if empty.any() else ""
