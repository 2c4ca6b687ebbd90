"""The one command, `em-study`: what it can be asked for, and how it answers.

What does it stands in its room: a function that gives a text, or yields lines and may return an exit code. What a
person can mend it raises. Nothing of it is imported before it is asked for.
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

DOES = "Check, explain, compare and pack what a run of the study has made. Give it in the folder of the run."
ENDS = """`em-study COMMAND --help` has examples. `make verify` and the like do so outside of the environment.

exit code: 0 if all is well, 1 if not (the reason is told), 2 if the command is called wrongly, 130 after Ctrl-C

for work on the study itself:
"""


class Command(NamedTuple):
    """What a command does, by which function of em_study; what it is given; and what its help says more."""

    function: str
    does: str
    given: dict[str, dict] = {}  # noqa: RUF012 (argparse's options of each argument; nobody changes them)
    more: str = ""
    well: str = ""  # when the exit code is 0
    examples: tuple[str, ...] = ()


COMMANDS = {
    "new": Command(
        "new:new",
        "look at a table of yours, and write a configuration that runs",
        {
            "file": {"type": Path, "help": "CSV, Parquet, Feather or .npy"},
            "--label": {"metavar": "COLUMN", "help": "of the classes, filled in some rows"},
        },
        """Takes columns of numbers for features, a column of names that is filled in part for the labels, and carries
others along. Writes NAME.yaml in this folder, which it never overwrites: data, fits, a sweep over the number of
components and the type of covariances, two claims to edit. Says what it saw, and the next command.""",
        "if it is written",
        ("mine.csv", "mine.csv --label species"),
    ),
    "verify": Command(
        "audit.verify:verify",
        "check a run: results, records, code and configuration against the manifest; claims against tables",
        {"folder": {"nargs": "?", "type": Path, "help": "of another's run"}},
        """Without a folder, the run in this one. A folder is another's: it has `results` and, if it is an archive,
