"""Parts of sentences on the replicates, from which the kinds make explanations. They contain no names of code."""

import math
import re
from dataclasses import replace

import numpy as np

from em_study.columns import COLUMNS, COUNT, TRUTH, Column
from em_study.evaluation.measurements import QUANTITIES
from em_study.wording import Measured, ends_apart

STATISTICS = {"min": "smallest", "max": "largest", "geometric_mean": "geometric mean"}
COUNTS, WHOLE = (COUNT, "passes"), ("median", "min", "max")  # units of counts, and statistics written as integers
UNITS = {"nats per sample": " nats per sample", "standard errors": " standard errors", "passes": " passes"} | {
    "standard deviations": " standard deviations"
}


def asked(claim) -> str:
    """Write what a replicate, or the statistic, must fulfil."""
    if says_yes_or_no(claim):
        return claim.comparison.words()
    scale = scale_of(claim)
    comparison = replace(claim.comparison, published=scale * claim.published, tolerance=scale * claim.tolerance)
    column, many = _column(claim), ""
    if is_ratio(claim) and claim.rules.is_drawn:
        many = f" times as many {column.label}" if column.unit == COUNT else " times as much"
    return f"{comparison.words()}{many}{_unit(claim, comparison.published)}"


def looked_for(claim) -> str:
    """Name a number that fulfils the criterion."""
    if claim.kind != "existence":
        return "criterion"
    return "case" if claim.there_is else "counterexample"


def criterion(finding, name: str = "criterion") -> list[str]:
    """Write the criterion as a sentence; nothing for numbers that are 0 or 1."""
    return [] if says_yes_or_no(finding.claim) else [f"The {name} is: {asked(finding.claim)}."]


def met(finding, said: str, how: str = "is met") -> str:
    """Write how many replicates fulfil it; `said` may have the count already."""
    share, interval = _share(finding)
    counted, draws = f"{finding.count:,} of {finding.n:,} {finding.claim.draws}", finding.claim.draws
    verb = "That is" if says_yes_or_no(finding.claim) else f"It {how} in"
    if re.search(rf"(?<![\d,]){counted}", said):
        return f"{verb} {share} of the {draws}" + (f" ({interval})" if interval else "")
    return f"{verb} {cases(finding)}"


def none(finding, said: str) -> str:
    """Write that no replicate fulfils it, unless `said` does, and the largest share that is possible."""
    draws = f"{finding.n:,} {finding.claim.draws}"
    most = f"ith 95 % confidence, at most {100 * finding.share_interval[1]:.2g} % of all {finding.claim.draws} are"
    return f"W{most} such cases" if f"of {draws}" in said else f"None of {draws} is such a case; w{most}"


def cases(finding) -> str:
    """Count the replicates that fulfil it."""
    inside = ", ".join(filter(None, _share(finding)))
    return f"{finding.count:,} of {finding.n:,} {finding.claim.draws} ({inside})"


def apart(finding, said=None) -> list[str]:
    """Write the result of each experiment: how many replicates fulfil it, or what `said` makes of its Finding."""
    said = said or (lambda part: f"{cases(part)}, {statistic_name(part)} {observed(part)}")
    parts = (f"{name.replace('_', ' ')} {said(part)}: {part.outcome}" for name, part in finding.by_experiment.items())
    return [*criterion(finding), f"By experiment: {'; '.join(parts)}."]


def estimate(finding) -> str:
    """Write the statistic with its interval."""
    low, high = (scale_of(finding.claim) * end for end in finding.interval)
    if _is_part(finding.claim):  # Student's interval may end where no share can be
        low, high = np.clip([low, high], 0.0, 100.0)
    error = precision(finding.claim, scale_of(finding.claim) * finding.error)
    interval = f" (95 % interval {_ends(low, high, error)})" if math.isfinite(low) else ""
    return f"{statistic_name(finding)} {observed(finding)}{interval}"


def statistic(finding) -> str:
    """Write the statistic as a sentence."""
    return f"It is {observed(finding)}." if len(finding.of_replicates) == 1 else capitalized(f"{estimate(finding)}.")


