"""Every figure of an experiment, by the name of its module: its kind."""

from em_study.figures import (
    agreement_ladder,
    convergence,
    disagreement,
    filled_in,
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
        *(log_likelihood, fits, filled_in, steps_and_accuracy, convergence, kmeans_limit),
        *(disagreement, agreement_ladder, uncertainty, first_and_last, optima),
    )
}


def figures_of(experiment) -> dict[str, tuple[str, list[str]]]:
    """Name the figures that are drawn of an experiment: the kind of each, and the fits that it shows."""
    return {name: (kind, fits) for kind, module in FIGURES.items() for name, fits in module.names(experiment).items()}
