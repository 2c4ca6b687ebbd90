# Each result has a record of its provenance. Snakemake reads these in place of its own metadata in .snakemake, which a
# copy may lack, which --cleanup-metadata deletes, and which compares settings without their names.
from snakemake import persistence
from snakemake.persistence import ParamsChange
from snakemake.settings.types import RerunTrigger

from em_study.cluster.upstream import ask_records
from em_study.plan.provenance import read_record, record_of, settings_of, what_differs


class Changes(ParamsChange):
    """Changed settings of a job, in words."""

    def __str__(self):
        return "; ".join(sorted(self.only_new))


def is_ours(job):
    """Return whether a job is of this study, and not of a workflow that uses it as a module."""
    script = job.rule.script and os.path.normpath(str(job.rule.basedir.join(job.rule.script)))
    return bool(script) and Path(script).parent == ROOT / "workflow" / "scripts"


def what_changed(job):
    """List the differences between a job and its record."""
    record = read_record(record_of(job.log[0]))
    if record is None:
        is_there = any(Path(file).exists() for file in job.output)
        return ["it has no record of its provenance"] if is_there else []
    found = what_differs(record["settings"], settings_of(job.params))
    now = {PLACES.name(file): checksum_now(job, file) for file in job.input}
    if now.keys() != record["inputs"].keys():
        found.append("it now has other input files")
    return found + [
        f"{name} has other content"
        for name in now.keys() & record["inputs"].keys()
        if now[name] not in (None, record["inputs"][name])
    ]


def checksum_now(job, file):
    """Return the checksum of a job's input, from the record of the job that makes it, or else from the plan."""
    for other, files in workflow.dag.dependencies[job].items():
        if file in files:
            record = read_record(record_of(other.log[0])) if is_ours(other) else None
            return record and record["outputs"].get(PLACES.name(file))
    return checksum_of(file)


def is_recorded(job):
    """Return whether a job has records; for other jobs Snakemake's metadata are used."""
    if is_ours(job) and RerunTrigger.PARAMS not in workflow.rerun_triggers:
        raise WorkflowError(
            "--rerun-triggers without params is not supported: results of other settings, files or code would be "
            "accepted for this run; remove the option"
        )
    return is_ours(job)


def changes_of(job):
    return Changes(only_new=set(what_changed(job)), files={*map(str, job.output)})


if not ask_records(persistence, is_recorded, changes_of):
    raise WorkflowError(
        "this version of Snakemake does not support records of provenance; install the version in requirements.lock"
    )


def planned_records():
    """Return the checksum of the settings of every job whose results the manifest certifies, by its record."""
    certified = {*PLAN.published, *PLAN.intermediates}
    return {
        str(record_of(job.log[0])): digest_of(settings_of(job.params))
        for job in workflow.dag.jobs
        if is_ours(job) and not certified.isdisjoint(job.output)
    }