def spread(finding, said: str = "") -> str:
    """Write the statistic as a sentence, unless `said` has it, and the spread of the replicates."""
    if len(finding.of_replicates) == 1 or finding.claim.statistic in ("min", "max") or finding.numbers.resampled:
        return statistic(finding)
    if finding.of_replicates.nunique() == 1:
        return f"All are {observed(finding)}."
    ends, which = finding.range, f"95 % of the {finding.claim.draws}"
    if not math.isfinite(ends[0]):
        ends, which = (finding.of_replicates.min(), finding.of_replicates.max()), f"all {finding.claim.draws}"
    low, high = (scale_of(finding.claim) * end for end in ends)
    low, high = (f"{low:.0f}", f"{high:.0f}") if _is_whole(finding.claim) else ends_apart(low, high, 3)
    between = f"{which} lie between {low} and {high}{_unit(finding.claim)}."
    text = capitalized(estimate(finding))
    return capitalized(between) if text in said else f"{text}; {between}"


def observed(finding) -> str:
    """Write the observed number, as precisely as it is known, or as it was printed."""
    claim = finding.claim
    return measured(claim, finding.observed, finding.error if finding.error > 0 else claim.tolerance)


def measured(claim, value: float, error: float = math.nan) -> str:
    """Write a number of a claim with its unit; for an identity, two digits."""
    scale = scale_of(claim)
    if not claim.rules.is_drawn:
        return f"{value:.2g}{_unit(claim)}"
    comparison = replace(claim.comparison, published=scale * claim.published, tolerance=scale * claim.tolerance)
    error = scale * error if claim.relation == "equals" else precision(claim, scale * error)
    return f"{comparison.formatted(scale * value, error)}{_unit(claim, scale * value)}"


def precision(selection, error: float) -> float:
    """Give the error to which a statistic is written: a statistic of counts as an integer."""
    return float(np.fmax(error, 1)) if _is_whole(selection) and selection.statistic in WHOLE else error


def says_yes_or_no(selection) -> bool:
    """Whether each number is 1 for yes or 0 for no."""
    return _column(selection).unit == TRUTH and not selection.other and selection.each_draw != "sum"


def capitalized(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def _column(selection) -> Column:
    """Describe the numbers of a selection."""
    name = selection.where.get("measurement") if selection.table == "measurements" else selection.quantity
    known = (
        {} if selection.table in ("parameters", "estimates") else COLUMNS["fits"] | COLUMNS["agreement"] | QUANTITIES
    )
    return known.get(name, Column("", ""))


def _is_whole(selection) -> bool:
    return _column(selection).unit in COUNTS and not selection.over


def is_ratio(claim) -> bool:
    """Whether its numbers are ratios."""
    return claim.over is not None or _column(claim).unit == "ratio"


def scale_of(claim) -> int:
    """Give the factor of a number in text: shares are written in percent."""
    return 100 if says_yes_or_no(claim) or (_column(claim).unit == "share" and not claim.over) else 1


def _is_part(claim) -> bool:
    """Whether the numbers are shares, and not differences of two."""
    is_one = not claim.other and claim.each_draw != "sum" and " less " not in _column(claim).description
    return scale_of(claim) == 100 and is_one


def _unit(claim, value: float = math.nan) -> str:
    """Write the unit that follows a number."""
    column = _column(claim)
    if claim.over:
        return ""
    if scale_of(claim) == 1:
        unit = f" {column.label}" if column.unit == COUNT and column.label else UNITS.get(column.unit, "")
    else:  # a share, or a share less another
        unit = " percentage points" if claim.minus or " less " in column.description else " %"
    return unit.removesuffix("s") if abs(value) == 1 else unit


def _share(finding) -> tuple[str, str]:
    """Write the share that fulfils it, and its interval."""
    low, high = finding.share_interval
    error = (high - low) / 4
    interval = f"95 % interval {_ends(100 * low, 100 * high, 100 * error)} %" if math.isfinite(low) else ""
    return f"{Measured(finding.share, error):%}", interval


def statistic_name(finding) -> str:
    """Name the statistic."""
    return STATISTICS.get(finding.claim.statistic, finding.claim.statistic)


def _ends(low: float, high: float, error: float) -> str:
    return f"{Measured(low, error)} to {Measured(high, error)}"
