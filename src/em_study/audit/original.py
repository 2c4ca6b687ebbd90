"""What the claims gave on a source's own data, kept beside its article, for the data themselves stay where they are."""

import datetime
from pathlib import Path

import yaml

from em_study.audit.manifest import git_state
from em_study.claims.verdicts import NOT_TESTED
from em_study.configuration.loading import load
from em_study.configuration.study import Study
from em_study.data.storage import read_table, whole_file

OPENING = "# Made by `make original-data`: what the claims gave on the source's own files, which stay where they are.\n"


def outcome(claims, study: Study, commit: str | None, date: str) -> dict:
    """List the claims that a run could test, with the files that it read.

    Parameters
    ----------
    claims : DataFrame
        claims.csv of the run.
    study : Study
    commit : str or None
        Of the study's repository.
    date : str
    """
    files = [file for experiment in study.experiments.values() for file in experiment.data.files if file.url]
    tested = claims[claims["verdict"] != NOT_TESTED.name]
    return {
        "date": date,
        "files": [{"url": file.url, "sha256": file.sha256} for file in files],
        "study_commit": commit,
        "claims": {
            row.claim: {
                "criterion": row.criterion,
                "observed": float(row.observed),
                "n_replicates": int(row.n_replicates),
                "verdict": row.verdict,
            }
            for row in tested.itertuples()
        },
    }


def keep(overlay: str, results: Path, file: Path):
    """Write the file, after a run with this overlay."""
    study = load(["config.yaml", overlay]).study
    claims = read_table(results / "tables/claims.csv")
    found = outcome(claims, study, git_state(Path())["commit"], datetime.date.today().isoformat())
    with whole_file(file) as temporary:
        temporary.write_text(OPENING + yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
