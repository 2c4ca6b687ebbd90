"""Times and host of a run, kept apart from its results."""

import json
import platform
from pathlib import Path

from study.data.storage import whole_file

NOTE = "Times and host of the last run. This one file differs from run to run; all others are the same bytes."


def write_run_record(metadata: Path, file: Path):
    """Sum up the time of each rule's jobs, from Snakemake's own records.

    Parameters
    ----------
    metadata : Path
        Snakemake's folder of records, one a file that a job made.
    file : Path
        Where the record goes.
    """
    jobs: dict[tuple, tuple] = {}
    for record in metadata.rglob("*"):
        if record.is_file():
            found = json.loads(record.read_text(encoding="utf-8"))
            if found.get("starttime") and found.get("endtime"):
                jobs[found["rule"], *found["log"]] = (found["rule"], found["endtime"] - found["starttime"])
    stages: dict[str, dict] = {}
    for rule, seconds in sorted(jobs.values()):
        stage = stages.setdefault(rule, {"jobs": 0, "seconds": 0.0})
        stage["jobs"] += 1
        stage["seconds"] = round(stage["seconds"] + seconds, 2)
    record = {"note": NOTE, "host": platform.node(), "platform": platform.platform(), "stages": stages}
    with whole_file(file) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
