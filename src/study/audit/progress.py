"""Tell how far a run is, whichever processes and nodes do it: `make progress`.

    python -m study.audit.progress

Run it in the folder of the study, at any time. It counts the cells of each sweep that are done, by the configuration of
the last run that was begun here, and where there is Slurm the jobs that run and wait.
"""

import sys
from collections import Counter
from pathlib import Path

from study.audit.cells import names_of_cells
from study.cluster.slurm import Job, SlurmError, jobs_if_any
from study.configuration.errors import StudyError
from study.plan.loading import load
from study.plan.results import Plan
from study.plan.run_lock import holder_of


def cells_done(folder: Path, plan: Plan):
    """Yield a sweep, how many of its cells are done, and how many there are."""
    for sweep, cells in plan.cells.items():
        store = folder / f"results/sweeps/{sweep}/cells"
        there = {file.stem for file in store.glob("*.csv")}
        yield sweep, len(there & (names_of_cells(plan, sweep) or set())), len(cells)


def lines_of_jobs(jobs: list[Job]):
    """Say how many jobs are in each state, and why they wait."""
    states = Counter(
        f"{job.state.lower()} ({job.reason})" if job.state == "PENDING" else job.state.lower() for job in jobs
    )
    yield from (f"Slurm: {count} {'job' if count == 1 else 'jobs'} {state}" for state, count in sorted(states.items()))


def main() -> int:
    """Print a line a sweep, and one a state of jobs."""
    folder = Path()
    last_run = holder_of(folder) or {}
    try:
        plan = Plan(load(last_run.get("configuration_files") or ["config.yaml"], every_cell=False).study)
    except StudyError as error:
        print(error)
        return 1
    for sweep, done, n_cells in cells_done(folder, plan):
        print(f"{sweep}: {done} of {n_cells} cells done, {n_cells - done} left")
    try:
        for line in lines_of_jobs(jobs_if_any(folder)):
            print(line)
    except SlurmError as error:
        print(f"Slurm does not answer ({error})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
