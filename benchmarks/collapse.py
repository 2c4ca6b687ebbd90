"""Random starts with and without a penalty on the covariances: collapses, lower maxima, passes, change of the best fit.

    python benchmarks/collapse.py [--starts 400]

Takes about one minute. Writes the section "Collapse" of benchmarks/RESULTS.md.
"""

import argparse
from pathlib import Path

import numpy as np

from acceleration import draw, from_rows
from em_study.configuration.loading import load
from em_study.data.seeds import generator
from emgmm import (
    CovariancePenalty,
    article_stopping,
    expectation_maximization,
    log_likelihoods,
    observed_information,
    random_parameters,
)
from results import machine, row, write_section

RULE, LIMIT = article_stopping(1e-8, 10_000), article_stopping(1e-13, 100_000)
SAME = 1e-4  # nats per sample: ends this close are one maximum
ARTICLE_A = "customer_starts"  # its experiment of random starts
DESIGNS = [  # samples, features, components, distance in standard deviations
    (200, 2, 2, 3.0),
    (200, 5, 3, 4.0),
    (200, 2, 3, 2.0),
    (200, 2, 5, 4.0),
]


def of_article_a(n_starts):
    """Return the samples and the random initial parameters of the study's experiment."""
    study = load([Path(__file__).parent.parent / "config.yaml"]).study
    X = study.experiments[ARTICLE_A].data.load(1, study.seed, ARTICLE_A).replicate(0).unlabeled
    draws = (generator(study.seed, ARTICLE_A, "start", r, 0) for r in range(n_starts))
    return X, [random_parameters(2, 2, each) for each in draws]


def of_design(n_starts, n_samples, n_features, n_components, distance):
    """Return samples, and initial parameters whose means are random samples."""
    X, _, random = draw(n_features, n_components, distance, 0)
    X = X[:n_samples]
    return X, [from_rows(X, n_components, random) for _ in range(n_starts)]


def ends_of(X, starts, penalty):
    """Run EM from every start; return how many collapse, how many end lower than the best, passes, the best mixture."""
    runs = [expectation_maximization(X, start, RULE, penalty=penalty) for start in starts]
    sound = [run for run in runs if not run.collapse]
    best = max(sound, key=lambda run: run.trace[-1])
    below = sum(run.trace[-1] < best.trace[-1] - SAME for run in sound)
    passes = np.median([run.n_passes for run in sound])
    return len(runs) - len(sound), below, f"{passes:.0f}", best.parameters


def moved(X, penalty, parameters):
    """Return how far the penalty holds a mixture from a maximum of the likelihood: in standard errors, and in nats.

    Both are limits of EM: with the penalty, and from there without.
    """
    own = expectation_maximization(X, parameters, LIMIT, penalty=penalty, acceleration="anderson").parameters
    free = expectation_maximization(X, own, LIMIT, acceleration="anderson").parameters
    lost = f"{(log_likelihoods(X, free) - log_likelihoods(X, own)).sum():.2g}"
    information = observed_information(X, free)
    if information.refusal:
        return "", lost
    errors = information.standard_errors
    names = "weights", "means", "covariances"
    gaps = [np.abs(getattr(own, name) - getattr(free, name)) / getattr(errors, name) for name in names]
    return f"{max(gap.max() for gap in gaps):.2g}", lost


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=400)
    n_starts = parser.parse_args().starts
    lines = [
        f"Written by `python benchmarks/collapse.py`. {machine()}.",
        f"{n_starts} random starts on the data set of each row, full covariances, to a tolerance of {RULE.tol:g}. Each",
        "cell is without / with `CovariancePenalty(1 / sqrt(n), variances)`. Below: starts that end more than 1e-4",
        "nats per sample below the best end; collapsed ones are not counted. Passes: medians. Moved: the largest",
        "distance of a parameter of the best penalized end from the maximum of the likelihood next to it, in its",
        "standard errors (empty where these are not valid). Lost: how much higher the log-likelihood of all samples",
        "is there. The first row is the data set of article A's experiment of random starts.",
        "",
        row(("samples", "features", "components", "distance", "collapsed", "below", "passes", "moved", "lost, nats")),
        row(["---"] * 9),
    ]
    print("\n".join(lines), flush=True)
    first = of_article_a(n_starts)
    problems = [((*first[0].shape, 2, "article A"), first), *((each, of_design(n_starts, *each)) for each in DESIGNS)]
    for design, (X, starts) in problems:
        penalty = CovariancePenalty(1 / np.sqrt(len(X)), X.var(axis=0))
        *plain, _ = ends_of(X, starts, None)
        *penalized, best = ends_of(X, starts, penalty)
        cells = (f"{one} / {other}" for one, other in zip(plain, penalized, strict=True))
        lines.append(row((*design, *cells, *moved(X, penalty, best))))
        print(lines[-1], flush=True)
    write_section("Collapse", lines)


if __name__ == "__main__":
    main()
