"""Whether the records of the jobs lead from each result to its sources. It imports nothing of the study."""

from collections.abc import Iterator


def not_certified(
    records: dict[str, dict | None], outputs: dict[str, str], sources: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield each result that no chain of records leads to, and the reason as the end of a sentence.

    Parameters
    ----------
    records : dict
        Content of each record, by its file; None if it is missing or broken.
    outputs : dict of str
        Checksum of each result, by its file.
    sources : dict of str
        Checksum of each file that no job made, by its name.
    """
    written = {path: found for record in records.values() if record for path, found in record["outputs"].items()}
    for path, checksum in outputs.items():
        if path not in written:
            yield path, "no record shows what made it"
        elif written[path] != checksum:
            yield path, "it differs from what its job wrote: it was changed or replaced since"
    for file, record in records.items():
        if record is None:
            yield file, "this record is missing or broken"
            continue
        made = next(iter(record["outputs"]), file)
        for path, checksum in record["inputs"].items():
            if path not in written and path not in sources:
                yield made, f"its job read {path}, which is neither a recorded result nor a known source"
            elif written.get(path, checksum) != checksum:
                yield made, f"it was made from another version of {path} than the present one"
            elif sources.get(path, checksum) != checksum:
                yield made, f"its job read another version of {path} than the one that the run was planned with"


def certificate_lines(records: dict[str, dict | None], manifest: dict) -> list[str]:
    """Return a line for each result of a manifest that no chain of records leads to."""
    found = not_certified(records, manifest["outputs"], manifest["inputs"] | manifest["code"])
    return [f"{path}: not certified, because {why}" for path, why in found]
