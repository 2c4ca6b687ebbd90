"""What the claims gave on a source's own data, kept beside its article, for the data themselves stay where they are.

python -m study.claims.original RESULTS FILE      # after a run on these data; `make original-data` does both
"""

import datetime
import json
import sys
from pathlib import Path

import yaml

from study.data.storage import read_table, whole_file

OPENING = "# Made by `make original-data`: what the claims gave on the source's own files, which stay where they are.\n"


def outcome(claims, manifest: dict, date: str) -> dict:
    """List the claims that the run could test, with the files that it read.

    Parameters
    ----------
    claims : DataFrame
        claims.csv of the run.
    manifest : dict
        Its manifest.
    date : str
    """
    tested = claims[claims["verdict"] != "not_tested"]
    experiments = manifest["configuration"]["experiments"].values()
    files = [file for experiment in experiments for file in experiment["data"].values() if isinstance(file, dict)]
    return {
        "date": date,
        "files": [{"url": file["url"], "sha256": file["sha256"]} for file in files if file.get("sha256")],
        "study_commit": manifest["commit"],
        "claims": {
            row.claim: {
                "observed": float(row.observed),
                "n_replicates": int(row.n_replicates),
                "verdict": row.verdict,
            }
            for row in tested.itertuples()
        },
    }


def main(results: Path, file: Path):
    """Write the file."""
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    found = outcome(read_table(results / "tables/claims.csv"), manifest, datetime.date.today().isoformat())
    file.parent.mkdir(exist_ok=True)
    with whole_file(file) as temporary:
        temporary.write_text(OPENING + yaml.safe_dump(found, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
