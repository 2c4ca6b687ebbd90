"""Every figure of an experiment, by the name of its module."""

from study.figures import (
    agreement_ladder,
    convergence,
    disagreement,
    first_and_last,
    fits,
    kmeans_limit,
    log_likelihood,
    optima,
    steps_and_accuracy,
    uncertainty,
)

FIGURES = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        *(log_likelihood, fits, steps_and_accuracy, convergence, kmeans_limit),
        *(disagreement, agreement_ladder, uncertainty, first_and_last, optima),
    )
}


def figures_of(experiment) -> list[str]:
    """Name the figures that are drawn of an experiment."""
    return [name for module in FIGURES.values() for name in module.names(experiment)]
