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
    OneRun,
    needs=("end", "one_feature", "truth"),
    rows_between=Column("share", "share of the rows that lie between the outer class means"),
    uncertainty_between=Column(
        "share", "share of the rows' uncertainty (1 - largest posterior) that lies between them"
    ),
    unclear_between=Column("share", "share of the rows between them whose uncertainty is above the setting"),
    unclear_from=Column("units of the feature", "smallest value whose uncertainty is above the setting"),
    unclear_to=Column("units of the feature", "largest such value"),
)
def uncertainty_between(run):
    """Tell where the unclear values are; nothing of what is not there."""
    x, uncertainty = run.one_feature, run.uncertainty
    centers = [x[run.truth == k].mean() for k in np.unique(run.truth)]
    between = (x > min(centers)) & (x < max(centers))
    unclear = uncertainty > UNCLEAR
    found = {("rows_between", None): between.mean()}
    if uncertainty.sum() > 0:
        found["uncertainty_between", None] = uncertainty[between].sum() / uncertainty.sum()
    if between.any():
        found["unclear_between", UNCLEAR] = unclear[between].mean()
    if unclear.any():
        found |= {("unclear_from", UNCLEAR): x[unclear].min(), ("unclear_to", UNCLEAR): x[unclear].max()}
    return found


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
