"""How often each initialization ends at the best optimum known, and at which cost, on 20 designs.

    python benchmarks/starts.py [--draws 10] [--starts 3]

Writes the section "Starts" of benchmarks/RESULTS.md, in about 6 minutes of one core. Seconds are CPU seconds.
"""

import argparse
import textwrap
import time
from functools import partial
from itertools import chain

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn import datasets
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from emgmm import (
    CollapsedComponentError,
    MixtureParameters,
    StoppingRule,
    aitken_stopping,
    expectation_maximization,
    labeled_statistics,
    maximization,
    unlabeled_statistics,
    weighted_statistics,
)
from emgmm.initialization import SHORT_RUNS, SHORT_SAMPLES, SHORT_SAMPLES_PER_MEAN
from emgmm.labels import shrunken
from results import machine, row, write_section

REG_COVAR = 1e-6  # the default of the estimator
RULE = aitken_stopping(1e-6, 2000)
NEAR = 1e-4  # nats per sample
EASY = 0.7  # share of starts that end at the best, below which a design is hard
LEAST_RATIO = 0.01  # of a component's variance to the mean one, in any direction
MOST_SAMPLES = 2000  # of a hierarchical clustering, and of splitting
FEW = ("equal", "round", 0.0, 0.0)  # weights, shape, noise, and degrees of freedom of the tails
FALLING, UNEQUAL = ("falling", "unequal", 0.0, 0.0), ("equal", "unequal", 0.0, 0.0)
LONG = ("equal", "long", 0.0, 0.0)
# Name: components, covariances of the fit, and then of the data: components, features, samples, distance, and the rest.
DRAWN = {
    "2 near, one feature": (2, "full", 2, 1, 500, 2.0, *FEW),
    "2 near, unequal weights": (2, "full", 2, 2, 1000, 1.5, *FALLING),
    "3 of unequal spread": (3, "full", 3, 2, 300, 2.5, *UNEQUAL),
    "3 of unequal weights": (3, "full", 3, 3, 1000, 3.0, "falling", "round", 0.0, 0.0),
    "4 elongated, 10 features": (4, "full", 4, 10, 1500, 2.0, *LONG),
    "4 with heavy tails": (4, "full", 4, 3, 1000, 4.0, "equal", "round", 0.0, 4.0),
    "4 and a tenth noise": (5, "full", 4, 2, 1000, 5.0, "equal", "round", 0.1, 0.0),
    "5, one feature": (5, "full", 5, 1, 1000, 3.0, *FEW),
    "5 that overlap": (5, "full", 5, 2, 1000, 2.0, *UNEQUAL),
    "5, tied": (5, "tied", 5, 4, 1000, 2.5, *FEW),
    "6, few samples": (6, "full", 6, 5, 400, 3.0, *FEW),
    "6, many samples": (6, "full", 6, 4, 10_000, 3.0, *FALLING),
    "8 apart": (8, "full", 8, 2, 2000, 5.0, *FEW),
    "8 unequal": (8, "full", 8, 3, 2000, 3.5, *FALLING),
    "12, spherical": (12, "spherical", 12, 2, 2000, 5.0, "falling", "round", 0.0, 0.0),
    "12 elongated": (12, "full", 12, 3, 3000, 5.0, *LONG),
}
REAL = {  # name: components, covariances, loader, principal components of the standardized features
    "iris": (3, "full", datasets.load_iris, 0),
    "wine, diag": (3, "diag", datasets.load_wine, 0),
    "breast cancer, 5 of PCA": (4, "full", datasets.load_breast_cancer, 5),
    "digits, 8 of PCA": (10, "full", datasets.load_digits, 8),
}


