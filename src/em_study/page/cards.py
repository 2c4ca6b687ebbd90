"""The card of a claim: the claim, its verdict, its replicates, and the provenance of its number."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from em_study.claims import phrases
from em_study.claims.certainty import YES
from em_study.claims.evaluate import finder
from em_study.claims.finding import Finding, finding_of
from em_study.claims.numbers import pandas_lines
from em_study.claims.sentences import same_test
from em_study.claims.settings import AnyClaim, Argued, Claim
from em_study.claims.verdicts import NOT_TESTED, VERDICTS, Verdict
from em_study.columns import COLUMNS
from em_study.configuration.study import Study
from em_study.evaluation.measurements import MEASUREMENTS, QUANTITIES
from em_study.page.files import MOST_FILES, files_of
from em_study.page.provenance import command_of, experiment_of
from em_study.page.strips import Criterion, points, share_bar, spark, strip
from em_study.page.svg import short_text
from em_study.plan.results import Plan
from em_study.sweeps.repeated import own_rows, repeated_runs
from em_study.watch.ways import Way, named, next_to

BASES = {
    "verbatim": "in the source's words",
    "paraphrase": "in our words",
    "figure": "from a figure that was not seen",
    "inferred": "inferred: the source does not state it",
    "question": "a question of this study, which no source states",
}
AT_THE_END = {name for found in MEASUREMENTS if "end" in found.needs for name in found.quantities}


@dataclass(frozen=True)
class Line:
    """A claim in the list: its verdict with words and number, by the data it is on; and a small drawing."""

    on_source: tuple | None  # verdict, words, number
    on_new: tuple | None
    number: str = ""  # the criterion
    spark: str = ""  # SVG


@dataclass(frozen=True)
class Card:
    """A claim as the page shows it, in text; fields that need its numbers are empty if there are none."""

    name: str
    claim: AnyClaim
    basis: str  # how the statement follows from the source
    verdict: Verdict
    chips: tuple  # each verdict with its words and its data, the source's own first
    headline: str
    explanation: str  # without the headline
    line: Line
    rule: str = ""  # by which the verdict is made
    criterion: str = ""  # what the numbers are compared with
    set_by: str = ""  # the source, or this study
    observed: str = ""  # with its interval
    own: str = ""  # the number on the source's own data
    range: bool = False  # whether the strip shows where 95 % of the numbers lie
    turns: str = ""  # thresholds with which the verdict would change
    axis: str = ""  # of the strip
    strip: str = ""  # SVG
    shares: str = ""  # SVG: share of the replicates that fulfil it, between the thresholds
    lines: tuple = ()  # of Python, which compute the observed number
    files: tuple = ()  # path, checksum and rule of those it is computed from
    n_more: int = 0  # files that are not listed
    command: str = ""
    experiments: tuple = ()  # on whose settings it depends
    way: Way | None = None  # a recorded run to watch

    @property
    def short(self) -> str:
        """The statement in at most ten words."""
        return self.claim.short or self.claim.statement

    @property
    def is_our_reading(self) -> bool:
        """Whether this study, and not the source, sets the criterion."""
        return isinstance(self.claim, Claim) and self.claim.threshold_of == "study"

    @property
    def by_construction(self) -> bool:
        """Whether it holds because of how the data are made."""
        return isinstance(self.claim, Claim) and self.claim.by_construction


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
        The scenes of each experiment, as `em_study.watch.frames.frames_of` packs them.
    checksum : callable
        From a path to its sha256.
    configuration_files : list of path-like
    """
    verdict = claim.decided if isinstance(claim, Argued) else VERDICTS[row.verdict]
    explanation = " ".join(row.explanation.replace(row.headline, "", 1).split())
    heading = name, claim, BASES[claim.basis], verdict, chips_of(row, verdict, claim.basis), row.headline, explanation
    if not isinstance(claim, Claim) or verdict is NOT_TESTED:
        return Card(*heading, line=Line(None, (verdict, verdict.in_short(claim.basis), "")))
    study, repeated = plan.study, repeated_runs(plan.study)
    finding = finding_of(claim, finder(claim, tables, repeated, own_rows(study)))
    scale = phrases.scale_of(claim)
    asked = f"{phrases.looked_for(claim)}: {phrases.asked(claim)}"
    criterion = Criterion(*(scale * end for end in claim.comparison.ends), asked)
    if claim.threshold_of == "study":
        criterion = replace(criterion, turns=tuple(scale * end for end in finding.thresholds))
    files, experiment = files_of(claim, plan), experiment_of(claim, study)
    own = np.nan if claim.kind == "existence" else _on_own_data(finding)  # one case decides, and not the median
    return Card(
        *heading,
        line=line_of(finding, row, own, criterion),
        rule=claim.rules.decided_by(finding),
        criterion=asked,
        set_by=_set_by(claim),
        observed="" if finding.by_experiment else phrases.estimate(finding),
        own=_three_digits(claim, own) if np.isfinite(own) and not finding.numbers.on_own_rows else "",
        range=bool(np.isfinite(finding.range).all()) and not finding.by_experiment,
        turns=turns_of(claim, criterion),
        axis=axis_of(claim),
        strip=strip_of(finding, criterion, own),
        shares=shares_of(finding),
        lines=pandas_lines(claim, tables, claim.experiment, repeated),
        files=tuple((path, checksum(path), rule) for path, rule in files[:MOST_FILES]),
        n_more=max(0, len(files) - MOST_FILES),
        command=command_of(claim, configuration_files),
        experiments=(experiment,) if experiment else tuple(study.experiments),
        way=way_of(claim, experiment, study, scenes.get(experiment), finding),
    )


