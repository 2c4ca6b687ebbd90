"""Sweeps: any setting of an experiment, varied over a grid. A cell is one combination of values."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from study.configuration.cells import Cell, shown_value
from study.data.seeds import seed_sequence
from study.data.sources import make_dataset
from study.data.storage import read_table, write_table
from study.evaluation.protocols import LADDER, run_protocol
from study.evaluation.scores import evaluate_fit
from study.fits.em import run_fit
from study.fits.runs import Runs
from study.tables.columns import SWEEP_COLUMNS, SWEEP_QUANTITIES

INTERVAL = (0.025, 0.975)
REPORT_EVERY = 5.0  # seconds


def data_seed(cell: Cell, seed: int) -> int:
    """Seed of a cell's draws: it depends on the root seed and on what is drawn, not on names or other cells."""
    content = json.dumps(cell.experiment.data.model_dump(exclude_defaults=True, exclude={"origin"}), sort_keys=True)
    return int(seed_sequence(seed, content).generate_state(1, np.uint64)[0] >> np.uint64(1))  # fits an int64


@dataclass(frozen=True)
class InEachCell:
    """What is run in every cell of a sweep: see the keys of `Sweep`."""

    replicates: int
    fits: list[str] | None
    protocols: list[str] | None


def run_cell(cell: Cell, sweep: InEachCell, seed: int) -> pd.DataFrame:
    """Make the rows of a cell: one a fit and one a comparison, for each replicate.

    Parameters
    ----------
    cell : Cell
    sweep : InEachCell
    seed : int
        The study's root seed.
    """
    experiment, cell_seed = cell.experiment, data_seed(cell, seed)
    dataset = make_dataset(experiment.data, sweep.replicates, cell_seed, "sweep")
    names = sweep.fits or list(experiment.fits)
    rungs = (sweep.protocols if sweep.protocols is not None else list(LADDER)) if experiment.protocols else []
    compared = experiment.protocols.fit if rungs else None
    runs: dict[str, Runs] = {}
    tables = []
    for name in dict.fromkeys([*names, *([compared] if compared else [])]):
        fit = experiment.fits[name]
        runs[name] = run_fit(dataset, fit, sweep.replicates, cell_seed, "sweep", name)
        if name in names:
            tables.append(evaluate_fit(dataset, runs[name], fit, "sweep", name))
    if rungs:
        from study.evaluation.agreement import compare  # scikit-learn takes a second to import

        fit = experiment.fits[compared]
        for rung in rungs:
            theirs = run_protocol(rung, dataset, runs[compared], fit)
            tables.append(compare(dataset, runs[compared], theirs, fit, "sweep", rung).assign(fit=compared))
    rows = pd.concat(tables, ignore_index=True).assign(seed=cell_seed).reindex(columns=list(SWEEP_COLUMNS))
    for position, (path, value) in enumerate(cell.assignment.items()):
        rows.insert(position, path, [shown_value(value)] * len(rows))
    return rows


def run_cells(cells: list[Cell], sweep: InEachCell, seed: int, store, code_digest: str, report) -> list[pd.DataFrame]:
    """Run cells that have not been run before, and return the rows of all.

    Parameters
    ----------
    cells : list of Cell
    sweep : InEachCell
    seed : int
        The study's root seed.
    store : path-like
        Folder of cells that have been run, each in a file named by what it depends on.
    code_digest : str
        Of the code and the libraries: other code, other cells.
    report : callable
        Called with a line of progress now and then.
    """
    Path(store).mkdir(parents=True, exist_ok=True)
    begun, told, tables, new = time.monotonic(), time.monotonic(), [], 0
    for number, cell in enumerate(cells):
        file = Path(store) / f"{cell_key(cell, sweep, seed, code_digest)}.csv"
        if not file.exists():
            write_table(file, run_cell(cell, sweep, seed))
            new += 1
        tables.append(read_table(file))
        now = time.monotonic()
        if new and now - told > REPORT_EVERY:
            left = (len(cells) - number - 1) * (now - begun) / new
            report(f"cell {number + 1} of {len(cells)} done, about {left:.0f} s to go")
            told = now
    return tables


def cell_key(cell: Cell, sweep: InEachCell, seed: int, code_digest: str) -> str:
    """Name what the rows of a cell depend on."""
    compared = cell.experiment.protocols.fit if cell.experiment.protocols and sweep.protocols != [] else None
    used = {*(sweep.fits or cell.experiment.fits), compared}
    content = {
        "values": cell.assignment,
        "data": cell.experiment.data.model_dump(exclude={"origin"}),
        "fits": {name: fit.model_dump() for name, fit in cell.experiment.fits.items() if name in used},
        "compared": compared,
        "sweep": asdict(sweep),
        "seed": seed,
        "code": code_digest,
        "files": [hashlib.sha256(Path(file.place).read_bytes()).hexdigest() for file in cell.experiment.data.files],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def summarize(table: pd.DataFrame, varied: list[str]) -> pd.DataFrame:
    """Mean, 2.5 and 97.5 percentile over the replicates of each quantity, by cell, fit and protocol.

    Fits that failed count in `converged` only; n is the number of the others.

    Parameters
    ----------
    table : DataFrame
        Of a sweep.
    varied : list of str
        Its varied keys.
    """
    other = ("n_samples", "n_labeled", "n_features", "n_components", "converged")
    numeric = [c for c in SWEEP_QUANTITIES if c not in other and pd.api.types.is_numeric_dtype(table[c])]
    long = table.astype(dict.fromkeys(numeric, float))
    long.loc[long["failure"].notna(), numeric] = np.nan  # a fit that failed has no steps to count
    long["converged"] = table["converged"].map({True: 1.0, False: 0.0, "True": 1.0, "False": 0.0})
    numeric.append("converged")
    long = long.melt([*varied, "fit", "protocol"], numeric, "quantity", "value").dropna(subset="value")
    groups = long.groupby([*varied, "fit", "protocol", "quantity"], sort=False, dropna=False)["value"]
    return groups.agg(
        n="size", mean="mean", low=lambda v: v.quantile(INTERVAL[0]), high=lambda v: v.quantile(INTERVAL[1])
    ).reset_index()
