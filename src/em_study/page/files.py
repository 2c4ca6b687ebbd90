"""The files that a claim's number is computed from. The module imports little, because the workflow needs it early."""

from em_study.claims.settings import Claim
from em_study.layout import FILES
from em_study.plan.results import Plan

MOST_FILES = 24  # on a card, with their checksums


def files_shown(plan: Plan) -> list[str]:
    """List the files whose checksums the cards show, each once."""
    study = plan.study
    claims = [claim for claim in study.claims.values() if isinstance(claim, Claim)]
    there = [
        claim
        for claim in claims
        if claim.about(claim.experiment) in (None, *study.experiments) and claim.sweep in (None, *study.sweeps)
    ]
    return sorted({file for claim in there for file, _ in files_of(claim, plan)[:MOST_FILES]})


def files_of(claim: Claim, plan: Plan) -> list[tuple[str, str]]:
    """List the files that a claim's number is computed from, the last first, and the rule that makes each."""
    if claim.sweep is not None:
        return [(path, FILES[kind].rule) for kind in ("sweep", "part") for path in plan.files(kind, claim.sweep)]
    experiment = claim.about(claim.experiment)
    files = [_file("table", table=claim.table)]
    for name in [experiment] if experiment else plan.study.experiments:
        files += _files_of_experiment(claim, name, plan)
    return files


def _file(kind: str, **names) -> tuple[str, str]:
    return FILES[kind].of(**names), FILES[kind].rule


def _files_of_experiment(claim: Claim, name: str, plan: Plan):
    fits = list(plan.study.experiments[name].fits)
    if claim.table == "agreement":
        if name not in plan.compared:
            return
        yield _file("agreement", experiment=name)
        named = claim.where.get("implementation")
        others = [other.name for other in plan.study.experiments[name].running if named in (None, other.name)]
        yield from (_file("others", experiment=name, implementation=other) for other in others)
        fits = [plan.study.experiments[name].protocols.fit]
    elif claim.table == "measurements":
        yield _file("measurements", experiment=name)
        yield from (_file("released", experiment=name, package=package) for package in plan.packages(name))
    else:
        named = {claim.where.get("fit"), claim.other.get("fit")} - {None}
        fits = [fit for fit in fits if fit in named or not named]
        kind = "scores" if claim.table == "fits" else claim.table
        yield from (_file(kind, experiment=name, fit=fit) for fit in fits)
    yield from (_file("fits", experiment=name, fit=fit) for fit in fits)
    yield _file("data", experiment=name)
