# The configuration, and functions that the rules share.
import atexit
import os
import sys
from functools import cache, partial
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

ROOT = Path(workflow.current_basedir).parents[1]
SRC = str(ROOT / "src")
# Run the code of this tree, whatever else is installed; a profile may have imported an installed version.
sys.path.insert(0, SRC)
for name in [name for name in sys.modules if name.partition(".")[0] == "em_study"]:
    del sys.modules[name]
from em_study.plan.environment import set_environment

set_environment(SRC)

from em_study.audit.replaced import notices_of
from em_study.audit.run_record import write_run_record
from em_study.claims.checks import sweeps_of
from em_study.cluster import slurm
from em_study.columns import PARTS
from em_study.configuration.changes import warnings_of
from em_study.configuration.loading import load
from em_study.data.checksums import MEMORY, Checksums, digest_of
from em_study.data.r import made_by_r
from em_study.errors import StudyError
from em_study.figures.catalogue import FIGURES
from em_study.fits.available import implementation_file, kernel_versions, wrapped_versions
from em_study.fits.partitions import used_of_r
from em_study.layout import FILES, MANIFEST, RUN, WILDCARDS, log_of, table_file
from em_study.page.files import files_shown
from em_study.places import Places
from em_study.plan.results import TABLES, Plan
from em_study.plan.run_lock import hold, last_run
from em_study.plan.sources import SCRIPTS, Code, all_code
from em_study.settings import as_params
from em_study.sweeps.settings import text_keys
from em_study.sweeps.repeated import own_rows, repeated_runs
from em_study.tables.dictionary import data_dictionary
from em_study.wording import as_it_is

# A Snakefile that uses this one as a module passes its config in place of files.
IS_MODULE = not (ROOT / "Snakefile").samefile(workflow.main_snakefile)
OVERLAYS = [] if IS_MODULE else workflow.overwrite_configfiles
CONFIG_FILES = [os.path.relpath(file) for file in (ROOT / "config.yaml", *OVERLAYS)]
CALLER = config if IS_MODULE else None
if not IS_MODULE:
    config.clear()  # Snakemake's copy of the overlays would go to every job

notice = partial(print, file=sys.stderr)
try:
    if {*"{}"} & {*str(ROOT)}:
        raise StudyError(
            f"the study is in {ROOT}, but Snakemake takes braces in a path for a wildcard: rename the folder"
        )
    if workflow.config_settings.config and not IS_MODULE:
        raise StudyError("--config is not supported; write the keys to a file, and name it with --configfile")
    if any(getattr(workflow.modifier.path_modifier, name, None) for name in ("prefix", "modifies_prefixes")):
        raise StudyError("prefix: and replace_prefix: are not supported; results are always in the folder results")
    LOADED = load(CONFIG_FILES, notice, CALLER, every_cell=workflow.is_main_process)
except StudyError as error:
    raise WorkflowError(str(error)) from None

STUDY = LOADED.study
PLACES = Places(root=ROOT)
PLAN = Plan(STUDY)
# Params contain the checksums of all imports of a script, and of the files that it reads and no job makes: a change
# there, whatever the time of the file, reruns the job.
CHECKSUMS = Checksums(MEMORY.absolute())
CODE = Code(ROOT, CHECKSUMS)
CLAIMED = [*PARTS, *(f"sweeps/{name}" for name in sweeps_of(STUDY))]  # tables
if workflow.is_main_process:
    atexit.register(CHECKSUMS.save)
    for line in notices_of(LOADED, map(PLACES.name, CONFIG_FILES[1:])):
        notice(line)
    for name, n_rows in PLAN.large_as_text.items():
        notice(
            f"experiments.{name} has about {n_rows:,} samples, and its predictions are written as text; "
            f"experiments.{name}.predictions: parquet needs less time and space"
        )


wildcard_constraints:
    **WILDCARDS,


def checksums_of(files):
    """Return the checksum of each file, by its name; None if it is missing."""
    return {PLACES.name(file): checksum_of(file) for file in files}


@cache  # Snakemake evaluates params again before a job: they must stay those of the plan
def checksum_of(file):
    if fetched := FILES["download"].pattern.fullmatch(file):  # it may not be fetched yet
        return fetched["sha256"]
    return CHECKSUMS.of(file) if Path(file).is_file() else None


def experiment_of(wildcards):
    return STUDY.experiments[wildcards.experiment]


def fit_of(wildcards):
    return experiment_of(wildcards).fits[wildcards.fit]


def compared_runs(wildcards):
    fit = experiment_of(wildcards).protocols.fit
    return FILES["fits"].of(experiment=wildcards.experiment, fit=fit)


def other_of(wildcards):
    """Return the implementation that runs in addition to our EM, by its name."""
    return next(other for other in experiment_of(wildcards).running if other.name == wildcards.implementation)


def figure_of(wildcards):
    """Return the kind of a figure, and the fits that it shows."""
    return PLAN.figures_of[wildcards.experiment][wildcards.figure]


def implementation_of(wildcards):
    """Return the file of the implementation of a fit or comparison; none if it is built in."""
    name = wildcards.get("implementation") or fit_of(wildcards).implementation
    return [file] if (file := implementation_file(name)) else []


def resources_of(rule):
    """Return the resources that a job of a rule asks for."""
    return {
        "runtime": lambda wildcards, attempt: PLAN.cost(rule, wildcards).minutes(attempt),
        "mem_mb": lambda wildcards, attempt: PLAN.cost(rule, wildcards).memory_mb(attempt),
    }


def announce_work():
    """Report how long the run will take; the logger uses the seconds of each job."""
    jobs = [(job, PLAN.cost(job.rule.name, job.wildcards)) for job in workflow.dag.needrun_jobs()]
    seconds = {job.jobid: cost.seconds_expected(job.rule.name) for job, cost in jobs}
    n_cores = min(workflow.cores or 1, os.cpu_count() or 1)
    text = f"{len(seconds):,} jobs"
    if workflow.executor_plugin.name != "slurm":
        minutes_here = max(1, round(sum(seconds.values()) / n_cores / 60))
        text += f", about {minutes_here} min on {n_cores} free cores"
    logger.info(text, extra={"seconds_of_jobs": seconds, "n_cores": n_cores})


# If this is a module, the lock and the record of a run are left to the caller.
if not IS_MODULE:

    onstart:
        try:
            executor, last = workflow.executor_plugin.name, last_run(Path("."))
            if executor == "slurm":
                check_slurm()
            CHECKSUMS.save()  # for jobs in separate processes
            about = {"executor": executor, "configuration_files": CONFIG_FILES}
            # Kept as long as this process lives.
            workflow.run_lock = hold(Path("."), about)
            if "slurm" in (executor, last.get("executor")):
                slurm.cancel_left_over(".", last.get("host"), logger.warning)
            if executor == "slurm":
                begin_on_slurm()
            announce_work()
        except StudyError as error:
            raise WorkflowError(str(error)) from None

    onsuccess:
        # Times and places are not among the results: this file differs from run to run.
        logs = [log for job in workflow.dag.jobs for log in job.log]
        write_run_record(logs, workflow.executor_plugin.name, Path(RUN))
