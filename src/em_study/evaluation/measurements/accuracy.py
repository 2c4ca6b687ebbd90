"""What the accuracies in fits.csv are to be held against."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.measurement import OneDraw, OneRun, measured


@measured(
    OneDraw,
    needs=("truth", "mixture"),
    bayes_accuracy=Column(
        "share",
        "share of the rows with their true class by the posteriors under the true mixture (over many draws the Bayes "
        "rate, which no classifier exceeds)",
    ),
)
def bayes_accuracy(draw):
    """Classify by the truth."""
    return draw.accuracy_of_truth


@measured(
    OneDraw,
    needs=("truth",),
    majority_share=Column("share", "share of the rows that one class for all gets right"),
)
def majority_share(draw):
    """Classify without looking."""
    return np.bincount(draw.truth).max() / len(draw.truth)


@measured(
    OneDraw,
    needs=("truth", "complete"),
    kmeans_accuracy=Column("share", "share of the rows with their true class by k-means, under the best renaming"),
)
def kmeans_accuracy(draw):
    """Classify by k-means, the best of five starts."""
    return draw.accuracy_of_kmeans


@measured(
    OneRun,
    needs=("end", "truth"),
    below_bayes=Column("share", "bayes_accuracy less the fit's accuracy"),
    above_majority=Column("share", "the fit's accuracy less majority_share"),
)
def beside_the_fit(run):
    """Put the fit's accuracy beside the others on the same rows."""
    found = {("above_majority", None): run.accuracy - majority_share(run.draw)}
    if run.mixture is not None:
        found = {("below_bayes", None): run.draw.accuracy_of_truth - run.accuracy} | found
    return found


@measured(
    OneRun,
    needs=("end", "truth", "complete"),
    above_kmeans=Column("share", "the fit's accuracy less kmeans_accuracy"),
)
def above_kmeans(run):
    """Put the fit's accuracy beside that of k-means on the same rows."""
    return run.accuracy - run.draw.accuracy_of_kmeans
