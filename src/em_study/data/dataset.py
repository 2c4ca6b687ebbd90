"""The samples of an experiment, from whatever source."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples of every replicate of an experiment.

    Attributes
    ----------
    features : ndarray of str of shape (D,)
    classes : ndarray of str of shape (n_classes,)
        Names of the classes; a label is an index into it. Empty if the data have no classes.
    unlabeled : ndarray of shape (R, N, D)
        R is the number of replicates, or 1 if all share the same samples. NaN is a missing value.
    truth : ndarray of int of shape (R, N) or None
        True classes of the unlabeled samples, for the evaluation only.
    labeled : ndarray of shape (R, M, D)
    labels : ndarray of int of shape (R, M)
    true_weights, true_means, true_covariances : ndarrays of shapes (R, K), (R, K, D) and (R, K, D, D), or None
        Parameters of the mixture from which the samples were drawn, for the evaluation only.
    complete : ndarray of shape (R, N, D), or None
        The unlabeled samples before values were removed, if any were, for the evaluation only.
    order : ndarray of int of shape (N + M,), or None
        Positions in the file of the unlabeled samples, then of the labeled ones, if one file has both.
    kept : ndarray of uint8, or None
        Further columns of the file to keep with its samples, as Arrow writes them.
    r_states : ndarray of int of shape (R, 7), or None
        State of R's generator after it drew a replicate. Initializations by R continue from there, as in a study in R.
    note : ndarray of str of shape (), or None
        Remarks on the files.
    """

    features: np.ndarray
    classes: np.ndarray
    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray
    true_weights: np.ndarray | None = None
    true_means: np.ndarray | None = None
    true_covariances: np.ndarray | None = None
    complete: np.ndarray | None = field(default=None, metadata={"stored_as": "whole"})
    order: np.ndarray | None = None
    kept: np.ndarray | None = None
    r_states: np.ndarray | None = None
    note: np.ndarray | None = None

    @property
    def is_one_file(self) -> bool:
        """Whether labeled and unlabeled samples come from one file."""
        return self.order is not None

    @property
    def note_text(self) -> str:
        """The note; empty if there is none."""
        return "" if self.note is None else str(self.note)

    def as_listed(self, unlabeled, labeled) -> np.ndarray:
        """Put values of both kinds of samples in the order of their file; without one file, only the unlabeled."""
        return np.concatenate([unlabeled, labeled])[np.argsort(self.order)] if self.is_one_file else unlabeled

    def kept_columns(self):
        """Return the kept columns in the order of `as_listed`, a DataFrame; None without any."""
        if self.kept is None:
            return None
        import pandas as pd  # slow to import
        import pyarrow as pa

        return pa.ipc.open_file(self.kept).read_all().to_pandas(types_mapper=pd.ArrowDtype)

    def samples_of(self, numbers) -> np.ndarray:
        """Return the unlabeled samples of some replicates, (R, N, D); or (1, N, D), if all share the same."""
        return self.unlabeled if len(self.unlabeled) == 1 else self.unlabeled[list(numbers)]

    def replicate(self, number: int) -> "Replicate":
        """Return the samples of one replicate."""
        i = number if len(self.unlabeled) > 1 else 0
        optional = (self.truth, self.complete, self.r_states)
        truth, complete, r_state = (None if array is None else array[i] for array in optional)
        known = self.true_means is not None
        mixture = (self.true_weights[i], self.true_means[i], self.true_covariances[i]) if known else None
        return Replicate(self.unlabeled[i], truth, self.labeled[i], self.labels[i], mixture, complete, r_state)


@dataclass(frozen=True, eq=False)
class Replicate:
    """One replicate of a `Dataset`: the same arrays without their first axis; `mixture` has the true parameters."""

    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray
    mixture: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    complete: np.ndarray | None = None
    r_state: np.ndarray | None = None

    def values(self, feature: int) -> np.ndarray:
        """Return the observed values of a feature, of the unlabeled samples."""
        values = self.unlabeled[:, feature]
        return values[~np.isnan(values)]

    def size_text(self, feature: int) -> str:
        """Say how many unlabeled samples have a value of a feature."""
        n, every = len(self.values(feature)), len(self.unlabeled)
        return f"{n:,} samples" if n == every else f"{n:,} of {every:,} samples (the others lack a value)"


def standardized(X, like=None):
    """Scale features by the mean and standard deviation of the values of `like` (default: X itself)."""
    like = X if like is None else like
    deviation = np.nanstd(like, axis=0)
    return (X - np.nanmean(like, axis=0)) / np.where(deviation > 0, deviation, 1.0)