def draw(n_components, n_features, n_samples, distance, weights, shape, noise, tails, seed):
    """Draw samples: the two nearest means are at the distance, in typical standard deviations."""
    generator = np.random.default_rng([seed, n_components, n_features, n_samples])
    odds = np.geomspace(1, 0.1 if weights == "falling" else 1, n_components)
    y = generator.choice(n_components, n_samples, p=odds / odds.sum())
    nearest = 0.0
    while nearest < 0.3 * n_components ** (-1 / n_features):
        means = generator.uniform(size=(n_components, n_features))
        gaps = np.linalg.norm(means[:, None] - means, axis=2)
        nearest = gaps[np.triu_indices(n_components, 1)].min()
    rotations = np.linalg.qr(generator.standard_normal((n_components, n_features, n_features)))[0]
    sizes = np.ones((n_components, n_features))
    if shape == "unequal":
        sizes *= np.exp(generator.uniform(np.log(0.4), np.log(2.5), (n_components, 1)))
    if shape == "long":
        sizes *= np.where(np.arange(n_features) < max(1, n_features // 4), 4.0, 0.7)
    values = generator.standard_normal((n_samples, n_features))
    if tails:
        values *= np.sqrt(tails / generator.chisquare(tails, (n_samples, 1)))
    X = means[y] * distance / nearest + np.einsum("nij,nj->ni", (rotations * sizes[:, None])[y], values)
    anywhere = generator.random(n_samples) < noise
    X[anywhere] = generator.uniform(X.min(axis=0), X.max(axis=0), (anywhere.sum(), n_features))
    return X


def loaded(load, n_features):
    """Load a data set; reduce it to principal components, if a number is given."""
    X = load().data
    if not n_features:
        return X
    X = X[:, X.std(axis=0) > 0]
    return PCA(n_features, random_state=0).fit_transform((X - X.mean(axis=0)) / X.std(axis=0))


# Each initialization returns parameters, and the passes over the samples that it took.


def of_library(method, X, n_components, kind, random_state):
    """Initialize as `GaussianMixtureEM(init_params=method)` does."""
    statistics = unlabeled_statistics(X, n_components, method, random_state, kind, reg_covar=REG_COVAR)
    found = maximization(statistics, REG_COVAR)
    most, n_passes = max(SHORT_SAMPLES, SHORT_SAMPLES_PER_MEAN * n_components * X.shape[1]), 0
    if method == "short_runs":
        n_passes = sum(np.prod(each) for each in SHORT_RUNS) * min(1, most / len(X))
    return MixtureParameters(statistics.mass / len(X), found.means, found.covariances, kind), n_passes


def some(X, random_state):
    """Return the samples, or some of them if they are many."""
    return X if len(X) <= MOST_SAMPLES else X[random_state.choice(len(X), MOST_SAMPLES, replace=False)]


def ward(X, n_components, kind, random_state):
    """Initialize from Ward's hierarchical clustering."""
    X = some(X, random_state)
    labels = fcluster(linkage(X, "ward"), n_components, "maxclust") - 1
    return shrunken(labeled_statistics(X, labels, n_components, kind), reg_covar=REG_COVAR), 0


def run(X, start, n_passes):
    """Take some passes of EM."""
    return expectation_maximization(X, start, StoppingRule(0.0, n_passes, False, 2), reg_covar=REG_COVAR)


def random_short_runs(X, n_components, kind, random_state):
    """Initialize by ten short runs of EM, each from random samples as means, and the covariance of all samples."""
    every, runs = weighted_statistics(X, np.ones((len(X), 1)), kind), []
    of_all = maximization(every, REG_COVAR).covariances
    for _ in range(10):
        means = X[random_state.choice(len(X), n_components, replace=False)]
        covariances = of_all if kind == "tied" else np.repeat(of_all, n_components, axis=0)
        weights = np.full(n_components, 1 / n_components)
        runs.append(run(X, MixtureParameters(weights, means, covariances, kind), 10))
    best = max(runs, key=lambda each: (each.collapse is None, each.trace[-1]))
    return best.parameters, sum(each.n_passes for each in runs)


def halves(parameters, k):
    """Split a component along the longest axis of its covariance."""
    kind, (n_components, n_features) = parameters.type, parameters.means.shape
    covariances = kind.expand(parameters.covariances, n_components, n_features)
    values, axes = np.linalg.eigh(np.diag(covariances[k]) if kind.diagonal else covariances[k])
    step = 0.8 * np.sqrt(values[-1]) * axes[:, -1]
    double = np.r_[np.arange(n_components), k]
    weights, means, covariances = parameters.weights[double], parameters.means[double], covariances[double]
    weights[[k, -1]] /= 2
    means[k] -= step
    means[-1] += step
    covariances[[k, -1]] -= step**2 if kind.diagonal else np.outer(step, step)
    if kind.common:
        covariances = parameters.covariances
    elif kind.isotropic:
        covariances = covariances.mean(axis=1)
    return MixtureParameters(weights, means, covariances, parameters.covariance_type)


def splitting(X, n_components, kind, random_state):
    """Initialize greedily: of all splits of a component the likeliest after six passes of EM is kept."""
    n_samples, X = len(X), some(X, random_state)
    parameters, n_passes = maximization(weighted_statistics(X, np.ones((len(X), 1)), kind), REG_COVAR), 0
    while parameters.n_components < n_components:
        runs = [run(X, halves(parameters, k), 6) for k in range(parameters.n_components)]
        n_passes += sum(each.n_passes for each in runs)
        parameters = max(runs, key=lambda each: (each.collapse is None, each.trace[-1])).parameters
    return parameters, n_passes * len(X) / n_samples


WAYS = {
    **{method: partial(of_library, method) for method in ("random", "random_from_data", "kmeans", "k-means++")},
    "short runs from random samples": random_short_runs,
    "Ward's clustering": ward,
    "splitting": splitting,
    "short_runs": partial(of_library, "short_runs"),
}
DETERMINISTIC = ("Ward's clustering", "splitting")  # unless the samples are many


def is_proper(parameters, n_samples):
    """Return whether no component is spurious: too few samples, or a variance far below the mean one."""
    covariances, weights = parameters.covariance_matrices, parameters.weights
    within = np.linalg.inv(np.linalg.cholesky(np.tensordot(weights / weights.sum(), covariances, 1)))
    ratio = np.linalg.eigvalsh(within @ covariances @ within.T).min()
    return weights.min() * n_samples >= parameters.n_features + 1 and ratio >= LEAST_RATIO


def end_of(X, n_components, kind, way, seed):
    """Return the end of EM (-inf if it collapsed, NaN if it is spurious), CPU seconds and passes, of start and EM."""
    begin = time.process_time()
    try:
        start, of_start = WAYS[way](X, n_components, kind, np.random.RandomState(seed))
    except CollapsedComponentError:
        return -np.inf, time.process_time() - begin, 0
    result = expectation_maximization(X, start, RULE, reg_covar=REG_COVAR)
    seconds, n_passes = time.process_time() - begin, of_start + result.n_passes
    if result.collapse:
        return -np.inf, seconds, n_passes
    return result.trace[-1] if is_proper(result.parameters, len(X)) else np.nan, seconds, n_passes


def measured(n_draws, n_starts):
    """Yield each design: its name, and for each way an array (starts, 3) for each draw: distances, seconds, passes.

    A distance is that from the best end of any run on the same samples, in nats per sample.
    """
    for name, (n_components, kind, *data) in (DRAWN | REAL).items():
        drawn, found = name in DRAWN, {way: [] for way in WAYS}
        for seed in range(n_draws if drawn else 1):
            X = draw(*data, seed) if drawn else loaded(*data)
            ends = {}
            for way in WAYS:
                alone = way in DETERMINISTIC and len(X) <= MOST_SAMPLES
                n_runs = 1 if alone else n_starts * (1 if drawn else n_draws)
                ends[way] = np.array([end_of(X, n_components, kind, way, [seed, i]) for i in range(n_runs)])
            best = np.fmax.reduce(np.concatenate([each[:, 0] for each in ends.values()]))
            for way, each in ends.items():
                each[:, 0] = best - each[:, 0]
                found[way].append(each)
        yield name, found


def expected(found):
    """Return the share of starts that end at the best optimum, and the mean seconds and passes; draws count alike."""
    share = np.mean([(each[:, 0] <= NEAR).mean() for each in found])
    return share, *np.mean([each[:, 1:].mean(axis=0) for each in found], axis=0)


def overall(designs, way, n_starts):
    """Return the cells of a way's row."""
    runs = [each for found in designs.values() for each in found[way]]
    distances = np.concatenate(runs)[:, 0]
    lower = np.quantile(distances[(distances > NEAR) & np.isfinite(distances)], [0.25, 0.5, 0.75])
    ends = [np.mean([test(each[:, 0]).mean() for each in runs]) for test in (np.isposinf, np.isnan)]
    # Half a success in one start more, so that a way that never succeeds has a cost.
    every = {each: np.array([expected(found[each]) for found in designs.values()]) for each in WAYS}
    costs = {each: some[:, 1:] * (n_starts + 1) / (n_starts * some[:, :1] + 0.5) for each, some in every.items()}
    hard = np.mean([some[:, 0] for some in every.values()], axis=0) < EASY
    ratios = np.log(costs[way] / costs["kmeans"])
    share, seconds, n_passes = every[way].mean(axis=0)
    return (
        way,
        f"{100 * share:.0f} %",
        f"{sum(not (each[:, 0] <= NEAR).any() for each in runs)} of {len(runs)}",
        " / ".join(f"{value:.1g}" for value in lower),
        *(f"{100 * each:.1f} %" for each in ends),
        f"{n_passes:.0f}",
        f"{1000 * seconds:.0f}",
        *(f"{each:.2f}" for rows in (hard | True, hard) for each in np.exp(ratios[rows].mean(axis=0))),
    ), hard.sum()


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--starts", type=int, default=3)
    settings = parser.parse_args()
    n_starts = settings.draws * settings.starts
    designs, table = {}, [row(("design", *WAYS)), row(["---"] * (len(WAYS) + 1))]
    with threadpool_limits(1):
        for way in WAYS:  # imports
            end_of(datasets.load_iris().data, 3, "full", way, 0)
        for name, found in measured(settings.draws, settings.starts):
            designs[name], cells = found, []
            for way in WAYS:
                share, seconds, _ = expected(found[way])
                cells.append(f"{100 * share:.0f} %: " + (f"{1000 * seconds / share:,.0f}" if share else "never"))
            table.append(row((name, *cells)))
            print(table[-1], flush=True)
    rows = [overall(designs, way, n_starts) for way in WAYS]
    titles = ["initialization", "ends at the best", "data sets on which no start does", "others end lower by"]
    titles += ["collapsed", "spurious", "passes", "CPU ms", "CPU until the best", "passes until the best"]
    titles += ["CPU, hard designs", "passes, hard designs"]
    shown = [row(titles), row(["---"] * len(titles)), *(row(cells) for cells, _ in rows)]
    texts = [
        f"Written by `python benchmarks/starts.py`. {machine()}, one thread, NumPy kernel. {len(DRAWN)} designs with "
        f"{settings.draws} sets of samples and {settings.starts} starts on each, and {len(REAL)} real data sets with "
        f"{n_starts} starts. Ward's clustering and splitting have no random part and start once, unless there are more "
        f"than {MOST_SAMPLES} samples, of which they use some. EM runs until Aitken's estimate of the distance to its "
        "limit is below 1e-6 nats per sample, with the default `reg_covar`. The settings of `short_runs` were chosen "
        "on other samples of such designs, and on these real data sets.",
        "The best optimum is the highest end of all runs on the same samples. Not counted, and called spurious, are "
        "ends of which a component has less than the weight of D + 1 samples, or in some direction less than "
        f"{LEAST_RATIO} times the mean variance within components. A run ends at the best if it is less than {NEAR:g} "
        "nats per sample lower. With 1000 samples that is a tenth of a nat in all, far less than a likelihood ratio "
        "test could tell, and a hundred times what EM's stopping leaves.",
        "The quartiles are of the ends that are lower, in nats per sample. Passes and CPU time are those of start and "
        "EM together; Ward's clustering makes no pass. CPU time is the process's own, which others on the machine "
        "disturb little. The last four columns are cost divided by share, the cost expected until a start has ended "
        "at the best, as ratios to k-means: geometric means over all designs, and "
        f"over the {rows[0][1]} hard ones, where less than {100 * EASY:.0f} % of the starts of all initializations "
        "together end at the best. An initialization without random part cannot be repeated: for it they compare sets "
        "of samples.",
        "For each design the share of starts that end at the best, and the CPU milliseconds divided by it:",
    ]
    *head, last = [[*textwrap.wrap(text, 118), ""] for text in texts]
    lines = [*chain(*head), *shown, "", *last, *table]
    print("\n".join(shown))
    write_section("Starts", lines)


if __name__ == "__main__":
    main()
