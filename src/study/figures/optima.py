"""Figures of what was measured over the replicates: optima, convergence, k-means, steps and accuracy."""

import numpy as np
import pandas as pd

from study.figures.style import BACKGROUND, COMPONENTS, HIGHLIGHT, OURS, SKLEARN, new_figure


def draw_steps_and_accuracy(fits: pd.DataFrame, implementations: dict[str, str], experiment: str):
    """Draw steps and accuracy of every fit over the replicates.

    Parameters
    ----------
    fits : DataFrame
        Rows of fits.csv of one experiment.
    implementations : dict
        "emgmm" or "sklearn", by name of fit.
    experiment : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = list(implementations)
    known = fits["accuracy"].notna().any()
    figure, panels = new_figure(
        2 if known else 1, width=13.0 if known else 7.5, height=1.8 + 0.6 * len(names), sharey=True
    )
    for axes, column, scale in zip(panels, ("n_iter", "accuracy"), (1, 100), strict=False):
        for height, name in enumerate(names):
            values = scale * fits.loc[(fits["fit"] == name) & fits["failure"].isna(), column].to_numpy()
            color = SKLEARN if implementations[name] == "sklearn" else OURS
            spread = np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.zeros(len(values))
            if len(values):
                axes.plot([np.median(values)] * 2, [height - 0.38, height + 0.38], color=HIGHLIGHT, linewidth=2.5)
            axes.plot(values, height + spread, "o", color=color, markersize=3.5, alpha=0.5, zorder=3)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_xlabel("steps")
    if fits["n_iter"].max() > 20 * max(1, fits["n_iter"].median()) or fits["n_iter"].max() > 200:
        panels[0].set_xscale("log")
    if known:
        panels[1].set_xlabel("rows with their true class (%)")
    replicates = fits["replicate"].nunique()
    dots = f"a dot is one of {replicates} replicates" if replicates > 1 else "the dot is the one replicate"
    figure.suptitle(f"{experiment}: {dots} (black our EM, orange scikit-learn), the bar the median")
    return figure


def draw_optima(measurements: pd.DataFrame, experiment: str):
    """Draw how far below the best optimum each start ends.

    Parameters
    ----------
    measurements : DataFrame
        Rows of measurements.csv of one experiment.
    experiment : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    chosen = measurements[measurements["measurement"].isin(["below_best", "optimum"])]
    wide = chosen.pivot_table(index=["fit", "replicate"], columns="measurement", values="value", sort=False)
    names = list(wide.index.get_level_values("fit").unique())
    figure, panels = new_figure(max(1, len(names)), width=max(7.5, 5.0 * len(names)), height=4.8, sharey=True)
    for axes, name in zip(panels, names, strict=True):
        rows = wide.loc[name].sort_values("below_best", kind="stable", ignore_index=True)
        best = rows["optimum"] == 0
        for part, color, text in ((best, OURS, "the best"), (~best, HIGHLIGHT, "worse ones")):
            label = f"{text}: {part.mean():.1%} of the starts, in {rows.loc[part, 'optimum'].nunique()} optima"
            axes.plot(rows.index[part], -rows.loc[part, "below_best"], "o", color=color, markersize=4, label=label)
        axes.set_xlabel("starts, by where they end")
        axes.set_title(f"{name}: {len(rows)} random starts on the same rows")
        axes.legend(loc="lower left")
    panels[0].set_ylabel("log-likelihood less that of the\nbest optimum (nats a row)")
    figure.suptitle(f"{experiment}: EM ends in a local optimum, which one depends on the start")
    return figure


def draw_convergence(measurements: pd.DataFrame, experiment: str):
    """Draw the rate of convergence against the overlap of the components.

    Parameters
    ----------
    measurements : DataFrame
        Rows of measurements.csv of one experiment.
    experiment : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    wide = measurements[measurements["measurement"].isin(["convergence_rate", "overlap"])].pivot_table(
        index=["fit", "replicate"], columns="measurement", values="value", sort=False
    )
    figure, (axes,) = new_figure()
    if {"convergence_rate", "overlap"} <= set(wide.columns):
        for i, (name, rows) in enumerate(wide.dropna().groupby("fit", sort=False)):
            color = COMPONENTS[i % len(COMPONENTS)]
            axes.plot(rows["overlap"], rows["convergence_rate"], "o", color=color, markersize=4, alpha=0.7, label=name)
        figure.legend(loc="outside lower center", ncols=4)
    axes.axhline(1, color=BACKGROUND, linestyle="--")
    axes.set_ylim(0, 1.25)
    axes.set_xlabel("overlap: mean uncertainty of a row (probability)")
    axes.set_ylabel("rate: last gain / gain before it")
    axes.set_title(f"{experiment}: each dot is a fit; a rate near 1 is slow")
    return figure


def draw_kmeans_limit(measurements: pd.DataFrame, experiment: str):
    """Draw the agreement of EM with k-means as the covariances shrink.

    Parameters
    ----------
    measurements : DataFrame
        Rows of measurements.csv of one experiment.
    experiment : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    chosen = measurements[measurements["measurement"] == "kmeans_agreement"]
    figure, (axes,) = new_figure()
    for _, rows in chosen.groupby("replicate"):
        axes.plot(rows["setting"], 100 * rows["value"], "o-", color=BACKGROUND, markersize=4, linewidth=1, alpha=0.7)
    median = 100 * chosen.groupby("setting")["value"].median()
    axes.plot(median.index, median, "o-", color=OURS, linewidth=2.5, label="median")
    axes.set_xscale("log")
    axes.invert_xaxis()
    axes.set_xlabel("variance of the components, as a share of the data's")
    axes.set_ylabel("rows with the label of k-means (%)")
    axes.set_title(f"{experiment}: EM with equal spherical covariances that shrink, beside k-means")
    axes.legend(loc="lower right")
    return figure


DRAW = {"optima": draw_optima, "convergence": draw_convergence, "kmeans_limit": draw_kmeans_limit}
