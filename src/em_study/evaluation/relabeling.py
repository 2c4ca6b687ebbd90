"""Best label matching (Hungarian): components have no names of their own."""

import numpy as np


def best_names(labels, reference, n_labels):
    """Find the new name of each label, (n_labels,), under `best_relabeling`."""
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    counts = np.bincount(labels * n_labels + reference, minlength=n_labels**2).reshape(n_labels, n_labels)
    return linear_sum_assignment(counts, maximize=True)[1]


def best_relabeling(labels, reference, n_labels):
    """Rename labels, 0 to n_labels - 1, one to one, so that as many as possible equal the reference."""
    return best_names(labels, reference, n_labels)[labels]


def accuracy(labels, truth, named: bool) -> float:
    """Share of samples in their true class; under the best label matching, unless the labels name classes already."""
    if not named:
        labels = best_relabeling(labels, truth, max(labels.max(), truth.max()) + 1)
    return np.mean(labels == truth)
