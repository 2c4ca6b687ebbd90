"""The command line `em-study`: its commands, arguments and help.

Each command calls one function of em_study. It returns a text, or yields lines and may return an exit code. It raises
a `StudyError` for what a user can correct. Its module is imported only when the command is called.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from em_study.audit.checksums import one_line
from em_study.command import run
from em_study.errors import StudyError
from em_study.places import ROOT

DOES = "Check, explain, compare and pack the results of a run of the study. Call it in the folder of the run."
ENDS = """`em-study COMMAND --help` shows examples. Outside of the environment, use `make verify` and the like.

exit code: 0 for success, 1 for failure (the reason is printed), 2 for wrong arguments, 130 after Ctrl-C

commands for work on the study itself:
"""


class Command(NamedTuple):
    """A command: its function in em_study, a summary, its arguments, and further help."""

    function: str
    does: str
    given: dict[str, dict] = {}  # noqa: RUF012 (argparse's options of each argument; never modified)
    more: str = ""
    well: str = ""  # when the exit code is 0
    examples: tuple[str, ...] = ()


COMMANDS = {
    "new": Command(
        "new:new",
        "read a table of your data, and write a configuration that runs",
        {
            "file": {"type": Path, "help": "CSV, Parquet, Feather or .npy"},
            "--label": {"metavar": "COLUMN", "help": "column of class names, filled in for some samples"},
        },
        """Uses columns of numbers as features and a partly filled column of names as labels, and keeps others for the
predictions. Writes NAME.yaml in this folder, and never overwrites it: data, fits, a sweep over the number of components
and the covariance type, two claims to edit. Prints what it found, and the next command.""",
        "if the file is written",
        ("mine.csv", "mine.csv --label species"),
    ),
    "verify": Command(
        "audit.verify:verify",
        "check a run: results, records, code and configuration against the manifest; claims against tables",
        {"folder": {"nargs": "?", "type": Path, "help": "run of someone else"}},
        """Without a folder, checks the run in this folder. A folder is the run of someone else: it holds `results` and,
if it is an archive, further files. The code that runs is this checkout's, never theirs; no path out of their folder is
read.""",
        "if all checks pass",
        ("", "../theirs"),
    ),
    "compare": Command(
        "compare:compare_runs",
        "compare a run with the published results, or with another run, on any machine",
        {
            "published": {"nargs": "?", "type": Path, "default": ROOT / "published/default.zip"},
            "results": {"nargs": "?", "type": Path, "default": Path()},
            "--csv": {"dest": "table", "type": Path, "metavar": "FILE", "help": "write the largest differences"},
        },
        "Each argument is a folder of results, the folder of a run, or a file of published results.",
        "if the second run has the results of the first",
        ("", "before after --csv differences.csv"),
    ),
    "explain": Command(
        "explain:explain",
        "print the provenance of a number",
        {"words": {"nargs": "+", "metavar": "WORD", "help": "CLAIM, or TABLE KEY ... COLUMN"}},
        """WORD is the name of a claim; or, for a cell of fits, parameters, agreement or measurements, the table, the
keys of its row in the order of docs/tables.md, and the column. Prints the number, the lines of pandas that compute it,
the files behind it with their checksums, the settings as run, the code, and the command that makes just this.""",
        "if the number exists",
        ("A5", "fits customers unsupervised 0 n_iter"),
    ),
    "checkup": Command(
        "checkup:check_files",
        "check whether your EM is correct, and if not, find why",
        {
            "files": {
                "nargs": "+",
                "metavar": "FILE",
                "help": "Python file with a function `fit` (docs/implementations.md), or sklearn",
            },
            "--checks": {
                "metavar": "NAME,...",
                "help": "make only these checks; the names are those at the beginning of each line",
            },
            "--time-limit": {"type": float, "default": 10.0, "metavar": "SECONDS", "help": "limit of each run (10)"},
            "--quiet": {"action": "store_true", "help": "print only the answer"},
            "--json": {"nargs": "?", "const": "-", "metavar": "FILE.json", "help": "write the findings, or print them"},
            "--junit": {"metavar": "FILE.xml", "help": "write the checks in the format of CI systems"},
        },
        "Prints one sentence per check, with expected and actual values. The last lines are the answer: the cause.",
        "if all checks pass and no cause is found, 2 if a file cannot be run",
        ("implementations/mine.py", "mine.py theirs.py sklearn --quiet --junit checkup.xml"),
    ),
    "printed": Command(
        "consistency:check_file",
        "check whether the printed numbers of a mixture can belong to one fit, without its data",
        {"file": {"type": Path, "metavar": "FILE", "help": "YAML file with the numbers (docs/printed.md)"}},
        """Each number stands for all that round to it. Prints a line per check: consistent, impossible, or
