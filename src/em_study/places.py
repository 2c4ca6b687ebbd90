"""What files are called in records, whichever folder the study runs in."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from em_study.layout import RESULTS

ROOT = Path(os.path.realpath(__file__)).parents[2]  # the tree of the study: its code, articles and config.yaml
OWN = "./"  # begins the name of a file in the folder of the run, where the tree has a file of that name


@dataclass(frozen=True)
class Places:
    """The folder of a run, and the tree of the study, which is that folder or another one (`--directory`).

    A file in the tree is called by its path from the tree's root, any other by its path from the folder.

    Attributes
    ----------
    folder, root : Path
    """

    folder: Path = Path()
    root: Path = ROOT

    @property
    def elsewhere(self) -> bool:
        """Whether the run is in another folder than the tree."""
        return os.path.realpath(self.folder) != os.path.realpath(self.root)

    def command(self, overlays, *words: str) -> str:
        """Write a snakemake command for the folder of the run; the overlays are given by their names."""
        found = ["snakemake", *(["-s", os.path.relpath(self.file("Snakefile"))] if self.elsewhere else [])]
        files = [os.path.relpath(self.file(name)) for name in overlays]
        return shlex.join([*found, "--cores", "4", *(["--configfile", *files] if files else []), *words])

    def name(self, path) -> str:
        """Name a file that is given by its path from the working folder."""
        file = Path(os.path.abspath(path))  # a link is called by its own name
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
