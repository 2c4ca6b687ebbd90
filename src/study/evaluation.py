"""The one judge: solvers never score themselves. Rows of the tables come from here."""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from emgmm import MixtureParameters, log_likelihoods, posteriors
from study import sklearn_adapter
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


def n_free_parameters(n_components: int, n_features: int) -> int:
    """Count the free parameters of a mixture with full covariances."""
    return n_components - 1 + n_components * (n_features + n_features * (n_features + 1) // 2)


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
    free = n_free_parameters(*parameters.means.shape)
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
    if fit.initialization == "random" and fit.semi_supervised == "none":  # its components have no names
        labels = best_relabeling(labels, replicate.truth, max(labels.max(), replicate.truth.max()) + 1)
    return np.mean(labels == replicate.truth)


def tabulate_parameters(runs: Runs, experiment: str, name: str) -> pd.DataFrame:
    """Rows of parameters.csv: every weight, mean and covariance of the fit to replicate 0."""
    rows = []
    for k in range(runs.means.shape[1]):
        values = {"weight": runs.weights[PUBLISHED_REPLICATE, k]}
        for array, label in ((runs.means, "mean"), (runs.covariances, "covariance")):
            for index, value in np.ndenumerate(array[PUBLISHED_REPLICATE, k]):
                values[f"{label}[{','.join(map(str, index))}]"] = value
        rows += [
            {"experiment": experiment, "fit": name, "component": k, "parameter": parameter, "value": value}
            for parameter, value in values.items()
        ]
    return pd.DataFrame(rows).assign(published=np.nan)


def compare(dataset: Dataset, ours: Runs, theirs: Runs, experiment: str, protocol: str) -> pd.DataFrame:
    """Rows of agreement.csv: our fit beside scikit-learn's, one a replicate, on the unlabeled rows.

    Each side's posteriors are its own: from its own E-step, under its own parameters.
    """
    rows = []
    for r in range(len(ours)):
        X = dataset.replicate(r).unlabeled
        row = {"experiment": experiment, "protocol": protocol, "replicate": r, "n_samples": len(X)}
        our_end, their_end = ours.end(r), theirs.end(r)
        row |= _differences(X, our_end, their_end) if our_end and their_end else dict.fromkeys(DIFFERENCES, np.nan)
        row["n_iter_ours"], row["n_iter_sklearn"] = ours.n_iter[r], theirs.n_iter[r]
        row["failure"] = ours.failure[r] or theirs.failure[r]
        rows.append(row)
    return pd.DataFrame(rows)


DIFFERENCES = (
    "agreement",
    "agreement_aligned",
    "max_abs_posterior_difference",
    "max_abs_parameter_difference",
)


def _differences(X, ours: MixtureParameters, theirs: MixtureParameters):
    our_posteriors = posteriors(X, ours)
    their_posteriors = sklearn_adapter.posteriors(X, theirs)
    our_labels, their_labels = our_posteriors.argmax(axis=1), their_posteriors.argmax(axis=1)
    aligned = best_relabeling(our_labels, their_labels, ours.n_components)
    parameter_difference = max(
        np.abs(getattr(ours, name) - getattr(theirs, name)).max() for name in ("weights", "means", "covariances")
    )
    differences = (
        np.mean(our_labels == their_labels),
        np.mean(aligned == their_labels),
        np.abs(our_posteriors - their_posteriors).max(),
        parameter_difference,
    )
    return dict(zip(DIFFERENCES, differences, strict=True))


def disagreeing_rows(X, ours: MixtureParameters, theirs: MixtureParameters):
    """Tell which rows get another hard label from scikit-learn than from us.

    Returns
    -------
    ndarray of bool of shape (N,)
    """
    return posteriors(X, ours).argmax(axis=1) != sklearn_adapter.posteriors(X, theirs).argmax(axis=1)
