"""Checks of a claim: that the numbers which it names exist."""

import re

from em_study.claims.settings import Claim, Selection
from em_study.columns import COLUMNS, SWEEP_COLUMNS, TEXT_COLUMNS, as_released
from em_study.data.settings import Data
from em_study.data.source import Source
from em_study.evaluation.measurements import QUANTITIES
from em_study.evaluation.protocols import PROTOCOLS, RELEASED
from em_study.evaluation.settings import Protocols
from em_study.fits.available import implementations
from em_study.settings import block, valid
from em_study.wording import nearest, placeholders

OBSERVED = ("observed", "mcse", "low", "high", "share", "count", "n", "failed")
OWN = "own"  # on the source's own data
OF_EVIDENCE = ("", "_low", "_high", "_n", "_count", "_share")
COUNTED = ("_count", "_share")  # these need a relation
MOST_WORDS = 25  # of a headline
CONDITIONS = ("where", "over", "minus")
PARAMETERS = ("weight", "mean[feature]", "standard_deviation[feature]", "covariance[feature,feature]")
PARAMETER = re.compile(r"(mean|standard_deviation|covariance)\[(.+)\]", re.DOTALL)
PLACEHOLDER = re.compile(r"\{[^}]*\}")


def check_names(claim: Claim, path: tuple, experiments: dict, sweeps: dict, gone):
    """Yield (path, message) for each name in a claim that does not exist.

    Parameters
    ----------
    claim : Claim
    path : tuple
        Its place in the configuration.
    experiments, sweeps : dict
        Of the study, as read.
    gone : set of paths
        Removed because of other errors: these are not reported again.
    """
    allowed = {"protocol": [*PROTOCOLS, RELEASED], "measurement": list(QUANTITIES)}
    for below, selection in claim.selections.items():
        here = (*path, *below)
        columns = _columns(selection, sweeps)
        if selection.quantity in TEXT_COLUMNS:
            yield (*here, "quantity"), f"is '{selection.quantity}', a column of text: name a column of numbers"
        elif selection.quantity not in columns:
            yield (
                (*here, "quantity"),
                f"table {selection.table} has no column '{selection.quantity}'" + nearest(selection.quantity, columns),
            )
        if selection.table == "measurements" and "measurement" not in selection.where:
            options = ", ".join(QUANTITIES)
            yield (*here, "where"), f"needs the key measurement, the name of a measurement. Allowed: {options}"
        for (key, column), value in _conditions(selection):
            if column not in columns:
                yield (*here, key, column), f"table {selection.table} has no such column{nearest(column, columns)}"
            elif column in allowed and value not in (*allowed[column], ""):
                yield (*here, key, column), f"there is no {column} '{value}'{nearest(value, allowed[column])}"
        for key, message in _absent(selection, claim, experiments, sweeps, gone):
            yield (*here, *key), message


def _conditions(selection: Selection):
    """List the conditions on columns: the keys of each, and its value."""
    blocks = {key: getattr(selection, key) or {} for key in CONDITIONS}
    return [((key, column), value) for key, block in blocks.items() for column, value in block.items()]


def _absent(selection: Selection, claim: Claim, experiments: dict, sweeps: dict, gone):
    """Yield keys and message for each experiment, sweep, fit or parameter of a selection that does not exist."""
    name = selection.about(claim.experiment)
    if selection.sweep is not None:
        if selection.sweep not in sweeps and ("sweeps", selection.sweep) not in gone:
            yield ("table",), f"there is no sweep '{selection.sweep}'{nearest(selection.sweep, list(sweeps))}"
        name = block(sweeps, selection.sweep).get("experiment")
    elif name is not None and name not in experiments and ("experiments", name) not in gone:
        yield ("experiment",), f"there is no experiment '{name}'{nearest(name, list(experiments))}"
    if not isinstance(name, str) or name not in experiments:
        return
    if selection.table == "agreement":
        yield from _of_implementations(selection, name, block(experiments, name), gone)
    fits = [*block(block(experiments, name), "fits")]
    if selection.table == "measurements":
        released = block(block(experiments, name), "released")
        fits += [as_released(package) for package in block(released, "packages")]
    for keys, value in _conditions(selection):
        if keys[1] == "fit" and value not in (*fits, "") and ("experiments", name, "fits", value) not in gone:
            yield keys, f"experiment {name} has no fit '{value}'{nearest(value, fits)}"
        if keys[1] == "parameter" and selection.table == "parameters":
            data = valid(Data, block(experiments, name).get("data"))
            if data and (wrong := numbered(str(value), data)[1]):
                yield keys, wrong


def _of_implementations(selection: Selection, name: str, experiment: dict, gone):
    """Yield what is wrong with the implementation that numbers of agreement.csv are of.

    An overlay may compare other implementations, or leave packages out: their numbers are then missing.
    """
    compared = valid(Protocols, experiment.get("protocols"))
    released = block(experiment, "released").get("packages")
    released = [as_released(str(package)) for package in released] if isinstance(released, dict) else []
    names = [*(compared.implementations if compared else ()), *released]
    for keys, value in _conditions(selection):
        package = ("experiments", name, "released", "packages", str(value).removeprefix(as_released("")))
        known = value in implementations() or any(package[:length] in gone for length in (3, 5))
        if keys[1] == "implementation" and names and value not in names and not known:
            yield keys, f"there is no implementation '{value}' here{nearest(str(value), names)}"
    if len(names) > 1 and "implementation" not in selection.where and selection.each_draw is None:
        yield ("where",), f"needs implementation, for several are compared: {', '.join(names)}; or each_draw"


