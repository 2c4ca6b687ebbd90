"""Every figure of an experiment, by its kind."""

from em_study.figures import (  # noqa: F401, for each registers its own
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
    """Name the figures that are drawn of an experiment: the kind of each, and the fits that it shows."""
    return {name: (kind, shown) for kind, of in FIGURES.items() for name, shown in of.names(experiment).items()}
