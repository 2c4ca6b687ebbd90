"""Our fits next to those of other implementations: rows of agreement.csv."""

import numpy as np
import pandas as pd

from em_study.columns import COLUMNS
from em_study.data.dataset import Dataset
from em_study.evaluation.compared import Compared
from em_study.evaluation.information import information_near, standard_errors
from em_study.evaluation.protocols import settings
from em_study.evaluation.relabeling import best_relabeling
from em_study.fits import sklearn_adapter
from emgmm import MixtureParameters, judge_many, posteriors
from emgmm.regularization import regularization_warning

NAMES = ("weights", "means", "covariance_matrices")


def compare(dataset: Dataset, compared: list[Compared], experiment: str) -> pd.DataFrame:
    """Rows of agreement.csv: our fits compared with each other implementation by each protocol, on unlabeled samples.

    Each implementation's posteriors come from its own E-step under its own parameters.
    """
    return pd.concat([_compare(dataset, one, experiment) for one in compared], ignore_index=True)


def _compare(dataset: Dataset, compared: Compared, experiment: str) -> pd.DataFrame:
    ours, fit = compared.runs, compared.fit
    rows, ends = {}, ours.ends()
    judged = judge_many(dataset.samples_of(ends), [*ends.values()])
    for r in range(len(ours)):
        replicate, our_end = dataset.replicate(r), ends.get(r)
        X = replicate.unlabeled
        our_posteriors = None if our_end is None else next(judged)[0]
        errors = None if our_end is None else standard_errors(information_near(our_end, replicate, fit))
        for other, protocol, theirs in compared.each:
            row = dict.fromkeys(COLUMNS["agreement"], np.nan)
            row |= {"experiment": experiment, "implementation": other.name, "protocol": protocol, "replicate": r}
            row["n_samples"], their_end = len(X), None if our_end is None else theirs.end(r)
            row |= _differences(X, our_end, our_posteriors, their_end, errors) if their_end else {}
            row["n_iter_ours"], row["n_iter_sklearn"] = (runs.reported_steps(r)["n_iter"] for runs in (ours, theirs))
            row["failure"] = ours.failure[r] or theirs.failure[r]
            row["note"] = regularization_warning(X, settings(protocol, fit, call=other.call)["reg_covar"]) or ""
            rows.setdefault((other.name, protocol), []).append(row)
    return pd.DataFrame([row for found in rows.values() for row in found])


def _differences(X, ours: MixtureParameters, our_posteriors, theirs: MixtureParameters, errors):
    their_posteriors = sklearn_adapter.posteriors(X, theirs)
    our_labels, their_labels = our_posteriors.argmax(axis=1), their_posteriors.argmax(axis=1)
    aligned = best_relabeling(our_labels, their_labels, ours.n_components)
    gaps = [np.abs(getattr(ours, name) - getattr(theirs, name)) for name in NAMES]
    standardized = np.nan if errors is None else max(map(_in_standard_errors, gaps, errors))
    return {
        "agreement": np.mean(our_labels == their_labels),
        "disagreement": np.mean(our_labels != their_labels),
        "agreement_aligned": np.mean(aligned == their_labels),
        "max_abs_posterior_difference": np.abs(our_posteriors - their_posteriors).max(),
        "max_abs_parameter_difference": max(gap.max() for gap in gaps),
        "max_standardized_parameter_difference": standardized,
    }


def _in_standard_errors(gaps, errors):
    """Give the largest gap in its standard error, which is 0 for a single component's weight, as the gap is."""
    return np.divide(gaps, errors, out=np.zeros_like(gaps), where=gaps > 0).max()


def disagreeing_rows(X, ours: MixtureParameters, theirs: MixtureParameters):
    """Find the samples that get another hard label from scikit-learn than from us.

    Returns
    -------
    ndarray of bool of shape (N,)
    """
    return posteriors(X, ours).argmax(axis=1) != sklearn_adapter.posteriors(X, theirs).argmax(axis=1)
