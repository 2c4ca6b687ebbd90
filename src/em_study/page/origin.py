"""Where a claim's number comes from: the settings and files behind it, and the command that makes it again."""

import yaml

from em_study.claims.settings import Claim, Selection
from em_study.configuration.study import Study
from em_study.evaluation.protocols import PROTOCOLS
from em_study.places import Places
from em_study.plan.results import Plan


def experiment_of(claim: Selection, study: Study) -> str | None:
    """Name the experiment whose settings a number depends on; None if on those of all."""
    return study.sweeps[claim.sweep].experiment if claim.sweep else claim.about(claim.experiment)


def written(settings) -> str:
    """Write settings as YAML."""
    return yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)


def files_of(claim: Claim, plan: Plan) -> list[tuple[str, str]]:
    """List the files that a claim's number is made from, the last first, and the rule that makes each."""
    table = f"results/tables/{claim.table}.csv"
    if claim.sweep is not None:
        return [(table, "sweep"), *((part, "sweep_part") for part in plan.parts(claim.sweep))]
    experiment = claim.about(claim.experiment)
    files = [(table, "tables")]
    for name in [experiment] if experiment else plan.study.experiments:
        files += _files_of_experiment(claim, name, plan)
    return files


def _files_of_experiment(claim: Claim, name: str, plan: Plan):
    fits = list(plan.study.experiments[name].fits)
    if claim.table == "agreement":
        if name not in plan.compared:
            return
        yield f"results/evaluation/{name}/agreement.csv", "compare"
        yield from ((f"results/sklearn/{name}/{rung}.npz", "sklearn") for rung in PROTOCOLS)
        fits = [plan.study.experiments[name].protocols.fit]
    elif claim.table == "measurements":
        yield f"results/evaluation/{name}/measurements.csv", "measure"
    else:
        named = {claim.where.get("fit"), claim.other.get("fit")} - {None}
        fits = [fit for fit in fits if fit in named or not named]
        yield from ((f"results/evaluation/{name}/{claim.table}/{fit}.csv", "evaluate") for fit in fits)
    yield from ((f"results/fits/{name}/{fit}.npz", "fit") for fit in fits)
    yield f"results/data/{name}.npz", "data"


def command_of(claim: Claim, configuration_files) -> str:
    """Write the command that makes a claim's table again, from the data, in the folder of the run.

    Parameters
    ----------
    claim : Claim
    configuration_files : list of str
        config.yaml and its overlays, by their names in records.
    """
    _, *overlays = configuration_files
    words = []
    if claim.sweep is None:
        experiment = claim.about(claim.experiment)
        words = ["--forcerun", f"results/data/{experiment}.npz" if experiment else "data"]
    command = Places().command(overlays, *words, "--", f"results/tables/{claim.table}.csv")
    return command if claim.sweep is None else f"rm -r results/sweeps/{claim.sweep} && {command}"
