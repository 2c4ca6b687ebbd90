"""What the card of a claim shows: the claim, the verdict, the draws behind it, and where its number comes from."""

from dataclasses import dataclass, replace

import pandas as pd

from em_study.claims import phrases
from em_study.claims.finding import Finding, finding_of
from em_study.claims.judge import finder
from em_study.claims.numbers import pandas_lines
from em_study.claims.sentences import quantity_of
from em_study.claims.settings import AnyClaim, Claim
from em_study.claims.verdicts import NOT_TESTED, VERDICTS, Verdict
from em_study.columns import COLUMNS
from em_study.configuration.study import Study
from em_study.evaluation.measurements import MEASUREMENTS, QUANTITIES
from em_study.page.files import MOST_FILES, files_of
from em_study.page.origin import command_of, experiment_of
from em_study.page.strips import Held, points, strip
from em_study.plan.results import Plan
from em_study.sweeps.repeated import own_rows, repeated_runs
from em_study.watch.ways import Way, beside, named

BASES = {
    "verbatim": "in the source's words",
    "paraphrase": "in our words",
    "figure": "from a figure that was not seen",
    "inferred": "inferred: the source does not say so",
    "question": "a question of this study, which no source states",
}
AT_THE_END = {name for found in MEASUREMENTS if "end" in found.needs for name in found.quantities}


@dataclass(frozen=True)
class Card:
    """A claim as the page shows it, in text; what comes from its numbers is empty where there are none."""

    name: str
    claim: AnyClaim
    basis: str  # how the statement comes from the source
    verdict: Verdict
    chips: tuple  # each verdict with its words and whose data it is on, the source's own first
    headline: str
    explanation: str  # without the headline
    held: str = ""  # what the numbers are compared with, and by whom
    set_by: str = ""
    observed: str = ""  # with its interval
    axis: str = ""  # of the strip
    strip: str = ""  # SVG
    lines: tuple = ()  # of Python, that give the observed number
    files: tuple = ()  # path, checksum and rule of those behind it
    n_more: int = 0  # files that are not listed
    command: str = ""
    experiments: tuple = ()  # whose settings it depends on
    way: Way | None = None  # where it can be watched


def card_of(name: str, claim: AnyClaim, row, tables, plan: Plan, scenes, checksum, configuration_files) -> Card:
    """Make the card of a claim.

    Parameters
    ----------
    name : str
    claim : AnyClaim
    row : namedtuple
        Of claims.csv.
    tables : dict of DataFrame
        By the names that claims use.
    plan : Plan
    scenes : dict of dict
        Those of each experiment that can be watched, as `em_study.watch.frames.frames_of` packs them.
    checksum : callable
        From a path to its sha256.
    configuration_files : list of path-like
    """
    verdict = VERDICTS[row.verdict]
    told = row.headline, " ".join(row.explanation.replace(row.headline, "", 1).split())
    heading = name, claim, BASES[claim.basis], verdict, chips_of(row, claim.basis), *told
    if not isinstance(claim, Claim) or verdict is NOT_TESTED:
        return Card(*heading)
    study, repeated = plan.study, repeated_runs(plan.study)
    finding = finding_of(claim, finder(claim, tables, repeated, own_rows(study)))
    held = Held(*claim.comparison.ends, f"criterion: {claim.comparison.words()}")
    if claim.threshold_of == "study":
        held = replace(held, turns=finding.thresholds)
    files, experiment = files_of(claim, plan), experiment_of(claim, study)
    return Card(
        *heading,
        held=f"criterion: {phrases.asked(claim)}",
        set_by=_set_by(claim),
        observed="" if finding.by_experiment else phrases.estimate(finding),
        axis=axis_of(claim),
        strip=strip_of(finding, held),
        lines=pandas_lines(claim, tables, claim.experiment, repeated),
        files=tuple((path, checksum(path), rule) for path, rule in files[:MOST_FILES]),
        n_more=max(0, len(files) - MOST_FILES),
        command=command_of(claim, configuration_files),
        experiments=(experiment,) if experiment else tuple(study.experiments),
        way=way_of(claim, experiment, study, scenes.get(experiment), finding),
    )


def chips_of(row, basis: str) -> tuple:
    """List the verdicts of a claim's row, each with its words and whose data it is on; the source's own first."""
    if row.rows_of != "other" or not VERDICTS[row.verdict].by_data:
        found = [(row.verdict, "")]
    else:
        found = [(row.original_verdict, "on the source's own data"), (row.verdict, "on new data")]
    found = [(VERDICTS[name], whose) for name, whose in found if pd.notna(name)]
    return tuple((verdict, verdict.said_of(basis), whose) for verdict, whose in found)


def _set_by(claim: Claim) -> str:
    if claim.threshold_of == "study":
        return "our reading: the source gives no number"
    return "the number that is asked for" if claim.basis == "question" else "the source's number"


def strip_of(finding: Finding, held: Held) -> str:
    """Draw the numbers: of each experiment, where these decide apart; none of an identity."""
    if finding.by_experiment:
        rows = {f"{name}: {part.count} of {part.n}": part.draws for name, part in finding.by_experiment.items()}
        return points(rows, held)
    if not finding.claim.rules.is_drawn:
        return ""
    return strip(
        finding.draws,
        finding.observed,
        finding.range,
        held,
        finding.claim.comparison.told(finding.observed, finding.error),
    )


def way_of(claim: Claim, experiment: str | None, study: Study, scenes: dict | None, finding: Finding) -> Way | None:
    """Find where a claim's number can be watched: in the draw, of those that are there, whose own comes nearest to it.

    The scenes are those of the experiment that it is about.
    """
    measured = claim.where.get("measurement") if claim.table == "measurements" else None
    if claim.sweep or not scenes or (measured and measured not in AT_THE_END):
        return None
    values = {0: finding.observed}  # the table of parameters is of this draw
    if "replicate" in finding.draws.index.names:
        values = dict(zip(finding.draws.index.get_level_values("replicate"), finding.draws, strict=True))
    fit, of = claim.where.get("fit"), study.experiments[experiment]
    names = [fit, claim.other.get("fit", fit)]
    if claim.table == "agreement":
        names = [beside(of, str(claim.where.get("protocol"))), of.protocols.fit]
    found = []
    for key, scene in scenes.items():
        draw, there = scene["draw"], scene["runs"]
        for r in sorted(values) if draw is None else {draw} & {*values}:
            left, right = (named(name, r, draw is None) for name in names)
            if left == right:  # the claim is about one fit: any other beside it
                right = next((run for run in there if run != left), left)
            if {left, right} <= there.keys():
                step = max(there[run]["steps"][-1] for run in (left, right))
                where = "" if draw is None else f" in draw {r}"
                text = f"{left} beside {right}{where}, where this number is {values[r]:.4g}"
                found.append((abs(values[r] - finding.observed), r, Way(text, key, left, right, step)))
    return min(found, key=lambda each: each[:2])[2] if found else None


def axis_of(claim: Claim) -> str:
    """Say what the axis of a claim's strip is."""
    name = claim.where.get("measurement") if claim.quantity == "value" else claim.quantity
    known = COLUMNS["agreement"] | COLUMNS["fits"] | COLUMNS.get(claim.table, {})
    if name in QUANTITIES:
        meaning = f"{QUANTITIES[name].description} ({QUANTITIES[name].unit})"
    else:
        meaning = known[claim.quantity].description if claim.quantity in known else ""
    return f"{quantity_of(claim)}: {meaning}" if meaning else quantity_of(claim)
