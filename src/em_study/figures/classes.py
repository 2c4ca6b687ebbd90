"""A user's own data: the samples by the class that a fit assigns, in the features that separate the classes best."""

from itertools import combinations

import numpy as np

from em_study.figures.plane import DEVIATIONS, component_colors, ellipse, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import OURS, component_color, hide_rest, new_figure
from em_study.fits.missing import complete_samples
from emgmm import MixtureParameters, posteriors

MOST_PANELS, MOST_FEATURES, SOME_SAMPLES = 4, 8, 5000  # features and samples to choose the pairs from
MARKERS = ("o", "s", "D", "v", "P", "X")
UNCERTAIN = 0.9  # a largest posterior probability below it


@drawn(
    names=lambda experiment: (
        {f"classes_{name}": [name] for name in experiment.fits}
        if experiment.data.holds_user_data and experiment.data.shape[1] > 1
        else {}
    ),
    reads=("data", "runs"),
    caption="See where classes overlap, and which samples lie there. Color and shape of a sample show its most "
    "probable class or component; pale samples have a posterior probability below 0.9; labeled samples have a black "
    "edge. An ellipse is two standard deviations. With more than two features, the panels show the pairs that alone "
    "assign most samples to the same class as all features do. A panel leaves out samples with a missing value in its "
    "pair.",
)
def draw(shown: Shown):
    """Draw the samples of replicate 0, a panel for each pair of features."""
    ((fit, parameters),) = shown.ends(0).items()
    samples, features = shown.data.replicate(0), shown.data.features
    title = f"{shown.experiment}, fit {fit}"
    if parameters is None:
        figure, _ = new_figure(width=7.0, height=2.0)
        figure.suptitle(f"{title}: failed")
        return figure
    found = posteriors(samples.unlabeled, parameters)
    pairs = separating_pairs(samples.unlabeled, parameters, found.argmax(axis=1))
    n_columns = min(2, len(pairs))
    n_rows = -(-len(pairs) // n_columns)
    figure, panels = new_figure(n_columns, n_rows, width=max(7.0, 5.0 * n_columns), height=1.2 + 4.2 * n_rows)
    panels = np.ravel(panels)
    is_named = shown.fits[fit]["initialization"].endswith("labels") or shown.fits[fit]["semi_supervised"] != "none"
    order = range(parameters.n_components)
    colors = [component_color(k) for k in order] if is_named else component_colors(samples, parameters)
    names = shown.data.classes if is_named else [f"component {k}" for k in order]
    of_labeled = samples.labels if is_named else posteriors(samples.labeled, parameters).argmax(axis=1)
    for (pair, share), axes in zip(pairs.items(), panels, strict=False):
        for k, color in enumerate(colors):
            marker, is_k = MARKERS[k % len(MARKERS)], found.argmax(axis=1) == k
            for is_sure, size in ((True, 18), (False, 18)):
                chosen = samples.unlabeled[is_k & ((found.max(axis=1) >= UNCERTAIN) == is_sure)][:, pair]
                shade = color if is_sure else f"{color}59"
                scatter(axes, chosen[complete_samples(chosen)], shade, marker, size, str(names[k]) if is_sure else "")
            labeled = samples.labeled[of_labeled == k][:, pair]
            style = {"c": color, "marker": marker, "s": 32, "edgecolors": OURS, "linewidths": 1.0, "zorder": 3}
            axes.scatter(*labeled[complete_samples(labeled)].T, **style)
            ellipse(axes, parameters, k, features=pair, color=color)
        axes.set_xlabel(str(features[pair[0]]))
        axes.set_ylabel(str(features[pair[1]]))
        if len(features) > 2:
            axes.set_title(f"{100 * share:.0f} % of the samples in the same class as by all features", fontsize="small")
    hide_rest(panels, n_columns, len(pairs), str(features[next(iter(pairs))[0]]))
    handles, labels = panels[0].get_legend_handles_labels()
    kept = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label]
    figure.legend(*zip(*kept, strict=True), loc="outside lower center", ncols=4, fontsize="small")
    figure.suptitle(
        f"{title}:\n+: mean; ellipse: {DEVIATIONS} standard deviations; pale: posterior probability below {UNCERTAIN:g}"
    )
    return figure


def separating_pairs(X, parameters: MixtureParameters, components) -> dict[list[int], float]:
    """Select the pairs of features that separate the components best.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    parameters : MixtureParameters
    components : ndarray of int of shape (N,)
        By all features.

    Returns
    -------
    dict of float
        By the pair, the share of the samples that it assigns to the same component, the highest first.
    """
    step = max(1, len(X) // SOME_SAMPLES)
    X, components, every = X[::step], components[::step], range(X.shape[1])

    def share(chosen):
        chosen = [*chosen]
        covariances = parameters.covariance_matrices[:, chosen][:, :, chosen]
        alone = MixtureParameters(parameters.weights, parameters.means[:, chosen], covariances)
        return float(np.mean(posteriors(X[:, chosen], alone).argmax(axis=1) == components))

    if len(every) > MOST_FEATURES:
        every = sorted(sorted(every, key=lambda d: -share([d]))[:MOST_FEATURES])
    found = {pair: share(pair) for pair in combinations(every, 2)}
    return dict(sorted(found.items(), key=lambda each: -each[1])[:MOST_PANELS])
