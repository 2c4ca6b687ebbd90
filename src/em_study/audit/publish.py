"""Renew the published results: `make publish`.

python -m em_study.audit.publish [RESULTS [FILE]]
"""

import sys
from pathlib import Path

from em_study.audit.results import NotResultsError, Results, publish
from em_study.command import run


def main(results=".", file="published/default.zip") -> int:
    """Write the file."""
    try:
        publish(Results(Path(results)), Path(file))
    except (NotResultsError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{file}: the results of {results}")
    return 0


if __name__ == "__main__":
    run(main, *sys.argv[1:3])