def chips_of(row, verdict: Verdict, basis: str) -> tuple:
    """List the verdicts in a row of claims.csv, each with its words and its data; the source's own first."""
    found = [(verdict, "")]
    if row.rows_of == "other" and verdict.by_data:
        found = [(verdict, "on new data")]
        if pd.notna(row.original_verdict):
            found.insert(0, (VERDICTS[row.original_verdict], "on the source's own data"))
    return tuple((verdict, verdict.said_of(basis), whose) for verdict, whose in found)


def line_of(finding: Finding, row, own: float, criterion: Criterion) -> Line:
    """Make the line of a claim in the list."""
    claim, scale = finding.claim, phrases.scale_of(finding.claim)

    def verdict_on(name, number):
        return VERDICTS[name], VERDICTS[name].in_short(claim.basis), number

    on_source = None
    if pd.notna(row.original_verdict) and finding.verdict.by_data:
        number = _three_digits(claim, own) if np.isfinite(own) and not phrases.says_yes_or_no(claim) else ""
        on_source = verdict_on(row.original_verdict, number)
    is_source = (finding.on_own_rows is finding or finding.numbers.resampled) and finding.verdict.by_data
    if is_source and on_source is None:
        on_source = verdict_on(row.verdict, _in_short(finding))
    on_new = None if is_source else verdict_on(row.verdict, _in_short(finding))
    drawn = (
        "" if not claim.rules.is_drawn else spark(scale * finding.of_replicates, scale * finding.observed, criterion)
    )
    number = phrases.asked(claim) if claim.rules.is_drawn and not phrases.says_yes_or_no(claim) else ""
    if number and claim.kind == "existence":
        number = f"{phrases.looked_for(claim)}: {number}"
    return Line(on_source, on_new, number, drawn)


def _in_short(finding: Finding) -> str:
    """Write what was observed in a few words."""
    claim = finding.claim
    if finding.by_experiment:
        outcomes = [part.outcome for part in finding.by_experiment.values()]
        return f"holds in {outcomes.count(YES)} of {len(outcomes)} experiments"
    if claim.kind == "existence":
        return f"{phrases.looked_for(claim)}s: {finding.count:,} of {finding.n:,}"
    if phrases.says_yes_or_no(claim):
        return f"{finding.count:,} of {finding.n:,}"
    return _three_digits(claim, finding.observed, finding.error)


def _three_digits(claim: Claim, value: float, error: float = 0.0) -> str:
    """Write a number with three digits, or fewer if its standard error is large."""
    error = np.fmax(error, 1 if float(value).is_integer() else abs(value) / 100)
    times = "\u00d7" if phrases.is_ratio(claim) else ""
    return phrases.measured(claim, value, phrases.precision(claim, float(error))) + times


def _on_own_data(finding: Finding) -> float:
    """Return the number on the source's own data; NaN if it is unknown."""
    if finding.on_own_rows is not None:
        return finding.on_own_rows.observed
    return finding.claim.original.observed if same_test(finding.claim) else np.nan


def _set_by(claim: Claim) -> str:
    if claim.threshold_of == "study":
        return "our reading: the source gives no number"
    return "the number in the question" if claim.basis == "question" else "the source's number"


