"""Reference accuracies: true mixture, majority class, k-means; and accuracy after each step of EM."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.measurement import OneReplicate, OneRun, measured
from em_study.evaluation.relabeling import accuracy
from emgmm import article_stopping, expectation_maximization, posteriors

SOME, SOME_ROWS = 100, 5000  # replicates and samples: repeating EM's steps takes time


@measured(
    OneReplicate,
    needs=("truth", "mixture"),
    bayes_accuracy=Column(
        "share",
        "accuracy of the posteriors under the true mixture (over many replicates the Bayes rate, which no classifier "
        "exceeds)",
    ),
)
def bayes_accuracy(replicate):
    """Classify by the true mixture."""
    return replicate.accuracy_of_truth


@measured(
    OneReplicate,
    needs=("truth",),
    majority_share=Column("share", "accuracy if every sample is put in the largest class"),
)
def majority_share(replicate):
    """Put every sample in the largest class."""
    return np.bincount(replicate.truth).max() / len(replicate.truth)


@measured(
    OneReplicate,
    needs=("truth", "complete"),
    kmeans_accuracy=Column("share", "accuracy of k-means, under the best label matching"),
)
def kmeans_accuracy(replicate):
    """Classify by k-means, the best of five starts."""
    return replicate.accuracy_of_kmeans


@measured(
    OneRun,
    needs=("end", "truth"),
    below_bayes=Column("share", "bayes_accuracy less the fit's accuracy"),
    above_majority=Column("share", "the fit's accuracy less majority_share"),
)
def accuracy_differences(run):
    """Compare the fit's accuracy with the reference accuracies on the same samples."""
    found = {("above_majority", None): run.accuracy - majority_share(run.replicate)}
    if run.mixture is not None:
        found = {("below_bayes", None): run.replicate.accuracy_of_truth - run.accuracy} | found
    return found


@measured(
    OneRun,
    needs=("end", "gains", "truth", "complete", "ours_alone"),
    first=SOME,
    most_rows=SOME_ROWS,
    accuracy_change=Column("share", "the fit's accuracy less that of its initial parameters (our EM, not clamped)"),
    accuracy_falls=Column("count", "steps of EM that lower the accuracy"),
    largest_accuracy_fall=Column("share", "largest loss of accuracy in one step; 0 if no step loses any"),
)
def accuracy_by_step(run):
    """Repeat the steps of EM, and classify after each."""
    X, by_step = run.complete, []

    def classify(step, mean_log_likelihood, parameters):
        labels = posteriors(X, parameters).argmax(axis=1)
        by_step.append(accuracy(labels, run.truth, run.fit.uses_labels))

    again = {"reg_covar": run.fit.reg_covar, "acceleration": run.fit.acceleration, "monitor": classify}
    never = article_stopping(0.0, int(run.runs.n_passes[run.number]))
    expectation_maximization(X, run.start, never, **again)
    changes = np.diff([*by_step, run.accuracy])
    return {
        ("accuracy_change", None): run.accuracy - by_step[0],
        ("accuracy_falls", None): np.sum(changes < 0),
        ("largest_accuracy_fall", None): max(0.0, -changes.min()),
    }
