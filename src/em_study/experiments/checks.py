"""Checks of an experiment across keys. They see only the parts that are valid by themselves."""

import os
from functools import lru_cache
from pathlib import Path

from em_study.columns import as_released
from em_study.data.r import lacking
from em_study.data.settings import Data
from em_study.data.source import Source
from em_study.errors import StudyError
from em_study.evaluation.measurements import OF_RECOVERY, QUANTITIES
from em_study.evaluation.settings import Protocols, Published
from em_study.experiments.released import Released
from em_study.fits.available import SKLEARN, implementation_file, implementations, takes_labels, tolerance_of
from em_study.fits.partitions import MOST_SAMPLES, OF_R, PARTITIONS
from em_study.fits.settings import Fit
from em_study.settings import block, valid
from em_study.wording import nearest
from emgmm.complete import has_numba

CLAMPING = "only emgmm can, and files whose function fit has the parameter labels"


def check_experiment(experiment: dict, path: tuple):
    """Yield (path, message) of each problem of an experiment, given as read, at `path` in the configuration."""
    data, replicates = valid(Data, experiment.get("data")), experiment.get("replicates")
    fits = {name: valid(Fit, raw) for name, raw in block(experiment, "fits").items()}
    protocols = valid(Protocols, experiment.get("protocols"))
    yield from check_data(data, replicates if isinstance(replicates, int) else 1, path)
    yield from check_fits(fits, data, protocols, path)
    yield from _published(experiment.get("published"), fits, data, path)
    released = valid(Released, experiment.get("released"))
    yield from (((*path, *key), message) for key, message in _released(released, fits, data))
    if released is not None and data is not None and data.on_own_rows:
        if isinstance(replicates, int) and replicates > released.replicates:
            yield (*path, "replicates"), f"is {replicates}, but the source has released {released.replicates}"
        yield from (((*path, *key), message) for key, message in _paired(released, fits, protocols))
    yield from _measurements(experiment.get("measurements"), data, (*path, "measurements"))


def check_data(data: Source | None, replicates: int, path: tuple):
    """Yield (path, message) of each problem of the data of an experiment; None stands for invalid data."""
    for key, message in data.problems(replicates) if data else ():
        yield (*path, *key), message


def check_fits(fits: dict[str, Fit | None], data: Source | None, protocols: Protocols | None, path: tuple):
    """Yield (path, message) of each problem between fits and data; None stands for an invalid block."""
    for name, fit in fits.items():
        if fit is not None:
            rules = _of_fit(fit, data is not None and data.incomplete) + (_of_data(fit, data) if data else [])
            yield from (((*path, "fits", name, *key.split()), text) for is_broken, key, text in rules if is_broken)
    if protocols is not None:
        yield from (((*path, *key), message) for key, message in _protocols(protocols, fits, data))


def _of_fit(fit: Fit, incomplete: bool) -> list[tuple]:
    """Rules of a fit: whether each is broken, the wrong key, and the message."""
    from_labels, name = fit.from_labels, _named(fit.implementation)
    theirs, wrong = fit.implementation != "emgmm", _wrong_name(fit.implementation, os.getcwd())
    as_sklearn = fit.stopping == "sklearn" or incomplete
    lacks = lacking(*OF_R[fit.initialization]) if fit.initialization in OF_R else ""
    return [
        (
            from_labels and fit.semi_supervised == "none",
            "semi_supervised",
            "initialization uses the labels, so the fit is semi-supervised: must be 'init_only' or 'clamped'",
        ),
        (
            not from_labels and fit.semi_supervised == "init_only",
            "initialization",
            "semi_supervised: init_only needs initial parameters from the labels: must be 'labels' or "
            "'shrunken_labels'",
        ),
        (from_labels and fit.n_init > 1, "n_init", "an initialization from labels is always the same: must be 1"),
        (
            fit.initialization in ("r_hc", "quantiles") and fit.n_init > 1,
            "n_init",
            f"the initialization {fit.initialization} is always the same: must be 1",
        ),
        (lacks, "initialization", f"is {fit.initialization}, which {lacks}"),
        (
            fit.max_iter == 0 and fit.n_init > 1,
            "n_init",
            "max_iter: 0 gives initial parameters only, without a likelihood to choose by: must be 1",
        ),
        (wrong, "implementation", wrong),
        (
            fit.semi_supervised == "clamped" and not _clamps(fit.implementation),
            "semi_supervised",
            f"{name} cannot clamp labels: must be 'init_only' ({CLAMPING})",
        ),
        (
            fit.implementation == "sklearn" and not as_sklearn,
            "stopping",
            "scikit-learn has its own stopping rule: must be 'sklearn'",
        ),
        (theirs and fit.acceleration != "none", "acceleration", f"{name} has no acceleration: must be 'none'"),
        (theirs and fit.kernel != "numpy", "kernel", f"{name} does not use our kernels: must be 'numpy'"),
        (
            fit.kernel == "numba" and not has_numba(),
            "kernel",
            "needs numba, which is not installed (pip install numba): must be 'numpy'",
        ),
    ]


