"""Compare the results of two runs: `make compare`.

    python -m em_study.compare PUBLISHED RESULTS [--csv FILE]

Each is a folder of results, the folder of a study, or a file that `make publish` wrote. Says in plain words what
differs, settings and code first, and at the end whether all is as published; ends with 1 if the second run is not the
first.
"""

import argparse
import csv
import sys
from pathlib import Path

from em_study.command import run

MOST_TOLD = 20  # sentences of a kind


def main(arguments=None) -> int:
    """Print what differs, and one line to quote."""
    parser = argparse.ArgumentParser(prog="python -m em_study.compare", description="Compare the results of two runs.")
    parser.add_argument("published", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--csv", type=Path, help="write how far each column differs")
    given = parser.parse_args(arguments)

    from em_study.audit.checksums import one_line
    from em_study.audit.comparison import compare
    from em_study.audit.results import NotResultsError, Results
    from em_study.data.storage import whole_file

    try:
        found = compare(Results(given.published), Results(given.results))
    except NotResultsError as error:
        print(one_line(error), file=sys.stderr)
        return 1
    for heading, sentences in (
        ("Other settings", found.settings),
        ("Made by other", found.made_by),
        ("Not made with the settings of the articles", found.changes),
        ("Not as published", found.problems),
        ("Stopped by rounding, and counted as the same", found.flips),
    ):
        if sentences:
            print(f"{heading}:")
            print("\n".join(f"  {one_line(sentence)}" for sentence in sentences[:MOST_TOLD]))
            if len(sentences) > MOST_TOLD:
                print(f"  and {len(sentences) - MOST_TOLD} more")
    if given.csv and found.columns:
        try:
            given.csv.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(given.csv) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(found.columns[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(found.columns)
        except OSError as error:
            print(f"{given.csv} cannot be written: {error}", file=sys.stderr)
            return 1
    print(f"{'The published results' if found.same else 'NOT the published results'}: {found.line}.")
    print("".join(f"{one_line(sentence)}.\n" for sentence in found.largest), end="")
    return 0 if found.same else 1


if __name__ == "__main__":
    run(main)
