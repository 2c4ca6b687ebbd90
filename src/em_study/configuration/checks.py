"""Checks that look at more than one key. They see every part that is right in itself, even if others are not."""

from em_study.configuration.claim_checks import check_claim
from em_study.configuration.experiment_checks import block, check_experiment, valid
from em_study.configuration.schema import Claim, Sweep
from em_study.configuration.sweep_checks import check_sweep
from em_study.configuration.vocabulary import Vocabulary


def cross_checks(values: dict, vocabulary: Vocabulary, every_cell: bool):
    """Check keys against each other.

    Parameters
    ----------
    values : dict
        The configuration as read; it may hold mistakes of any kind.
    vocabulary : Vocabulary
    every_cell : bool
        Whether to look at the cells of sweeps.

    Yields
    ------
    path : tuple
        The key to change.
    message : str
    """
    experiments, sweeps = block(values, "experiments"), block(values, "sweeps")
    for name, experiment in experiments.items():
        if isinstance(experiment, dict):
            yield from check_experiment(experiment, ("experiments", name))
    for name, raw_sweep in sweeps.items():
        sweep = valid(Sweep, raw_sweep)
        if sweep:
            yield from check_sweep(sweep, experiments, ("sweeps", name), vocabulary, every_cell)
    for name, raw_claim in block(values, "claims").items():
        claim = valid(Claim, raw_claim)
        if claim:
            yield from check_claim(claim, ("claims", name), vocabulary, sweeps)
