"""Record when, where and with what a study ran, apart from its results."""

import json
import platform
from pathlib import Path

from em_study.audit.manifest import package_versions
from em_study.data.storage import atomic_file
from em_study.plan.step import times_of

NOTE = (
    "When and where the jobs of the requested results last ran. Only this file differs from run to run; all others "
    "are the same bytes. Seconds and peak memory are those of the process of a job's script, without its parent and "
    "child processes. Jobs of an older version have left no record."
)


def write_run_record(logs, executor: str, file: Path):
    """Combine the records that jobs have left next to their logs.

    Parameters
    ----------
    logs : iterable of path-like
        Logs of all jobs, whether they ran this time or before.
    executor : str
        Snakemake's executor plugin of this run.
    file : Path
        Path of the record.
    """
    files = {times_of(log): str(log) for log in sorted(map(str, logs))}
    present = {file: log for file, log in files.items() if file.exists()}
    jobs = [json.loads(file.read_text(encoding="utf-8")) | {"log": log} for file, log in present.items()]
    stages: dict[str, dict] = {}
    for job in jobs:
        stage = stages.setdefault(job["rule"], {"jobs": 0, "seconds": 0.0, "nodes": {}, "peak_memory_mb": None})
        stage["jobs"] += 1
        stage["seconds"] = round(stage["seconds"] + job["seconds"], 3)
        stage["nodes"][job["node"]] = stage["nodes"].get(job["node"], 0) + 1
        stage["peak_memory_mb"] = max(filter(None, (stage["peak_memory_mb"], job["peak_memory_mb"])), default=None)
    record = {
        "note": NOTE,
        "host": platform.node(),
        "platform": platform.platform(),
        "executor": executor,
        "plugins": package_versions(plugins=True),
        "jobs_without_a_record": len(files) - len(present),
        "stages": stages,
    }
    text = json.dumps(record, indent=1).removesuffix("\n}")
    lines = ",\n".join(f"  {json.dumps(job)}" for job in jobs)  # one per line
    with atomic_file(file) as temporary:
        temporary.write_text(f'{text},\n "jobs": [\n{lines}\n ]\n}}\n', encoding="utf-8")
