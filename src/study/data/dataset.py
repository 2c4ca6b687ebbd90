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
        R is the number of replicates, or 1 if all share the same rows.
    truth : ndarray of int of shape (R, N) or None
        True classes of the unlabeled rows. For the evaluation only.
    labeled : ndarray of shape (R, M, D)
    labels : ndarray of int of shape (R, M)
    """

    features: np.ndarray
    classes: np.ndarray
    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray

    def replicate(self, number: int) -> "Replicate":
        """Return the rows of one replicate."""
        i = number if len(self.unlabeled) > 1 else 0
        truth = None if self.truth is None else self.truth[i]
        return Replicate(self.unlabeled[i], truth, self.labeled[i], self.labels[i])


@dataclass(frozen=True, eq=False)
class Replicate:
    """One replicate of a `Dataset`: the same arrays without their first axis."""

    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray


def standardized(X, like=None):
    """Scale features by the mean and standard deviation of `like` (default: X itself)."""
    like = X if like is None else like
    deviation = like.std(axis=0)
    return (X - like.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
