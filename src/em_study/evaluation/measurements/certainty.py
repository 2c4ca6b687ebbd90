"""How certain the posteriors are, and where they are unclear."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.measurement import OneReplicate, OneRun, measured
from em_study.evaluation.relabeling import best_relabeling
from emgmm import posteriors

FIRST_AND_LAST = 80  # samples whose predictions article B prints
UNCLEAR = 0.1  # a sample whose largest posterior is below 0.9


@measured(
    OneRun,
    needs=("end",),
    overlap=Column("probability", "mean of 1 - the largest posterior, over the unlabeled samples"),
)
def overlap(run):
    """Measure how much the components overlap at the samples."""
    return run.uncertainty.mean()


@measured(
    OneRun,
    needs=("end", "truth"),
    first_and_last=Column(
        "share",
        "accuracy on the first and the last samples, under the best label matching; setting: how many of each",
    ),
    first_and_last_lost=Column(
        "share", "accuracy of the true mixture on the first and the last samples, less that of the fit"
    ),
)
def first_and_last(run):
    """Evaluate the samples whose predictions article B prints; nothing if there are fewer."""
    if len(run.truth) <= 2 * FIRST_AND_LAST:
        return None
    ends = np.r_[:FIRST_AND_LAST, -FIRST_AND_LAST:0]
    labels, truth = run.posteriors[ends].argmax(axis=1), run.truth[ends]
    named = best_relabeling(labels, truth, max(run.end.n_components, truth.max() + 1))
    found = {("first_and_last", FIRST_AND_LAST): np.mean(named == truth)}
    if run.mixture is not None:
        by_truth = posteriors(run.rows.unlabeled[ends], run.mixture).argmax(axis=1)
        found["first_and_last_lost", FIRST_AND_LAST] = np.mean(by_truth == truth) - np.mean(named == truth)
    return found


@measured(
    OneRun,
    needs=("end",),
    largest_posterior=Column("probability", "largest posterior of any sample"),
    clear_rows=Column("share", "share of the samples whose largest posterior is above 1 - setting"),
)
def clear_rows(run):
    """Count the samples that the posteriors assign clearly."""
    return {
        ("largest_posterior", None): 1 - run.uncertainty.min(),
        ("clear_rows", UNCLEAR): np.mean(run.uncertainty < UNCLEAR),
    }


@measured(
    OneReplicate,
    needs=("one_feature", "mixture"),
    unclear_between_by_truth=Column(
        "share",
        "among the samples between the outer true means, the share whose uncertainty under the true mixture is above "
        "the setting",
    ),
    unclear_inside_by_truth=Column(
        "share",
        "among the samples whose uncertainty under the true mixture is above the setting, the share that lies between "
        "the outer true means",
    ),
)
def unclear_by_truth(replicate):
    """Locate the unclear values, independent of any fit; a share of no values is left out."""
    x, centers = replicate.one_feature, replicate.mixture.means
    between = (x > centers.min()) & (x < centers.max())
    unclear = posteriors(replicate.unlabeled, replicate.mixture).max(axis=1) < 1 - UNCLEAR
    shares = {"unclear_between_by_truth": unclear[between], "unclear_inside_by_truth": between[unclear]}
    return {(name, UNCLEAR): of.mean() for name, of in shares.items() if len(of)}
