"""Checks of a sweep: its names, its grid, and every cell of it."""

import difflib
import json

from pydantic import ValidationError

from em_study.columns import COLUMNS, NUMERIC_QUANTITIES
from em_study.evaluation.measurements import RUN_QUANTITIES
from em_study.evaluation.protocols import PROTOCOLS
from em_study.experiments.checks import check_data, check_fits
from em_study.experiments.settings import Experiment
from em_study.problems import made, right_part
from em_study.settings import block, valid
from em_study.sweeps.cells import Cells, with_values
from em_study.sweeps.settings import Sweep
from em_study.wording import nearest, shown

MAX_CELL_PROBLEMS = 5  # of a sweep; more would add nothing new
MAX_WRONG_CELLS = 1000  # cells with problems that are examined
SEVERAL = "compares one implementation in each cell: vary protocols.implementation, or write [] to compare none"


def check_sweep(sweep: Sweep, experiments: dict, path: tuple, every_cell: bool, gone=frozenset()):
    """Yield (path, message) of each mistake in a sweep, given the study's experiments as read.

    If its experiment does not exist and was not removed (`gone`), names are checked in the one with the nearest name.
    """
    if path[-1] in experiments:
        yield path, "is also the name of an experiment: use another name, because both would write to the same folder"
    if path[-1].endswith("_summary"):
        yield path, "a name must not end in _summary: this ending is reserved for the summary's file"
    yield from _unknown((*path, "experiment"), [sweep.experiment], experiments, "there is no experiment '{}'")
    was_there = ("experiments", sweep.experiment) in gone
    meant = [] if was_there else difflib.get_close_matches(sweep.experiment, experiments, n=1)
    raw = experiments.get(sweep.experiment if sweep.experiment in experiments else next(iter(meant), None))
    if not isinstance(raw, dict):
        return  # reported elsewhere
    yield from _names(sweep, raw, path)
    if sweep.figure:
        yield from _figure(sweep.figure, sweep, raw, (*path, "figure"))
    wrong = [*_keys(sweep, block(raw, "fits"), path)]
    yield from wrong
    experiment = valid(Experiment, right_part(Experiment, raw)) if sweep.experiment in experiments else None
    if wrong or experiment is None:
        return
    for key, values in sweep.vary.items():
        if not sweep.zip and _repeats(values):
            yield (*path, "vary", key), f"must not repeat a value, got {shown(values)}"
    lengths = {key: len(values) for key, values in sweep.vary.items()}
    if sweep.zip and len(set(lengths.values())) > 1:
        yield (*path, "zip"), f"needs the same number of values for each key, got {lengths}"
        return
    together = list(zip(*sweep.vary.values(), strict=True)) if sweep.zip else []
    if _repeats(together):
        twice = next(values for i, values in enumerate(together) if values in together[:i])
        yield (*path, "vary"), f"must not repeat a combination of values, got twice: {', '.join(map(shown, twice))}"
    cells = Cells(sweep, experiment)
    if len(cells) > sweep.max_cells:
        yield (*path, "max_cells"), f"is {sweep.max_cells:,}, but the sweep has {len(cells):,} cells"
        return
    if every_cell:
        yield from _cells(cells, path)


def _keys(sweep: Sweep, fits: dict, path):
    """Yield the problems of the varied keys."""
    for key in sweep.vary:
        first, *below = key.split(".")
        if first == "fits" and below and below[0] not in fits:
            yield (*path, "vary", key), f"there is no fit '{below[0]}'{nearest(below[0], fits)}"
        elif first not in ("data", "fits", "protocols"):
            yield (*path, "vary", key), "must be a key below data, fits or protocols"
        elif any(other != key and key.startswith(f"{other}.") for other in sweep.vary):
            yield (*path, "vary", key), "is part of another varied key"


def _repeats(values: list) -> bool:
    """Whether a value is repeated."""
    return len(set(map(_hashable, values))) < len(values)


def _hashable(value):
    if isinstance(value, tuple):
        return tuple(map(_hashable, value))
    return json.dumps(value, sort_keys=True) if isinstance(value, (list, dict)) else value


