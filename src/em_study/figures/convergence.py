"""How slowly EM converges, by the overlap of the components, and compared with the missing information."""

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, COMPONENTS, new_figure

WORSE = 0.01  # nats per sample below the best end of such a mixture on the same samples


@drawn(
    names=lambda experiment: {"convergence": [*experiment.fits]} if experiment.measures("predicted_rate") else {},
    reads=("measurements", "evaluations"),
    caption="The share of the distance from the maximum that remains after a step of EM; a mark is a fit. Left: the "
    "share predicted by the missing information. See whether fits whose components overlap more are slower. Right: "
    "the share measured on the last steps, when EM goes on to its limit. See how close the marks lie to the line, on "
    "which the two are equal, as the theory states. A cross is a fit at a worse maximum than another on the same "
    "samples.",
    in_report=False,
)
def draw(shown: Shown):
    """Draw the rate of convergence against overlap and theory."""
    of_fits = shown.measurements[shown.measurements["fit"].isin([*shown.fits])]
    wide = of_fits.pivot_table(
        index=["fit", "replicate"], columns="measurement", values="value", sort=False, aggfunc="first"
    ).reindex(columns=["predicted_rate", "overlap", "convergence_rate", "below_best"])
    wide["is_worse"] = _is_worse(shown.evaluations, on_the_same_samples=wide["below_best"].notna().any())
    known = wide.dropna(subset="predicted_rate")
    figure, panels = new_figure(2, width=10.0, height=5.2, sharey=True)
    for i, (name, rows) in enumerate(known.groupby("fit", sort=False)):
        for part, marker in ((~rows["is_worse"], "o"), (rows["is_worse"], "x")):
            look = {"color": COMPONENTS[i % len(COMPONENTS)], "marker": marker, "s": 16, "alpha": 0.7}
            some = rows[part]
            panels[0].scatter(some["overlap"], some["predicted_rate"], label=name if marker == "o" else None, **look)
            panels[1].scatter(some["predicted_rate"], some["convergence_rate"], **look)
    if known.empty:
        panels[0].text(0.5, 0.5, "no fit is near a maximum", transform=panels[0].transAxes, ha="center")
    else:
        figure.legend(loc="outside lower center", ncols=4)
        panels[0].set_xlim(0, 1.05 * known["overlap"].max() or 1)
    panels[1].axline((0, 0), slope=1, color=BACKGROUND, linestyle="--", zorder=0)
    panels[1].set_xlim(0, 1)
    for axes in panels:
        axes.axhline(1, color=BACKGROUND, linewidth=1)
        axes.set_ylim(0, 1.02)
    panels[0].set_xlabel("overlap: mean uncertainty of a sample (probability)")
    panels[0].set_ylabel("remaining share of the distance after a step")
    panels[0].set_title("predicted, by the overlap")
    panels[1].set_xlabel("share predicted by the missing information")
    panels[1].set_title("measured, by the prediction (line: equal)")
    figure.suptitle(f"{shown.experiment}: how slowly EM converges; a mark is a fit, x a fit at a worse maximum")
    return figure


def _is_worse(evaluations, on_the_same_samples: bool):
    """Find fits that end below another with the same kind of mixture and of likelihood on the same samples."""
    rows = evaluations.assign(clamped=evaluations["semi_supervised"] == "clamped").set_index(["fit", "replicate"])
    alike = ["n_components", "covariance_type", "clamped", "missing", *([] if on_the_same_samples else ["replicate"])]
    best = rows.groupby(alike)["mean_log_likelihood"].transform("max")
    return best - rows["mean_log_likelihood"] > WORSE
