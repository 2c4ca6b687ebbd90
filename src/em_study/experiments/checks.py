"""Checks of an experiment that look at more than one key. They see every part that is right in itself."""

import os
from functools import lru_cache
from pathlib import Path

from em_study.data.formats import (
    POSTERIOR,
    PREDICTED_CLASS,
    PREDICTED_COMPONENT,
    TRUE_CLASS,
    WAS_MISSING,
    NoColumnsError,
    columns_of,
    ending_of,
    other_separator,
)
from em_study.data.settings import MAX_DRAWN_VALUES, CsvData, Data, Drawn, GaussianMixtureData, SklearnData
from em_study.evaluation.settings import Protocols, Published
from em_study.fits.available import implementation_file, implementations
from em_study.fits.settings import Fit
from em_study.settings import block, valid
from em_study.wording import as_placeholder, nearest
from emgmm import has_numba


def check_experiment(experiment: dict, path: tuple):
    """Yield (path, message) of each mistake in an experiment's block as read, which stands at `path`."""
    data, replicates = valid(Data, experiment.get("data")), experiment.get("replicates")
    fits = {name: valid(Fit, raw) for name, raw in block(experiment, "fits").items()}
    protocols = valid(Protocols, experiment.get("protocols"))
    yield from check_data(data, replicates if isinstance(replicates, int) else 1, path)
    yield from check_fits(fits, data, protocols, path)
    yield from _published(experiment.get("published"), fits, data, path)


def check_data(data: Data | None, replicates: int, path: tuple):
    """Yield (path, message) of each mistake in the data of an experiment; None are wrong in themselves."""
    if isinstance(data, CsvData):
        yield from _names_of_ours(data, (*path, "data", "features"))
        yield from _files(data, (*path, "data"))
    elif isinstance(data, GaussianMixtureData):
        yield from _size(data, replicates, path)
    if isinstance(data, Drawn) and data.holes:
        yield from _holes(data.holes, data.shape[1], (*path, "data", "holes"))


def check_fits(fits: dict[str, Fit | None], data: Data | None, protocols: Protocols | None, path: tuple):
    """Yield (path, message) of each mistake in fits beside their data; None are wrong in themselves."""
    for name, fit in fits.items():
        if fit is not None:
            yield from _fit(fit, data, (*path, "fits", name))
    if protocols is not None:
        yield from _protocols(protocols.fit, fits, path)
        yield from _implementation(protocols.implementation, (*path, "protocols"))
        if data is not None and data.incomplete:
            told = f"takes no missing values, which {_holes_of(data)} gives: must be null"
            yield (*path, "protocols"), f"{_named(protocols.implementation)} {told}"


def _names_of_ours(data, path):
    """Yield a mistake for each feature that is called like a column which the study writes beside the features."""
    for feature in data.features:
        other = feature.removesuffix(WAS_MISSING)
        if feature in (TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT) or feature.startswith(POSTERIOR):
            yield path, f"'{feature}' is what a column of the predictions is called: the file's needs another name"
        elif data.incomplete and other != feature and other in data.features:
            yield path, f"'{feature}' is what a column of the imputed rows is called: the file's needs another name"


def _files(data, path):
    for key, table in (("unlabeled", data.unlabeled), ("labeled", data.labeled)):
        if table is None:
            continue
        if table.target is not None and ending_of(table.place) == ".npy":
            yield (*path, key, "target"), "a .npy file has no column of classes, but x1, x2, ...: must be left out"
            continue
        if table.target in data.features:
            yield (*path, key, "target"), f"'{table.target}' is one of the features"
        if table.url:
            continue
        if wrong := as_placeholder(table.path):
            yield (*path, key, "path"), f"is '{table.path}': {wrong}"
            continue
        if not Path(table.path).is_file():
            yield (*path, key, "path"), f"there is no file '{table.path}' in {Path.cwd()}, where the run is"
            continue
        try:
            columns = columns_of(table.path)
        except NoColumnsError as error:
            columns = []
            if ending_of(table.path) != ".csv":  # of which the rule for the data tells more
                yield (*path, key, "path"), str(error)
        named = [*((f, (*path, "features")) for f in data.features), (table.target, (*path, key, "target"))]
        absent = [(wanted, place) for wanted, place in named if columns and wanted not in (None, *columns)]
        if absent and (mark := other_separator(columns)):
            yield (*path, key, "path"), f"{table.path} is separated by {mark}: its columns must be separated by commas"
            continue
        for wanted, place in absent:
            yield place, f"{table.path} has no column '{wanted}'{nearest(wanted, columns)}"


def _size(data, replicates, path):
    draws = 1 if data.same_rows else replicates
    values = draws * (data.n_rows + data.n_labeled) * data.shape[1]
    if values > MAX_DRAWN_VALUES:
        yield (
            (*path, "replicates"),
            f"replicates x rows x features is {values:,}; at most {MAX_DRAWN_VALUES:,} are allowed",
        )


