"""A small project in a folder of its own, for the tests that run the workflow."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parent.parent
SNAKEMAKE = (sys.executable, "-m", "snakemake")  # also where the environment was moved, and its scripts lead nowhere
FAULT = 900  # seconds after which something is taken for broken, not for slow
PARTS = ("Snakefile", "config.yaml", "articles", "config", "implementations", "profiles", "src", "workflow")
PARTS += ("LICENSE", "README.md")
LEFT_OUT = ("customer_starts", "processes", "guide_draws", "iris", "wine", "random_mixtures")
SWEEPS = ("agreement_by_size", "labels", "steps_by_tolerance", "false_convergence", "components_and_features")
SWEEPS += ("passes_by_separation", "parameter_uncertainty", "steps_by_size")
SMALL = {
    "experiments": {
        **dict.fromkeys(LEFT_OUT),
        "customers": {"replicates": 3, "fits": {"labels_only": None}},
        "guide": {"replicates": 1},
        "incomplete": {"replicates": 2, "data": {"n_unlabeled": 120}},
        "mine": {
            "data": {
                "source": "csv",
                "features": ["x1", "x2"],
                "unlabeled": {"path": "unlabeled.csv"},
                "labeled": {"path": "labeled.csv", "target": "y"},
            },
            "fits": {"start": {"initialization": "labels", "semi_supervised": "init_only"}},
            "protocols": {"fit": "start"},
        },
    },
    "sweeps": {
        **dict.fromkeys(SWEEPS),
        "missing_values": {"replicates": 2, "vary": {"data.holes.fraction": [0.0, 0.2]}},
        "sizes": {
            "experiment": "customers",
            "vary": {"data.n_unlabeled": [50, 80], "fits.clamped.tol": [1.0e-3, 1.0e-5]},
            "replicates": 3,
            "cells_per_job": 3,
            "figure": {"x": "data.n_unlabeled", "y": "agreement", "color": "protocol", "panels": "fits.clamped.tol"},
        },
    },
}


TINY = {
    "experiments": {
        **dict.fromkeys([*LEFT_OUT, "customers", "guide", "incomplete"]),
        "mine": SMALL["experiments"]["mine"],
    },
    "sweeps": {
        **dict.fromkeys([*SWEEPS, "missing_values"]),
        "tolerances": {
            "experiment": "mine",
            "vary": {"fits.start.tol": [1.0e-2, 1.0e-4]},
            "replicates": 1,
            "cells_per_job": 1,
            "figure": {"x": "fits.start.tol", "y": "n_iter"},
        },
    },
}


def make_project(folder, settings=SMALL):
    """Copy what a run needs, with two CSV files of a user."""
    folder.mkdir(exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    draw = np.random.default_rng(0)
    for name, n_rows in (("unlabeled", 200), ("labeled", 40)):
        y = np.arange(n_rows) % 2
        rows = pd.DataFrame(draw.standard_normal((n_rows, 2)) + 3 * y[:, None], columns=["x1", "x2"])
        rows.assign(y=y).to_csv(folder / f"{name}.csv", index=False)
    (folder / "small.yaml").write_text(yaml.safe_dump(settings))
    return folder


def snakemake(folder, *arguments, cores=2, overlays=()):
    return subprocess.run(
        [*SNAKEMAKE, *arguments, "--cores", str(cores), "--configfile", "small.yaml", *overlays],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def ask(folder, *words, root=None, **environment):
    """Ask the command in a folder; `root` is the tree whose code it is, if not that folder."""
    return subprocess.run(
        [sys.executable, "-m", "em_study.cli", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str((root or folder) / "src"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def wait_for(happens, *processes):
    """Wait until something happens, or a process that should bring it about has ended; tell whether it happened."""
    end = time.monotonic() + FAULT
    while not happens() and all(process.poll() is None for process in processes):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)
    return bool(happens())


# An implementation whose fit goes on once somebody who has the named pipe open for writing closes it.
WAITING = '''
def fit(X, weights, means, covariances, **settings):
    """Wait at the gate; return the start."""
    with open({gate!r}) as gate:
        gate.read()
    return {{"weights": weights, "means": means, "covariances": covariances}}
'''


@contextmanager
def held_in_a_fit(folder, *arguments):
    """Run the study, TINY with a fit that waits; hand over the process while it is in that fit. It is killed after."""
    gate = folder / "gate"
    os.mkfifo(gate)
    (folder / "implementations/waiting.py").write_text(WAITING.format(gate=str(gate)))
    fits = {"start": {"implementation": "waiting", "time_limit": FAULT}}
    waiting = {**TINY, "experiments": {**TINY["experiments"], "mine": {**TINY["experiments"]["mine"], "fits": fits}}}
    (folder / "small.yaml").write_text(yaml.safe_dump(waiting))
    with killed_at_the_end(folder, *arguments) as run:
        opened = []

        def is_read():
            if not opened:
                with suppress(OSError):  # nobody reads it yet
                    opened.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
            return opened

        try:
            assert wait_for(is_read, run)
            yield run
        finally:
            for each in opened:
                os.close(each)


@contextmanager
def killed_at_the_end(folder, *arguments):
    """Run the study in the background; kill it, with all that it has started, if it has not ended by itself."""
    run = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "2", "--configfile", "small.yaml", *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield run
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
