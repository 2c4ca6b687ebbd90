"""The files in which a sweep keeps the cells that it has run."""

from em_study.data.checksums import Checksums, digest_of
from em_study.places import ROOT
from em_study.plan.results import Plan
from em_study.plan.sources import Code


def names_of_cells(plan: Plan, sweep: str) -> set[str] | None:
    """Name what each cell depends on, by the code as it is now; None if one of its data files is missing."""
    from em_study.sweeps.run import InEachCell, cell_key  # its libraries take a second to import

    code, checksums = digest_of(Code(ROOT).made_of("sweep_part.py")), Checksums()
    each = InEachCell(**plan.run_in_each_cell[sweep])
    try:
        return {cell_key(cell, each, plan.study.seed, code, checksums) for cell in plan.cells[sweep]}
    except OSError:
        return None
