"""What the accuracies in fits.csv are to be held against."""

import numpy as np

from emgmm import posteriors
from study.evaluation.measurement import OneDraw, OneRun, measured
from study.evaluation.relabeling import accuracy


@measured(
    OneDraw,
    needs=("truth", "mixture"),
    bayes_accuracy=(
        "share",
        "share of the rows with their true class by the posteriors under the true mixture (over many draws the Bayes "
        "rate, which no classifier exceeds)",
    ),
)
def bayes_accuracy(draw):
    """Classify by the truth."""
    return accuracy(posteriors(draw.unlabeled, draw.mixture).argmax(axis=1), draw.truth, named=True)


@measured(OneDraw, needs=("truth",), majority_share=("share", "share of the rows that one class for all gets right"))
def majority_share(draw):
    """Classify without looking."""
    return np.bincount(draw.truth).max() / len(draw.truth)


@measured(
    OneDraw,
    needs=("truth",),
    kmeans_accuracy=("share", "share of the rows with their true class by k-means, under the best renaming"),
)
def kmeans_accuracy(draw):
    """Classify by k-means, the best of five starts."""
    return accuracy(draw.kmeans.labels_, draw.truth, named=False)


@measured(
    OneRun,
    needs=("end", "truth"),
    below_bayes=("share", "bayes_accuracy less the fit's accuracy"),
    above_majority=("share", "the fit's accuracy less majority_share"),
    above_kmeans=("share", "the fit's accuracy less kmeans_accuracy"),
)
def beside_the_fit(run):
    """Put the fit's accuracy beside the others on the same rows."""
    own = accuracy(run.posteriors.argmax(axis=1), run.truth, run.fit.uses_labels)
    found = {
        ("above_majority", None): own - majority_share(run.draw),
        ("above_kmeans", None): own - kmeans_accuracy(run.draw),
    }
    return found if run.mixture is None else {("below_bayes", None): bayes_accuracy(run.draw) - own} | found
