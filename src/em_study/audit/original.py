"""Store the results of the claims on a source's own data next to its article: the data are not redistributed."""

import datetime
from pathlib import Path

import yaml

from em_study.audit.manifest import git_state
from em_study.claims.checks import sweeps_of
from em_study.claims.evaluate import finder
from em_study.claims.sentences import evidence
from em_study.claims.settings import Claim
from em_study.claims.verdicts import NOT_TESTED
from em_study.columns import PARTS
from em_study.configuration.loading import load
from em_study.configuration.study import Study
from em_study.data.storage import atomic_file, read_table
from em_study.layout import table_file
from em_study.sweeps.repeated import own_rows, repeated_runs
from em_study.sweeps.settings import text_keys

OPENING = (
    "# Made by `make original-data`: results of the claims on the source's own files, which are not redistributed.\n"
)


def outcome(claims, study: Study, tables: dict, commit: str | None, date: str) -> dict:
    """List the claims that a run could test, with the files that it read.

    `claims` is claims.csv of the run; `tables` are by the names that claims use; `commit` is that of the study.
    """
    files = [file for experiment in study.experiments.values() for file in experiment.data.files if file.url]
    of_data = claims["claim"].map(lambda name: isinstance(study.claims[name], Claim)).astype(bool)
    tested = claims[of_data & (claims["verdict"] != NOT_TESTED.name)]

    def measured(name):
        claim = study.claims[name]
        find = finder(claim, tables, repeated_runs(study), own_rows(study))
        found = {key: evidence(selection, find) for key, selection in claim.evidence.items()}
        return {key: float(values[""]) for key, values in found.items() if values}

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
                "evidence": measured(row.claim),
            }
            for row in tested.itertuples()
        },
    }


def agreement(table, study: Study) -> dict:
    """List the agreement on the source's own samples: by experiment, our fit's settings and each protocol."""
    first = table[(table["replicate"] == 0) & table["failure"].isna()]
    first = first.assign(n_differing=(first["disagreement"] * first["n_samples"]).round().astype(int))
    columns = ["n_samples", "n_differing", "max_abs_posterior_difference"]
    return {
        name: {
            "fit": study.experiments[name].compared_fit.model_dump(exclude_defaults=True),
            "protocols": rows.set_index("protocol")[columns].to_dict("index"),
        }
        for name, rows in first.groupby("experiment", sort=False)
        if any(file.url for file in study.experiments[name].data.files)
    }


def keep(overlay: str, results: Path, file: Path):
    """Write the file, after a run with this overlay."""
    study = load(["config.yaml", overlay]).study
    text = {f"sweeps/{name}": text_keys(study.sweeps[name].vary) for name in sweeps_of(study)}
    tables = {name: read_table(results.parent / table_file(name), text.get(name, ())) for name in (*PARTS, *text)}
    claims = read_table(results / "tables/claims.csv")
    found = outcome(claims, study, tables, git_state(Path())["commit"], datetime.date.today().isoformat())
    found["agreement"] = agreement(tables["agreement"], study)
    with atomic_file(file) as temporary:
        temporary.write_text(OPENING + yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
