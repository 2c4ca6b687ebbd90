"""Running sweeps: settings of an experiment, varied over a grid. A cell is one combination of values."""

import hashlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from em_study.columns import COUNT, NUMERIC_QUANTITIES, SWEEP_COLUMNS
from em_study.data.checksums import Checksums
from em_study.data.seeds import seed_sequence
from em_study.data.storage import atomic_file, join_tables, read_table
from em_study.errors import DataError
from em_study.evaluation.compared import Compared
from em_study.evaluation.measure import measure
from em_study.evaluation.protocols import LADDER, run_protocol
from em_study.evaluation.scores import evaluate_fit
from em_study.fits.available import implementation_files, kernel_versions, wrapped_versions
from em_study.fits.em import run_fit
from em_study.fits.implementations import running
from em_study.fits.partitions import used_of_r
from em_study.fits.runs import Runs
from em_study.sweeps.cells import Cell, key_of
from em_study.sweeps.repeated import is_same_run
from em_study.sweeps.settings import shown_value

LOW, HIGH = 0.025, 0.975
SHAPE = ("n_samples", "n_labeled", "n_features", "n_components")
COUNTS = [name for name, column in SWEEP_COLUMNS.items() if column.unit == COUNT]
MEASURED = [name for name in NUMERIC_QUANTITIES if name not in (*SHAPE, "converged")]
TRUTH = {True: 1.0, False: 0.0, "True": 1.0, "False": 0.0}
ROWS_AT_A_TIME = 20_000
REPORT_EVERY = 600  # seconds


def data_seed(cell: Cell, seed: int) -> int:
    """Seed of a cell's data: it depends on the root seed and the data, not on names, missing values or other cells."""
    rows = cell.experiment.data.model_dump(exclude_defaults=True, exclude={"origin", "rows_of", "holes"})
    content = json.dumps(rows, sort_keys=True)
    return int(seed_sequence(seed, content).generate_state(1, np.uint64)[0] >> np.uint64(1))  # fits an int64


@dataclass(frozen=True)
class InEachCell:
    """Settings of the runs in every cell of a sweep: see the keys of `Sweep`."""

    replicates: int
    fits: list[str] | None
    protocols: list[str] | None
    measurements: Sequence[str] = ()


def run_cell(cell: Cell, sweep: InEachCell, seed: int) -> pd.DataFrame:
    """Make the rows of a cell: one per fit and comparison of each replicate; only one if all replicates are one run."""
    experiment, cell_seed = cell.experiment, data_seed(cell, seed)
    dataset = experiment.data.load(sweep.replicates, cell_seed, "sweep")
    names = sweep.fits or list(experiment.fits)
    steps = [step for step in LADDER if experiment.protocols and step in experiment.running[0].protocols]
    steps = steps if sweep.protocols is None else sweep.protocols
    compared = experiment.protocols.fit if steps else None
    runs: dict[str, Runs] = {}
    tables = []
    for name in dict.fromkeys([*names, *([compared] if compared else [])]):
        fit = experiment.fits[name]
        n_runs = 1 if is_same_run(experiment.data, fit) else sweep.replicates
        runs[name] = run_fit(dataset, fit, n_runs, cell_seed, "sweep", name)
        if name in names:
            scores = evaluate_fit(dataset, runs[name], fit, "sweep", name)
            if sweep.measurements:
                of_fit = {name: runs[name]}, {name: fit}, experiment.bins, {}, cell_seed, "sweep"
                found = measure(dataset, *of_fit, only=sweep.measurements)
                scores = scores.join(found.pivot_table("value", "replicate", "measurement"), on="replicate")
            tables.append(scores)
    if steps:
        from em_study.evaluation.agreement import compare  # scikit-learn takes a second to import

        fit, (other,) = experiment.fits[compared], experiment.running
        with running(other.name, experiment.protocols.time_limit) as run:
            theirs = {step: run_protocol(step, dataset, runs[compared], fit, run, other) for step in steps}
        ours = Compared(runs[compared], fit, [(other, theirs)])
        tables.append(compare(dataset, [ours], "sweep").assign(fit=compared))
    columns = [*SWEEP_COLUMNS, *sweep.measurements]
    rows = pd.concat(tables, ignore_index=True).assign(seed=cell_seed).reindex(columns=columns)
    rows = rows.astype(dict.fromkeys(COUNTS, "Int64"))  # integers, also where other rows have no number
    for position, (path, value) in enumerate(cell.assignment.items()):
        rows.insert(position, path, [shown_value(value)] * len(rows))
    return rows