def _cells(cells: Cells, path):
    below, reported, wrong = ("experiments", cells.sweep.experiment), set(), 0
    base = [*check_data(cells.experiment.data, 1, below)]
    base += check_fits(cells.experiment.fits, cells.experiment.data, cells.experiment.protocols, below)
    data_vary, wanted = any(block[0] == "data" for block in cells.varied), {*(cells.sweep.fits or ())}
    for number in range(len(cells)):
        values = cells.assignment(number)
        try:
            cell = cells[number].experiment
            found = [*check_data(cell.data, cell.replicates, below)] if data_vary or number == 0 else []
            found = [each for each in found if each[0][-1] != "replicates"]  # a sweep may use the files as they are
            found += check_fits(cell.fits, cell.data, cell.protocols, below)
            found += [((*below, "fits"), f"has no fit '{name}'") for name in sorted(wanted - {*cell.fits})]
            found += [((*path, "protocols"), SEVERAL)] if len(cell.running) > 1 and cells.sweep.protocols != [] else []
        except ValidationError:
            found = [(one.path, one.message) for one in made(Experiment, with_values(cells.raw, values), below)[1]]
        found = [one for one in found if one not in base]  # these are reported for the experiment
        wrong += bool(found)
        for place, message in found:
            key = next((key for key in values if _touches(key, place[2:])), next(iter(values)))
            if (key, message) not in reported:
                reported.add((key, message))
                text = ", ".join(f"{name}: {shown(value)}" for name, value in values.items())
                yield (*path, "vary", key), f"in the cell {text}: {'.'.join(map(str, place[2:]))}: {message}"
        if len(reported) >= MAX_CELL_PROBLEMS or wrong >= MAX_WRONG_CELLS:
            return


def _touches(key, place):
    parts = tuple(key.split("."))
    shared = min(len(parts), len(place))
    return parts[:shared] == tuple(map(str, place))[:shared]


def _unknown(path, names, allowed, message):
    """Yield (path, message) for each name that is not allowed."""
    return ((path, message.format(name) + nearest(name, allowed)) for name in names or () if name not in allowed)


def _names(sweep, experiment: dict, path):
    """Yield the problems of the names of fits, protocols and measurements."""
    yield from _unknown((*path, "fits"), sweep.fits, block(experiment, "fits"), "there is no fit '{}'")
    yield from _unknown((*path, "protocols"), sweep.protocols, PROTOCOLS, "there is no protocol '{}'")
    yield from _unknown((*path, "measurements"), sweep.measurements, RUN_QUANTITIES, "there is no '{}' of a run")
    if len({*sweep.measurements}) < len(sweep.measurements):
        yield (*path, "measurements"), f"must name each once, got {sweep.measurements}"
    if sweep.protocols and experiment.get("protocols") is None:
        yield (*path, "protocols"), f"must be empty, because experiment {sweep.experiment} has no protocols"


def _figure(figure, sweep, experiment: dict, path):
    """Yield the problems of the names of keys, quantities and columns of the figure."""
    is_map, compares = figure.kind == "heatmap", experiment.get("protocols") is not None and sweep.protocols != []
    varied, columns = list(sweep.vary), [*sweep.vary, "fit", "protocol"]
    for key, allowed in {"x": varied, "panels": varied, "color": varied if is_map else columns}.items():
        yield from _unknown((*path, key), filter(None, [getattr(figure, key)]), allowed, "is '{}'")
    if is_map and figure.color is None:
        yield (*path, "color"), "is required for a heatmap: the key on its vertical axis"
    if not figure.quantities:
        yield (*path, "y"), "must have at least one entry"
    for name in figure.quantities:
        measured, paired = name in RUN_QUANTITIES, name in COLUMNS["agreement"] and name not in COLUMNS["fits"]
        options = "" if name in NUMERIC_QUANTITIES else nearest(name, NUMERIC_QUANTITIES)
        rules = [  # whether it is broken, and the message; the first is reported
            (measured and name not in sweep.measurements, ", which must be among the sweep's measurements, too"),
            (options and not measured, options),
            (paired and not compares, ", but nothing is compared: protocols is empty or missing"),
        ]
        yield from [((*path, "y"), f"is '{name}'{message}") for is_broken, message in rules if is_broken][:1]
        if figure.color == "protocol" and not (measured or options or paired):
            yield (
                (*path, "color"),
                f"is protocol, but '{name}' does not depend on the protocol: use fit or a varied key",
            )
    for column in figure.where:
        yield from _unknown((*path, "where", column), [column], columns, "is no column to choose by")
    values = sweep.vary | {
        "fit": sweep.fits or [*block(experiment, "fits")],
        "protocol": list(PROTOCOLS) if sweep.protocols is None else sweep.protocols,
    }
    for column, value in figure.where.items():
        if value not in values.get(column, [value]):
            options = nearest(value, list(map(str, values[column])))
            yield (*path, "where", column), f"is {shown(value)}{options}"
