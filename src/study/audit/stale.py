"""Remove results that are left over: `make clean-stale`.

    python -m study.audit.stale

Run it in the folder of the study. By the last run's manifest, it lists and removes what an experiment or a sweep left
that is no longer configured, cells that no sweep can reach, and what a killed run was writing.
"""

import fcntl
import json
import sys
from pathlib import Path

from study.audit.checksums import NOT_RESULTS

ROOT = Path(__file__).parents[3]


def unknown_results(folder: Path, recorded) -> list[Path]:
    """List results that are not recorded, but for cells and downloads, which later runs may use.

    Parameters
    ----------
    folder : Path
        Where the study is; the results are in its folder `results`.
    recorded : collection of str
        Paths of the results that the manifest records.
    """
    found = []
    for file in sorted((folder / "results").rglob("*")):
        path = file.relative_to(folder)
        kept = path.parts[1] in (*NOT_RESULTS, "downloads") or "cells" in path.parts
        if (file.is_file() or file.is_symlink()) and not kept and str(path) not in recorded:
            found.append(path)
    return found


def stale_files(folder: Path, manifest: dict) -> list[Path]:
    """List what is left over, relative to the folder.

    Parameters
    ----------
    folder : Path
    manifest : dict
        Of the last run.
    """
    from study.configuration.schema import Study
    from study.plan.results import Plan

    plan = Plan(Study.model_validate(manifest["configuration"]))
    results = folder / "results"
    pages = {Path(page).name for page in plan.table_pages.values()}
    unfinished = [*results.rglob(".*.part*")]
    stale = [file for file in (results / "report").glob("*.html") if file.name not in pages]
    stale += [file for file in (results / "downloads").glob("*.csv") if file.stem not in plan.urls]
    for cells in (results / "sweeps").glob("*/cells"):
        reached = _reached(plan, cells.parent.name, folder)
        stale += [file for file in cells.glob("*.csv") if reached is not None and file.stem not in reached]
    listed = {file.relative_to(folder) for file in (*unfinished, *stale)}
    return sorted(listed.union(unknown_results(folder, manifest["outputs"])))


def _reached(plan, name, folder) -> set[str] | None:
    """Names of the cells that a sweep can reach; None if that cannot be told, for one of its data files is missing."""
    from study.plan.sources import digest_of, imported_by
    from study.tables.sweeps import cell_key

    if name not in plan.study.sweeps:
        return set()
    code = digest_of(imported_by(ROOT / "workflow/scripts/sweep_part.py", ROOT / "src"))
    try:
        return {cell_key(cell, plan.study.sweeps[name], plan.study.seed, code) for cell in plan.cells[name]}
    except OSError:
        return None


def main() -> int:
    """List and remove."""
    folder = Path()
    try:
        manifest = json.loads((folder / "results/manifest.json").read_text(encoding="utf-8"))
        with open(folder / ".snakemake/run.lock", "a") as lock:  # as every run does
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stale = stale_files(folder, manifest)
            for path in stale:
                print(path)
            for path in stale:
                (folder / path).unlink()
            for above in sorted({above for path in stale for above in path.parents}, reverse=True):
                if above != folder and not any(above.iterdir()):
                    above.rmdir()
    except BlockingIOError:
        print("A run is going on in this folder: wait for it, or stop it. Nothing was removed.")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"There is no complete run of this version here, so nothing was removed ({error}).")
        return 1
    print(f"{len(stale)} files were left over, and have been removed" if stale else "nothing is left over")
    return 0


if __name__ == "__main__":
    sys.exit(main())
