"""Checks of a claim: the numbers that it names are there to be looked up."""

import re

from em_study.claims.settings import Claim, Selection
from em_study.columns import COLUMNS, SWEEP_COLUMNS, TEXT_COLUMNS
from em_study.evaluation.measurements import QUANTITIES
from em_study.evaluation.protocols import PROTOCOLS
from em_study.wording import nearest, placeholders

OBSERVED = ("observed", "mcse", "low", "high", "share", "count", "n", "failed")
OWN = "own"  # on the source's own data
OF_EVIDENCE = ("", "_low", "_high", "_n", "_count", "_share")
COUNTED = ("_count", "_share")  # these need a relation
MOST_WORDS = 25  # of a headline
PLACEHOLDER = re.compile(r"\{[^}]*\}")


def check_claim(claim: Claim, path: tuple, sweeps: dict):
    """Yield (path, message) of each name in a claim that no table has, and each placeholder for no number."""
    allowed = {"protocol": list(PROTOCOLS), "measurement": list(QUANTITIES)}
    for below, selection in claim.selections.items():
        here = (*path, *below)
        columns = _columns(selection, sweeps)
        if selection.quantity in TEXT_COLUMNS:
            yield (*here, "quantity"), f"is '{selection.quantity}', which is no column of numbers"
        elif selection.quantity not in columns:
            yield (
                (*here, "quantity"),
                f"table {selection.table} has no column '{selection.quantity}'" + nearest(selection.quantity, columns),
            )
        if selection.table == "measurements" and "measurement" not in selection.where:
            options = ", ".join(QUANTITIES)
            yield (*here, "where"), f"needs measurement: which of them the numbers are. Allowed: {options}"
        for key in ("where", "over", "minus"):
            for column, value in (getattr(selection, key) or {}).items():
                if column not in columns:
                    yield (*here, key, column), f"table {selection.table} has no such column{nearest(column, columns)}"
                elif column in allowed and value not in (*allowed[column], ""):
                    yield (*here, key, column), f"there is no '{value}' here{nearest(value, allowed[column])}"
        if selection.among is not None and not _same_draws(selection, selection.among):
            told = f"is {selection.among.table}, which does not have the draws of {selection.table}"
            yield (*here, "among", "table"), told
    for key, message in claim.rules.problems(claim):
        yield (*path, key), message
    names = {*OBSERVED, OWN, f"{OWN}_n", *(f"{OWN}_{key}" for key in claim.evidence)}
    for key, evidence in claim.evidence.items():
        if key in OBSERVED:
            yield (*path, "evidence", key), "is the name of a number of the claim itself; take another"
        names |= {key + end for end in OF_EVIDENCE if evidence.relation or end not in COUNTED}
    for sentence in claim.explanation:
        yield from (((*path, "explanation"), message) for message in _problems_of(sentence, names))
    if claim.headline is not None:
        yield from (((*path, "headline"), message) for message in _problems_of(claim.headline, names))
        words = PLACEHOLDER.sub("1", claim.headline).split()
        if len(words) > MOST_WORDS:
            yield (*path, "headline"), f"must have at most {MOST_WORDS} words, has {len(words)}"
        if found := next((word for word in words if "_" in word), None):
            yield (*path, "headline"), f"is for readers, who do not know the name '{found}'"


def _problems_of(sentence: str, names: set):
    """Yield what is wrong with the placeholders of a sentence."""
    try:
        for name, spec in placeholders(sentence):
            if name not in names:
                yield f"{{{name}}} stands for no number{nearest(name, sorted(names))}"
            else:
                format(1.0, spec)
    except ValueError as error:
        yield f"'{sentence}' cannot be filled in ({error})"


def _same_draws(one: Selection, other: Selection) -> bool:
    """Tell whether two tables tell draws apart by the same columns."""
    return one.table == other.table or {one.table, other.table} <= {"fits", "estimates", "agreement", "measurements"}


def _columns(selection: Selection, sweeps: dict):
    """List the columns of a table. Of a sweep that is not there, every name may be one: it is told of elsewhere."""
    if selection.sweep is None:
        return COLUMNS[selection.table]
    sweep = sweeps[selection.sweep] if isinstance(sweeps.get(selection.sweep), dict) else {}
    vary, measurements = sweep.get("vary"), sweep.get("measurements", [])
    named = [*selection.where, *(selection.over or {}), *(selection.minus or {}), selection.quantity]
    if not isinstance(vary, dict) or not isinstance(measurements, list):
        return named
    return [*vary, *SWEEP_COLUMNS, *measurements]


def absent_names(study, gone: set[tuple]):
    """Yield (path, message) of each experiment, fit or sweep that a claim names and that was never there.

    Parameters
    ----------
    study : Study
    gone : set of paths
        What was there and is not.
    """
    for name, claim in study.claims.items():
        for below, selection in claim.selections.items() if isinstance(claim, Claim) else ():
            here = ("claims", name, *below)
            if selection.sweep is not None and selection.sweep not in study.sweeps:
                if ("sweeps", selection.sweep) not in gone:
                    options = nearest(selection.sweep, list(study.sweeps))
                    yield (*here, "table"), f"there is no sweep '{selection.sweep}'{options}"
                continue
            experiment = selection.about(claim.experiment)
            if selection.sweep is not None:
                experiment = study.sweeps[selection.sweep].experiment
            if experiment is None or ("experiments", experiment) in gone:
                continue
            if experiment not in study.experiments:
                options = nearest(experiment, list(study.experiments))
                yield (*here, "experiment"), f"there is no experiment '{experiment}'{options}"
                continue
            fits = study.experiments[experiment].fits
            for key in ("where", "over", "minus"):
                fit = (getattr(selection, key) or {}).get("fit", "")
                if fit not in (*fits, "") and ("experiments", experiment, "fits", fit) not in gone:
                    yield (*here, key, "fit"), f"experiment {experiment} has no fit '{fit}'{nearest(fit, list(fits))}"


def sweeps_of(study) -> list[str]:
    """Name the sweeps of the study that a claim reads, in the study's order."""
    claims = [claim for claim in study.claims.values() if isinstance(claim, Claim)]
    read = {selection.sweep for claim in claims for selection in claim.selections.values()}
    return [name for name in study.sweeps if name in read]
