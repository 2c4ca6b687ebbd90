"""Say where a number comes from.

    python -m em_study.explain A5
    python -m em_study.explain fits customers unsupervised 0 n_iter

A claim by its name, or a cell of a table: the table, what tells its rows apart in the order of docs/tables.md, and the
column. Run it in the folder of the study, after a run. Prints the number, the line of pandas that gives it, the files
behind it with their checksums, the settings as run, the code, and the command that makes just this again.
"""

import sys
from pathlib import Path

from em_study.command import run

USAGE = "python -m em_study.explain CLAIM, or TABLE KEY ... COLUMN"


def main(*words) -> int:
    """Print the origin of a number."""
    from em_study.audit.checksums import one_line
    from em_study.audit.record import read_manifest
    from em_study.errors import StudyError
    from em_study.page.explanation import explained

    if not words:
        print(USAGE, file=sys.stderr)
        return 1
    manifest, problem = read_manifest(Path())
    if problem:
        print(problem, file=sys.stderr)
        return 1
    try:
        print("\n".join(explained(list(words), manifest, Path(__file__).parents[2])))
    except (StudyError, OSError) as error:
        print(one_line(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run(main, *sys.argv[1:])
