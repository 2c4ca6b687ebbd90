"""The files in which a sweep keeps the cells that it has run."""

from pathlib import Path

from study.plan.results import Plan
from study.plan.sources import Code

ROOT = Path(__file__).parents[3]


def names_of_cells(plan: Plan, sweep: str) -> set[str] | None:
    """Name each cell as its file is named, by the code as it is now; None if one of its data files is missing."""
    from study.tables.sweeps import InEachCell, cell_key  # its libraries take a second to import

    code = Code(ROOT).digest("sweep_part.py")
    each = InEachCell(**plan.run_in_each_cell[sweep])
    try:
        return {cell_key(cell, each, plan.study.seed, code) for cell in plan.cells[sweep]}
    except OSError:
        return None
