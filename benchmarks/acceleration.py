"""Passes over the samples: EM, SQUAREM, DAAREM, L-BFGS and our acceleration; Aitken's stopping rule with acceleration.

    python benchmarks/acceleration.py [--replicates 3]

Writes the section "Acceleration" of benchmarks/RESULTS.md, in about 9 minutes on one core. The rivals are in
benchmarks/accelerated.py.
"""

import argparse
from itertools import chain, pairwise, product

import numpy as np
from scipy.optimize import brentq

from accelerated import KERNEL, LONGEST, METHODS, STEADY, EndOfRunError, Map
from emgmm import (
    CollapsedComponentError,
    MixtureParameters,
    aitken_stopping,
    article_stopping,
    expectation_maximization,
    parameters_from_labels,
)
from emgmm.threads import one_thread
from results import machine, row, write_section

FEATURES, COMPONENTS, N_SAMPLES = (2, 4, 8), (2, 3, 5, 8), (500, 1000, 2000, 5000)
OVERLAPS = (0.001, 0.01, 0.05, 0.1, 0.2)  # average of the pairs of components
ECCENTRICITY = 0.9  # largest: the smallest eigenvalue of a covariance is at least 1 - 0.9**2 times the largest
DRAWS = 100_000  # of all components, to compute overlaps
NEAR = 1e-9  # nats per sample from the limit
DIFFERENT = 1e-6  # nats per sample between different ends
FAILURES = COLLAPSED, OUT_OF_PASSES, NOT_AT_A_MAXIMUM = "collapsed", "out of passes", "not at a maximum"
CLAIMED = 0.48  # largest share of iterations that SQUAREM saves, by the paper's abstract
CHANGE = 1e-4  # nats per sample from one pass to the next
SLOWER = (0, 30, 100, 300, 1000, np.inf)  # EM's passes
DESIGN = """
Each evaluation of the log-likelihood, of its gradient or of EM's step is a pass over the samples; all three at the
same parameters are one pass. (The packages of R make two, where a user's functions do not share them.)

The design is that of *On Simple EM Acceleration Schemes Suitable for Mixture Modelling with High Overlap Between
Components* (University of Ljubljana; Mathematics 2026, 14(9), 1543), as far as its abstract states it: 240
configurations of Gaussian mixtures, by 3 numbers of features, 4 of components, 5 overlaps and 4 numbers of samples.
Of the paper only the abstract and the beginning of the introduction were available; they do not state the values of
these factors, how overlap is defined, the initial parameters, the stopping rule, the number of replicates, nor what
counts as an iteration. (An earlier paper from this university, Panić, Klemenc and Nagode, Mathematics 2020, 8(3), 373,
draws its mixtures by MixSim, and stops where the mean log-likelihood changes by less than 1e-4.) Ours are:

- {features} features; {components} components; {samples} samples; {n_replicates} replicates of each configuration.
- Overlap is MixSim's (Maitra and Melnykov, 2010): of two components, the sum of the probabilities to mistake a sample
  of one for a sample of the other, averaged over the pairs. Mixtures are drawn as by MixSim: equal weights, means
  uniform in the unit cube, Wishart covariances of eccentricity at most {eccentricity}, scaled to the overlap.
- All methods have the same initial parameters: means at random samples, and the covariance of all samples for each
  component. They run until a step of EM changes weights, means and covariances of the standardized features by less
  than {steady:g} together, or for {longest:,} passes. L-BFGS may end earlier, where its line search finds nothing
  better.
- The limit of a run is the log-likelihood that our acceleration reaches from its end. A run that is not within
  {near:g} nats per sample of it has failed: it is out of passes, or not at a maximum.

SQUAREM (Varadhan and Roland, 2008) is scheme S3 with the defaults of R's SQUAREM 2021.1, DAAREM (Henderson and
Varadhan, 2019) has the defaults of R's daarem 0.7; both extrapolate weights, means and covariances. L-BFGS is
SciPy's, with differences of the weights' logarithms, means, and Cholesky factors of the covariances with logarithms
on the diagonal. `accelerated.py` contains them, and says how they were compared with R's packages. "ours" is
`acceleration="anderson"`.
"""
EASY, SLOW = (3.0, 4.0, 6.0, 12.0), (1.0, 1.5, 2.0, 3.0)  # standard deviations between two components
N_ROWS = 1000
LONGEST_OF_EASY = 200_000


