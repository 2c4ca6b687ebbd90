"""Pack a run into one file, to publish with a paper; the same run gives the same bytes."""

import json
import zipfile
from pathlib import Path

from em_study.audit.checksums import leads_out, one_line
from em_study.audit.crate import FILE as CRATE
from em_study.audit.crate import crate_text
from em_study.audit.record import ARCHIVE, holding_rows, needs_a_run, recorded_files
from em_study.audit.verify import problems_of
from em_study.data.storage import atomic_file
from em_study.errors import StudyError
from em_study.layout import MANIFEST, RUN
from em_study.places import OWN, Places

# In addition to the files that the manifest records.
PROJECT = ("*.md", "*.cff", "*.lock", "LICENSE", "Makefile", "pyproject.toml", ".ci/run", "docs/*.md", "docs/*.png")
PROJECT += ("docs/templates/*.md", "config/*.yaml", "config/*.md", "config/schema.json", "implementations/*.md")
PROJECT += ("benchmarks/*.md", "benchmarks/*.py")
PROJECT += ("profiles/*/config.yaml", "published/*.zip", "src/em_study/pyproject.toml", "src/*/README.md", "paper/*")
PROJECT += ("tests/**/*.py", "tests/**/*.R", "tests/*.zip", ".zenodo.json", ".github/workflows/*.yml")
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip; real times would change the bytes


def make_archive(folder: Path, manifest: dict, file: Path, with_inputs: bool) -> dict[str, str]:
    """Write the archive, a zip file, of the run in a folder; return the checksums of the files left out, by path."""
    recorded, places = recorded_files(manifest), Places(folder)
    own = set() if with_inputs else {*manifest["inputs"], *holding_rows(manifest)}
    own |= {path for path in recorded if leads_out(path)}
    tree = places.root
    project = {str(found.relative_to(tree)) for pattern in PROJECT for found in tree.glob(pattern) if found.is_file()}
    paths = ({*recorded, MANIFEST, RUN} | project) - own
    left_out = {path: recorded[path] for path in sorted(own)}
    with (
        atomic_file(file) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        _add(archive, ARCHIVE, (json.dumps({"left_out": left_out}, indent=1) + "\n").encode())
        _add(archive, CRATE, crate_text(manifest, folder, paths).encode())
        for path in sorted(paths):
            _add(archive, path, places.file(path).read_bytes())
    return left_out


def _add(archive: zipfile.ZipFile, path: str, content: bytes):
    info = zipfile.ZipInfo(path, DATE)
    info.external_attr = 0o644 << 16
    archive.writestr(info, content, zipfile.ZIP_DEFLATED)


def archive(file: Path, with_inputs: bool):
    """Write the archive of the run in this folder, if it has no problems; yield its size, and the files left out."""
    manifest, problem = needs_a_run(Path())
    problems = [problem] if problem else [*problems_of(Path())]
    packed = {} if problem else recorded_files(manifest).keys() - ({} if with_inputs else manifest["inputs"])
    problems += [
        f"{path}: the study's repository has a file of that name: rename yours, and run again"
        for path in sorted(packed)
        if path.startswith(OWN)
    ]
    if problems:
        raise StudyError("\n".join([*map(one_line, problems), "no archive was made, because this run has problems"]))
    try:
        left_out = make_archive(Path(), manifest, file, with_inputs)
    except OSError as error:
        raise StudyError(f"{file} cannot be written: {error}") from None
    yield f"{file}: {file.stat().st_size / 1e6:.1f} MB"
    if left_out:
        yield f"left out, and listed with their checksums in {ARCHIVE}: {', '.join(left_out)}"
