"""Our fits beside scikit-learn's: rows of agreement.csv."""

import numpy as np
import pandas as pd

from emgmm import MixtureParameters, posteriors, ridge_warning
from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.evaluation.protocols import settings
from study.evaluation.relabeling import best_relabeling
from study.evaluation.standard_errors import standard_errors
from study.fits import sklearn_adapter
from study.fits.runs import Runs


def compare(dataset: Dataset, ours: Runs, theirs: Runs, fit: Fit, experiment: str, protocol: str) -> pd.DataFrame:
    """Rows of agreement.csv: our fit, of given settings, beside scikit-learn's, one a replicate, on the unlabeled rows.

    Each side's posteriors are its own: from its own E-step, under its own parameters.
    """
    rows, ridge = [], settings(protocol, fit, 0)["reg_covar"]
    for r in range(len(ours)):
        X = dataset.replicate(r).unlabeled
        row = {"experiment": experiment, "protocol": protocol, "replicate": r, "n_samples": len(X)}
        our_end, their_end = ours.end(r), theirs.end(r)
        row |= _differences(X, our_end, their_end) if our_end and their_end else dict.fromkeys(DIFFERENCES, np.nan)
        row["n_iter_ours"], row["n_iter_sklearn"] = ours.n_iter[r], theirs.n_iter[r]
        row["failure"] = ours.failure[r] or theirs.failure[r]
        row["note"] = ridge_warning(X, ridge) or ""
        rows.append(row)
    return pd.DataFrame(rows)


DIFFERENCES = (
    "agreement",
    "disagreement",
    "agreement_aligned",
    "max_abs_posterior_difference",
    "max_abs_parameter_difference",
    "max_standardized_parameter_difference",
)


def _differences(X, ours: MixtureParameters, theirs: MixtureParameters):
    our_posteriors = posteriors(X, ours)
    their_posteriors = sklearn_adapter.posteriors(X, theirs)
    our_labels, their_labels = our_posteriors.argmax(axis=1), their_posteriors.argmax(axis=1)
    aligned = best_relabeling(our_labels, their_labels, ours.n_components)
    errors = standard_errors(ours, len(X))
    gaps = {name: np.abs(getattr(ours, name) - getattr(theirs, name)) for name in errors}
    differences = (
        np.mean(our_labels == their_labels),
        np.mean(our_labels != their_labels),
        np.mean(aligned == their_labels),
        np.abs(our_posteriors - their_posteriors).max(),
        max(gap.max() for gap in gaps.values()),
        max(np.divide(gap, errors[name], out=np.zeros_like(gap), where=gap > 0).max() for name, gap in gaps.items()),
    )
    return dict(zip(DIFFERENCES, differences, strict=True))


def disagreeing_rows(X, ours: MixtureParameters, theirs: MixtureParameters):
    """Tell which rows get another hard label from scikit-learn than from us.

    Returns
    -------
    ndarray of bool of shape (N,)
    """
    return posteriors(X, ours).argmax(axis=1) != sklearn_adapter.posteriors(X, theirs).argmax(axis=1)