the rest. The code that runs is this checkout's, never theirs; no path out of their folder is read.""",
        "if everything holds",
        ("", "../theirs"),
    ),
    "compare": Command(
        "compare:compare_runs",
        "say whether a run is the published one, or the same as another, on any machine",
        {
            "published": {"nargs": "?", "type": Path, "default": ROOT / "published/default.zip"},
            "results": {"nargs": "?", "type": Path, "default": Path()},
            "--csv": {"dest": "table", "type": Path, "metavar": "FILE", "help": "write how far each column differs"},
        },
        "Each is a folder of results, or of a study that has them, or a file of published results.",
        "if the second run is the first",
        ("", "before after --csv differences.csv"),
    ),
    "explain": Command(
        "explain:explain",
        "say where a number comes from",
        {"words": {"nargs": "+", "metavar": "WORD", "help": "CLAIM, or TABLE KEY ... COLUMN"}},
        """Of a claim, or of a cell of fits, parameters, agreement or measurements: the table, what names its row in the
order of docs/tables.md, and the column. Says the number, the line of pandas that gives it, the files behind it with
their checksums, the settings as run, the code, and the command that makes just this again.""",
        "if there is such a number",
        ("A5", "fits customers unsupervised 0 n_iter"),
    ),
    "checkup": Command(
        "checkup:check_files",
        "tell whether an EM of yours is right, and if not, why",
        {
            "files": {
                "nargs": "+",
                "metavar": "FILE",
                "help": "with a function `fit` (docs/implementations.md), or sklearn",
            },
            "--checks": {
                "metavar": "NAME,...",
                "help": "make these checks alone, by the names that each line begins with",
            },
            "--time-limit": {"type": float, "default": 10.0, "metavar": "SECONDS", "help": "of each run (10)"},
            "--quiet": {"action": "store_true", "help": "the answer alone"},
            "--json": {"nargs": "?", "const": "-", "metavar": "FILE.json", "help": "write what is found, or print it"},
            "--junit": {"metavar": "FILE.xml", "help": "write the checks, as CI systems read them"},
        },
        "Says a sentence a check, with what was expected and got. The last lines are the answer: the cause in words.",
        "if all checks hold and no cause is found, 2 if a file cannot be run",
        ("implementations/mine.py", "mine.py theirs.py sklearn --quiet --junit checkup.xml"),
    ),
    "archive": Command(
        "audit.archive:archive",
        "put a run into one zip file, to upload beside a paper",
        {
            "file": {"nargs": "?", "type": Path, "default": Path("em-study.zip"), "help": "em-study.zip if not given"},
            "--with-inputs": {"action": "store_true", "help": "also files of your own, and results with their rows"},
        },
        """Results, code, configuration, manifest and crate, the same bytes each time. Unpacked, `make verify`
and `make compare` work in it; to audit one, give its folder to `em-study verify` in a checkout of your own. Files of
your own, and results that hold rows of them, are named by their checksums.""",
        "if the run holds and is packed",
        ("", "all.zip --with-inputs"),
    ),
    "progress": Command(
        "audit.progress:progress",
        "tell how many cells of each sweep are done, by all processes and nodes, and which Slurm jobs run and wait",
        more="By the configuration of the last run that was begun here, at any time.",
        well="if that can be told",
    ),
    "clean": Command(
        "audit.stale:clean",
        "list results that are left over, of what is no longer configured or of a killed run, or delete them",
        {"--delete": {"action": "store_true", "help": "delete them"}},
        "What is not of the study's making is left alone, and so is what is newer than the last whole run.",
        "if they are listed or deleted",
        ("", "--delete"),
    ),
}
INTERNAL = {
    "crate": Command("audit.crate:write_crate", "describe the run in ro-crate-metadata.json, for machines"),
    "outcome": Command("audit.outcome:last_lines", "say what came out, as make reproduce does at its end"),
    "publish": Command("compare:publish_run", "renew the published results", {"file": {"type": Path}}),
    "original": Command(
        "audit.original:keep",
        "keep what the claims gave on a source's own data, after a run with this overlay",
        {"overlay": {}, "results": {"type": Path}, "file": {"type": Path}},
    ),
    "findings": Command("claims.findings:write_findings", "renew the documents that docs/templates make"),
    "document": Command(
        "claims.findings:write_document",
        "write a document by its template in docs/templates, from the tables of another run",
        {"name": {}, "results": {"type": Path}},
    ),
    "reference": Command("configuration.reference:write_reference", "renew config/README.md and config/schema.json"),
    "dictionary": Command("tables.dictionary:data_dictionary", "print docs/tables.md"),
}


def start():
    """Do what the command line asks for, and exit."""
    run(main)


def main(arguments=None) -> int:
    """Do what is asked for; print the answer, and return the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of the command line.
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
        return 1


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
            f"exit code: 0 {command.well or 'if it is done'}, else 1",
        ]
        does, more = f"{command.does[0].upper()}{command.does[1:]}.", "\n\n".join(filter(None, more))
        listed |= {"allow_abbrev": False}  # --d is no --delete
        takes = commands.add_parser(name, description=does, epilog=more, formatter_class=as_written, **listed)
        for argument, options in command.given.items():
            takes.add_argument(argument, **options)
    return parser


def _stay_in_the_tree():
    """Refuse to work in another tree of the study than the one whose code this is."""
    places = "src/em_study/places.py"
    if not (ROOT / places).is_file():
        raise StudyError("em-study is installed without the study's tree; in that, pip install -e . -e src/em_study")
    here = next((folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / places).is_file()), ROOT)
    if not here.samefile(ROOT):
        raise StudyError(
            f"this folder is of the study in {here}, but this em-study is of the one in {ROOT}: "
            f"work there, or by `make` in {here}, which runs its own code"
        )


if __name__ == "__main__":
    start()
