"""Time of jobs on a Slurm cluster, compared with the same work on this machine alone.

    python tests/cluster/slurm.py run python benchmarks/cluster.py

Runs the default study and a large sweep on the cluster whose commands are on PATH, and locally, in clones of this
repository in a temporary folder; compares the results byte by byte; and writes a section of benchmarks/RESULTS.md. The
cluster is this machine: CPU seconds are all that it spent, of daemons and whatever else runs too.
"""

import filecmp
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from results import machine, row, write_section

ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
LARGE = {
    "articles": dict.fromkeys(("xu_2021", "goeduhub", "analytics_vidhya")),
    "experiments": {
        **dict.fromkeys(("iris", "wine", "random_mixtures")),
        "large": {
            "data": {"source": "gaussian_mixture", "n_components": 2, "n_features": 2, "n_unlabeled": 200},
            "fits": {"ours": {"initialization": "k-means++"}},
        },
    },
    "sweeps": {
        "components_and_features": None,
        "cells": {
            "experiment": "large",
            "vary": {
                "data.n_unlabeled": list(range(200, 1200, 10)),
                "data.separation": [0.5 + 0.05 * step for step in range(50)],
            },
            "replicates": 10,
        },
    },
}
BARE = """
import sys, time
sys.path.insert(0, "src")
from em_study.plan.environment import set_environment
from em_study.configuration.loading import load
from em_study.plan.results import Plan
from em_study.sweeps.run import InEachCell, run_cells
plan = Plan(load(["config.yaml", "large.yaml"]).study)
run_cells(list(plan.cells["cells"]), InEachCell(**plan.run_in_each_cell["cells"]), plan.study.seed, "bare", "", print)
"""


def busy():
    """CPU seconds that this machine has spent."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / TICKS


def timed(folder, *command):
    """Run a command; return seconds, CPU seconds of the machine, and what it printed."""
    before, begun = busy(), time.perf_counter()
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment)  # noqa: S603
    return time.perf_counter() - begun, busy() - before, done.stdout + done.stderr


def same(one, other):
    """Count the results of one run, and those that are not the same bytes in the other."""
    files = [file.relative_to(one) for file in (one / "results").rglob("*") if file.is_file()]
    files = [file for file in files if file.parts[1] not in ("logs", "run.json")]
    _, different, lacking = filecmp.cmpfiles(one, other, files, shallow=False)
    return len(files), len(different) + len(lacking)


def main():
    """Measure, print, and write the section."""
    lines = [
        f"Written by `python benchmarks/cluster.py`. {machine()}, which is the cluster too, as two nodes of",
        "8 cores. CPU seconds are those of the entire machine. Cells alone: in one process, without Snakemake.",
        "",
        row(("", "Slurm jobs", "s", "s of CPU", "results", "that differ from the local run's")),
        row(["---"] * 6),
    ]
    with tempfile.TemporaryDirectory() as made:
        places = [Path(made) / name for name in ("local", "slurm")]
        for place in places:
            subprocess.run(["git", "clone", "--quiet", ROOT, place], check=True)  # noqa: S603, S607
            (place / "large.yaml").write_text(yaml.safe_dump(LARGE))
        for name, options in (("the default study", ()), ("a sweep of 5,000 cells", ("--configfile", "large.yaml"))):
            if options:
                seconds, cpu, _ = timed(places[0], sys.executable, "-c", BARE)
                lines.append(row((f"{name}, cells alone", "", f"{seconds:.0f}", f"{cpu:.0f}", "", "")))
            for place, where in zip(places, (("--cores", "2"), ("--profile", "profiles/slurm")), strict=True):
                subprocess.run(["rm", "-rf", "results"], cwd=place, check=True)  # noqa: S607
                seconds, cpu, output = timed(place, sys.executable, "-m", "snakemake", *where, *options)
                n_jobs = output.count("submitted with SLURM jobid") or ""
                compared = same(*places) if n_jobs else ("", "")
                lines.append(row((f"{name}, {place.name}", n_jobs, f"{seconds:.0f}", f"{cpu:.0f}", *compared)))
                print(lines[-1], flush=True)
    write_section("A cluster", lines)


if __name__ == "__main__":
    main()
