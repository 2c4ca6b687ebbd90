"""Checks of an experiment that look at more than one key. They see every part that is right in itself."""

import os
from functools import lru_cache
from pathlib import Path

from em_study.data.settings import Data
from em_study.data.source import Source
from em_study.evaluation.settings import Protocols, Published
from em_study.fits.available import implementation_file, implementations
from em_study.fits.settings import Fit
from em_study.problems import broken
from em_study.settings import block, valid
from em_study.wording import nearest
from emgmm import has_numba

# Rules for a fit: when each is broken, by which key, and what is said.
FIT = (
    (
        lambda fit, incomplete: fit.initialization == "labels" and fit.semi_supervised == "none",
        ("semi_supervised",),
        "a fit that starts from labels is semi-supervised: must be 'init_only' or 'clamped'",
    ),
    (
        lambda fit, incomplete: fit.semi_supervised == "init_only" and fit.initialization != "labels",
        ("initialization",),
        "semi_supervised: init_only takes its start from the labels: must be 'labels'",
    ),
    (
        lambda fit, incomplete: fit.initialization == "labels" and fit.n_init > 1,
        ("n_init",),
        "a start from labels is always the same: must be 1",
    ),
    (
        lambda fit, incomplete: fit.max_iter == 0 and fit.n_init > 1,
        ("n_init",),
        "starts alone (max_iter: 0) have no likelihood to choose by: must be 1",
    ),
    (lambda fit, incomplete: _wrong_implementation(fit), ("implementation",), "{wrong}"),
    (
        lambda fit, incomplete: fit.implementation != "emgmm" and fit.semi_supervised == "clamped",
        ("semi_supervised",),
        "{name} cannot clamp labels: must be 'init_only'",
    ),
    (
        lambda fit, incomplete: fit.implementation == "sklearn" and fit.stopping != "sklearn" and not incomplete,
        ("stopping",),
        "scikit-learn has its own stopping rule: must be 'sklearn'",
    ),
    (
        lambda fit, incomplete: fit.implementation != "emgmm" and fit.acceleration != "none",
        ("acceleration",),
        "{name} cannot be accelerated: must be 'none'",
    ),
    (
        lambda fit, incomplete: fit.implementation != "emgmm" and fit.kernel != "numpy",
        ("kernel",),
        "{name} has no kernel of ours: must be 'numpy'",
    ),
    (
        lambda fit, incomplete: fit.kernel == "numba" and not has_numba(),
        ("kernel",),
        "needs numba, which is not installed (pip install numba): must be 'numpy'",
    ),
)
# Likewise for a fit and its data.
FIT_OF_DATA = (
    (
        lambda fit, data: fit.kernel == "numba" and data.incomplete and fit.missing == "observed",
        ("kernel",),
        "goes through no missing values, which {data.missing_by} gives: must be 'numpy'",
    ),
    (
        lambda fit, data: fit.implementation != "emgmm" and data.incomplete,
        ("implementation",),
        "{name} takes no missing values, which {data.missing_by} gives: must be 'emgmm'",
    ),
    (
        lambda fit, data: fit.n_components is None and not data.knows_classes,
        ("n_components",),
        "is required: without labels, the data do not tell the number of classes",
    ),
    (
        lambda fit, data: fit.uses_labels and not data.has_labels,
        (),
        "uses labels, but the data have no labeled rows; it needs {data.labels_by}",
    ),
    (
        lambda fit, data: fit.uses_labels and data.shape[0] and fit.n_components not in (None, data.shape[0]),
        ("n_components",),
        "must be the number of classes, {data.shape[0]}, in a fit that uses labels",
    ),
)
# What a fit that is compared must not be; the first that it is, is told.
COMPARED = (
    (lambda fit: fit.semi_supervised == "clamped", (), "clamped, which scikit-learn cannot do"),
    (lambda fit: fit.acceleration != "none", (), "accelerated, and takes other steps than scikit-learn can"),
    (lambda fit: fit.max_iter == 0, (), "a start alone (max_iter: 0)"),
)


def check_experiment(experiment: dict, path: tuple):
    """Yield (path, message) of each mistake in an experiment's block as read, which stands at `path`."""
    data, replicates = valid(Data, experiment.get("data")), experiment.get("replicates")
    fits = {name: valid(Fit, raw) for name, raw in block(experiment, "fits").items()}
    protocols = valid(Protocols, experiment.get("protocols"))
    yield from check_data(data, replicates if isinstance(replicates, int) else 1, path)
    yield from check_fits(fits, data, protocols, path)
    yield from _published(experiment.get("published"), fits, data, path)


def check_data(data: Source | None, replicates: int, path: tuple):
    """Yield (path, message) of each mistake in the data of an experiment; None are wrong in themselves."""
    for key, message in data.problems(replicates) if data else ():
        yield (*path, *key), message


def check_fits(fits: dict[str, Fit | None], data: Source | None, protocols: Protocols | None, path: tuple):
    """Yield (path, message) of each mistake in fits beside their data; None are wrong in themselves."""
    incomplete = data is not None and data.incomplete
    for name, fit in fits.items():
        if fit is not None:
            words = {"name": _named(fit), "wrong": _wrong_implementation(fit), "data": data}
            found = [*broken(FIT, fit, incomplete, **words)]
            found += broken(FIT_OF_DATA, fit, data, **words) if data else ()
            yield from (((*path, "fits", name, *key), message) for key, message in found)
    if protocols is None:
        return
    here = (*path, "protocols")
    if protocols.fit not in fits:
        yield (*here, "fit"), f"there is no fit '{protocols.fit}'. Allowed: {', '.join(fits) or 'none'}"
    elif compared := fits[protocols.fit]:
        for _, message in [*broken(COMPARED, compared)][:1]:
            yield (*here, "fit"), f"'{protocols.fit}' is {message}: must be another fit"
    if wrong := _wrong_implementation(protocols):
        yield (*here, "implementation"), wrong
    if incomplete:
        told = f"takes no missing values, which {data.missing_by} gives: must be null"
        yield here, f"{_named(protocols)} {told}"


def _named(running: Fit | Protocols) -> str:
    return "scikit-learn" if running.implementation == "sklearn" else running.implementation


def _wrong_implementation(running: Fit | Protocols) -> str:
    """Say what is wrong with the name of an implementation; nothing if it is right."""
    return _wrong_name(running.implementation, os.getcwd())


@lru_cache  # every fit of every cell of a sweep asks
def _wrong_name(name, folder):
    file = implementation_file(name)
    if file is not None and not Path(file).is_file():
        return f"there is no file implementations/{name}.py{nearest(name, implementations())}"
    if file is None and Path(f"implementations/{name}.py").is_file():
        return f"is '{name}', which is built in: implementations/{name}.py needs another name to be used"
    return ""


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
