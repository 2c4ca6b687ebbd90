"""Checks that look at more than one key. They see every part that is right in itself, even if others are not."""

import csv
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from study.configuration.schema import MAX_DRAWN_VALUES, CsvData, Data, Fit
from study.configuration.wording import nearest


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
    for name, experiment in experiments.items() if isinstance(experiments, dict) else ():
        if not isinstance(experiment, dict):
            continue
        path = ("experiments", name)
        data = _valid(Data, experiment.get("data"))
        raw_fits = experiment.get("fits")
        raw_fits = raw_fits if isinstance(raw_fits, dict) else {}
        if isinstance(data, CsvData):
            yield from _files(data, (*path, "data"))
        elif data is not None:
            yield from _size(data, experiment.get("replicates"), path)
        for fit_name, raw_fit in raw_fits.items():
            fit = _valid(Fit, raw_fit)
            if fit is not None:
                yield from _fit(fit, data, (*path, "fits", fit_name))
        yield from _protocols(experiment.get("protocols"), raw_fits, path)


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
    values = replicates * (data.n_unlabeled + data.n_labeled) * len(data.means[0])
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
    if data is None:
        return
    is_csv = isinstance(data, CsvData)
    has_labels = data.labeled is not None if is_csv else data.n_labeled > 0
    if fit.uses_labels and not has_labels:
        missing = "data.labeled" if is_csv else "data.n_labeled of at least 1"
        yield path, f"uses labels, but the data have no labeled rows; it needs {missing}"
    if is_csv and not has_labels and fit.n_components is None and data.unlabeled.target is None:
        yield (
            (*path, "n_components"),
            "is required: without labels, the data do not tell the number of classes",
        )
    if not is_csv and fit.uses_labels and fit.n_components not in (None, len(data.weights)):
        yield (
            (*path, "n_components"),
            f"must be the number of classes, {len(data.weights)}, in a fit that uses labels",
        )


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
