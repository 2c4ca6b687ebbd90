"""Check that the code that a process has loaded is the code of the plan, for all its jobs."""

from em_study.data.checksums import MEMORY, Checksums
from em_study.errors import StudyError
from em_study.places import ROOT
from em_study.plan.sources import Code


class LoadedCode:
    """The code files that this process has used; a module stays loaded when its file changes."""

    def __init__(self, root=ROOT):
        self.code, self.seen, self.changed = Code(root, Checksums(MEMORY)), {}, None

    def check(self, planned: dict[str, str]):
        """Raise an error unless the modules of a job, and those of earlier jobs, are those of the plan.

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
        """Raise an error if a file has changed since its first use: the loaded module may be of another version."""
        for name, before in self.seen.items():
            if self.changed is None and self.code.file_state(name) != before:
                self.changed = name
        if self.changed is not None:
            raise StudyError(f"{self.changed} was changed during the run: run the same command again")


LOADED = LoadedCode()