def _holes(holes, n_features, path):
    if holes.mechanism == "mar" and n_features == 1:
        yield (*path, "mechanism"), "is mar, which needs a second feature: must be 'mcar'"
    if holes.mechanism == "mcar" and holes.keep_a_value and holes.fraction > (n_features - 1) / n_features:
        yield (
            (*path, "fraction"),
            f"is {holes.fraction:g}; where each row keeps a value, at most {n_features - 1}/{n_features} may go "
            "(keep_a_value: false lets it lose all)",
        )


def _implementation(name, path):
    if wrong := _wrong_implementation(name, os.getcwd()):
        yield (*path, "implementation"), wrong


@lru_cache  # every fit of every cell of a sweep asks
def _wrong_implementation(name, folder):
    """Say what is wrong with the name of an implementation, in the folder of the run; nothing if it is right."""
    file = implementation_file(name)
    if file is not None and not Path(file).is_file():
        return f"there is no file implementations/{name}.py{nearest(name, implementations())}"
    if file is None and Path(f"implementations/{name}.py").is_file():
        return f"is '{name}', which is built in: implementations/{name}.py needs another name to be used"
    return ""


def _named(implementation) -> str:
    return "scikit-learn" if implementation == "sklearn" else implementation


def _holes_of(data) -> str:
    return "data.missing: allow" if isinstance(data, CsvData) else "data.holes"


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
    if fit.max_iter == 0 and fit.n_init > 1:
        yield (*path, "n_init"), "starts alone (max_iter: 0) have no likelihood to choose by: must be 1"
    yield from _implementation(fit.implementation, path)
    if fit.implementation != "emgmm" and fit.semi_supervised == "clamped":
        yield (*path, "semi_supervised"), f"{_named(fit.implementation)} cannot clamp labels: must be 'init_only'"
    if fit.implementation == "sklearn" and fit.stopping != "sklearn" and not (data is not None and data.incomplete):
        yield (*path, "stopping"), "scikit-learn has its own stopping rule: must be 'sklearn'"
    for key, told in (("acceleration", "cannot be accelerated"), ("kernel", "has no kernel of ours")):
        standard = Fit.model_fields[key].default
        if fit.implementation != "emgmm" and getattr(fit, key) != standard:
            yield (*path, key), f"{_named(fit.implementation)} {told}: must be '{standard}'"
    if fit.kernel == "numba" and not has_numba():
        yield (*path, "kernel"), "needs numba, which is not installed (pip install numba): must be 'numpy'"
    if data is None:
        return
    if fit.kernel == "numba" and data.incomplete and fit.missing == "observed":
        told = f"goes through no missing values, which {_holes_of(data)} gives: must be 'numpy'"
        yield (*path, "kernel"), told
    if fit.implementation != "emgmm" and data.incomplete:
        told = f"{_named(fit.implementation)} takes no missing values, which {_holes_of(data)} gives: must be 'emgmm'"
        yield (*path, "implementation"), told
    if isinstance(data, CsvData):
        has_labels, n_classes, missing = data.labeled is not None, None, "data.labeled"
        if not has_labels and fit.n_components is None and data.unlabeled.target is None:
            yield (*path, "n_components"), "is required: without labels, the data do not tell the number of classes"
    elif isinstance(data, SklearnData):
        has_labels, n_classes = data.labeled_fraction > 0, data.shape[0]
        missing = "data.labeled_fraction above 0"
    else:
        has_labels, n_classes, missing = data.n_labeled > 0, data.shape[0], "data.n_labeled of at least 1"
    if fit.uses_labels and not has_labels:
        yield path, f"uses labels, but the data have no labeled rows; it needs {missing}"
    if fit.uses_labels and n_classes and fit.n_components not in (None, n_classes):
        yield (*path, "n_components"), f"must be the number of classes, {n_classes}, in a fit that uses labels"


def _protocols(name, fits, path):
    here, fit = (*path, "protocols", "fit"), fits.get(name)
    if name not in fits:
        yield here, f"there is no fit '{name}'. Allowed: {', '.join(fits) or 'none'}"
    elif fit is not None and fit.semi_supervised == "clamped":
        yield here, f"'{name}' is clamped, which scikit-learn cannot do: must be another fit"
    elif fit is not None and fit.acceleration != "none":
        yield here, f"'{name}' is accelerated, and takes other steps than scikit-learn can: must be another fit"
    elif fit is not None and fit.max_iter == 0:
        yield here, f"'{name}' is a start alone (max_iter: 0): must be another fit"


def _published(published, fits, data, path):
    for name, components in published.items() if isinstance(published, dict) else ():
        here = (*path, "published", name)
        if name not in fits:
            yield here, f"there is no fit '{name}'{nearest(name, fits)}"
        if data is None or not isinstance(components, list):
            continue
        for printed in filter(None, (valid(Published, raw) for raw in components)):
            n_given = {len(printed.mean), len(printed.standard_deviation or printed.mean)}
            if n_given != {data.shape[1]}:
                numbers = " and ".join(map(str, sorted(n_given)))
                yield here, f"has {numbers} numbers a component for {data.shape[1]} features; null removes it"
                break