def mixture_by_overlap(n_features, n_components, generator):
    """Draw a mixture as Melnykov, Chen and Maitra (2012) do; return a function from the average overlap to its scale.

    The weights are equal, the means uniform in the unit cube. The covariances are Wishart matrices with one more degree
    of freedom than features, their eccentricity bounded, times the scale. The overlap of two components is the sum of
    the probabilities to mistake a sample of one for a sample of the other.
    """
    means = generator.uniform(size=(n_components, n_features))
    roots = generator.standard_normal((n_components, n_features, n_features + 1))
    values, vectors = np.linalg.eigh(roots @ roots.swapaxes(1, 2))
    largest = values[:, -1:]
    excess = np.maximum((1 - values[:, :1] / largest) / ECCENTRICITY**2, 1.0)
    values = largest - (largest - values) / excess
    covariances = (vectors * values[:, None]) @ vectors.swapaxes(1, 2)
    roots = np.linalg.cholesky(covariances)
    inverses, log_roots = np.linalg.inv(roots), np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    pairs = [(k, m) for k, m in product(range(n_components), repeat=2) if k != m]
    terms = []  # of the log-ratio of densities: without scale, over its root, over the scale
    for k, m in pairs:
        draws = generator.standard_normal((DRAWS // n_components, n_features))
        apart, there = inverses[m] @ (means[k] - means[m]), draws @ (inverses[m] @ roots[k]).T
        same = 0.5 * (draws**2).sum(axis=1) - 0.5 * (there**2).sum(axis=1) + log_roots[k] - log_roots[m]
        terms.append((same, -there @ apart, np.full(len(draws), -0.5 * apart @ apart)))
    same, linear, square = (np.array(each) for each in zip(*terms, strict=True))

    def overlap(log_scale):
        log_ratio = same + linear * np.exp(-0.5 * log_scale) + square * np.exp(-log_scale)
        return np.exp(np.minimum(log_ratio, 0.0)).mean()

    def scaled(target):
        return means, covariances * np.exp(brentq(lambda size: overlap(size) - target, -15.0, 15.0, xtol=1e-6))

    return scaled


def samples_of(means, covariances, n_samples, generator):
    """Draw samples, standardized, and initial parameters (`from_samples`)."""
    y = generator.integers(len(means), size=n_samples)
    noise = generator.standard_normal((n_samples, means.shape[1], 1))
    X = means[y] + (np.linalg.cholesky(covariances)[y] @ noise)[..., 0]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X, from_samples(X, len(means), generator)


def from_samples(X, n_components, generator):
    """Return initial parameters: means at random samples, and the covariance of all samples for each component."""
    covariance = np.cov(X.T, bias=True).reshape(X.shape[1], X.shape[1])
    means = X[generator.choice(len(X), n_components, replace=False)]
    return MixtureParameters.checked(np.full(n_components, 1 / n_components), means, [covariance] * n_components)


@one_thread()
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def run(method, X, start, **settings):
    """Run a method; return EM's map after it, and the end, or None after a collapse."""
    em_map = Map(X, start, **settings)
    try:
        METHODS[method](em_map, start)
    except EndOfRunError:
        pass
    except CollapsedComponentError:
        return em_map, None
    return em_map, em_map.end or em_map.best


STOPS = {  # where passes are counted
    f"change below {CHANGE:g}": lambda values, limit: np.abs(np.diff(values, prepend=np.inf)) < CHANGE,
    **{f"within {near:g}": lambda values, limit, near=near: values >= limit - near for near in (1e-3, 1e-5, NEAR)},
}
LAST = [*STOPS][-1]


def passes_to_its_limit(method, X, start):
    """Return a run's passes until each of `STOPS`, and its limit; or why it failed.

    The limit is what our acceleration reaches from the run's end.
    """
    em_map, end = run(method, X, start)
    if end is None:
        return COLLAPSED
    limit = run("ours", X, end, steady=1e-12, longest=300)[0].highest
    if em_map.highest < limit - NEAR:
        return OUT_OF_PASSES if len(em_map.values) == LONGEST else NOT_AT_A_MAXIMUM
    values = np.array(em_map.values)
    return {name: 1 + int(np.argmax(stop(values, limit))) for name, stop in STOPS.items()}, limit


def league(n_replicates):
    """Run all methods on the design: return what `passes_to_its_limit` found, by problem and method.

    A problem is a tuple of overlap; features, components and samples; and replicate.
    """
    found = {}
    for replicate, n_features, n_components in product(range(n_replicates), FEATURES, COMPONENTS):
        seed = [replicate, n_features, n_components]
        scaled = mixture_by_overlap(n_features, n_components, np.random.default_rng(seed))
        for overlap, n_samples in product(OVERLAPS, N_SAMPLES):
            generator = np.random.default_rng([*seed, int(1000 * overlap), n_samples])
            X, start = samples_of(*scaled(overlap), n_samples, generator)
            problem = overlap, (n_features, n_components, n_samples), replicate
            found[problem] = {method: passes_to_its_limit(method, X, start) for method in METHODS}
    return found


def of(overlap, by_problem):
    """Return the values of all problems with an overlap, or of "all"."""
    return [value for (its_overlap, *_), value in by_problem.items() if overlap in (its_overlap, "all")]


def table(*heads):
    """Return the head of a table."""
    return ["", row(heads), row(["---"] * len(heads))]


def passes_lines(passes):
    """Format passes by problem and method: their quartiles by overlap, and ratios by the speed of EM."""
    lines = [
        f"Quartiles of the passes until within {NEAR:g} nats per sample of the run's own limit, in the problems in",
        "which no method fails:",
        *table("overlap", "problems", *METHODS),
    ]
    for overlap in (*OVERLAPS, "all"):
        each = of(overlap, passes)
        cells = (np.percentile([runs[method] for runs in each], (25, 50, 75)) for method in METHODS)
        lines.append(row((overlap, len(each), *(" / ".join(f"{cell:,.0f}" for cell in three) for three in cells))))
    rivals = [method for method in METHODS if method != "EM"]
    lines += [
        "",
        "The same problems by how slow EM is: medians of the ratios of passes, each method's to EM's and ours to",
        "SQUAREM's (in brackets the share of the problems in which SQUAREM takes fewer passes than ours).",
        *table("EM's passes", "problems", *(f"{method} / EM" for method in rivals), "ours / SQUAREM"),
    ]
    slower = []
    for least, most in pairwise(SLOWER):
        each = [runs for runs in passes.values() if least <= runs["EM"] < most]
        ratios = [np.median([runs[method] / runs["EM"] for runs in each]) for method in rivals]
        between = np.array([runs["ours"] / runs["SQUAREM"] for runs in each])
        cells = (*(f"{ratio:.2f}" for ratio in ratios), f"{np.median(between):.2f} ({(between > 1).mean():.0%})")
        name = f"below {most}" if not least else f"{least:,} or more" if np.isinf(most) else f"{least} to {most:,}"
        lines.append(row((name, len(each), *cells)))
        if np.median(between) > 1:
            slower.append(name)
    if slower:
        lines += ["", f"Ours takes more passes than SQUAREM (median) where EM takes {', '.join(slower)}."]
    return lines


def ends_lines(found):
    """Format where the runs end, and how they fail."""
    lines = [
        f"Ends: runs that end more than {DIFFERENT:g} nats per sample lower than EM / higher than EM / that fail.",
        *table("overlap", "problems", *METHODS),
    ]
    for overlap in (*OVERLAPS, "all"):
        each = of(overlap, found)
        cells = []
        for method in METHODS:
            proper = [runs for runs in each if not {str} & {type(runs["EM"]), type(runs[method])}]
            gaps = np.array([runs[method][1] - runs["EM"][1] for runs in proper])
            failed = sum(isinstance(runs[method], str) for runs in each)
            cells.append(f"{(gaps < -DIFFERENT).sum()} / {(gaps > DIFFERENT).sum()} / {failed}")
        lines.append(row((overlap, len(each), *cells)))
    for why in FAILURES:
        counts = (sum(runs[method] == why for runs in found.values()) for method in METHODS)
        lines.append(row((f"failed: {why}", "", *counts)))
    return lines


def saved_lines(proper):
    """Format the share of EM's passes that SQUAREM saves, by configuration."""
    lines = [
        f"The paper's abstract says that SQUAREM takes up to {CLAIMED:.0%} fewer iterations. Passes that it saves",
        f"here, as a share of EM's, until the mean log-likelihood changes by less than {CHANGE:g} from a pass to the",
        "next, or until within some nats per sample of the limit: medians and largest of the configurations (each",
        f"sums the passes of its replicates), and how many of them are above {CLAIMED:.0%}. If the claim is about",
        "averages by overlap, the largest of the medians is to be compared with it; if it is about any configuration,",
        "the largest.",
        *table("until", *(f"overlap {overlap}" for overlap in OVERLAPS), "all", "largest", f"above {CLAIMED:.0%}"),
    ]
    for stop in STOPS:
        sums = {}
        for problem, runs in proper.items():
            sums.setdefault(problem[:2], []).append([runs[method][0][stop] for method in ("SQUAREM", "EM")])
        saved = {configuration: 1 - np.divide(*np.sum(pairs, axis=0)) for configuration, pairs in sums.items()}
        cells = [f"{np.median(of(overlap, saved)):.0%}" for overlap in (*OVERLAPS, "all")]
        values = np.array(list(saved.values()))
        lines.append(row((stop, *cells, f"{values.max():.0%}", f"{(values > CLAIMED).mean():.0%}")))
    return lines


def draw(distance, seed):
    """Draw samples of two components at a distance along the first of two features; return their components, too."""
    generator = np.random.default_rng([seed, 2, 2, int(10 * distance)])
    y = generator.integers(2, size=N_ROWS)
    return np.array([[0.0, 0.0], [distance, 0.0]])[y] + generator.standard_normal((N_ROWS, 2)), y, generator


def fit(X, start, rule, acceleration):
    """Run our EM."""
    return expectation_maximization(X, start, rule, acceleration=acceleration, kernel=KERNEL)


def below_its_limit(X, generator, acceleration):
    """Return how far below its limit EM ends by Aitken's rule, in nats per sample; None after a collapse."""
    result = fit(X, from_samples(X, 2, generator), aitken_stopping(1e-6, LONGEST_OF_EASY), acceleration)
    limit = fit(X, result.parameters, article_stopping(1e-15, LONGEST_OF_EASY), "anderson")
    return None if result.collapse or limit.collapse else limit.trace[-1] - result.trace[-1]


def easy_lines(n_draws):
    """Measure where EM is fast."""
    lines = [
        "Easy data: 1,000 samples of two components in 2 features, whose means are a distance in standard deviations",
        f"apart. Passes from 20 labels per component until the change is below 1e-6; {n_draws} replicates.",
        *table("distance", "EM", "ours", "ratio, median (largest)"),
    ]
    for distance in EASY:
        passes = []
        for seed in range(n_draws):
            X, y, _ = draw(distance, seed)
            known = np.concatenate([np.flatnonzero(y == k)[:20] for k in range(2)])
            start = parameters_from_labels(X[known], y[known], 2)
            passes.append([fit(X, start, article_stopping(1e-6, 1000), way).n_passes for way in ("none", "anderson")])
        plain, fast = np.transpose(passes)
        ratio = f"{np.median(fast / plain):.2f} ({(fast / plain).max():.2f})"
        lines.append(row((distance, f"{np.median(plain):.0f}", f"{np.median(fast):.0f}", ratio)))
    return lines


def slow_lines(n_draws):
    """Run all methods where EM is slow."""
    lines = [
        "Slow data: such samples from random samples as means. Passes until within 1e-9 nats per sample of the limit,",
        f"median (largest) of the replicates, of {n_draws}, in which no method fails; and how many runs fail.",
        *table("distance", "replicates", *METHODS),
    ]
    for distance in SLOW:
        found = []
        for seed in range(n_draws):
            X, _, generator = draw(distance, seed)
            start = from_samples(X, 2, generator)
            found.append({method: passes_to_its_limit(method, X, start) for method in METHODS})
        proper = [runs for runs in found if str not in map(type, runs.values())]
        cells = []
        for method in METHODS:
            passes = [runs[method][0][LAST] for runs in proper]
            failed = sum(isinstance(runs[method], str) for runs in found)
            cells.append(f"{np.median(passes):,.0f} ({max(passes):,}); {failed}")
        lines.append(row((distance, len(proper), *cells)))
    return lines


def aitken_lines(n_draws):
    """Measure where Aitken's rule stops."""
    lines = [
        "The same, stopped by `aitken_stopping(1e-6)`: nats per sample below the limit that our acceleration reaches",
        "from there.",
        *table("distance", "EM: replicates beyond 1e-6", "largest", "ours: replicates beyond 1e-6", "largest"),
    ]
    for distance in (1.0, 1.5, 2.0, 3.0, 4.0):
        cells = []
        for way in ("none", "anderson"):
            left = [below_its_limit(*draw(distance, seed)[::2], way) for seed in range(n_draws)]
            left = np.array([each for each in left if each is not None])
            cells += [f"{(left > 1e-6).sum()} of {len(left)}", f"{left.max():.0e}"]
        lines.append(row((distance, *cells)))
    return lines


def listed(values):
    """Format numbers as a list."""
    return f"{', '.join(f'{value:,}' for value in values[:-1])} or {values[-1]:,}"


def main():
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=3)
    n_replicates = parser.parse_args().replicates
    lists = {"features": listed(FEATURES), "components": listed(COMPONENTS), "samples": listed(N_SAMPLES)}
    others = {"eccentricity": ECCENTRICITY, "steady": STEADY, "longest": LONGEST, "near": NEAR}
    found = league(n_replicates)
    proper = {problem: runs for problem, runs in found.items() if str not in map(type, runs.values())}
    passes = {problem: {method: run[0][LAST] for method, run in runs.items()} for problem, runs in proper.items()}
    league_parts = passes_lines(passes), ends_lines(found), saved_lines(proper)
    parts = *league_parts, easy_lines(30), slow_lines(30), aitken_lines(30)
    lines = [
        f"Written by `python benchmarks/acceleration.py`. {machine()}.",
        *DESIGN.format(n_replicates=n_replicates, **lists, **others).rstrip().splitlines(),
        *chain.from_iterable(["", *part] for part in parts),
    ]
    print("\n".join(lines))
    write_section("Acceleration", lines)


if __name__ == "__main__":
    main()