def run_cells(
    cells: list[Cell], sweep: InEachCell, seed: int, store, code: str, report, check=lambda: None
) -> list[Path]:
    """Run the cells that have not been run before, and return the files of all.

    Parameters
    ----------
    cells : list of Cell
    sweep : InEachCell
    seed : int
        The study's root seed.
    store : path-like
        Folder of the cells that have been run. A file's name has checksums of the cell's inputs and of its content.
    code : str
        Checksum of the code and the libraries: if it changes, cells are run again.
    report : callable
        Called with a line of progress from time to time.
    check : callable
        Called before a cell is written; raises if it must not be.

    Raises
    ------
    DataError
        If a file was changed while it was read: the name of its cell would not match its content.
    """
    checksums = Checksums()
    Path(store).mkdir(parents=True, exist_ok=True)
    kept = {key_of(file): file for file in Path(store).glob("*.csv")}
    begun, reported, files, new = time.monotonic(), time.monotonic(), [], 0
    for number, cell in enumerate(cells):
        key = cell_key(cell, sweep, seed, code, checksums)
        file = kept.get(key)
        if file is not None and file != cell_file(store, key, file.read_bytes()):  # it is not what was written
            file = file.unlink()
        if file is None:
            table = run_cell(cell, sweep, seed)
            check()
            if cell_key(cell, sweep, seed, code, checksums) != key:
                raise DataError("a file was changed while a sweep read it: run the same command again")
            content = table.to_csv(index=False, lineterminator="\n").encode()
            file = cell_file(store, key, content)
            with atomic_file(file) as temporary:
                temporary.write_bytes(content)
            new += 1
        files.append(file)
        now = time.monotonic()
        if new and now - reported > REPORT_EVERY:
            left = (len(cells) - number - 1) * (now - begun) / new
            report(f"cell {number + 1} of {len(cells)} done, about {left:.0f} s to go")
            reported = now
    return files


def cell_file(store, key: str, content: bytes) -> Path:
    """Name the file of a cell by its key and a checksum of its content."""
    return Path(store) / f"{key}_{hashlib.sha256(content).hexdigest()[:16]}.csv"


def cell_key(cell: Cell, sweep: InEachCell, seed: int, code: str, checksums: Checksums) -> str:
    """Make the key of a cell: a checksum of everything that its rows depend on."""
    compared = cell.experiment.protocols.fit if cell.experiment.protocols and sweep.protocols != [] else None
    used = {*(sweep.fits or cell.experiment.fits), compared}
    files = [*(file.place for file in cell.experiment.data.files), *implementation_files(cell.experiment)]
    starts = {cell.experiment.fits[name].initialization for name in used if name}
    content = {
        "values": cell.assignment,
        "data": cell.experiment.data.model_dump(exclude={"origin"}),
        "fits": {name: fit.model_dump() for name, fit in cell.experiment.fits.items() if name in used},
        "compared": compared,
        "sweep": asdict(sweep),
        "seed": seed,
        "code": code,
        "kernels": kernel_versions(cell.experiment.fits[name] for name in used if name),
        **({"wrapped": wrapped} if (wrapped := wrapped_versions(implementation_files(cell.experiment))) else {}),
        **({"r": by_r} if (by_r := used_of_r([cell.experiment.data], starts)) else {}),
        "files": [checksums.of(file) for file in files],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def summarize(table: pd.DataFrame, varied: list[str]) -> dict[str, pd.DataFrame]:
    """Mean and its Monte Carlo standard error, 2.5 and 97.5 percentile of each quantity, by cell, fit and protocol.

    Fits that failed count in `converged` only; n is the number of the others. The table holds complete cells.
    """
    measurements = table.columns.difference([*varied, *SWEEP_COLUMNS], sort=False)
    quantities = table[[*MEASURED, *measurements]].astype(float)
    values = quantities.where(table["failure"].isna())  # a fit that failed has no steps to count
    values["converged"] = table["converged"].map(TRUTH)
    groups = values.groupby([table[key] for key in [*varied, "fit", "protocol"]], sort=False, dropna=False)
    found = {
        "n": groups.count(),
        "mean": groups.mean(),
        "mcse": groups.sem(),
        "low": groups.quantile(LOW),
        "high": groups.quantile(HIGH),
    }
    every = {name: pd.DataFrame({part: of[name] for part, of in found.items()}) for name in values}
    return {
        name: rows[rows["n"] > 0].reset_index().assign(quantity=name)[[*varied, "fit", "protocol", "quantity", *found]]
        for name, rows in every.items()
    }


def put_together(parts, varied: list[str], table, summary):
    """Write the table of a sweep and its summary, with a few thousand rows in memory at a time.

    The parts are the tables of its cells, in their order.
    """
    join_tables(table, parts)
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for rows in _complete_cells(table, varied):
            for quantity, found in summarize(rows, varied).items():
                first = quantity not in files
                file = files.setdefault(quantity, Path(folder) / quantity)
                found.to_csv(file, mode="a", header=first, index=False, lineterminator="\n", encoding="utf-8")
        join_tables(summary, [*files.values()])


def _complete_cells(table, varied):
    """Yield the rows of some cells at a time, with the values of varied keys as text."""
    rest = None
    for rows in read_table(table, varied, chunksize=ROWS_AT_A_TIME):
        rows = pd.concat([rest, rows], ignore_index=True)
        last = rows[varied].fillna("").eq(rows[varied].fillna("").iloc[-1]).all(axis=1)
        begin = 1 + int(np.flatnonzero(~last).max(initial=-1))
        rest = rows[begin:]
        if begin:
            yield rows[:begin]
    yield rest
