"""Time of the study compared with its scripts alone, how long planning takes, and tables of a million rows.

    python benchmarks/study.py [--cores 2] [--before COMMIT]

Clones this repository, and the state of a commit, into a temporary folder; measures both in turn; and writes
the section of benchmarks/RESULTS.md. Bare is the scripts of the same jobs, run in one warm process a core in the order
of their files, without Snakemake.
"""

import argparse
import importlib
import multiprocessing
import os
import pickle
import pkgutil
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path
from types import SimpleNamespace

import yaml

from results import machine, row, write_section

ROOT = Path(__file__).parent.parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PATIENCE = 900  # seconds that a plan may take
ONE_RULE = """
rule all:
    output: "made"
    params: 1
    shell: "touch {output}"
"""
AIMS = {
    "the study / scripts alone": "<= 1.6",
    "`-n` of a finished study, s of CPU": "<= 1.5",
    "dry run, 10,000 cells, s": "<= 10",
    "report.html, MB": "<= 6",
}


def timed(command, folder, **settings):
    """Run a command; return seconds and CPU seconds."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment, **settings)  # noqa: S603
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def snakemake(*arguments):
    """Make the command line of this environment's Snakemake."""
    return [sys.executable, "-m", "snakemake", *arguments]


def list_jobs(folder, file):
    """Write down the jobs of the study: number, what each waits for, its script, and what Snakemake gives it."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import (
        ConfigSettings,
        DAGSettings,
        OutputSettings,
        Quietness,
        ResourceSettings,
        StorageSettings,
    )

    os.chdir(folder)
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        settings = ResourceSettings(cores=1), ConfigSettings(), StorageSettings()
        workflow = api.workflow(*settings, snakefile=Path("Snakefile"))
        run = workflow.dag(DAGSettings(forceall=True))
        run.execute_workflow(executor="dryrun")
        dag = run.workflow_api._workflow.dag
        jobs = [job for level in dag.toposorted() for job in level if job.rule.script]
        found = []
        for job in jobs:
            given = [part._plainstrings() for part in (job.input, job.output, job.log)]
            content = pickle.dumps((*given, job.params, job.wildcards))
            awaited = [other.jobid for other in dag.dependencies[job] if other.rule.script]
            found.append((job.jobid, awaited, f"workflow/scripts/{Path(job.rule.script).name}", content))
    Path(file).write_bytes(pickle.dumps(found))


def become_warm(folder):
    """Import all that a script may need."""
    os.chdir(folder)
    sys.path.insert(0, str(folder / "src"))
    libraries = ("sklearn.mixture", "sklearn.cluster", "sklearn.datasets", "pandas", "scipy.stats", "scipy.optimize")
    for name in (*libraries, "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg", "PIL.Image"):
        importlib.import_module(name)
    for found in pkgutil.walk_packages([str(folder / "src/em_study")], "em_study."):
        importlib.import_module(found.name)


def run_script(script, content):
    """Run a script in this process; return its CPU seconds."""
    begun, given = time.process_time(), SimpleNamespace(rule=Path(script).stem)
    given.input, given.output, given.log, given.params, given.wildcards = pickle.loads(content)  # noqa: S301 (ours)
    for file in (*given.output, *given.log):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    exec(compile(Path(script).read_text(), script, "exec"), {"snakemake": given})  # noqa: S102
    return time.process_time() - begun


def bare(folder, cores):
    """Run the scripts of all jobs without Snakemake; return seconds, CPU seconds and the number of jobs."""
    with tempfile.NamedTemporaryFile() as file:
        timed([sys.executable, __file__, "--list-jobs", str(folder), file.name], folder)
        waiting = pickle.loads(Path(file.name).read_bytes())  # noqa: S301 (ours)
    n_jobs, done, running, cpu = len(waiting), set(), {}, 0.0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, spawn, become_warm, (folder,)) as pool:
        wait([pool.submit(time.sleep, 5) for _ in range(cores)])  # until all are warm
        begun = time.perf_counter()
        while waiting or running:
            for job in [job for job in waiting if done.issuperset(job[1])][: cores - len(running)]:
                waiting.remove(job)
                running[pool.submit(run_script, *job[2:])] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done.add(running.pop(future)[0])
                cpu += future.result()
        seconds = time.perf_counter() - begun
    subprocess.run(["rm", "-r", "results"], cwd=folder, check=True)  # noqa: S607
    return seconds, cpu, n_jobs


def plan(folder, n_cells, zipped=False):
    """Plan a sweep by a dry run; return seconds, or say how many were not enough."""
    fit = {"mine": {"data": DATA, "fits": {"f": {"initialization": "random"}}}}
    side = int(n_cells**0.5)
    sizes, distances = (n_cells, n_cells) if zipped else (side, -(-n_cells // side))
    vary = {
        "data.n_unlabeled": list(range(100, 100 + sizes)),
        "data.separation": [1 + i / n_cells for i in range(distances)],
    }
    sweep = {"experiment": "mine", "vary": vary, "zip": zipped, "max_cells": 1_000_000}
    (folder / "large.yaml").write_text(yaml.safe_dump({"experiments": fit, "sweeps": {"large": sweep}}))
    command = snakemake("-n", "--quiet", "--configfile", "config/empty.yaml", "large.yaml")
    try:
        return f"{timed(command, folder, timeout=PATIENCE)[0]:.1f}"
    except subprocess.TimeoutExpired:
        return f"> {PATIENCE}"
    except subprocess.CalledProcessError:
        return "refused"


DATA = {
    "source": "gaussian_mixture",
    "n_unlabeled": 100,
    "weights": [0.4, 0.6],
    "means": [[-1.0, -1.0], [1.0, 1.0]],
    "covariances": [[[0.4, 0.3], [0.3, 0.8]], [[0.7, 0.2], [0.2, 0.3]]],
}


def table(folder, n_rows):
    """Put together, summarize and draw a sweep of many rows; return seconds of both, and megabytes: all, and added."""
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, str(ROOT / "benchmarks/large_table.py"), str(n_rows), made]
        environment = os.environ | {"PYTHONPATH": str(folder / "src")}
        found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout  # noqa: S603
    return found.split()


def measure(folder, cores):
    """Measure a checkout; return the numbers by their names."""
    seconds, cpu, n_jobs = bare(folder, cores)
    run_seconds, run_cpu = timed(snakemake("--cores", str(cores)), folder)
    timed(snakemake("--report", "results/report.html"), folder)
    report = (folder / "results/report.html").stat().st_size / 1e6
    again, least = [], []
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "Snakefile").write_text(ONE_RULE)
        timed(snakemake("--cores", "1"), Path(empty))
        for _ in range(7):
            again.append(timed(snakemake("-n"), folder)[1])
            least.append(timed(snakemake("-n"), Path(empty))[1])
    found = {
        "scripts alone, s": f"{seconds:.1f}",
        "scripts alone, s of CPU": f"{cpu:.1f}",
        "the study, s": f"{run_seconds:.1f}",
        "the study, s of CPU": f"{run_cpu:.1f}",
        "the study / scripts alone": f"**{run_seconds / seconds:.2f}**",
        "jobs": n_jobs,
        "`-n` of a finished study, s of CPU": f"{min(again):.2f}",
        "`-n` of a finished workflow of one rule, s of CPU": f"{min(least):.2f}",
        "report.html, MB": f"{report:.1f}",
    }
    for n_cells in (500, 2_000, 10_000, 100_000):
        found[f"dry run, {n_cells:,} cells, s"] = plan(folder, n_cells)
    return found | {"dry run, `zip` of 100,000, s": plan(folder, 100_000, zipped=True)}


def main():
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--before", metavar="COMMIT")
    parser.add_argument("--list-jobs", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(ONE_THREAD)
    if arguments.list_jobs:
        list_jobs(*arguments.list_jobs)
        return
    commits, found = [*filter(None, [arguments.before]), "HEAD"], {}
    with tempfile.TemporaryDirectory() as temporary:
        for commit in commits:
            folder = Path(temporary, commit)
            git = ["git", "-c", "advice.detachedHead=false"]
            subprocess.run([*git, "clone", "--quiet", str(ROOT), str(folder)], check=True)  # noqa: S603
            subprocess.run([*git, "checkout", "--quiet", commit], cwd=folder, check=True)  # noqa: S603
            found[commit] = measure(folder, arguments.cores)
            print(commit, found[commit], flush=True)
        tables = [(n_rows, *table(folder, n_rows)) for n_rows in (100_000, 1_000_000)]
    lines = [
        f"Written by `python benchmarks/study.py`. {machine()}; {arguments.cores} of them used, each commit in a clone",
        "clone. Scripts alone: those of the same jobs in one warm process per core, without Snakemake. The report",
        "is not counted.",
        "",
        row(["", *commits, "aim"]),
        row(["---"] * (len(commits) + 2)),
        *(row([name, *(found[commit][name] for commit in commits), AIMS.get(name, "")]) for name in found["HEAD"]),
        "",
        row(
            [
                "rows of the sweep table",
                "combine and summarize, s",
                "figure, s",
                "process, MB",
                "of which the table, MB",
            ]
        ),
        row(["---"] * 5),
        *(row([f"{n_rows:,}", *numbers]) for n_rows, *numbers in tables),
    ]
    write_section("The study", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