def check_claim(claim: Claim, path: tuple):
    """Yield (path, message) for keys of a claim that contradict each other, and for placeholders without a number."""
    for below, selection in claim.selections.items():
        if selection.among is not None and not _same_replicates(selection, selection.among):
            message = f"is {selection.among.table}, which does not have the replicates of {selection.table}"
            yield (*path, *below, "among", "table"), message
    for key, message in claim.rules.problems(claim):
        yield (*path, key), message
    names = {*OBSERVED, OWN, f"{OWN}_n", *(f"{OWN}_{key}" for key in claim.evidence)}
    for key, evidence in claim.evidence.items():
        if key in OBSERVED:
            yield (*path, "evidence", key), "is the name of one of the claim's own numbers: use another name"
        names |= {key + end for end in OF_EVIDENCE if evidence.relation or end not in COUNTED}
    for sentence in claim.explanation:
        yield from (((*path, "explanation"), message) for message in _problems_of(sentence, names))
    if claim.headline is not None:
        yield from (((*path, "headline"), message) for message in _problems_of(claim.headline, names))
        words = PLACEHOLDER.sub("1", claim.headline).split()
        if len(words) > MOST_WORDS:
            yield (*path, "headline"), f"must have at most {MOST_WORDS} words, has {len(words)}"
        if found := next((word for word in words if "_" in word), None):
            yield (*path, "headline"), f"must not contain names of code, got '{found}'"


def _problems_of(sentence: str, names: set):
    """Yield the problems of the placeholders of a sentence."""
    try:
        for name, spec in placeholders(sentence):
            if name not in names:
                yield f"{{{name}}} stands for no number{nearest(name, sorted(names))}"
            else:
                format(1.0, spec)
    except ValueError as error:
        yield f"'{sentence}' cannot be filled in ({error})"


def _same_replicates(one: Selection, other: Selection) -> bool:
    """Whether the same columns identify the replicates of two tables."""
    return one.table == other.table or {one.table, other.table} <= {"fits", "estimates", "agreement", "measurements"}


def _columns(selection: Selection, sweeps: dict):
    """List the columns of a table; for a sweep that does not exist, which is reported elsewhere, all names used."""
    if selection.sweep is None:
        return COLUMNS[selection.table]
    sweep = sweeps[selection.sweep] if isinstance(sweeps.get(selection.sweep), dict) else {}
    vary, measurements = sweep.get("vary"), sweep.get("measurements", [])
    named = [*selection.where, *(selection.over or {}), *(selection.minus or {}), selection.quantity]
    if not isinstance(vary, dict) or not isinstance(measurements, list):
        return named
    return [*vary, *SWEEP_COLUMNS, *measurements]


def numbered(parameter: str, data: Source) -> tuple[str, str]:
    """Name a parameter by the numbers of its features, as in parameters.csv, and describe the problem, if any.

    Parameters
    ----------
    parameter : str
        As `mean[body_mass_g]`, `mean[3]` or `covariance[0,body_mass_g]`.
    data : Source
    """
    if parameter == "weight":
        return parameter, ""
    kind, inside = found.groups() if (found := PARAMETER.fullmatch(parameter)) else ("", "")
    ways = [(inside,)] if kind else []
    if kind == "covariance":  # a name may have a comma
        ways = [(inside[: at.start()], inside[at.end() :].strip()) for at in re.finditer(",", inside)]
    if not ways:
        return parameter, f"is not a parameter. Allowed: {', '.join(PARAMETERS)}"
    names = {str(d): str(d) for d in range(data.shape[1])}
    if not any(names.keys() >= {*way} for way in ways):
        names = {name: str(d) for d, name in enumerate(data.feature_names)} | names
    for way in ways:
        if names.keys() >= {*way}:
            return f"{kind}[{','.join(names[part] for part in way)}]", ""
    wrong = next(part for part in ways[0] if part not in names)
    return parameter, f"there is no feature '{wrong}'{nearest(wrong, data.feature_names)}, or its number"


def with_numbers(raw, experiments: dict, experiment=None):
    """Copy a claim as read, or a selection in it, with its parameters `numbered`; invalid ones are left unchanged."""
    if not isinstance(raw, dict):
        return raw
    own = block(raw, "where").get("experiment") or raw.get("experiment")
    experiment = own if isinstance(own, str) else experiment
    found = {key: with_numbers(below, experiments, experiment) for key, below in raw.items()}
    data = valid(Data, block(experiments, experiment).get("data")) if raw.get("table") == "parameters" else None
    for key in CONDITIONS if data else ():
        if "parameter" in block(raw, key):
            found[key] = found[key] | {"parameter": numbered(str(found[key]["parameter"]), data)[0]}
    return found


def sweeps_of(study) -> list[str]:
    """Name the sweeps of the study that a claim reads, in the study's order."""
    claims = [claim for claim in study.claims.values() if isinstance(claim, Claim)]
    read = {selection.sweep for claim in claims for selection in claim.selections.values()}
    return [name for name in study.sweeps if name in read]
