"""The rows of an experiment, whatever they come from."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of every replicate of an experiment.

    Attributes
    ----------
    features : ndarray of str of shape (D,)
    classes : ndarray of str of shape (n_classes,)
        Names of the classes; a label is an index into it. Empty if the data know no classes.
    unlabeled : ndarray of shape (R, N, D)
        R is the number of replicates, or 1 if all share the same rows. NaN is a missing value.
    truth : ndarray of int of shape (R, N) or None
        True classes of the unlabeled rows. For the evaluation only.
    labeled : ndarray of shape (R, M, D)
    labels : ndarray of int of shape (R, M)
    true_weights, true_means, true_covariances : ndarrays of shapes (R, K), (R, K, D) and (R, K, D, D), or None
        The mixture that the rows were drawn from. For the evaluation only.
    whole : ndarray of shape (R, N, D), or None
        The unlabeled rows before values were taken away, if they were. For the evaluation only.
    order : ndarray of int of shape (N + M,), or None
        Places in their file of the unlabeled rows, then of the labeled ones, if one file has both.
    kept : ndarray of uint8, or None
        Columns of the file that go along with its rows, as Arrow writes them.
    r_states : ndarray of int of shape (R, 7), or None
        State of R's generator after it drew a replicate: starts of R go on from there, as in a study in R.
    note : ndarray of str of shape (), or None
        What to know of the files.
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
    whole: np.ndarray | None = None
    order: np.ndarray | None = None
    kept: np.ndarray | None = None
    r_states: np.ndarray | None = None
    note: np.ndarray | None = None

    @property
    def is_one_file(self) -> bool:
        """Whether labeled and unlabeled rows come from one file."""
        return self.order is not None

    @property
    def told(self) -> str:
        """The note, if there is one."""
        return "" if self.note is None else str(self.note)

    def as_listed(self, unlabeled, labeled) -> np.ndarray:
        """Put what is of unlabeled and of labeled rows in the order of their file; without one, the former alone."""
        return np.concatenate([unlabeled, labeled])[np.argsort(self.order)] if self.is_one_file else unlabeled

    def kept_columns(self):
        """Return the columns that go along with the rows as they are listed, a DataFrame; None without any."""
        if self.kept is None:
            return None
        import pandas as pd  # these take their time to import
        import pyarrow as pa

        return pa.ipc.open_file(self.kept).read_all().to_pandas(types_mapper=pd.ArrowDtype)

    def rows_of(self, numbers) -> np.ndarray:
        """Return the unlabeled rows of some replicates, (R, N, D); or (1, N, D), if all share the same."""
        return self.unlabeled if len(self.unlabeled) == 1 else self.unlabeled[list(numbers)]

    def replicate(self, number: int) -> "Replicate":
        """Return the rows of one replicate."""
        i = number if len(self.unlabeled) > 1 else 0
        optional = (self.truth, self.whole, self.r_states)
        truth, whole, r_state = (None if array is None else array[i] for array in optional)
        known = self.true_means is not None
        mixture = (self.true_weights[i], self.true_means[i], self.true_covariances[i]) if known else None
        return Replicate(self.unlabeled[i], truth, self.labeled[i], self.labels[i], mixture, whole, r_state)


@dataclass(frozen=True, eq=False)
class Replicate:
    """One replicate of a `Dataset`: the same arrays without their first axis; `mixture` is the three true ones."""

    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray
    mixture: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    whole: np.ndarray | None = None
    r_state: np.ndarray | None = None

    def values(self, feature: int) -> np.ndarray:
        """Return the values of a feature that are there, of the unlabeled rows."""
        values = self.unlabeled[:, feature]
        return values[~np.isnan(values)]

    def told(self, feature: int) -> str:
        """Say how many unlabeled rows have a value of a feature."""
        n, every = len(self.values(feature)), len(self.unlabeled)
        return f"{n:,} rows" if n == every else f"{n:,} of {every:,} rows (the others lack a value)"


def standardized(X, like=None):
    """Scale features by the mean and standard deviation of the values of `like` (default: X itself)."""
    like = X if like is None else like
    deviation = np.nanstd(like, axis=0)
    return (X - np.nanmean(like, axis=0)) / np.where(deviation > 0, deviation, 1.0)
