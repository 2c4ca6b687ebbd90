"""Checksums of files and configurations. It imports nothing of the study, so that `verify` can use it first."""

import hashlib
import json

NOT_RESULTS = ("logs", "run.json", "manifest.json", "report", "report.html")  # times, and what is about the results


def sha256_of(path) -> str:
    """Checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def configuration_digest(configuration: dict) -> str:
    """Checksum of an effective configuration, in its canonical form."""
    return hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()
