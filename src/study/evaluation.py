"""The one judge of a fit: solvers never score themselves. Rows of fits.csv and parameters.csv come from here."""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from emgmm import log_likelihoods, posteriors
from study.configuration.schema import Fit
from study.data import Dataset
from study.fits import Runs

PUBLISHED_REPLICATE = 0  # the one whose parameters are tabulated and whose curves are thick


def best_relabeling(labels, reference, n_labels):
    """Rename labels so that as many as possible equal the reference.

    Parameters
    ----------
    labels, reference : ndarray of int of shape (N,)
        Values 0 to n_labels - 1.
    n_labels : int

    Returns
    -------
    ndarray of int of shape (N,)
        The labels under the best one-to-one renaming (`scipy.optimize.linear_sum_assignment`).
    """
    counts = np.bincount(labels * n_labels + reference, minlength=n_labels**2).reshape(n_labels, n_labels)
    _, new_name = linear_sum_assignment(counts, maximize=True)
    return new_name[labels]


def evaluate_fit(dataset: Dataset, runs: Runs, fit: Fit, experiment: str, name: str) -> pd.DataFrame:
    """Rows of fits.csv: one a replicate. Likelihood, criteria and accuracy are those of the unlabeled rows."""
    n_components, n_features = runs.means.shape[1:]
    rows = []
    for r in range(len(runs)):
        replicate = dataset.replicate(r)
        row = {
            "experiment": experiment,
            "fit": name,
            "replicate": r,
            "n_samples": len(replicate.unlabeled),
            "n_labeled": len(replicate.labeled),
            "n_features": n_features,
            "n_components": n_components,
            "covariance_type": fit.covariance_type,
            "initialization": fit.initialization,
            "semi_supervised": fit.semi_supervised,
            "n_iter": runs.n_iter[r],
            "converged": runs.converged[r],
        }
        parameters = runs.end(r)
        row |= _scores(replicate, parameters, fit) if parameters else dict.fromkeys(SCORES, np.nan)
        row["failure"] = runs.failure[r]
        rows.append(row)
    return pd.DataFrame(rows)


SCORES = ("mean_log_likelihood", "bic", "aic", "accuracy")


def _scores(replicate, parameters, fit):
    log_likelihood = log_likelihoods(replicate.unlabeled, parameters).sum()
    free = parameters.n_parameters
    n_samples = len(replicate.unlabeled)
    scores = (
        log_likelihood / n_samples,
        free * np.log(n_samples) - 2 * log_likelihood,
        2 * free - 2 * log_likelihood,
        _accuracy(replicate, parameters, fit),
    )
    return dict(zip(SCORES, scores, strict=True))


def _accuracy(replicate, parameters, fit):
    if replicate.truth is None:
        return np.nan
    labels = posteriors(replicate.unlabeled, parameters).argmax(axis=1)
    if not fit.uses_labels:
        labels = best_relabeling(labels, replicate.truth, max(labels.max(), replicate.truth.max()) + 1)
    return np.mean(labels == replicate.truth)


def tabulate_parameters(dataset: Dataset, runs: Runs, fit: Fit, experiment: str, name: str) -> pd.DataFrame:
    """Rows of parameters.csv: every weight, mean and covariance of the fit to replicate 0."""
    parameters = runs.end(PUBLISHED_REPLICATE)
    n_components, n_features = runs.means.shape[1:]
    rows = []
    for k in range(n_components):
        values = {"weight": np.nan if parameters is None else parameters.weights[k]}
        for label, shape in (("mean", (n_features,)), ("covariance", (n_features, n_features))):
            array = getattr(parameters, {"mean": "means", "covariance": "covariance_matrices"}[label], None)
            for index in np.ndindex(shape):
                value = np.nan if array is None else array[k][index]
                values[f"{label}[{','.join(map(str, index))}]"] = value
        common = {"experiment": experiment, "fit": name, "component": k}
        class_name = dataset.classes[k] if fit.uses_labels and k < len(dataset.classes) else ""
        rows += [
            common | {"parameter": parameter, "value": value, "published": np.nan, "class": class_name}
            for parameter, value in values.items()
        ]
    return pd.DataFrame(rows)
