# The configuration, and what the rules share.
import fcntl
import os
import sys
from modulefinder import ModuleFinder
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
SRC = str(ROOT / "src")
# The code that runs is the code of this tree, whatever else is installed.
sys.path.insert(0, SRC)
os.environ.update(PYTHONPATH=SRC)
# One thread a job: Snakemake runs jobs side by side, and the numbers do not depend on the machine's cores.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)
CONFIG_FILES = [
    os.path.relpath(file)
    for file in (ROOT / "config.yaml", *workflow.overwrite_configfiles)
]

from study.configuration.cells import cells
from study.configuration.loading import load
from study.errors import StudyError
from study.manifest import git_state
from study.run_record import write_run_record
from study.protocols import LADDER

try:
    if workflow.config_settings.config:
        raise StudyError(
            "--config is not read; put the keys into a file and give it with --configfile"
        )
    STUDY = load(CONFIG_FILES, notice=lambda text: print(text, file=sys.stderr))
except StudyError as error:
    raise WorkflowError(str(error)) from None

CELLS = {
    name: cells(sweep, STUDY.experiments[sweep.experiment])
    for name, sweep in STUDY.sweeps.items()
}


wildcard_constraints:
    experiment="[a-z][a-z0-9_]*",
    fit="[a-z][a-z0-9_]*",
    protocol="[a-z][a-z0-9_]*",
    sha256="[0-9a-f]{64}",
    sweep="[a-z][a-z0-9_]*",
    part="[0-9]+",


def sources(script):
    """Every module of ours that a script imports, directly or not: an edit there reruns the rule."""
    finder = ModuleFinder(path=[SRC])
    finder.run_script(str(ROOT / "workflow" / "scripts" / script))
    files = [
        found.__file__ for name, found in finder.modules.items() if name != "__main__"
    ]
    return sorted(os.path.relpath(file) for file in files if file)


def experiment_of(wildcards):
    return STUDY.experiments[wildcards.experiment]


def fit_of(wildcards):
    return experiment_of(wildcards).fits[wildcards.fit]


def all_csv_tables():
    """Every data file that an experiment or a sweep reads, as the configuration names it."""
    experiments = [*STUDY.experiments.values()]
    experiments += [cell.experiment for chosen in CELLS.values() for cell in chosen]
    return [table for experiment in experiments for table in experiment.data.files]


def urls():
    """Addresses of files by checksum."""
    return {table.sha256: table.url for table in all_csv_tables() if table.url}


def with_protocols():
    return [
        name for name, experiment in STUDY.experiments.items() if experiment.protocols
    ]


def draw_settings(wildcards):
    """What the draw of an experiment depends on; files depend on none of it."""
    experiment = experiment_of(wildcards)
    if experiment.data.source == "csv":
        return {"replicates": 1, "seed": 0}
    return {"replicates": experiment.replicates, "seed": STUDY.seed}


def csv_files(wildcards):
    return [table.place for table in experiment_of(wildcards).data.files]


def compared_fit(wildcards):
    return experiment_of(wildcards).protocols.fit


def of_every_fit(pattern):
    return [
        pattern.format(experiment=name, fit=fit)
        for name, experiment in STUDY.experiments.items()
        for fit in experiment.fits
    ]


def evaluations(table):
    return of_every_fit(f"results/evaluation/{{experiment}}/{table}/{{fit}}.csv")


def all_predictions():
    return of_every_fit("results/predictions/{experiment}/{fit}.csv")


def runs_of(wildcards):
    return [
        f"results/fits/{wildcards.experiment}/{fit}.npz"
        for fit in experiment_of(wildcards).fits
    ]


def sweep_of(wildcards):
    return STUDY.sweeps[wildcards.sweep]


def cells_of_part(wildcards):
    size, part = sweep_of(wildcards).cells_per_job, int(wildcards.part)
    return CELLS[wildcards.sweep][part * size : (part + 1) * size]


def sweep_files(wildcards):
    """CSV files that the cells read."""
    chosen = cells_of_part(wildcards)
    return sorted(
        {table.place for cell in chosen for table in cell.experiment.data.files}
    )


def n_parts(name):
    return -(-len(CELLS[name]) // STUDY.sweeps[name].cells_per_job)


def sweep_parts(wildcards):
    return [
        f"results/sweeps/{wildcards.sweep}/part_{part}.csv"
        for part in range(n_parts(wildcards.sweep))
    ]


def all_sweeps():
    files = []
    for name, sweep in STUDY.sweeps.items():
        files += [f"results/tables/sweeps/{name}{end}.csv" for end in ("", "_summary")]
        if sweep.figure:
            files += [f"results/figures/{name}/sweep.{kind}" for kind in ("svg", "png")]
    return files


def section_of(wildcards):
    """The report's section for a figure."""
    if "sweep" in wildcards.keys():
        return "Sweeps"
    return experiment_of(wildcards).section


def figure_files(figure, caption=None, folder="{experiment}"):
    """A figure's two files; the report shows the PNG."""
    return {
        "svg": f"results/figures/{folder}/{figure}.svg",
        "png": report(
            f"results/figures/{folder}/{figure}.png",
            caption=f"../report/{caption or figure}.rst",
            category=section_of,
            subcategory=folder,
            labels={"figure": figure},
        ),
    }


def all_figures():
    figures = [
        f"{name}/{figure}"
        for name, experiment in STUDY.experiments.items()
        for figure in experiment.figures
    ]
    return [
        f"results/figures/{figure}.{kind}"
        for figure in figures
        for kind in ("svg", "png")
    ]


def all_results():
    """Everything that the study publishes."""
    return [
        *rules.tables.output,
        *rules.claims.output,
        *all_predictions(),
        *all_sweeps(),
        *all_figures(),
    ]


def all_intermediates():
    """What lies between the data and the results."""
    files = [f"results/data/{name}.npz" for name in STUDY.experiments]
    files += of_every_fit("results/fits/{experiment}/{fit}.npz")
    for name, experiment in STUDY.experiments.items():
        files.append(f"results/evaluation/{name}/measurements.csv")
        if experiment.protocols:
            files += [f"results/sklearn/{name}/{rung}.npz" for rung in LADDER]
            files.append(f"results/evaluation/{name}/agreement.csv")
    files += [*evaluations("fits"), *evaluations("parameters")]
    for name in STUDY.sweeps:
        files += [f"results/sweeps/{name}/part_{i}.csv" for i in range(n_parts(name))]
    return files


def table_pages():
    """Tables that the report shows, and their pages."""
    names = ["claims", "fits", "parameters", "agreement"]
    names += [f"sweeps/{name}_summary" for name in STUDY.sweeps]
    return [
        (f"results/tables/{name}.csv", f"results/report/{Path(name).name}.html")
        for name in names
    ]


def all_csv_files():
    return sorted({table.place for table in all_csv_tables()})


# The code of the study: whatever of it made a number, it is recorded.
ALL_CODE = sorted(
    os.path.relpath(file)
    for pattern in ("Snakefile", "src/**/*.py", "workflow/**/*.*")
    for file in ROOT.glob(pattern)
    if "__pycache__" not in file.parts
)


onsuccess:
    # Times and places, apart from the results: this file differs from run to run.
    write_run_record(Path(".snakemake/metadata"), Path("results/run.json"))


onstart:
    # Kept open as long as the process lives. The kernel drops the lock with it, so a killed run does not block the next.
    workflow.run_lock = open(".snakemake/run.lock", "w")
    try:
        fcntl.flock(workflow.run_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError(
            "another snakemake is running in this folder; wait for it, or stop it"
        )
