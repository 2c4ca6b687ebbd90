"""The code that a job runs, which must be that of the plan, from the first job of a process to its last."""

from em_study.data.checksums import MEMORY, Checksums
from em_study.errors import StudyError
from em_study.places import ROOT
from em_study.plan.sources import Code


class LoadedCode:
    """The files of code that this process has used; a module stays loaded, whatever becomes of its file."""

    def __init__(self, root=ROOT):
        self.code, self.seen, self.changed = Code(root, Checksums(MEMORY)), {}, None

    def check(self, planned: dict[str, str]):
        """Raise unless the modules that a job names, and all that earlier ones used, are those of the plan.

        Parameters
        ----------
        planned : dict of str
            As `Code.made_of` gives it.

        Raises
        ------
        StudyError
        """
        self.check_again()
        for name in planned.keys() & self.code.files.keys() - self.seen.keys():
            self.seen[name] = self.code.file_state(name)
            if self.code.checksum_of(name) != planned[name]:
                self.changed = name
        self.check_again()

    def check_again(self):
        """Raise if a file was touched since it was first used: what is loaded may be what it was in between."""
        for name, before in self.seen.items():
            if self.changed is None and self.code.file_state(name) != before:
                self.changed = name
        if self.changed is not None:
            raise StudyError(f"{self.changed} was changed while the run was at work: run the same command again")


LOADED = LoadedCode()