undecided. Below an impossible one is a possible explanation, if one is found.""",
        "if no contradiction is found, 2 if the file cannot be used",
        ("docs/examples/printed.yaml",),
    ),
    "archive": Command(
        "audit.archive:archive",
        "pack a run into one zip file, to publish with a paper",
        {
            "file": {"nargs": "?", "type": Path, "default": Path("em-study.zip"), "help": "em-study.zip if not given"},
            "--with-inputs": {"action": "store_true", "help": "include your data, and results that hold samples of it"},
        },
        """Holds results, code, configuration, manifest and crate; the same run gives the same bytes. `make verify` and
`make compare` work in the unpacked archive; to audit one, pass its folder to `em-study verify` in a checkout of
your own. Your own data files, and results that hold their samples, are listed with their checksums, but left out.""",
        "if the run has no problems and is packed",
        ("", "all.zip --with-inputs"),
    ),
    "progress": Command(
        "audit.progress:progress",
        "print how many cells of each sweep are done, by all processes and nodes, and which Slurm jobs run and wait",
        more="Uses the configuration of the last run that was started in this folder. Can be called at any time.",
        well="if the progress could be read",
    ),
    "clean": Command(
        "audit.stale:clean",
        "list or delete leftover results, which are no longer configured or belong to a killed run",
        {"--delete": {"action": "store_true", "help": "delete them"}},
        "Ignores files that the study did not make, and files that are newer than the last complete run.",
        "if they are listed or deleted",
        ("", "--delete"),
    ),
}
INTERNAL = {
    "crate": Command("audit.crate:write_crate", "describe the run in ro-crate-metadata.json, for machines"),
    "outcome": Command("audit.outcome:last_lines", "print the outcome, as make reproduce does at its end"),
    "publish": Command("compare:publish_run", "renew the published results", {"file": {"type": Path}}),
    "original": Command(
        "audit.original:keep",
        "store the results of the claims on a source's own data, after a run with this overlay",
        {"overlay": {}, "results": {"type": Path}, "file": {"type": Path}},
    ),
    "findings": Command("claims.findings:write_findings", "renew the documents made from docs/templates"),
    "document": Command(
        "claims.findings:write_document",
        "write one document from its template in docs/templates and the tables of another run",
        {"name": {}, "results": {"type": Path}},
    ),
    "reference": Command("configuration.reference:write_reference", "renew config/README.md and config/schema.json"),
    "dictionary": Command("tables.dictionary:data_dictionary", "print docs/tables.md"),
}


def start():
    """Run the command line, and exit."""
    run(main)


def main(arguments=None) -> int:
    """Run a command; print its output, and return the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Default: the arguments of the command line.
    """
    given = vars(_parser().parse_args(arguments))
    module, function = (COMMANDS | INTERNAL)[given.pop("command")].function.split(":")
    try:
        _stay_in_the_tree()
        found = getattr(import_module(f"em_study.{module}"), function)(**given)
        lines = iter(found.splitlines() if isinstance(found, str) else found or ())
        while True:
            print(one_line(next(lines)), flush=True)
    except StopIteration as end:
        return end.value or 0
    except (StudyError, OSError) as error:
        print(*map(one_line, str(error).splitlines()), sep="\n", file=sys.stderr)
        return getattr(error, "exit_code", 1)


def _parser() -> argparse.ArgumentParser:
    internal = "\n".join(f"  {name:10}  {command.does}" for name, command in INTERNAL.items())
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("em-study", description=DOES, epilog=ENDS + internal, formatter_class=as_written)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for name, command in (COMMANDS | INTERNAL).items():
        listed = {"help": command.does} if name in COMMANDS else {}
        examples = "".join(f"\n  em-study {name} {words}".rstrip() for words in command.examples)
        more = [
            command.more,
            examples and f"examples:{examples}",
            f"exit code: 0 {command.well or 'if it is done'}, otherwise 1",
        ]
        does, more = f"{command.does[0].upper()}{command.does[1:]}.", "\n\n".join(filter(None, more))
        listed |= {"allow_abbrev": False}  # --d is not --delete
        takes = commands.add_parser(name, description=does, epilog=more, formatter_class=as_written, **listed)
        for argument, options in command.given.items():
            takes.add_argument(argument, **options)
    return parser


def _stay_in_the_tree():
    """Stop in another copy of the repository than the one whose code this is."""
    places = "src/em_study/places.py"
    if not (ROOT / places).is_file():
        raise StudyError("em-study is installed without its repository; in a clone, pip install -e . -e src/em_study")
    here = next((folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / places).is_file()), ROOT)
    if not here.samefile(ROOT):
        raise StudyError(
            f"this folder belongs to the repository in {here}, but this em-study is installed from {ROOT}: "
            f"work there, or use `make` in {here}, which runs its own code"
        )


if __name__ == "__main__":
    start()
