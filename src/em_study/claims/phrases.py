"""Parts of sentences on what the draws show, which the kinds put together. No name of a column is among them."""

import math
from dataclasses import replace

from em_study.columns import COLUMNS, COUNT, TRUTH
from em_study.wording import Measured, ends_apart

STATISTICS = {"min": "smallest", "max": "largest", "geometric_mean": "geometric mean"}


def asked(finding) -> str:
    """Say what a draw must fulfil: "More than 30 steps"."""
    claim, column = finding.claim, _column_of(finding.claim)
    comparison, unit = claim.comparison, ""
    if column is not None and column.unit == COUNT:
        unit = f" {column.label}" if not claim.over else f" times as many {column.label}"
    elif column is not None and column.in_percent and column.unit != TRUTH and not claim.over:
        comparison = replace(comparison, published=100 * claim.published, tolerance=100 * claim.tolerance)
        unit = " percentage points" if claim.minus else " %"
    return capitalized(f"{'equal to ' if claim.relation == 'equals' else ''}{comparison.words()}{unit}")


def _column_of(claim):
    known = COLUMNS["fits"] | COLUMNS["agreement"]
    return None if claim.table in ("measurements", "parameters", "estimates") else known.get(claim.quantity)


def share(finding) -> str:
    """Write the share that fulfils it, with its interval."""
    low, high = finding.share_interval
    error = (high - low) / 4
    interval = f", 95 % interval {_ends(100 * low, 100 * high, 100 * error)} %" if math.isfinite(low) else ""
    return f"{Measured(finding.share, error):%}{interval}"


def cases(finding) -> str:
    """Count the draws that fulfil it."""
    return f"{finding.count:,} of {finding.n:,} {finding.claim.draws} ({share(finding)})"


def apart(finding, said=None) -> list[str]:
    """Say what each experiment shows: how many draws fulfil it, or what `said` makes of its Finding."""
    said = said or (lambda part: f"{cases(part)}, {_name(part)} {observed(part)}")
    parts = (f"{name} {said(part)}: {part.outcome}" for name, part in finding.by_experiment.items())
    return [f"{asked(finding)}, by experiment: {'; '.join(parts)}."]


def estimate(finding) -> str:
    """Write the statistic with its interval."""
    interval = (
        f", 95 % interval {_ends(*finding.interval, finding.error)}" if math.isfinite(finding.interval[0]) else ""
    )
    return f"{_name(finding)} {observed(finding)}{interval}"


def statistic(finding) -> str:
    """Write the statistic as a sentence."""
    return f"It is {observed(finding)}." if len(finding.draws) == 1 else capitalized(f"{estimate(finding)}.")


def spread(finding) -> str:
    """Write the statistic as a sentence, and how far the draws spread."""
    if len(finding.draws) == 1 or finding.claim.statistic in ("min", "max") or finding.numbers.resampled:
        return statistic(finding)
    if finding.draws.nunique() == 1:
        return f"All are {observed(finding)}."
    low, high = finding.range
    which = f"95 % of the {finding.claim.draws}"
    if not math.isfinite(low):
        low, high, which = finding.draws.min(), finding.draws.max(), f"all {finding.claim.draws}"
    return f"{capitalized(estimate(finding))}; {which} between {' and '.join(ends_apart(low, high, 3))}."


def observed(finding) -> str:
    """Write what was observed, as precisely as it is known, or as it was printed."""
    error = finding.error if finding.error > 0 else finding.claim.tolerance
    return finding.claim.comparison.told(finding.observed, error)


def capitalized(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def _name(finding) -> str:
    return STATISTICS.get(finding.claim.statistic, finding.claim.statistic)


def _ends(low: float, high: float, error: float) -> str:
    return f"{Measured(low, error)} to {Measured(high, error)}"
