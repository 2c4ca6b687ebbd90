"""Where the minutes of `make reproduce` go in a new clone: installing, planning, the jobs of each rule, the report.

    python benchmarks/from_nothing.py [--before COMMIT]

Runs the commands that `make -n reproduce` prints, one by one, in a clone of the state of each commit, with an empty
cache of pip; and writes the section of benchmarks/RESULTS.md. It needs a package registry, and takes four minutes for
each commit on two cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from results import machine, row, write_section
from study import ROOT, timed

PHASES = {  # by a word of the command
    "venv --clear": "create the environment",
    "requirements-pip.lock": "install pip",
    "requirements.lock": "install the packages",
    "compileall": "compile them",
    "--editable": "install the library and the study",
    "--cores": "the study, with its planning",
    "--report": "the report",
    "crate": "the crate",
    "outcome": "the outcome",
}
PLAN = "import of Snakemake and planning alone (`snakemake -n`)"
WARM = "imports of one process that runs jobs"
AGAIN = "a second `make reproduce`"
WARM_UP = (
    "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import study; study.become_warm(pathlib.Path(sys.argv[2]))"
)


def measure(folder):
    """Run the commands in a clone; return seconds and CPU seconds by phase, and number and seconds of jobs by rule."""
    listed = ["make", "-n", "reproduce"]
    listed = subprocess.run(listed, cwd=folder, check=True, capture_output=True, text=True).stdout  # noqa: S603
    python, found = folder / ".venv/bin/python", {}
    for command in listed.splitlines():
        if command.startswith(("echo", "make")):  # what this make would do is listed next
            continue
        phase = next((phase for word, phase in PHASES.items() if word in command), None)
        if phase == "the study, with its planning":
            found[PLAN] = timed([python, "-m", "snakemake", "-n", "--quiet"], folder)
            found[WARM] = timed([python, "-c", WARM_UP, str(Path(__file__).parent), str(folder)], folder)
        spent = timed(["sh", "-c", command], folder)
        if phase:
            found[phase] = spent
    found["**all**"] = tuple(sum(spent[i] for name, spent in found.items() if name not in (PLAN, WARM)) for i in (0, 1))
    found[AGAIN] = timed(["make", "reproduce"], folder)
    jobs, seconds = Counter(), Counter()
    for file in (folder / "results/logs").rglob("*.json"):
        times = json.loads(file.read_text())
        jobs[times["rule"]] += 1
        seconds[times["rule"]] += times["seconds"]
    return found, jobs, seconds


def main():
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="COMMIT")
    commits = [*filter(None, [parser.parse_args().before]), "HEAD"]
    os.environ |= {"PIP_NO_CACHE_DIR": "1", "PIP_USER": "0"}
    measured = {}
    with tempfile.TemporaryDirectory() as temporary:
        for commit in commits:
            folder = Path(temporary, commit)
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)  # noqa: S603, S607
            subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=folder, check=True)  # noqa: S603, S607
            measured[commit] = measure(folder)
            print(commit, measured[commit], file=sys.stderr, flush=True)
    names = dict.fromkeys(name for found, _, _ in measured.values() for name in found)
    names = sorted(names, key=[*PHASES.values(), "**all**", AGAIN, PLAN, WARM].index)
    _, jobs, seconds = measured["HEAD"]
    lines = [
        f"Written by `python benchmarks/from_nothing.py`. {machine()}.",
        "`make reproduce` in a new clone, with the packages from a registry and an empty cache of pip:",
        "seconds / CPU seconds.",
        "",
        row(["", *commits]),
        row(["---"] * (len(commits) + 1)),
        *(
            row([name, *("{:.1f} / {:.1f}".format(*m[0][name]) if name in m[0] else "" for m in measured.values())])
            for name in names
        ),
        "",
        f"HEAD has {jobs.total()} jobs, four at a time, which take {seconds.total():.0f} seconds together:",
        "",
        row(["rule", "jobs", "seconds, sum", "of all"]),
        row(["---"] * 4),
        *(
            row([rule, jobs[rule], f"{spent:.1f}", f"{spent / seconds.total():.0%}"])
            for rule, spent in seconds.most_common(12)
        ),
    ]
    write_section("From nothing", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
