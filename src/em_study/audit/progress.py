"""Report the progress of a run over all its processes and nodes.

It counts the finished cells of each sweep, by the configuration of the last run that was started here, and with Slurm
the running and waiting jobs.
"""

from collections import Counter
from pathlib import Path

from em_study.audit.cells import names_of_cells
from em_study.cluster.slurm import Job, SlurmError, jobs_of
from em_study.configuration.loading import load
from em_study.layout import FILES
from em_study.plan.results import Plan
from em_study.plan.run_lock import last_run
from em_study.sweeps.cells import key_of


def lines_of_sweeps(folder: Path, plan: Plan):
    """Yield the number of finished cells of each sweep."""
    for sweep, cells in plan.cells.items():
        names = names_of_cells(plan, sweep)
        if names is None:
            yield f"{sweep}: a data file is missing, so the progress is unknown"
        else:
            done = len({*map(key_of, folder.glob(FILES["cell"].of(sweep=sweep, cell="*")))} & names)
            yield f"{sweep}: {done} of {len(cells)} cells done, {len(cells) - done} left"


def lines_of_jobs(jobs: list[Job]):
    """Yield the number of jobs in each state, and why they wait."""
    states = Counter(
        f"{job.state.lower()} ({job.reason})" if job.state == "PENDING" else job.state.lower() for job in jobs
    )
    yield from (f"Slurm: {count} {'job' if count == 1 else 'jobs'} {state}" for state, count in sorted(states.items()))


def progress():
    """Yield a line per sweep, and one per state of jobs, of the run in this folder."""
    folder = Path()
    run = last_run(folder)
    plan = Plan(load(run.get("configuration_files") or ["config.yaml"], every_cell=False).study)
    yield from list(lines_of_sweeps(folder, plan)) or ["no sweep is configured"]
    if run.get("executor") == "slurm":
        try:
            yield from lines_of_jobs(jobs_of(folder))
        except SlurmError as error:
            yield f"Slurm does not answer ({error})"
