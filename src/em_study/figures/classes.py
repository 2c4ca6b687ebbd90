"""One's own data: the samples by the class that a fit gives them, in the features that tell the classes apart best."""

from itertools import combinations

import numpy as np

from em_study.figures.plane import DEVIATIONS, component_colors, ellipse, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import OURS, component_color, hide_rest, new_figure
from em_study.fits.missing import complete_samples
from emgmm import MixtureParameters, posteriors

MOST_PANELS, MOST_FEATURES, SOME_ROWS = 4, 8, 5000  # of the pairs that are tried, and the rows that they are tried on
MARKERS = ("o", "s", "D", "v", "P", "X")
UNSURE = 0.9  # a largest posterior below it


@drawn(
    names=lambda experiment: (
        {f"classes_{name}": [name] for name in experiment.fits}
        if experiment.data.holds_user_data and experiment.data.shape[1] > 1
        else {}
    ),
    reads=("data", "runs"),
    caption="The samples, coloured and shaped by their most probable class or component; pale where that has a "
    "probability below 0.9; labeled samples with a black edge; ellipses of two standard deviations. Of more than two "
    "features, the pairs that alone give most samples the same class as all features do. Samples that lack a value "
    "of a pair are not drawn there. See where classes overlap, and which samples lie there.",
)
def draw(shown: Shown):
    """Draw the samples of replicate 0, a panel for each pair of features."""
    ((fit, parameters),) = shown.ends(0).items()
    rows, features = shown.data.replicate(0), shown.data.features
    title = f"{shown.experiment}, fit {fit}"
    if parameters is None:
        figure, _ = new_figure(width=7.0, height=2.0)
        figure.suptitle(f"{title}: failed")
        return figure
    found = posteriors(rows.unlabeled, parameters)
    pairs = telling_pairs(rows.unlabeled, parameters, found.argmax(axis=1))
    n_columns = min(2, len(pairs))
    n_rows = -(-len(pairs) // n_columns)
    figure, panels = new_figure(n_columns, n_rows, width=max(7.0, 5.0 * n_columns), height=1.2 + 4.2 * n_rows)
    panels = np.ravel(panels)
    is_named = shown.fits[fit]["initialization"].endswith("labels") or shown.fits[fit]["semi_supervised"] != "none"
    order = range(parameters.n_components)
    colors = [component_color(k) for k in order] if is_named else component_colors(rows, parameters)
    names = shown.data.classes if is_named else [f"component {k}" for k in order]
    of_labeled = rows.labels if is_named else posteriors(rows.labeled, parameters).argmax(axis=1)
    for (pair, share), axes in zip(pairs.items(), panels, strict=False):
        for k, color in enumerate(colors):
            marker, is_k = MARKERS[k % len(MARKERS)], found.argmax(axis=1) == k
            for is_sure, size in ((True, 18), (False, 18)):
                chosen = rows.unlabeled[is_k & ((found.max(axis=1) >= UNSURE) == is_sure)][:, pair]
                shade = color if is_sure else f"{color}59"
                scatter(axes, chosen[complete_samples(chosen)], shade, marker, size, str(names[k]) if is_sure else "")
            labeled = rows.labeled[of_labeled == k][:, pair]
            style = {"c": color, "marker": marker, "s": 32, "edgecolors": OURS, "linewidths": 1.0, "zorder": 3}
            axes.scatter(*labeled[complete_samples(labeled)].T, **style)
            ellipse(axes, parameters, k, features=pair, color=color)
        axes.set_xlabel(str(features[pair[0]]))
        axes.set_ylabel(str(features[pair[1]]))
        if len(features) > 2:
            axes.set_title(f"{100 * share:.0f} % of the classes by these two features alone", fontsize="small")
    hide_rest(panels, n_columns, len(pairs), str(features[next(iter(pairs))[0]]))
    handles, labels = panels[0].get_legend_handles_labels()
    kept = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label]
    figure.legend(*zip(*kept, strict=True), loc="outside lower center", ncols=4, fontsize="small")
    figure.suptitle(f"{title}:\n+ mean, {DEVIATIONS} standard deviations; pale: probability below {UNSURE:g}")
    return figure


def telling_pairs(X, parameters: MixtureParameters, components) -> dict[list[int], float]:
    """Choose the pairs of features that tell the components apart best.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    parameters : MixtureParameters
    components : ndarray of int of shape (N,)
        By all features.

    Returns
    -------
    dict of float
        By the pair, the share of the rows that it gives the same component, the highest first.
    """
    step = max(1, len(X) // SOME_ROWS)
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