def turns_of(claim: Claim, criterion: Criterion) -> str:
    """Describe the thresholds with which the verdict would change."""
    if criterion.turns is None or not claim.rules.is_drawn:
        return ""
    low, high = criterion.turns
    is_lower = claim.relation in ("at_least", "less_than")  # a threshold at the turn has the verdict of those below it
    found = []
    if np.isfinite(low):
        found.append(f"of {short_text(low, 3)} or less" if is_lower else f"below {short_text(low, 3)}")
    if np.isfinite(high):
        found.append(f"above {short_text(high, 3)}" if is_lower else f"of {short_text(high, 3)} or more")
    return " or ".join(found)


def strip_of(finding: Finding, criterion: Criterion, own: float) -> str:
    """Draw the numbers, by experiment if each decides alone; empty for an identity, and for yes or no."""
    claim, scale = finding.claim, phrases.scale_of(finding.claim)
    if finding.by_experiment:
        return points(
            {_row(name, part): scale * part.of_replicates for name, part in finding.by_experiment.items()}, criterion
        )
    if not claim.rules.is_drawn or phrases.says_yes_or_no(claim):
        return ""
    ends = scale * np.array(finding.range)
    return strip(
        scale * finding.of_replicates, scale * finding.observed, ends, criterion, phrases.observed(finding), scale * own
    )


def shares_of(finding: Finding) -> str:
    """Draw the share of the replicates that fulfil a claim, between the thresholds if these decide."""
    claim, rules = finding.claim, finding.claim.rules
    if not rules.is_drawn or finding.numbers.one_run or (claim.kind == "number" and finding.numbers.on_own_rows):
        return ""  # a printed number is reproduced there, or it is not
    if not np.isfinite(rules.share_needed):
        shares = {"": (finding.share, finding.n)} if phrases.says_yes_or_no(claim) and not finding.by_experiment else {}
        return share_bar(shares, ()) if shares else ""
    tallied = zip(*rules.tally(claim, finding.numbers), strict=True)
    names = [name.replace("_", " ") for name in finding.by_experiment] or [""]
    return share_bar(
        {name: (float(share), float(n)) for name, (share, n) in zip(names, tallied, strict=True)}, rules.cuts
    )


def _row(name: str, part: Finding) -> str:
    return f"{name.replace('_', ' ')}: {part.count:,} of {part.n:,}"


def way_of(claim: Claim, experiment: str | None, study: Study, scenes: dict | None, finding: Finding) -> Way | None:
    """Find the recorded run to watch for a claim: of the replicates stored, the one with the nearest number.

    The scenes are those of the claim's experiment.
    """
    measured = claim.where.get("measurement") if claim.table == "measurements" else None
    if claim.sweep or not scenes or (measured and measured not in AT_THE_END):
        return None
    values = {0: finding.observed}  # the table of parameters is of this replicate
    if "replicate" in finding.of_replicates.index.names:
        values = dict(
            zip(finding.of_replicates.index.get_level_values("replicate"), finding.of_replicates, strict=True)
        )
    fit, of = claim.where.get("fit"), study.experiments[experiment]
    names = [fit, claim.other.get("fit", fit)]
    if claim.table == "agreement":
        other = claim.where.get("implementation", of.protocols.implementations[0])
        names = [next_to(str(other), str(claim.where.get("protocol"))), of.protocols.fit]
    found = []
    for key, scene in scenes.items():
        replicate, runs = scene["replicate"], scene["runs"]
        for r in sorted(values) if replicate is None else {replicate} & {*values}:
            left, right = (named(name, r, replicate is None) for name in names)
            if left == right:  # the claim is about one fit: compare it with any other
                right = next((run for run in runs if run != left), left)
            if {left, right} <= runs.keys():
                step = max(runs[run]["steps"][-1] for run in (left, right))
                text = f"the recorded run with the nearest number, {phrases.measured(claim, values[r])}"
                found.append((abs(values[r] - finding.observed), r, Way(text, key, left, right, step)))
    return min(found, key=lambda each: each[:2])[2] if found else None


def axis_of(claim: Claim) -> str:
    """Name the axis of a claim's strip, without names of code."""
    name = claim.where.get("measurement") if claim.quantity == "value" else claim.quantity
    known = QUANTITIES | COLUMNS["agreement"] | COLUMNS["fits"] | COLUMNS.get(claim.table, {})
    if name not in known:
        return ""
    text = known[name].description.removesuffix(" (0-1)")
    unit = known[name].unit if name in QUANTITIES and not claim.over else ""
    unit = "%" if phrases.scale_of(claim) == 100 else phrases.UNITS.get(unit, unit).strip()
    text += f" ({unit})" if unit else ""
    other = ", divided by that of the comparison" if claim.over else ", minus that of the comparison"
    return f"{text.replace('_', ' ')}{other if claim.other else ''}"
