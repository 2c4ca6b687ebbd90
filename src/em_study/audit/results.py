"""Read a run's tables and manifest from its folder or from a file of published results. No code of it is executed."""

import io
import json
import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path

from em_study.audit.checksums import file_within
from em_study.audit.record import KEPT, parsed
from em_study.columns import KEYS
from em_study.data.storage import atomic_file, read_table
from em_study.errors import StudyError
from em_study.layout import FILES, RESULTS, table_file
from em_study.sweeps.settings import text_keys

MANIFEST = FILES["manifest"].path.removeprefix(RESULTS)  # without the folder in a file of published results
BROKEN = (OSError, RuntimeError, ValueError, NotImplementedError, EOFError, zipfile.BadZipFile, zlib.error, LZMAError)
LARGEST = 500_000_000  # bytes of a file


class NotResultsError(StudyError):
    """The argument holds no readable results; the message gives the reason."""


class Results:
    """A run's results: in their folder, in the folder of a run, or in a file of `publish`; else a NotResultsError."""

    def __init__(self, place: Path):
        self.place = place / "results" if (place / "results").is_dir() else place
        self.archive = None
        if not self.place.exists():
            raise NotResultsError(f"{self.place}: this file or folder does not exist")
        if self.place.is_file():
            try:
                self.archive = zipfile.ZipFile(self.place)
            except BROKEN as error:
                text = f"{self.place} is neither a folder nor a file of published results"
                raise NotResultsError(f"{text} ({error})") from None
        try:
            content = self.content(MANIFEST).decode()
        except UnicodeDecodeError as error:
            raise NotResultsError(f"{self.place}: {MANIFEST} cannot be read ({error})") from None
        self.manifest, problem = parsed(content, f"{self.place}: {MANIFEST}")
        if problem:
            raise NotResultsError(problem)

    @property
    def tables(self) -> list[str]:
        """Names of the compared tables, by the configuration."""
        return [*KEYS, *(f"sweeps/{name}_summary" for name in self.manifest["configuration"]["sweeps"])]

    def read(self, table: str):
        """Read a table with all digits.

        Raises
        ------
        NotResultsError
        """
        try:
            content = io.BytesIO(self.content(_name(table)))
            return read_table(content, self._text_of(table), low_memory=False)
        except ValueError as error:
            raise NotResultsError(f"{self.place}: {_name(table)} cannot be read ({error})") from None

    def _text_of(self, table: str) -> list[str]:
        """Name the varied keys that hold text, if it is a sweep's summary; none if the configuration is broken."""
        name = table.removeprefix("sweeps/").removesuffix("_summary")
        try:
            return text_keys(self.manifest["configuration"]["sweeps"][name]["vary"])
        except (KeyError, TypeError, AttributeError):
            return []

    def content(self, name: str) -> bytes:
        """Read a file, unless it lies outside of the folder or is too large."""
        try:
            if self.archive is not None:
                size, read = self.archive.getinfo(name).file_size, self.archive.read
            else:
                file = file_within(self.place, name)
                if file is None:
                    raise NotResultsError(f"{self.place}: {name} is missing, or leads out of the folder")
                size, read = file.stat().st_size, lambda _: file.read_bytes()
            if size > LARGEST:
                raise NotResultsError(f"{self.place}: {name} has {size:,} bytes, more than the limit of {LARGEST:,}")
            return read(name)
        except KeyError:
            raise NotResultsError(f"{self.place}: {name} is missing") from None
        except BROKEN as error:
            raise NotResultsError(f"{self.place}: {name} cannot be read ({error})") from None


def _name(table: str) -> str:
    return table_file(table).removeprefix(RESULTS)


def publish(results: Results, file: Path):
    """Write the tables of a run and their provenance into one file; the same run gives the same bytes."""
    kept = {key: results.manifest[key] for key in KEPT}
    contents = {MANIFEST: json.dumps(kept, indent=1).encode()}
    contents |= {path: results.content(path) for path in map(_name, results.tables)}
    with atomic_file(file) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_LZMA)
