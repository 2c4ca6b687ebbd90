"""Headlines and explanations: sentences made from the numbers, without conclusions written by hand."""

import math

from em_study.claims import phrases
from em_study.claims.certainty import UNDECIDED
from em_study.claims.finding import Finding
from em_study.claims.intervals import share_interval, standard_error, statistic_of
from em_study.claims.kinds import ENOUGH_REPLICATES
from em_study.claims.numbers import NoNumbersError, in_words
from em_study.claims.settings import Claim, Evidence, Selection, Test
from em_study.claims.verdicts import VERDICTS
from em_study.wording import Measured, placeholders


def criterion(test: Test) -> str:
    """Write what a replicate must fulfil, and which rows are selected."""
    text = test.comparison.formula(quantity_of(test))
    named = {column: value for column, value in test.where.items() if column != "measurement" and value != ""}
    among = "" if test.among is None else f"among replicates with {criterion(test.among)}"
    conditions = ", ".join(filter(None, (in_words(named), among)))
    return f"{text} ({conditions})" if conditions else text


def quantity_of(selection: Selection) -> str:
    """Name a quantity, and what it is divided by or what is subtracted."""
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
    """Write a finding: its headline, and the explanation with all numbers behind it.

    Parameters
    ----------
    finding : Finding
    find : callable
        From a Selection to its Numbers.
    """
    claim, values = finding.claim, placeholders_of(finding, find)
    headline = filled(claim.headline, values) or claim.rules.headline(finding)
    authored = (filled(text, values) for text in claim.explanation)
    details = claim.rules.details(finding, headline)
    parts = [headline, _on_own_rows(finding), *details, _cause(finding), *_missing(finding)]
    return headline, " ".join(filter(None, [*parts, *authored, _needed(finding)]))


def filled(template: str | None, values: dict) -> str | None:
    """Fill in a sentence; None if a number does not exist."""
    known = template and all(math.isfinite(values.get(name, math.nan)) for name, _ in placeholders(template))
    return template.format_map(values) if known else None


def _on_own_rows(finding: Finding) -> str:
    """Write the result on the source's own data, in addition to that on other data, if there is one."""
    claim, here = finding.claim, finding.on_own_rows
    if same_test(claim):
        own, n = claim.original, claim.original.n_replicates
        how = f" ({f'over {n} {claim.draws}, ' if n > 1 else ''}measured {own.date})"
        verdict, number = VERDICTS[own.verdict], own.observed
    elif here is not None and here is not finding:
        how, verdict, number = "", here.verdict, here.observed
    else:
        return ""
    number = "" if claim.kind == "existence" else f" the number compared is {phrases.measured(claim, number)}"
    return f"On the source's own data{number}{how}: {verdict.said_of(claim.basis)}."


def _cause(finding: Finding) -> str:
    """Write what holds instead."""
    if finding.cause is None:
        return ""
    because, values = finding.claim.because, finding.cause.of_replicates
    count = because.comparison.count(values)
    many = f" (in {count:,} of {len(values):,} {finding.claim.draws})" if len(values) > 1 else ""
    return f"Instead, {because.text}{many}."


def _missing(finding: Finding):
    """Yield sentences on the replicates without a number."""
    numbers, draws, n_all = finding.numbers, finding.claim.draws, len(finding.numbers.rows)
    if numbers.n_failed:
        counted = "count against it" if finding.claim.failed_runs == "fails" else "are left out"
        yield f"{numbers.n_failed:,} of {n_all:,} {draws} failed, and {counted}."
    if numbers.n_missing:
        yield f"{numbers.n_missing:,} of {n_all:,} {draws} have no such number, and are left out."
    for name, part in finding.left_out.items():
        if not part.numbers.on_own_rows:
            yield f"The experiment {name.replace('_', ' ')} has a single data set and is left out."


def _needed(finding: Finding) -> str:
    """Write how many replicates would decide."""
    if finding.outcome != UNDECIDED:
        return ""
    needed, each = finding.needed, " of each experiment" if finding.by_experiment else ""
    if not math.isfinite(needed):
        return "Undecided: the interval contains the threshold."
    return f"Undecided: about {needed:,.0f} {finding.claim.draws}{each} would decide, if the result stays as it is."


def same_test(claim: Claim) -> bool:
    """Whether the stored result on the source's own data has the claim's present criterion."""
    return claim.original is not None and claim.original.criterion == criterion(claim)


def placeholders_of(finding: Finding, find) -> dict[str, float]:
    """Give the numbers of a claim's sentences, by placeholder."""
    claim, (low, high) = finding.claim, finding.share_interval
    found = {
        "observed": Measured(finding.observed, phrases.precision(claim, finding.error)),
        "mcse": Measured(finding.error, finding.error),
    }
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
    """Give the numbers of evidence, by the ending of their placeholder."""
    try:
        numbers = find(selection)
    except NoNumbersError:
        return {}
    values = numbers.of_replicates
    error = standard_error(values, selection.statistic) if numbers.independent else math.nan
    error = phrases.precision(selection, error)
    found = {"": Measured(statistic_of(values, selection.statistic), error), "_n": len(values)}
    if len(values) >= ENOUGH_REPLICATES:
        found |= {"_low": Measured(values.quantile(0.025)), "_high": Measured(values.quantile(0.975))}
    if selection.relation is not None:
        count = selection.comparison.count(values)
        low, high = share_interval(count / len(values), numbers.n_independent)
        found |= {"_count": count, "_share": Measured(count / len(values), (high - low) / 4)}
    return found
