"""Article B: predictions of the first and the last samples, in every replicate."""

import numpy as np

from em_study.evaluation.measurements.certainty import FIRST_AND_LAST
from em_study.evaluation.relabeling import best_relabeling
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import component_color, hide_rest, new_figure
from emgmm import posteriors

MOST_FITS, MOST_LINES = 4, 200  # panels, and replicates of each


@drawn(
    names=lambda experiment: {"first_and_last": [*experiment.fits]} if experiment.data.shape[1] == 1 else {},
    reads=("data", "runs"),
    caption="The component assigned to the first and the last samples. A line is a replicate; lines are sorted by the "
    "number of wrong samples under the best label matching. Fits with the same result share a panel. See in how many "
    "replicates the left and the right half have different colors: there the fit separates the two processes.",
)
def draw(shown: Shown):
    """Draw the predicted components, a panel for each fit that differs."""
    n = min(FIRST_AND_LAST, shown.data.unlabeled.shape[1] // 2)
    some = np.r_[:n, -n:0]
    rasters = {name: _raster(shown, name, some) for name in shown.fits}
    found: dict[bytes, tuple[list[str], np.ndarray]] = {}
    for name, raster in rasters.items():
        found.setdefault(raster.tobytes(), ([], raster))[0].append(name)
    kept = [*found.values()][:MOST_FITS]
    n_columns = min(2, len(kept))
    n_rows = -(-len(kept) // n_columns)
    figure, panels = new_figure(n_columns, n_rows, width=6.5 * n_columns, height=1.4 + 3.4 * n_rows)
    panels = np.ravel(panels)
    for (names, raster), axes in zip(kept, panels, strict=False):
        colors = _palette(raster)
        axes.imshow(raster, aspect="auto", interpolation="nearest", **colors)
        axes.axvline(n - 0.5, color="white", linewidth=2)
        axes.set_title(", ".join(names), fontsize="small")
        axes.set_xticks([n / 2, 1.5 * n], [f"first {n} samples", f"last {n} samples"])
        axes.set_ylabel(f"first {MOST_LINES} replicates" if len(raster) < len(shown.runs[names[0]]) else "replicates")
        axes.grid(visible=False)
    hide_rest(panels, n_columns, len(kept), "")
    left_out = f"; {len(found) - len(kept)} more results are left out" if len(found) > len(kept) else ""
    figure.suptitle(f"{shown.experiment}: component assigned to each sample (color), best label matching{left_out}")
    return figure


def _palette(raster):
    from matplotlib.colors import ListedColormap

    most = max(2, int(raster.max()) + 1)
    return {"cmap": ListedColormap(["white", *map(component_color, range(most))]), "vmin": -1, "vmax": most - 1}


def _raster(shown: Shown, name: str, some) -> np.ndarray:
    """Return the components of some samples, a row per replicate, fewest errors first; -1 if a fit failed."""
    lines = []
    for r in range(min(len(shown.runs[name]), MOST_LINES)):
        samples, parameters = shown.data.replicate(r), shown.runs[name].end(r)
        labels = np.full(len(some), -1)
        if parameters is not None:
            every = posteriors(samples.unlabeled, parameters).argmax(axis=1)
            if samples.truth is not None:
                every = best_relabeling(every, samples.truth, max(parameters.n_components, samples.truth.max() + 1))
            labels = every[some]
        wrong = 0 if samples.truth is None else int((labels != samples.truth[some]).sum())
        lines.append((wrong, labels))
    return np.array([labels for _, labels in sorted(lines, key=lambda line: line[0])])
