"""Provenance of results: one record per job, with its inputs, settings and outputs, without time and place."""

import json
import platform
import re
from functools import lru_cache
from pathlib import Path

from em_study.data.checksums import file_state, sha256_of
from em_study.data.storage import write_text
from em_study.layout import FILES, LOGS
from em_study.places import Places
from em_study.wording import differing, shown

CHECKSUM = re.compile("[0-9a-f]{64}")


def record_of(log) -> Path:
    """Return the path of the record of a job, by its log."""
    return Path(FILES["record"].of(job=str(Path(log).with_suffix("")).removeprefix(LOGS)))


def settings_of(params) -> dict:
    """Return the params of a job as they are read back from its record."""
    return json.loads(json.dumps(dict(params.items()), sort_keys=True))


def write_record(job, inputs: dict[str, str]):
    """Write the record of a job: `inputs` (checksums of files by name), settings and outputs."""
    places = Places()
    record = {
        "rule": job.rule,
        "settings": settings_of(job.params),
        "inputs": inputs,
        "outputs": {name: sha256_of(name) for name in sorted(map(places.name, job.output))},
        "made_by": made_by(),
    }
    file = record_of(job.log[0])
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(record, indent=1) + "\n")


def read_record(file: Path) -> dict | None:
    """Read a record; None if it is missing or invalid."""
    try:
        return _record(file, *file_state(file))
    except OSError:
        return None


@lru_cache(4096)
def _record(file: Path, *_file_state) -> dict | None:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    kinds = {"rule": str, "settings": dict, "inputs": dict, "outputs": dict, "made_by": dict}
    is_one = isinstance(record, dict) and all(isinstance(record.get(name), kind) for name, kind in kinds.items())
    return record if is_one else None


@lru_cache
def made_by() -> dict:
    """Return the version of Python, and the kind of processor for which NumPy and its BLAS have chosen their code."""
    import numpy as np
    from threadpoolctl import threadpool_info

    simd = np.show_config(mode="dicts").get("SIMD Extensions", {})
    blas = next((found.get("architecture") for found in threadpool_info() if found["user_api"] == "blas"), None)
    return {"python": platform.python_version(), "processor": {"blas": blas, "numpy": simd.get("found", [])}}


def what_differs(recorded: dict, planned: dict) -> list[str]:
    """List the settings in which two jobs differ, with a few words for each."""
    found = differing(recorded, planned)
    return sorted(_words(_named(path), *values) for path, values in found.items())


def _named(path: tuple) -> str:
    """Name a setting by its keys; the checksum of a file or module by its name."""
    return path[1] if path[0] in ("files", "code") and len(path) == 2 else ".".join(path)


def _words(key: str, one, other) -> str:
    if any(isinstance(value, str) and CHECKSUM.fullmatch(value) for value in (one, other)):
        return f"{key} has other content"
    if one is None or other is None:
        return f"{key} is {'new' if one is None else 'gone'}"
    return f"{key} is {shown(other)}, was {shown(one)}"
