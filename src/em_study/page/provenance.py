"""The provenance of a claim's number: its settings, and the command that computes it again."""

import os

import yaml

from em_study.claims.settings import Claim, Selection
from em_study.configuration.study import Study
from em_study.layout import FILES, table_file
from em_study.places import Places


def experiment_of(claim: Selection, study: Study) -> str | None:
    """Name the experiment whose settings a number depends on; None if it depends on all."""
    return study.sweeps[claim.sweep].experiment if claim.sweep else claim.about(claim.experiment)


def written(settings) -> str:
    """Write settings as YAML."""
    return yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)


def command_of(claim: Claim, configuration_files) -> str:
    """Write the command that computes a claim's table again from the data, in the folder of the run.

    The files are config.yaml and its overlays, by their names in records.
    """
    _, *overlays = configuration_files
    words = []
    if claim.sweep is None:
        experiment = claim.about(claim.experiment)
        words = ["--forcerun", FILES["data"].of(experiment=experiment) if experiment else "data"]
    command = Places().command(overlays, *words, "--", table_file(claim.table))
    if claim.sweep is None:
        return command
    return f"rm -r {os.path.dirname(FILES['part'].of(sweep=claim.sweep))} && {command}"
