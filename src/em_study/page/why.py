"""Why another implementation differs from our EM: the agreement ladder, and the diagnosis in words."""

import re
from dataclasses import dataclass

import numpy as np

from em_study.configuration.study import Study
from em_study.evaluation.protocols import LADDER, PUBLISHED, RELEASED, SAME_STEPS, STEPS, Other
from em_study.experiments.settings import Experiment
from em_study.page.strips import Criterion, points
from em_study.watch.ways import Way, next_to

# Each way to run the other implementation, for readers: a step of the ladder includes all changes before it.
WORDS = {
    RELEASED: "as it was released",
    PUBLISHED: "called as {} calls it",
    "exact_precisions": "+ inverses of the covariances",
    "same_tolerance": "+ the same tolerance",
    SAME_STEPS: "+ the same number of steps",
    "same_regularization": "+ the same regularization",
    "tolerance_first": "equal tolerance alone",
    "regularization_first": "equal regularization alone",
}
ALONE = {  # one difference removed, and the others kept
    PUBLISHED: "the call as published",
    "exact_precisions": "the inverses of the covariances alone",
    "regularization_first": "equal regularization alone",
    "tolerance_first": "an equal tolerance alone",
}
NO_CRITERION = Criterion(-np.inf, np.inf, "")
ROUNDING = 1e-12  # of a posterior probability


@dataclass(frozen=True)
class Why:
    """The page's part on the comparison with another implementation.

    Attributes
    ----------
    experiment, other : str
        The experiment, and the implementation that is compared with our EM.
    share : str
        The share of the samples that get the same label, in percent; on the author's data, if known.
    finding : str
        One or two sentences.
    labels, posteriors : str
        The ladder, SVG.
    caption : str
    steps : list of (str, ...)
        Description of each step, and its numbers, under `columns`.
    columns : tuple of str
    alone : list of (str, str)
        Labels that differ on the author's data if only one difference is removed.
    about_steps, at_the_end : str
        A note on the tolerances, and what remains with all differences removed; empty without that step.
    diagnosis : list of (str, list of str)
        Experiment, and its diagnosis in sentences.
    by_other : list of (str, ...)
        If several are compared, for each: its name, the largest difference of a parameter as published and after the
        same number of steps (medians), and how it deviates.
    ways : list of Way
        The runs to watch.
    """

    experiment: str
    other: str
    share: str
    finding: str
    labels: str
    posteriors: str
    caption: str
    columns: tuple
    steps: list
    alone: list
    about_steps: str
    at_the_end: str
    diagnosis: list
    by_other: list
    ways: list[Way]


def why_of(study: Study, agreement, diagnosis, ways: list[Way]) -> Why | None:
    """Describe the experiment whose author's data are known, or else the first comparison; None if there is none.

    Parameters
    ----------
    study : Study
    agreement, diagnosis : DataFrame
        The tables.
    ways : list of Way
        All pairs of runs to watch.
    """
    compared = {name: found for name, found in study.experiments.items() if found.protocols}
    rows = agreement[agreement["failure"].isna()]
    published = {*rows.loc[rows["protocol"] == PUBLISHED, "experiment"]}
    compared = {name: found for name, found in compared.items() if name in published}
    if not compared:
        return None
    # Of equals, max returns the first.
    name = max(compared, key=lambda name: (bool(compared[name].on_original_rows), len(compared[name].others)))
    experiment, rows = compared[name], rows[rows["experiment"] == name]
    there = {*rows.loc[rows["protocol"] == PUBLISHED, "implementation"]}
    first = next(other for other in experiment.others if other.name in there)
    by_other = _by_other(experiment, name, rows, diagnosis)
    rows = rows[rows["implementation"] == first.name]
    own, n = experiment.on_original_rows, rows["replicate"].nunique()
    drawn = [step for step in STEPS if step in {*rows["protocol"]}]
    labels = {step: 100 * rows.loc[rows["protocol"] == step, "agreement"].to_numpy() for step in drawn}
    apart = {step: rows.loc[rows["protocol"] == step, "max_abs_posterior_difference"].to_numpy() for step in drawn}
    own_labels = {step: 100 * (1 - own[step].n_differing / own[step].n_samples) for step in drawn if step in own}
    own_apart = {step: own[step].max_abs_posterior_difference for step in drawn if step in own}
    steps = [
        (
            WORDS[step].format(_caller(experiment)).removeprefix("+ "),
            *([f"{own[step].n_differing:,}", f"{own[step].max_abs_posterior_difference:.0e}"] if step in own else []),
            f"{_percent(np.median(labels[step]))} %",
            f"{np.median(apart[step]):.0e}",
        )
        for step in drawn
    ]
    difference = "largest difference of a posterior probability"
    on_author = ("labels that differ, author's data", f"{difference}, author's data")
    of_new = "new data (median)" if n > 1 else "new data"
    on_new = (f"samples with the same label, {of_new}", f"{difference}, {of_new}")
    published = own_labels.get(PUBLISHED, float(np.median(labels[drawn[0]])))
    kind = next_to(first.name, PUBLISHED)
    return Why(
        name.replace("_", " "),
        first.title,
        _percent(published),
        _finding(experiment, first, labels, own, name, n),
        _ladder(experiment, labels, own_labels, lambda value: f"{_percent(value)} %", ends=[100.0]),
        _ladder(experiment, apart, own_apart, lambda value: f"{value:.0e}" if value else "0"),
        _caption(first, name, n, bool(own)),
        ("step of the ladder", *(on_author if own else ()), *on_new),
        steps,
        [
            (words, f"{own[step].n_differing:,} of {own[step].n_samples:,}")
            for step, words in ALONE.items()
            if step in own
        ],
        _about_steps(experiment, first) if "same_tolerance" in drawn else "",
        _at_the_end(apart, own_apart, n),
        _diagnosis(diagnosis, compared),
        by_other,
        [way for way in ways if way.scene.partition("/")[0] == name and kind in way.left and way.left != way.right],
    )


