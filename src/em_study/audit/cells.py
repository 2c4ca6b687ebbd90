"""The files that hold the finished cells of a sweep."""

from em_study.data.checksums import Checksums, digest_of
from em_study.places import ROOT
from em_study.plan.results import Plan
from em_study.plan.sources import Code


def names_of_cells(plan: Plan, sweep: str) -> set[str] | None:
    """Return the key of each cell with the present code; None if one of its data files is missing."""
    from em_study.sweeps.run import InEachCell, cell_key  # its libraries take a second to import

    code, checksums = digest_of(Code(ROOT).made_of("sweep_part.py")), Checksums()
    each = InEachCell(**plan.run_in_each_cell[sweep])
    try:
        return {cell_key(cell, each, plan.study.seed, code, checksums) for cell in plan.cells[sweep]}
    except OSError:
        return None