def _of_data(fit: Fit, data: Source) -> list[tuple]:
    """Rules of a fit and its data."""
    name, n_classes, which = (
        _named(fit.implementation),
        data.shape[0],
        f"missing values (introduced by {data.missing_by})",
    )
    return [
        (
            fit.kernel == "numba" and data.incomplete and fit.missing == "observed",
            "kernel",
            f"does not support {which}: must be 'numpy'",
        ),
        (
            fit.initialization == "r_hc" and data.n_rows > MOST_SAMPLES,
            "initialization",
            f"is r_hc, which takes memory by the square of the samples: at most {MOST_SAMPLES:,}, not {data.n_rows:,}",
        ),
        (
            fit.initialization in PARTITIONS and data.incomplete and fit.missing == "observed",
            "initialization",
            f"is {fit.initialization}, which does not support {which}: use another, or missing: column_means",
        ),
        (
            fit.initialization == "quantiles" and data.shape[1] > 1,
            "initialization",
            f"is quantiles, which needs one feature, but the data have {data.shape[1]}",
        ),
        (
            fit.implementation != "emgmm" and data.incomplete,
            "implementation",
            f"{name} does not support {which}: must be 'emgmm'",
        ),
        (
            fit.n_components is None and not data.knows_classes,
            "n_components",
            "is required: data without labels do not determine the number of components",
        ),
        (
            fit.uses_labels and not data.has_labels,
            "",
            f"uses labels, but the data have no labeled samples: set {data.labels_by}",
        ),
        (
            fit.uses_labels and n_classes and fit.n_components not in (None, n_classes),
            "n_components",
            f"must be {n_classes}, the number of classes, in a fit that uses labels",
        ),
    ]


def _protocols(protocols: Protocols, fits: dict[str, Fit | None], data: Source | None):
    name, here = protocols.fit, ("protocols",)
    if name not in fits:
        yield (*here, "fit"), f"there is no fit '{name}'. Allowed: {', '.join(fits) or 'none'}"
    elif fit := fits[name]:
        unable = [_named(other) for other in protocols.implementations if not _clamps(other)]
        rules = [
            (
                fit.semi_supervised == "clamped" and unable,
                f"clamped, which {' and '.join(unable)} cannot do ({CLAMPING})",
            ),
            (fit.acceleration != "none", "accelerated, so its steps differ from those of other implementations"),
            (fit.max_iter == 0, "without steps (max_iter: 0)"),
        ]
        for what in [what for is_broken, what in rules if is_broken][:1]:
            yield (*here, "fit"), f"'{name}' is {what}: must be another fit"
    for place, other in enumerate(protocols.implementations):
        if wrong := _wrong_name(other, os.getcwd()):
            in_list = () if isinstance(protocols.implementation, str) else (place,)
            yield (*here, "implementation", *in_list), wrong
    if data is not None and data.incomplete:
        many = len(protocols.implementations) > 1
        names = " and ".join(map(_named, protocols.implementations))
        support = f"{'do' if many else 'does'} not support missing values (introduced by {data.missing_by})"
        yield here, f"{names} {support}: must be null"


def _clamps(implementation: str) -> bool:
    return implementation == "emgmm" or takes_labels(implementation_file(implementation))


def _named(implementation: str) -> str:
    return "scikit-learn" if implementation == SKLEARN else implementation


@lru_cache  # called for every fit of every cell of a sweep
def _wrong_name(name, folder):
    """Say what is wrong with the name of an implementation; empty if nothing is."""
    file = implementation_file(name)
    if file is not None and not Path(file).is_file():
        return f"there is no file implementations/{name}.py{nearest(name, implementations())}"
    if file is None and Path(f"implementations/{name}.py").is_file():
        return f"is '{name}', which is built in: rename implementations/{name}.py to use that file"
    try:
        return tolerance_of(file) and ""
    except StudyError as error:
        return f"implementations/{name}.py, {error}"


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
                yield here, f"has {numbers} numbers per component for {data.shape[1]} features; null removes it"
                break


def _measurements(names, data: Source | None, path: tuple):
    for place, name in enumerate(names if isinstance(names, list) else ()):
        if isinstance(name, str) and name not in QUANTITIES:
            yield (*path, place), f"there is no measurement '{name}'{nearest(name, QUANTITIES)}"
        elif name in OF_RECOVERY and data is not None and not data.draws_one_mixture:
            yield (*path, place), f"is '{name}', which needs data that are drawn from one known mixture"


def _released(released: Released | None, fits: dict[str, Fit | None], data: Source | None):
    """Yield (keys below the experiment, message) of each problem of released estimates."""
    if released is None:
        return
    if released.file.is_of_r and (lacks := lacking()):
        yield ("released", "file"), f"is an .rds file of R, which {lacks}"
    for package, fit in released.fits.items():
        if fit not in fits:
            yield ("released", "fits", package), f"there is no fit '{fit}'{nearest(fit, list(fits))}"
    for package in released.packages:
        if (name := as_released(package)) in fits:
            yield (
                ("fits", name),
                "is the name of the released estimates of that package in the tables: use another name",
            )
    if data is not None and (wrong := [*_other_shape(released.shape, data.shape)]):
        yield ("released", "means"), f"has {' and '.join(wrong)}"


def _paired(released: Released, fits: dict[str, Fit | None], protocols: Protocols | None):
    """Yield what is wrong with the fits that released estimates are compared with, replicate by replicate."""
    default = protocols.fit if protocols else None
    for name in dict.fromkeys(released.fits.get(package, default) for package in released.packages):
        fit = fits.get(name)
        if fit is None:
            continue
        rules = [
            (fit.semi_supervised == "clamped", "clamped"),
            (fit.acceleration != "none", "accelerated"),
            (fit.max_iter == 0, "a start alone (max_iter: 0)"),
            (fit.n_components not in (None, released.shape[0]), f"of {fit.n_components} components"),
        ]
        for what in [what for is_broken, what in rules if is_broken][:1]:
            told = f"'{name}', which released estimates are compared with, is {what}: name another under released.fits"
            yield ("fits", name), told


def _other_shape(given: tuple, expected: tuple):
    for number, right, noun in zip(given, expected, ("components", "features"), strict=True):
        if right is not None and number != right:
            yield f"{number} {noun}, but the data have {right}"
