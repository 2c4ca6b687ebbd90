"""Checks that look at more than one key. They see every part that is right in itself, even if others are not."""

import csv
import math
from pathlib import Path
from string import Formatter

from pydantic import TypeAdapter, ValidationError

from study.configuration.cells import grid, with_values
from study.configuration.problems import Problem, problem_of
from study.configuration.schema import (
    MAX_DRAWN_VALUES,
    Claim,
    CsvData,
    Data,
    Experiment,
    Fit,
    GaussianMixtureData,
    SklearnData,
    Sweep,
)
from study.configuration.wording import nearest, shown
from study.dictionary import COLUMNS, MEASUREMENTS, NUMERIC_QUANTITIES
from study.protocols import LADDER

MAX_CELL_PROBLEMS = 5  # of a sweep; more tell nothing new
SKLEARN_CLASSES = {"iris": 3, "wine": 3, "breast_cancer": 2}


def cross_checks(values):
    """Check keys against each other.

    Parameters
    ----------
    values : dict
        The configuration as read; it may hold mistakes of any kind.

    Yields
    ------
    path : tuple
        The key to change.
    message : str
    """
    experiments = values.get("experiments")
    experiments = experiments if isinstance(experiments, dict) else {}
    for name, experiment in experiments.items():
        if isinstance(experiment, dict):
            yield from _experiment(experiment, ("experiments", name))
    for name, raw_sweep in _block(values, "sweeps").items():
        sweep = _valid(Sweep, raw_sweep)
        if sweep:
            yield from _sweep(sweep, experiments, ("sweeps", name))
    for name, raw_claim in _block(values, "claims").items():
        claim = _valid(Claim, raw_claim)
        if claim:
            yield from _claim(claim, ("claims", name))


def _block(values, key):
    return values[key] if isinstance(values.get(key), dict) else {}


def _experiment(experiment, path):
    data = _valid(Data, experiment.get("data"))
    raw_fits = _block(experiment, "fits")
    if isinstance(data, CsvData):
        yield from _files(data, (*path, "data"))
    elif isinstance(data, GaussianMixtureData):
        yield from _size(data, experiment.get("replicates"), path)
    for fit_name, raw_fit in raw_fits.items():
        fit = _valid(Fit, raw_fit)
        if fit is not None:
            yield from _fit(fit, data, (*path, "fits", fit_name))
    yield from _protocols(experiment.get("protocols"), raw_fits, path)
    yield from _published(experiment.get("published"), raw_fits, path)


def _valid(kind, raw):
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError:
        return None  # told of elsewhere


def _files(data, path):
    for key, table in (("unlabeled", data.unlabeled), ("labeled", data.labeled)):
        if table is None:
            continue
        if table.target in data.features:
            yield (*path, key, "target"), f"'{table.target}' is one of the features"
        if table.url:
            continue
        if not Path(table.path).is_file():
            yield (*path, key, "path"), f"there is no file '{table.path}'"
            continue
        columns = _columns(table.path)
        for wanted, place in [
            *((f, (*path, "features")) for f in data.features),
            (table.target, (*path, key, "target")),
        ]:
            if columns and wanted is not None and wanted not in columns:
                yield place, f"{table.path} has no column '{wanted}'{nearest(wanted, columns)}"


