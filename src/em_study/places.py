"""Names of files in records, independent of the folder in which the study runs."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from em_study.layout import RESULTS

ROOT = Path(os.path.realpath(__file__)).parents[2]  # the tree of the study: its code, articles and config.yaml
OWN = "./"  # prefix of a file in the folder of the run, if the tree of the study has a file of the same name


@dataclass(frozen=True)
class Places:
    """The folder of a run, and the tree of the study, which may be another folder (`--directory`).

    The name of a file in the tree is its path from the tree's root; of any other file, its path from the folder.

    Attributes
    ----------
    folder, root : Path
    """

    folder: Path = Path()
    root: Path = ROOT

    @property
    def elsewhere(self) -> bool:
        """Whether the folder of the run is not the tree."""
        return os.path.realpath(self.folder) != os.path.realpath(self.root)

    def command(self, overlays, *words: str) -> str:
        """Write a snakemake command for the folder of the run, with overlays by their names."""
        found = ["snakemake", *(["-s", os.path.relpath(self.file("Snakefile"))] if self.elsewhere else [])]
        files = [os.path.relpath(self.file(name)) for name in overlays]
        return shlex.join([*found, "--cores", "4", *(["--configfile", *files] if files else []), *words])

    def name(self, path) -> str:
        """Return the name of a file, given its path from the working folder."""
        file = Path(os.path.abspath(path))  # a link has its own name, not that of its target
        folder, root = (Path(os.path.realpath(base)) for base in (self.folder, self.root))
        around = [base for base in (folder, root) if file.is_relative_to(base)]
        base = max(around, key=lambda base: len(base.parts), default=folder)
        name = os.path.relpath(file, base)
        taken = base == folder != root and not _is_of_the_folder(name) and (root / name).exists()
        return OWN + name if taken else name

    def file(self, name: str) -> Path:
        """Find a file by its name."""
        of_the_tree = not _is_of_the_folder(name) and not name.startswith(OWN) and os.path.exists(self.root / name)
        return (self.root if of_the_tree else self.folder) / name


def _is_of_the_folder(name: str) -> bool:
    return name.startswith(RESULTS) or Path(name).is_absolute() or ".." in Path(name).parts