def _percent(value: float) -> str:
    """Write a percentage with one decimal; only 100 itself is written as 100."""
    digits = 1
    while value < 100 and float(f"{value:.{digits}f}") == 100 and digits < 6:
        digits += 1
    return f"{value:.{digits}f}".removesuffix(".0")


def _ladder(experiment: Experiment, values: dict, own: dict, written, ends=()) -> str:
    """Draw the numbers of each step, with those on the author's data."""

    def text(step):
        on_own = f", \u25c6 {written(own[step])}" if step in own else ""
        words = WORDS[step].format(_caller(experiment))
        return f"{words}: {written(float(np.median(values[step])))}{on_own}"

    return points(
        {text(step): values[step] for step in values},
        NO_CRITERION,
        {text(step): own[step] for step in own},
        ends,
    )


def _finding(experiment: Experiment, first: Other, labels: dict, own: dict, name: str, n: int) -> str:
    """State how far they agree, and what changes that."""
    other = first.title
    if own and {"exact_precisions", PUBLISHED} <= own.keys():
        before, after = own[PUBLISHED], own["exact_precisions"]
        return (
            f"On the author's data {other}, called as article A calls it, gives {before.n_differing:,} of "
            f"{before.n_samples:,} samples a different label than our EM; with the inverses of the covariances, which "
            f"{other} expects there, {after.n_differing:,} differ."
        )
    medians = {step: _percent(float(np.median(found))) for step, found in labels.items()}
    agreed, last = f"{medians[PUBLISHED]} % of the samples the same label as our EM", [*LADDER][-1]
    rest = f", and {medians[last]} % with all settings equal" if last in medians else ""
    many = f" (medians of {n} replicates)" if n > 1 else ""
    called = f"{other}, called as {_caller(experiment)} calls it,"
    return f"In {name.replace('_', ' ')} {called} gives {agreed}{rest}{many}."


def _caller(experiment: Experiment) -> str:
    """Name the source of the call that the first step of the ladder uses."""
    return "article A" if experiment.protocols.published is None else "its source"


def _caption(first: Other, name: str, n: int, has_own: bool) -> str:
    dots = (
        f"A dot is one of {n:,} replicates; the first number is their median"
        if n > 1
        else "The dot is the one replicate"
    )
    diamond = "; a diamond is the number on the author's data" if has_own else ""
    return (
        f"The share of the samples (%) that get the same label from {first.title} and from our EM, in "
        f"{name.replace('_', ' ')}. Each step down removes one more difference between the two. {dots}"
        f"{diamond}. Dots at the same "
        "place overlap. See after which step the labels agree."
    )


def _about_steps(experiment: Experiment, first: Other) -> str:
    """Name the two tolerances, and explain why a later step may show a larger difference."""
    fit = experiment.compared_fit
    return (
        f"The published call has the tolerance {first.call['tol']:g}, our EM {fit.tol:g}. With the same "
        "tolerance the two may still stop after different numbers of steps, so the difference may be larger than at "
        "the step before."
    )


def _at_the_end(apart: dict, own: dict, n: int) -> str:
    """State how far apart the two are with all differences removed."""
    last = [*LADDER][-1]
    if last not in apart:
        return ""
    largest, many = float(np.max(apart[last])), f" in any of {n:,} replicates" if n > 1 else ""
    on_own = f", on the author's data {own[last]:.0e}" if last in own else ""
    most = f"no posterior probability differs by more than {largest:.0e}{many}"
    rounding = ": no more than rounding" if max(largest, own.get(last, 0.0)) < ROUNDING else ""
    return f"With all of these differences removed {most}{on_own}{rounding}."


def _diagnosis(table, compared: dict) -> list:
    """Return the diagnosis of the published call, from the first replicate diagnosed of each experiment."""
    found = table[(table["protocol"] == PUBLISHED) & (table["outcome"] != "not diagnosed")]
    found = found[found["experiment"].isin([*compared])].drop_duplicates("experiment")
    by, called = f", run by {PUBLISHED},", ", called as published,"
    texts = [(row.experiment.replace("_", " "), row.explanation.replace(by, called)) for row in found.itertuples()]
    return [(name, re.split(r"(?<=\.)\s+(?=[A-Z])", text)) for name, text in texts]


def _by_other(experiment: Experiment, name: str, agreement, diagnosis) -> list:
    """Compare each of several implementations with our EM: a row of a table each."""
    found = []
    for other in experiment.others if len(experiment.others) > 1 else []:
        rows = agreement[agreement["implementation"] == other.name]
        of_step = rows.groupby("protocol")["max_abs_parameter_difference"].median()
        steps = [step for step in STEPS if step in other.protocols]
        apart = (f"{of_step[step]:.0e}" if step in of_step else "" for step in (steps[0], steps[-1]))
        table = diagnosis[(diagnosis["experiment"] == name) & (diagnosis["implementation"] == other.name)]
        texts = table.loc[table["protocol"] == steps[0], "explanation"].dropna()
        found.append((other.title, *apart, re.split(r"(?<=\.)\s+(?=[A-Z])", texts.iloc[0])[0] if len(texts) else ""))
    return found
