"""What a verdict says: sentences made of the numbers, with no conclusion typed in."""

import math

from em_study.claims.certainty import UNDECIDED
from em_study.claims.finding import Finding
from em_study.claims.intervals import share_interval, standard_error, statistic_of
from em_study.claims.kinds import ENOUGH_DRAWS
from em_study.claims.numbers import NoNumbersError, in_words
from em_study.claims.settings import Claim, Evidence, Selection, Test
from em_study.claims.verdicts import VERDICTS
from em_study.wording import Measured, placeholders


def criterion(test: Test) -> str:
    """Say what a draw must fulfil, and which draws are looked at."""
    text = test.comparison.formula(quantity_of(test))
    named = {column: value for column, value in test.where.items() if column != "measurement" and value != ""}
    among = "" if test.among is None else f"among draws with {criterion(test.among)}"
    conditions = ", ".join(filter(None, (in_words(named), among)))
    return f"{text} ({conditions})" if conditions else text


def quantity_of(selection: Selection) -> str:
    """Name a quantity, and what it is compared with."""
    name = selection.quantity
    if selection.quantity == "value" and "measurement" in selection.where:
        name = str(selection.where["measurement"])
    if selection.each_draw is not None:
        name = f"{selection.each_draw} of {name}"
    if not selection.other:
        return name
    word = "less" if selection.over is None else "divided by"
    if set(selection.other) == {"measurement"}:
        return f"{name} {word} {selection.other['measurement']}"
    return f"{name} {word} that of {in_words(selection.other)}"


def in_sentences(finding: Finding, find) -> tuple[str, str]:
    """Put a finding into words: its headline; and with it all numbers behind it.

    Parameters
    ----------
    finding : Finding
    find : callable
        From a Selection to its Numbers.
    """
    claim, values = finding.claim, placeholders_of(finding, find)
    headline = filled(claim.headline, values) or claim.rules.headline(finding)
    authored = (filled(text, values) for text in claim.explanation)
    parts = [headline, _on_own_rows(claim), *claim.rules.told(finding), _cause(finding), *_missing(finding)]
    return headline, " ".join(filter(None, [*parts, *authored, _needed(finding)]))


def filled(template: str | None, values: dict) -> str | None:
    """Fill a sentence; nothing if a number is not there."""
    known = template and all(math.isfinite(values.get(name, math.nan)) for name, _ in placeholders(template))
    return template.format_map(values) if known else None


def _on_own_rows(claim: Claim) -> str:
    """Say what the source's own data gave, if it is known."""
    if not same_test(claim):
        return ""
    own, n = claim.original, claim.original.n_replicates
    draws = f" over {n} {claim.draws}" if n > 1 else ""
    verdict = VERDICTS[own.verdict].said_of(claim.basis)
    return (
        f"On the source's own data it is {claim.comparison.told(own.observed)}{draws} (measured {own.date}): {verdict}."
    )


def _cause(finding: Finding) -> str:
    """Say what holds instead."""
    if finding.cause is None:
        return ""
    because, values = finding.claim.because, finding.cause.of_draws
    many = (
        f" in {because.comparison.count(values):,} of {len(values):,} {finding.claim.draws}" if len(values) > 1 else ""
    )
    return f"Instead, {because.text} ({criterion(because)}{many})."


def _missing(finding: Finding):
    """Yield what became of the draws without a number."""
    numbers, draws, n_all = finding.numbers, finding.claim.draws, len(finding.numbers.rows)
    if numbers.n_failed:
        counted = "count against it" if finding.claim.failed_runs == "fails" else "are left out"
        yield f"{numbers.n_failed:,} of {n_all:,} {draws} failed, and {counted}."
    if numbers.n_missing:
        yield f"{numbers.n_missing:,} of {n_all:,} {draws} have no such number, and are left out."


def _needed(finding: Finding) -> str:
    """Say how many draws would decide."""
    if finding.outcome != UNDECIDED:
        return ""
    needed, each = finding.needed, " of each experiment" if finding.by_experiment else ""
    if not math.isfinite(needed):
        return "Undecided: the interval contains what decides."
    return f"Undecided: about {needed:,.0f} {finding.claim.draws}{each} would decide, if what they show stays."


def same_test(claim: Claim) -> bool:
    """Tell whether what is known of the source's own data was measured by what the claim asks now."""
    return claim.original is not None and claim.original.criterion == criterion(claim)


def placeholders_of(finding: Finding, find) -> dict[str, float]:
    """Measure what a claim's sentences speak of, by its name in them."""
    claim, (low, high) = finding.claim, finding.share_interval
    found = {"observed": Measured(finding.observed, finding.error), "mcse": Measured(finding.error, finding.error)}
    found |= dict(zip(("low", "high"), map(Measured, finding.range), strict=True))
    found |= {"share": Measured(finding.share, (high - low) / 4), "failed": finding.numbers.n_failed}
    found |= {"count": finding.count, "n": finding.n}
    if same_test(claim):
        found |= {"own": Measured(claim.original.observed), "own_n": claim.original.n_replicates}
        found |= {f"own_{name}": Measured(value) for name, value in claim.original.evidence.items()}
    for name, selection in claim.evidence.items():
        found |= {name + end: value for end, value in evidence(selection, find).items()}
    return found


def evidence(selection: Evidence, find) -> dict[str, float]:
    """Measure further numbers, by the end of their name."""
    try:
        numbers = find(selection)
    except NoNumbersError:
        return {}
    values = numbers.of_draws
    error = standard_error(values, selection.statistic) if numbers.independent else math.nan
    found = {"": Measured(statistic_of(values, selection.statistic), error), "_n": len(values)}
    if len(values) >= ENOUGH_DRAWS:
        found |= {"_low": Measured(values.quantile(0.025)), "_high": Measured(values.quantile(0.975))}
    if selection.relation is not None:
        count = selection.comparison.count(values)
        low, high = share_interval(count / len(values), numbers.n_independent)
        found |= {"_count": count, "_share": Measured(count / len(values), (high - low) / 4)}
    return found
