# The configuration, and what the rules share.
import atexit
import hashlib
import os
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

ROOT = Path(workflow.current_basedir).parents[1]
SRC = str(ROOT / "src")
# The code that runs is the code of this tree, whatever else is installed.
sys.path.insert(0, SRC)
from em_study.plan.environment import set_environment

set_environment(SRC)

from em_study.audit.replaced import notices_of
from em_study.audit.run_record import write_run_record
from em_study.cluster import slurm
from em_study.sweeps.cells import text_keys
from em_study.configuration.changes import warnings_of
from em_study.claims.checks import sweeps_of
from em_study.errors import StudyError
from em_study.fits.available import kernel_versions, wrapped_versions
from em_study.sweeps.repeated import repeated_runs
from em_study.wording import as_it_is
from em_study.data.checksums import MEMORY, Checksums
from em_study.evaluation.protocols import PROTOCOLS
from em_study.figures.catalogue import FIGURES
from em_study.plan.demands import PASSES, memory_mb, minutes, seconds_allowed
from em_study.plan.demands import seconds_expected, seconds_of_step
from em_study.configuration.loading import load
from em_study.places import Places
from em_study.plan.results import Plan
from em_study.plan.run_lock import hold, last_run
from em_study.plan.sources import SCRIPTS, Code, all_code
from em_study.columns import PARTS
from em_study.tables.dictionary import data_dictionary

# Another Snakefile that takes this one as a module hands over its config in place of files.
IS_MODULE = not (ROOT / "Snakefile").samefile(workflow.main_snakefile)
OVERLAYS = [] if IS_MODULE else workflow.overwrite_configfiles
CONFIG_FILES = [os.path.relpath(file) for file in (ROOT / "config.yaml", *OVERLAYS)]
CALLER = config if IS_MODULE else None
if not IS_MODULE:
    config.clear()  # Snakemake's copy of the overlays, which would go to every job

try:
    if {*"{}"} & {*str(ROOT)}:
        raise StudyError(
            f"the study lies in {ROOT}, and Snakemake takes braces in a path for a wildcard; rename that folder"
        )
    if workflow.config_settings.config and not IS_MODULE:
        raise StudyError(
            "--config is not read; put the keys into a file and give it with --configfile"
        )
    if any(
        getattr(workflow.modifier.path_modifier, name, None)
        for name in ("prefix", "modifies_prefixes")
    ):
        raise StudyError(
            "prefix: and replace_prefix: are not supported; results are in the folder results"
        )
    LOADED = load(
        CONFIG_FILES,
        lambda text: print(text, file=sys.stderr),
        CALLER,
        every_cell=workflow.is_main_process,
    )
except StudyError as error:
    raise WorkflowError(str(error)) from None

STUDY = LOADED.study
PLACES = Places(root=ROOT)
PLAN = Plan(STUDY)
if workflow.is_main_process:
    for line in notices_of(LOADED, map(PLACES.name, CONFIG_FILES[1:])):
        print(line, file=sys.stderr)
    for name, n_rows in PLAN.large_as_text.items():
        print(
            f"experiments.{name} has about {n_rows:,} rows, whose predictions are written as text: "
            f"experiments.{name}.predictions: parquet takes less time and room",
            file=sys.stderr,
        )
# What the columns are said to hold, which is no part of what code computes.
WORDS = hashlib.sha256(data_dictionary().encode()).hexdigest()
# The tables that claims read.
CLAIMED = [*PARTS, *(f"sweeps/{name}" for name in sweeps_of(STUDY))]
# Params hold the checksums of all that a script imports, and of the files that it reads and no job makes: what is
# changed there, whatever its time, is made anew.
CHECKSUMS = Checksums(MEMORY.absolute())
CODE = Code(ROOT, CHECKSUMS)
if workflow.is_main_process:
    atexit.register(CHECKSUMS.save)


def checksums_of(files):
    """Checksum of each file, by its name; None if it is missing."""
    return {PLACES.name(file): checksum_of(file) for file in files}


@cache  # Snakemake asks for params again before it runs a job: they are those of the plan
def checksum_of(file):
    if file.startswith("results/downloads/"):  # yet to be fetched, perhaps
        return Path(file).stem
    return CHECKSUMS.of(file) if Path(file).is_file() else None


wildcard_constraints:
    experiment="[a-z][a-z0-9_]*",
    figure="[a-z][a-z0-9_]*",
    owner="[a-z][a-z0-9_]*",
    fit="[a-z][a-z0-9_]*",
    sha256="[0-9a-f]{64}",
    ending="csv|parquet|npy",
    format="csv|parquet",
    sweep="[a-z][a-z0-9_]*",
    part="[0-9]+",


