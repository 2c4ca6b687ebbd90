"""What a verdict says: sentences made of the numbers, with no conclusion typed in."""

import math

from em_study.claims.numbers import INEQUALITIES, NoNumbersError, Numbers, count_of, in_words, threshold
from em_study.claims.rules import ENOUGH_DRAWS
from em_study.claims.settings import Claim, Evidence, Selection, Test
from em_study.wording import placeholders

HOLDS = "It holds by mathematics: with the source's settings it can fail only by a bug."
FAILS = "By mathematics it would hold: there is a bug, or the settings are not the source's."
# Verdicts as people read them.
WORDS = {
    "reproduced": "reproduced",
    "reproduced_in_distribution": "depends on the draw",
    "explained": "does not hold; what holds instead was measured",
    "not_reproduced": "not reproduced",
    "undecided": "undecided: too few draws",
    "not_tested": "not tested",
}


def criterion(test: Test) -> str:
    """Say what a draw must fulfil, and which draws are looked at."""
    name = quantity_of(test)
    if test.relation == "equals":
        text = f"{name} = {test.published:g}" + (f" +- {test.tolerance:g}" if test.tolerance else "")
    else:
        text = f"{name} {INEQUALITIES[test.relation][0]} {threshold(test):g}"
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


def explanation(claim: Claim, finding, find) -> str:
    """Put the verdict into words, with the numbers behind it.

    Parameters
    ----------
    claim : Claim
    finding : Finding
    find : callable
        From a Selection to its Numbers.
    """
    sentences = [outcome(claim, finding)]
    if finding.cause is not None:
        sentences.append(f"Instead, {claim.because.text} ({counted(finding.cause, claim.because, claim.draws)}).")
    missing = finding.numbers.n_all - len(finding.numbers.of_draws)
    if missing:
        sentences.append(f"{missing} of {finding.numbers.n_all} {claim.draws} have no such number, and are left out.")
    sentences.append(spread(claim, finding))
    measured = {"observed": finding.observed, "share": finding.share, "n": len(finding.numbers.of_draws)}
    if len(finding.numbers.of_draws) >= ENOUGH_DRAWS:
        measured |= {"low": finding.range[0], "high": finding.range[1]}
    for name, selection in claim.evidence.items():
        measured |= {name + end: value for end, value in evidence(selection, find).items()}
    for text in claim.explanation:
        if all(math.isfinite(measured.get(name, math.nan)) for name, _ in placeholders(text)):
            sentences.append(text.format_map(measured))
    if same_test(claim):
        n = claim.original.n_replicates
        draws = f" over {n} {claim.draws}" if n > 1 else ""
        own = f"it is {claim.original.observed:.4g}{draws}: {WORDS[claim.original.verdict]}"
        sentences.append(f"On the source's own data, with its settings (measured {claim.original.date}), {own}.")
    return " ".join(sentences)


def same_test(claim: Claim) -> bool:
    """Tell whether what is known of the source's own data was measured by what the claim asks now."""
    return claim.original is not None and claim.original.criterion == criterion(claim)


def evidence(selection: Evidence, find) -> dict[str, float]:
    """Measure what a claim's sentences speak of, by the end of its name in them."""
    try:
        values = find(selection).of_draws
    except NoNumbersError:
        return {}
    found = {"": float(getattr(values, selection.statistic)()), "_n": len(values)}
    if len(values) >= ENOUGH_DRAWS:
        found |= {"_low": float(values.quantile(0.025)), "_high": float(values.quantile(0.975))}
    if selection.relation is not None:
        count = count_of(selection, values)
        found |= {"_count": count, "_share": count / len(values)}
    return found


def counted(numbers: Numbers, test: Test, draws: str) -> str:
    """Count the draws that fulfil a test."""
    n, count = len(numbers.of_draws), count_of(test, numbers.of_draws)
    return f"{criterion(test)} in {count} of {n} {draws}" if n > 1 else criterion(test)


def by_experiment(claim: Claim, finding) -> str:
    """Count the draws of each experiment, where there are several."""
    parts = finding.numbers.by_experiment
    if len(parts) == 1:
        return ""
    counts = (f"{name} {count_of(claim, values)} of {len(values)}" for name, values in parts.items())
    return f"; {', '.join(counts)}"


def spread(claim: Claim, finding) -> str:
    """Say what was observed, and how far the draws spread."""
    if len(finding.numbers.of_draws) == 1:
        return f"It is {finding.observed:.4g}."
    name = {"min": "smallest", "max": "largest"}.get(claim.statistic, claim.statistic)
    low, high = finding.interval
    interval = f" (95 % interval {low:.4g} to {high:.4g})" if math.isfinite(low) else ""
    text = f"The {name} is {finding.observed:.4g}{interval}"
    if claim.statistic in ("median", "mean") and claim.kind in ("number", "inequality"):
        values = finding.numbers.of_draws
        few = len(values) < ENOUGH_DRAWS
        low, high = (values.min(), values.max()) if few else finding.range
        text += f"; {'the' if few else '95 % of the'} {claim.draws} lie from {low:.4g} to {high:.4g}"
    return text + "."


def outcome(claim: Claim, finding) -> str:
    """Say how the draws decided."""
    n, count = len(finding.numbers.of_draws), count_of(claim, finding.numbers.of_draws)
    identity = f" {HOLDS if count == n else FAILS}" if claim.kind == "identity" else ""
    if finding.numbers.repeated:
        verb = "holds" if count else "does not hold"
        return f"All runs on these rows are the same: {criterion(claim)} {verb}.{identity}"
    low, high = finding.share_interval
    interval = f", 95 % interval {low:.1%} to {high:.1%}" if math.isfinite(low) else ""
    told = (
        f"{criterion(claim)} in {count} of {n} {claim.draws} ({count / n:.1%}{interval}{by_experiment(claim, finding)})"
    )
    if finding.verdict == "undecided":
        return f"{told}; so few decide nothing."
    if claim.kind == "identity":
        return f"{told}.{identity}"
    if claim.kind == "existence":
        asked = "the source says that there is one" if claim.there_is else "the source says that there is none"
        return f"{told}; {asked}."
    if claim.kind == "number":
        below = int((finding.numbers.of_draws < claim.published - claim.tolerance).sum())
        place = f"so that it is at percentile {finding.percentile:.1f}"
        return f"{told}; {below} lie below and {n - count - below} above, {place}."
    return f"{told}."
