"""Treatment of missing values: which samples a fit takes, and which values it imputes."""

from dataclasses import replace

import numpy as np

from em_study.data.dataset import Replicate
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, SufficientStatistics, impute, labeled_statistics
from emgmm.statistics import has_missing


def fitted_samples(samples: Replicate, fit: Fit) -> Replicate:
    """Return the samples to fit: all, those without missing values, or all with means imputed."""
    if fit.missing == "observed" or not (has_missing(samples.unlabeled) or has_missing(samples.labeled)):
        return samples
    if fit.missing == "complete_rows":
        kept = complete_samples(samples.unlabeled), complete_samples(samples.labeled)
        return replace(
            samples,
            unlabeled=samples.unlabeled[kept[0]],
            labeled=samples.labeled[kept[1]],
            labels=samples.labels[kept[1]],
        )
    means = column_means(samples.unlabeled)
    filled = (np.where(np.isnan(X), means, X) for X in (samples.unlabeled, samples.labeled))
    return replace(samples, **dict(zip(("unlabeled", "labeled"), filled, strict=True)))


def clamped(samples: Replicate, fit: Fit, n_components: int) -> SufficientStatistics | None:
    """Return the statistics of the labeled samples, if a fit keeps them in its likelihood."""
    if fit.semi_supervised != "clamped":
        return None
    return labeled_statistics(samples.labeled, samples.labels, n_components, fit.covariance_type)


def input_of_others(samples: Replicate, fit: Fit) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the samples for another implementation, and their labels if it must clamp them, with -1 for none."""
    if fit.semi_supervised != "clamped":
        return samples.unlabeled, None
    return np.concatenate([samples.unlabeled, samples.labeled]), np.append(
        np.full(len(samples.unlabeled), -1), samples.labels
    )


def complete_samples(X):
    """Return which samples have no missing value, (N,) of bool."""
    return ~np.isnan(X).any(axis=1)


def column_means(X):
    """Return the means of the observed values, (D,); NaN for a feature without any."""
    seen = ~np.isnan(X)
    with np.errstate(invalid="ignore"):
        return np.where(seen, X, 0.0).sum(axis=0) / seen.sum(axis=0)


def imputed(samples: Replicate, missing: str, parameters: MixtureParameters):
    """Impute the unlabeled samples, (N, D): by the expectation under the fit, or by the means that were fitted.

    `missing` is the treatment by the fit (`Fit.missing`).
    """
    X = samples.unlabeled
    return np.where(np.isnan(X), column_means(X), X) if missing == "column_means" else impute(X, parameters)


def imputed_labeled(samples: Replicate, fit: Fit, parameters: MixtureParameters):
    """Impute the labeled samples, (M, D), likewise; by the component of their class, if the fit uses labels."""
    X = samples.labeled.copy()
    if fit.missing == "column_means":
        return np.where(np.isnan(X), column_means(samples.unlabeled), X)
    if not fit.uses_labels:
        return impute(X, parameters)
    for k in np.unique(samples.labels):
        of_class = parameters.means[k : k + 1], parameters.covariance_matrices[k : k + 1]
        X[samples.labels == k] = impute(X[samples.labels == k], MixtureParameters(np.ones(1), *of_class))
    return X


def why_not_fitted(samples: Replicate, fit: Fit, features, classes, n_components: int) -> str:
    """Say why the remaining samples cannot be fitted; empty if they can."""
    complete = "complete " * (fit.missing == "complete_rows")
    X, needed = samples.unlabeled, 1 if fit.from_labels or fit.initialization == "random" else n_components
    if len(X) < needed:
        return f"too few {complete}samples: {len(X)}, but {needed} are needed"
    if fit.from_labels:
        for k in np.setdiff1d(np.arange(len(classes)), samples.labels):
            return f"class '{classes[k]}' has no {complete}labeled sample"
    seen = [X, samples.labeled] if fit.semi_supervised == "clamped" and fit.missing != "column_means" else [X]
    empty = np.all([np.isnan(part).all(axis=0) for part in seen if len(part)], axis=0)
    return f"feature '{features[empty.argmax()]}' has no observed value" if empty.any() else ""