def experiment_of(wildcards):
    return STUDY.experiments[wildcards.experiment]


def fit_of(wildcards):
    return experiment_of(wildcards).fits[wildcards.fit]


def kind_of(wildcards):
    """The kind of a figure, and the fits that it shows."""
    return PLAN.figures_of[wildcards.experiment][wildcards.figure]


def other_of(experiment):
    """The name of what runs beside our EM."""
    named = experiment.protocols.implementation if experiment.protocols else "sklearn"
    return "scikit-learn" if named == "sklearn" else named


def runs_of(wildcards):
    return PLAN.of_fits(wildcards.experiment, "results/fits/{experiment}/{fit}.npz")


def compared_runs(wildcards):
    fit = experiment_of(wildcards).protocols.fit
    return f"results/fits/{wildcards.experiment}/{fit}.npz"


def sweep_of(wildcards):
    return STUDY.sweeps[wildcards.sweep]


def minutes_of(step):
    """What a step of an experiment asks a cluster for."""

    def asked(wildcards, attempt):
        experiment = experiment_of(wildcards)
        seconds = seconds_of_step(step, experiment, wildcards.get("fit"))
        allowed = seconds_allowed(experiment) if step in ("fit", "sklearn") else 0.0
        return minutes(seconds, attempt, allowed)

    return asked


def memory_of_experiment(wildcards, attempt):
    return memory_mb(experiment_of(wildcards), attempt)


def minutes_of_part(wildcards, attempt):
    named = wildcards.sweep, int(wildcards.part)
    allowed = len(PLAN.cells_of_parts[named[0]][named[1]]) * seconds_allowed(
        PLAN.longest_of_part(*named)
    )
    return minutes(PLAN.seconds_of_part(*named), attempt, allowed)


def memory_of_part(wildcards, attempt):
    return memory_mb(
        PLAN.longest_of_part(wildcards.sweep, int(wildcards.part)), attempt
    )


def files_of_experiment(wildcards):
    return [file.place for file in experiment_of(wildcards).data.files]


def implementation_of_fit(wildcards):
    return PLAN.implementation_of(wildcards.experiment, wildcards.fit)


def implementation_of_protocols(wildcards):
    return PLAN.implementation_of(wildcards.experiment, None)


def files_of_part(wildcards):
    return PLAN.files_of_part(wildcards.sweep, int(wildcards.part))


def seconds_of_job(job):
    """What a job will take, for who waits."""
    name, wildcards, estimated = job.rule.name, job.wildcards, 0.0
    if name == "sweep_part":
        estimated = PLAN.seconds_of_part(wildcards.sweep, int(wildcards.part))
    elif name in PASSES:
        experiment = experiment_of(wildcards)
        estimated = seconds_of_step(name, experiment, wildcards.get("fit"))
    return seconds_expected(name, estimated)


def tell_the_work():
    """Say how long a run will take; the logger goes by the seconds of each job."""
    seconds = {job.jobid: seconds_of_job(job) for job in workflow.dag.needrun_jobs()}
    n_cores = min(workflow.cores or 1, os.cpu_count() or 1)
    told = f"{len(seconds):,} jobs"
    if workflow.executor_plugin.name != "slurm":
        minutes_here = max(1, round(sum(seconds.values()) / n_cores / 60))
        told += f", about {minutes_here} min on {n_cores} free cores"
    logger.info(told, extra={"seconds_of_jobs": seconds, "n_cores": n_cores})


def section_of(name):
    """The report's section for the figures of an experiment or a sweep."""
    return (
        "Sweeps" if name in STUDY.sweeps else as_it_is(STUDY.experiments[name].section)
    )


# The lock and the record of a run are the caller's own affair where this is a module.
if not IS_MODULE:

    onstart:
        try:
            executor, last = workflow.executor_plugin.name, last_run(Path("."))
            if executor == "slurm":
                check_slurm()
            CHECKSUMS.save()  # for processes that jobs have of their own
            told = {"executor": executor, "configuration_files": CONFIG_FILES}
            workflow.run_lock = hold(
                Path("."), told
            )  # as long as this process lives
            if "slurm" in (executor, last.get("executor")):
                slurm.cancel_left_over(".", last.get("host"), logger.warning)
            if executor == "slurm":
                begin_on_slurm()
            tell_the_work()
        except StudyError as error:
            raise WorkflowError(str(error)) from None

    onsuccess:
        # Times and places, apart from the results: this file differs from run to run.
        write_run_record(
            [log for job in workflow.dag.jobs for log in job.log],
            workflow.executor_plugin.name,
            Path("results/run.json"),
        )
