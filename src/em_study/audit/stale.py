"""List leftover results, and delete them on request.

Compared with the last run's manifest, these are results of experiments and sweeps that are no longer configured (also
of those that the last run's overlay removed), cells that no sweep uses, and incomplete files of a killed run. Files
that the study did not make are ignored. Files newer than the manifest belong to an unfinished run, and are listed.
"""

import re
from functools import cache
from pathlib import Path

from em_study.audit.cells import names_of_cells
from em_study.audit.record import read_manifest
from em_study.cluster.slurm import jobs_of
from em_study.errors import StudyError
from em_study.layout import LEFT, MANIFEST, kind_of
from em_study.plan.provenance import read_record
from em_study.plan.run_lock import hold, last_run
from em_study.sweeps.cells import key_of


def stale_files(folder: Path, manifest: dict) -> tuple[list[Path], list[Path]]:
    """List the leftover files in a folder, and those that the last run does not need but that are newer."""
    from em_study.configuration.study import Study
    from em_study.plan.results import Plan

    plan = Plan(Study.model_validate(manifest["configuration"]))
    wanted = {*manifest["outputs"], *plan.table_pages.values(), *plan.report_images}
    wanted |= {file.place for file in plan.data_files if file.url}
    cells = cache(lambda sweep: names_of_cells(plan, sweep) if sweep in plan.cells else set())
    last_run = (folder / MANIFEST).stat().st_mtime_ns
    stale, newer, records = [], [], []
    for file in (folder / "results").rglob("*"):
        path = file.relative_to(folder)
        kind, names = kind_of(path)
        if file.is_dir() and not file.is_symlink():
            continue
        if re.fullmatch(r"\..+\.part(\.\w+)?", path.name):  # no run is active
            stale.append(path)
        elif kind == "record":
            records.append(path)  # deleted with its results
        elif kind in LEFT and str(path) not in wanted:
            reached = cells(names["sweep"]) if kind == "cell" else set()
            if reached is not None and key_of(path) not in reached:
                (stale if file.lstat().st_mtime_ns <= last_run else newer).append(path)
    left = {str(path) for path in (*stale, *newer)}
    for file in records:
        record = read_record(folder / file)
        if not record or not any(path not in left and (folder / path).exists() for path in record["outputs"]):
            stale.append(file)
    return sorted(stale), sorted(newer)


def clean(delete: bool):
    """Yield the leftover files in this folder, and delete them on request; return 1 if a file cannot be deleted."""
    folder = Path()
    manifest, problem = read_manifest(folder)
    if problem:
        raise StudyError(f"{problem}. Nothing was deleted.")
    if manifest["caller"] is not None:
        raise StudyError(
            "The study is a module of another workflow here, whose files may be among these: nothing was deleted."
        )
    try:
        lock = hold(folder)
        running = jobs_of(folder) if last_run(folder).get("executor") == "slurm" else []
    except StudyError as error:
        raise StudyError(f"{error}. Nothing was deleted.") from None
    with lock:
        if running:
            raise StudyError(
                f"{len(running)} Slurm jobs are running here: wait for them, or stop them. Nothing was deleted."
            )
        stale, newer = stale_files(folder, manifest)
        size = sum(path.lstat().st_size for path in stale)
        yield from lines_of_files(stale)
        kept = [error for error in map(_delete, stale if delete else ()) if error]
        for above in sorted({above for path in stale if delete for above in path.parents}, reverse=True):
            if above != folder and not any(above.iterdir()):
                above.rmdir()
    yield from (f"{error.filename}: cannot be deleted ({error.strerror})" for error in kept)
    if newer:
        yield "Newer than the last complete run, so kept (complete that run, or delete by hand):"
        yield from (f"  {path}" for path in newer)
    if not stale:
        yield "There are no leftover files."
    elif delete:
        yield f"{len(stale) - len(kept)} of {_files(stale)} left over were deleted."
    else:
        yield f"{_files(stale)} left over by earlier configurations, {size / 1e6:.1f} MB. Nothing was deleted."
        yield "To delete them: em-study clean --delete"
    return 1 if kept else 0


def lines_of_files(paths: list[Path]):
    """List files: a single one in a folder by its path, several by their folder and number."""
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path)
    for folder, files in folders.items():
        yield str(files[0]) if len(files) == 1 else f"{folder}/: {_files(files)}"


def _files(paths) -> str:
    return "1 file" if len(paths) == 1 else f"{len(paths):,} files"


def _delete(path: Path) -> OSError | None:
    try:
        path.unlink()
    except OSError as error:
        return error
    return None
