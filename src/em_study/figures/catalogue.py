"""All figures of an experiment, by kind."""

from em_study.figures import (  # noqa: F401, each registers its kind
    agreement_ladder,
    classes,
    convergence,
    disagreement,
    filled_in,
    first_and_last,
    fits,
    implementations,
    kmeans_limit,
    log_likelihood,
    optima,
    steps_and_accuracy,
    uncertainty,
)
from em_study.figures.shown import FIGURES


def figures_of(experiment) -> dict[str, tuple[str, list[str]]]:
    """Name the figures of an experiment, with the kind of each and the fits that it shows."""
    return {name: (kind, shown) for kind, of in FIGURES.items() for name, shown in of.names(experiment).items()}
