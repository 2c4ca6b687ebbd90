"""What a verdict says: sentences made of the numbers, with no conclusion typed in."""

import math

from em_study.claims.kinds import ENOUGH_DRAWS
from em_study.claims.numbers import NoNumbersError, in_words
from em_study.claims.settings import Claim, Evidence, Selection, Test
from em_study.claims.verdicts import UNDECIDED, VERDICTS
from em_study.wording import placeholders


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


def explanation(finding, find) -> str:
    """Put the verdict into words, with the numbers behind it.

    Parameters
    ----------
    finding : Finding
    find : callable
        From a Selection to its Numbers.
    """
    claim, n_all = finding.claim, finding.numbers.n_all
    sentences = [outcome(finding)]
    if finding.cause is not None:
        values = finding.cause.of_draws
        many = f" in {claim.because.comparison.count(values)} of {len(values)} {claim.draws}" if len(values) > 1 else ""
        sentences.append(f"Instead, {claim.because.text} ({criterion(claim.because)}{many}).")
    if missing := n_all - finding.n:
        sentences.append(f"{missing} of {n_all} {claim.draws} have no such number, and are left out.")
    sentences.append(spread(finding))
    measured = {"observed": finding.observed, "share": finding.count / finding.n, "n": finding.n}
    if finding.n >= ENOUGH_DRAWS:
        measured |= {"low": finding.range[0], "high": finding.range[1]}
    for name, selection in claim.evidence.items():
        measured |= {name + end: value for end, value in evidence(selection, find).items()}
    for text in claim.explanation:
        if all(math.isfinite(measured.get(name, math.nan)) for name, _ in placeholders(text)):
            sentences.append(text.format_map(measured))
    if same_test(claim):
        n = claim.original.n_replicates
        draws = f" over {n} {claim.draws}" if n > 1 else ""
        own = f"it is {claim.original.observed:.4g}{draws}: {VERDICTS[claim.original.verdict].words}"
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
        count = selection.comparison.count(values)
        found |= {"_count": count, "_share": count / len(values)}
    return found


def spread(finding) -> str:
    """Say what was observed, and how far the draws spread."""
    claim, few = finding.claim, finding.n < ENOUGH_DRAWS
    if finding.n == 1:
        return f"It is {finding.observed:.4g}."
    name = {"min": "smallest", "max": "largest"}.get(claim.statistic, claim.statistic)
    text = f"The {name} is {finding.observed:.4g}{interval_in_words(finding.interval, '.4g', ' (', ')')}"
    if claim.statistic in ("median", "mean") and claim.rules.shows_spread:
        low, high = (finding.draws.min(), finding.draws.max()) if few else finding.range
        text += f"; {'the' if few else '95 % of the'} {claim.draws} lie from {low:.4g} to {high:.4g}"
    return text + "."


def outcome(finding) -> str:
    """Say how the draws decided."""
    claim, n, count = finding.claim, finding.n, finding.count
    if finding.numbers.repeated:
        text = f"All runs on these rows are the same: {criterion(claim)} {'holds' if count else 'does not hold'}."
    else:
        parts = finding.numbers.by_experiment
        counts = ", ".join(f"{name} {claim.comparison.count(of)} of {len(of)}" for name, of in parts.items())
        share = f"{count / n:.1%}{interval_in_words(finding.share_interval, '.1%', ', ')}"
        by_experiment = f"; {counts}" if len(parts) > 1 else ""
        text = f"{criterion(claim)} in {count} of {n} {claim.draws} ({share}{by_experiment})"
        text += f"{'; so few decide nothing' if finding.verdict is UNDECIDED else claim.rules.remark(finding)}."
    return " ".join(filter(None, (text, claim.rules.reason(finding))))


def interval_in_words(ends, spec: str, before: str, after: str = "") -> str:
    """Write a 95 % interval; nothing if there is none."""
    low, high = ends
    return f"{before}95 % interval {low:{spec}} to {high:{spec}}{after}" if math.isfinite(low) else ""
