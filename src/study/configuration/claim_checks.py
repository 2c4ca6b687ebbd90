"""Checks of a claim: the numbers that it names are there to be looked up."""

from string import Formatter

from study.configuration.schema import Claim, Study
from study.configuration.vocabulary import Vocabulary
from study.configuration.wording import nearest


def check_claim(claim: Claim, path: tuple, vocabulary: Vocabulary):
    """Yield (path, message) of each name in a claim that no table has, and each placeholder for no number."""
    allowed = {"protocol": list(vocabulary.protocols), "measurement": list(vocabulary.measurements)}
    for below, selection in _selections(claim).items():
        here = (*path, *below)
        columns = vocabulary.columns[selection.table]
        if selection.quantity not in columns:
            yield (
                (*here, "quantity"),
                f"table {selection.table} has no column '{selection.quantity}'" + nearest(selection.quantity, columns),
            )
        for key, conditions in (("where", selection.where), ("over", selection.over or {})):
            for column, value in conditions.items():
                if column not in columns:
                    yield (*here, key, column), f"table {selection.table} has no such column{nearest(column, columns)}"
                elif column in allowed and value not in allowed[column]:
                    yield (*here, key, column), f"there is no '{value}' here{nearest(value, allowed[column])}"
    names = {"observed", "low", "high", "n", *(key + end for key in claim.evidence for end in ("", "_low", "_high"))}
    try:
        text = claim.explanation + (claim.explanation_of_one or "")
        used = [(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None]
        for name, spec in used:
            if name not in names:
                yield (*path, "explanation"), f"{{{name}}} stands for no number{nearest(name, sorted(names))}"
            else:
                format(1.0, spec)
    except ValueError as error:
        yield (*path, "explanation"), f"cannot be filled in ({error})"


def absent_names(study: Study, gone: set[tuple]):
    """Yield (path, message) of each experiment or fit that a claim names and that was never there.

    Parameters
    ----------
    study : Study
    gone : set of paths
        What was there and is not.
    """
    for name, claim in study.claims.items():
        for below, selection in _selections(claim).items():
            experiment = selection.experiment or selection.where.get("experiment") or claim.experiment
            if experiment is None or ("experiments", experiment) in gone:
                continue
            here = ("claims", name, *below)
            if experiment not in study.experiments:
                options = nearest(experiment, list(study.experiments))
                yield (*here, "experiment"), f"there is no experiment '{experiment}'{options}"
                continue
            fits = study.experiments[experiment].fits
            for key, conditions in (("where", selection.where), ("over", selection.over or {})):
                fit = conditions.get("fit", "")
                if fit not in (*fits, "") and ("experiments", experiment, "fits", fit) not in gone:
                    yield (*here, key, "fit"), f"experiment {experiment} has no fit '{fit}'{nearest(fit, list(fits))}"


def _selections(claim: Claim) -> dict:
    """Collect the selections of a claim, by where they stand below it."""
    found = {(): claim, ("because",): claim.because}
    found |= {("evidence", name): selection for name, selection in claim.evidence.items()}
    return {below: selection for below, selection in found.items() if selection is not None}
