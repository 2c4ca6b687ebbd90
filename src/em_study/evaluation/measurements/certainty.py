"""How sure the posteriors are, and where they are not."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.measurement import OneDraw, OneRun, measured
from em_study.evaluation.relabeling import best_relabeling
from emgmm import posteriors

FIRST_AND_LAST = 80  # rows whose predictions article B prints
UNCLEAR = 0.1  # a row whose largest posterior is below 0.9


@measured(
    OneRun,
    needs=("end",),
    overlap=Column("probability", "mean of 1 - the largest posterior, over the unlabeled rows"),
)
def overlap(run):
    """Tell how much the components overlap where the rows are."""
    return run.uncertainty.mean()


@measured(
    OneRun,
    needs=("end", "truth"),
    first_and_last=Column(
        "share",
        "share of the first and last rows with their true class, under the best renaming; setting: how many of each",
    ),
    first_and_last_lost=Column(
        "share", "share of the first and last rows that the true mixture gives their class, less that of the fit"
    ),
)
def first_and_last(run):
    """Judge the rows whose predictions article B prints; nothing, if there are not so many."""
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
    largest_posterior=Column("probability", "largest posterior of any row"),
    clear_rows=Column("share", "share of the rows whose largest posterior is above 1 - setting"),
)
def clear_rows(run):
    """Tell whether the posteriors decide."""
    return {
        ("largest_posterior", None): 1 - run.uncertainty.min(),
        ("clear_rows", UNCLEAR): np.mean(run.uncertainty < UNCLEAR),
    }


@measured(
    OneDraw,
    needs=("one_feature", "mixture"),
    unclear_between_by_truth=Column(
        "share",
        "share of the rows between the outer true means whose uncertainty by the true mixture is above the setting",
    ),
    unclear_inside_by_truth=Column(
        "share", "share of the rows whose uncertainty by the true mixture is above the setting that lie between them"
    ),
)
def unclear_by_truth(draw):
    """Tell where the unclear values are, whatever is fitted; nothing of what is not there."""
    x, centers = draw.one_feature, draw.mixture.means
    between = (x > centers.min()) & (x < centers.max())
    unclear = posteriors(draw.unlabeled, draw.mixture).max(axis=1) < 1 - UNCLEAR
    shares = {"unclear_between_by_truth": unclear[between], "unclear_inside_by_truth": between[unclear]}
    return {(name, UNCLEAR): of.mean() for name, of in shares.items() if len(of)}