def _columns(path):
    """Names in the header of a CSV file; none if it cannot be read, which the rule for the data tells."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _size(data, replicates, path):
    replicates = replicates if isinstance(replicates, int) else 1
    draws = 1 if data.shared else replicates
    values = draws * (data.n_rows + data.n_labeled) * data.shape[1]
    if values > MAX_DRAWN_VALUES:
        yield (
            (*path, "replicates"),
            f"replicates x rows x features is {values:,}; at most {MAX_DRAWN_VALUES:,} are allowed",
        )


def _fit(fit, data, path):
    if fit.initialization == "labels" and fit.semi_supervised == "none":
        yield (
            (*path, "semi_supervised"),
            "a fit that starts from labels is semi-supervised: must be 'init_only' or 'clamped'",
        )
    if fit.semi_supervised == "init_only" and fit.initialization != "labels":
        yield (
            (*path, "initialization"),
            "semi_supervised: init_only takes its start from the labels: must be 'labels'",
        )
    if fit.initialization == "labels" and fit.n_init > 1:
        yield (*path, "n_init"), "a start from labels is always the same: must be 1"
    if fit.implementation == "sklearn" and fit.semi_supervised == "clamped":
        yield (
            (*path, "semi_supervised"),
            "scikit-learn cannot clamp labels: must be 'init_only'",
        )
    if fit.implementation == "sklearn" and fit.stopping != "sklearn":
        yield (*path, "stopping"), "scikit-learn has its own stopping rule: must be 'sklearn'"
    if data is None:
        return
    if isinstance(data, CsvData):
        has_labels, n_classes, missing = data.labeled is not None, None, "data.labeled"
        if not has_labels and fit.n_components is None and data.unlabeled.target is None:
            yield (*path, "n_components"), "is required: without labels, the data do not tell the number of classes"
    elif isinstance(data, SklearnData):
        has_labels, n_classes, missing = True, SKLEARN_CLASSES[data.dataset], ""
    else:
        has_labels, n_classes, missing = data.n_labeled > 0, data.shape[0], "data.n_labeled of at least 1"
    if fit.uses_labels and not has_labels:
        yield path, f"uses labels, but the data have no labeled rows; it needs {missing}"
    if fit.uses_labels and n_classes and fit.n_components not in (None, n_classes):
        yield (*path, "n_components"), f"must be the number of classes, {n_classes}, in a fit that uses labels"


def _protocols(protocols, raw_fits, path):
    name = protocols.get("fit") if isinstance(protocols, dict) else None
    if not isinstance(name, str):
        return
    if name not in raw_fits:
        yield (
            (*path, "protocols", "fit"),
            f"there is no fit '{name}'. Allowed: {', '.join(raw_fits) or 'none'}",
        )
    elif isinstance(raw_fits[name], dict) and raw_fits[name].get("semi_supervised") == "clamped":
        yield (
            (*path, "protocols", "fit"),
            f"'{name}' is clamped, which scikit-learn cannot do: must be another fit",
        )


def _published(published, raw_fits, path):
    for name in published if isinstance(published, dict) else ():
        if name not in raw_fits:
            yield (*path, "published", name), f"there is no fit '{name}'{nearest(name, raw_fits)}"


def _sweep(sweep, experiments, path):
    if path[-1] in experiments:
        yield path, "is the name of an experiment too: their figures would share a folder"
    if path[-1].endswith("_summary"):
        yield path, "a name must not end in _summary, which the summary's file does"
    raw = experiments.get(sweep.experiment)
    if raw is None:
        yield (
            (*path, "experiment"),
            f"there is no experiment '{sweep.experiment}'{nearest(sweep.experiment, experiments)}",
        )
    experiment = _valid(Experiment, raw)
    if experiment is None:
        return  # told of elsewhere
    yield from _sweep_names(sweep, experiment, path)
    for key, values in sweep.vary.items():
        parts = key.split(".")
        if parts[0] == "fits" and len(parts) > 1 and parts[1] not in experiment.fits:
            yield (*path, "vary", key), f"there is no fit '{parts[1]}'{nearest(parts[1], experiment.fits)}"
            return
        if parts[0] not in ("data", "fits", "protocols"):
            yield (*path, "vary", key), "must be a key below data, fits or protocols"
            return
        if any(other != key and key.startswith(f"{other}.") for other in sweep.vary):
            yield (*path, "vary", key), "is part of another varied key"
            return
        if any(value in values[:i] for i, value in enumerate(values)):
            yield (*path, "vary", key), f"a value stands twice in {shown(values)}"
    lengths = {key: len(values) for key, values in sweep.vary.items()}
    if sweep.zip and len(set(lengths.values())) > 1:
        yield (*path, "zip"), f"takes values together, so their numbers must be the same; they are {lengths}"
        return
    n_cells = min(lengths.values()) if sweep.zip else math.prod(lengths.values())
    if n_cells > sweep.max_cells:
        yield (*path, "max_cells"), f"the sweep has {n_cells:,} cells; at most {sweep.max_cells:,} are allowed here"
        return
    base, told = experiment.model_dump() | {"replicates": sweep.replicates}, set()
    for values in grid(sweep):
        cell = with_values(base, values)
        try:
            Experiment.model_validate(cell)
            problems = [Problem(*problem) for problem in _experiment(cell, ("experiments", sweep.experiment))]
        except ValidationError as error:
            below = ("experiments", sweep.experiment)
            problems = [problem_of(detail, below) for detail in error.errors(include_url=False)]
        for problem in problems:
            key = next((key for key in values if _touches(key, problem.path[2:])), next(iter(values)))
            if (key, problem.message) not in told:
                told.add((key, problem.message))
                text = ", ".join(f"{name}: {shown(value)}" for name, value in values.items())
                yield (
                    (*path, "vary", key),
                    f"in the cell {text}: {'.'.join(map(str, problem.path[2:]))}: {problem.message}",
                )
        if len(told) >= MAX_CELL_PROBLEMS:
            return


def _touches(key, place):
    parts = tuple(key.split("."))
    shared = min(len(parts), len(place))
    return parts[:shared] == tuple(map(str, place))[:shared]


def _sweep_names(sweep, experiment, path):
    for name in sweep.fits or []:
        if name not in experiment.fits:
            yield (*path, "fits"), f"there is no fit '{name}'{nearest(name, experiment.fits)}"
    for name in sweep.protocols or []:
        if name not in LADDER:
            yield (*path, "protocols"), f"there is no protocol '{name}'{nearest(name, LADDER)}"
    if sweep.protocols and experiment.protocols is None:
        yield (*path, "protocols"), f"experiment {sweep.experiment} has no protocols: it is not compared"
    figure = sweep.figure
    if figure is None:
        return
    varied = list(sweep.vary)
    kinds = {
        "x": varied,
        "panels": varied,
        "color": varied if figure.kind == "heatmap" else [*varied, "fit", "protocol"],
    }
    for key, allowed in kinds.items():
        value = getattr(figure, key)
        if value is not None and value not in allowed:
            yield (*path, "figure", key), f"is '{value}'{nearest(value, allowed)}"
    if figure.kind == "heatmap" and figure.color is None:
        yield (*path, "figure", "color"), "is required for a heatmap: the key on its vertical axis"
    for value in [figure.y] if isinstance(figure.y, str) else figure.y:
        compared = value in COLUMNS["agreement"] and value not in COLUMNS["fits"]
        if value not in NUMERIC_QUANTITIES:
            yield (*path, "figure", "y"), f"is '{value}'{nearest(value, NUMERIC_QUANTITIES)}"
        elif compared and (experiment.protocols is None or sweep.protocols == []):
            yield (*path, "figure", "y"), f"is '{value}', but nothing is compared: protocols is empty, or missing"
        elif figure.color == "protocol" and not compared:
            yield (*path, "figure", "color"), f"is protocol, which does not tell '{value}' apart"
    for column in figure.where:
        if column not in (allowed := [*varied, "fit", "protocol"]):
            yield (*path, "figure", "where", column), f"is no column to choose by{nearest(column, allowed)}"
    chosen = {
        "fit": sweep.fits or list(experiment.fits),
        "protocol": list(LADDER) if sweep.protocols is None else sweep.protocols,
    }
    for column, value in figure.where.items():
        allowed = chosen.get(column, sweep.vary.get(column, [value]))
        if value not in allowed:
            yield (*path, "figure", "where", column), f"is {shown(value)}{nearest(value, [str(a) for a in allowed])}"


def _claim(claim, path):
    selections = {(): claim, ("because",): claim.because}
    selections |= {("evidence", name): found for name, found in claim.evidence.items()}
    allowed = {"protocol": list(LADDER), "measurement": list(MEASUREMENTS)}
    for below, selection in selections.items():
        if selection is None:
            continue
        here = (*path, *below)
        columns = COLUMNS[selection.table]
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
