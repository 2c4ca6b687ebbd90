"""What the card of a claim shows: the claim, the verdict, the draws behind it, and where its number comes from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from em_study.claims.judge import Finding, finding_of
from em_study.claims.numbers import Numbers, count_of, numbers_of, threshold
from em_study.claims.sentences import WORDS, quantity_of
from em_study.claims.settings import AnyClaim, Claim
from em_study.columns import COLUMNS
from em_study.evaluation.measurements import MEASUREMENTS, QUANTITIES
from em_study.page.files import MOST_FILES, files_of
from em_study.page.origin import command_of, experiment_of, pandas_lines, text_of
from em_study.page.stage import way_of_claim
from em_study.page.strips import Held, strip
from em_study.page.svg import told
from em_study.plan.results import Plan
from em_study.sweeps.repeated import repeated_runs
from em_study.watch.ways import Way

# A sign for each verdict, so that none is told by its colour alone.
SIGNS = {
    "reproduced": "\u25cf",
    "reproduced_in_distribution": "\u25d0",
    "explained": "\u25c6",
    "not_reproduced": "\u2715",
    "undecided": "?",
    "not_tested": "\u2013",
}
AT_THE_END = {name for found in MEASUREMENTS if "end" in found.needs for name in found.quantities}


@dataclass(frozen=True)
class Card:
    """A claim as the page shows it; text, but for the strip, which is SVG.

    Attributes
    ----------
    name, source, statement, verdict, explanation : str
        As claims.csv has them.
    own_data : bool
        Whether it was tested on the source's own data too.
    held, set_by, observed, share, axis, strip : str
        Empty where there are no numbers: what it is held to, by whom, what was observed with its interval, in how many
        draws it holds, what the strip's axis is, and the strip.
    lines : list of str
        Of Python, that give the observed number.
    files : list of (str, str, str)
        Path, checksum and rule of the files behind it.
    n_more : int
        Files that are not listed.
    command : str
    experiments : list of str
        Whose settings it depends on.
    way : Way, optional
        Where it can be watched.
    """

    name: str
    source: str
    statement: str
    verdict: str
    explanation: str
    own_data: bool = False
    held: str = ""
    set_by: str = ""
    observed: str = ""
    share: str = ""
    axis: str = ""
    strip: str = ""
    lines: tuple = ()
    files: tuple = ()
    n_more: int = 0
    command: str = ""
    experiments: tuple = ()
    way: Way | None = None

    @property
    def sign(self) -> str:
        """The verdict as a sign."""
        return SIGNS[self.verdict]

    @property
    def words(self) -> str:
        """The verdict in words."""
        return WORDS[self.verdict]


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
    heading = name, claim.source, claim.statement, row.verdict, row.explanation, pd.notna(row.original_verdict)
    if not isinstance(claim, Claim) or row.verdict == "not_tested":
        return Card(*heading)
    repeated = repeated_runs(plan.study)

    def find(selection) -> Numbers:
        return numbers_of(selection, tables, claim.experiment, repeated)

    finding = finding_of(claim, find)
    values = finding.numbers.of_draws
    held = held_to(claim)
    n, count = len(values), count_of(claim, values)
    interval = (
        f" (95 % interval {told(row.interval_low)} to {told(row.interval_high)})" if pd.notna(row.interval_low) else ""
    )
    files = files_of(claim, plan)
    experiment = experiment_of(claim, plan.study)
    return Card(
        *heading,
        held=held.text,
        set_by="the source's number" if claim.threshold_of == "article" else "our reading: the source gives no number",
        observed=f"{'' if n == 1 else claim.statistic + ' '}{told(finding.observed)}{interval}",
        share=_share(claim, count, n),
        axis=axis_of(claim),
        strip=strip(values, finding.observed, finding.range, held),
        lines=tuple(pandas_lines(claim, tables[claim.table].columns, repeated, text_of(claim, plan.study))),
        files=tuple((path, checksum(path), rule) for path, rule in files[:MOST_FILES]),
        n_more=max(0, len(files) - MOST_FILES),
        command=command_of(claim, configuration_files),
        experiments=(experiment,) if experiment else tuple(plan.study.experiments),
        way=_way(claim, experiment, plan, scenes, finding),
    )


def _share(claim: Claim, count: int, n: int) -> str:
    if claim.kind == "existence":
        return f"such are {count} of {n} {claim.draws}"
    return f"fulfilled by {count} of {n} {claim.draws}" if n > 1 else f"{'' if count else 'not '}fulfilled"


def _way(claim: Claim, experiment: str | None, plan: Plan, scenes, finding: Finding) -> Way | None:
    measured = claim.where.get("measurement") if claim.table == "measurements" else None
    if claim.sweep or not scenes.get(experiment) or (measured and measured not in AT_THE_END):
        return None
    values = {int(draw[-1]): value for draw, value in finding.numbers.of_draws.items() if len(draw) > 1}
    if claim.table == "parameters":
        values = {0: finding.observed}  # the table is of this draw
    return way_of_claim(claim, plan.study.experiments[experiment], scenes[experiment], values, finding.observed)


def held_to(claim: Claim) -> Held:
    """Say what the numbers of a claim are held to."""
    words = "held to"
    if claim.kind == "existence":
        words = "one is said to be" if claim.there_is else "none is said to be"
    if claim.relation == "equals":
        tolerance = f" \u00b1 {told(claim.tolerance)}" if claim.tolerance else ""
        ends = claim.published - claim.tolerance, claim.published + claim.tolerance
        return Held(*ends, f"{words} {told(claim.published)}{tolerance}")
    end = threshold(claim)
    ends = (end, np.inf) if claim.relation in ("at_least", "more_than") else (-np.inf, end)
    return Held(*ends, f"{words} {claim.relation.replace('_', ' ')} {told(end)}")


def axis_of(claim: Claim) -> str:
    """Say what the axis of a claim's strip is."""
    name = claim.where.get("measurement") if claim.quantity == "value" else claim.quantity
    known = COLUMNS["agreement"] | COLUMNS["fits"] | COLUMNS.get(claim.table, {})
    if name in QUANTITIES:
        meaning = f"{QUANTITIES[name].description} ({QUANTITIES[name].unit})"
    else:
        meaning = known[claim.quantity].description if claim.quantity in known else ""
    return f"{quantity_of(claim)}: {meaning}" if meaning else quantity_of(claim)
