"""Run ten wrong EMs next to the correct one: `python docs/ten_ways.py` writes docs/ten-ways.md and its pictures."""

import io
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from em_study.checkup import SIGNS, InProcess, examine
from em_study.claims.findings import document
from em_study.data.storage import atomic_file, write_text
from em_study.figures.plane import ellipse, finish
from em_study.figures.style import OURS, component_color, new_figure, packed
from emgmm import MixtureParameters, posteriors

DOCS = Path(__file__).parent
CORRECT = (DOCS / "ten-ways/correct.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Way:
    """A mistake, and the samples, initial parameters and settings that show it."""

    diff: str  # - the wrong lines, + the correct ones
    X: np.ndarray
    means: list
    variances: list = ((1, 1), (1, 1))
    axes: tuple = ("feature 1", "feature 2")
    moved: float = 0.0  # subtracted from the first feature in the picture
    tol: float = 1e-6
    max_iter: int = 1000
    reg_covar: float = 0.0

    @property
    def code(self) -> str:
        """The correct implementation with the wrong lines."""
        lines = self.diff.splitlines()
        correct, wrong = ("".join(f"{line[1:]}\n" for line in lines if line[0] in marks) for marks in (" +", " -"))
        if CORRECT.count(correct) != 1:
            raise ValueError(f"not in the correct implementation:\n{correct}")
        return CORRECT.replace(correct, wrong)

    @property
    def start(self) -> dict:
        """The initial parameters."""
        covariances = np.array([np.diag(each) for each in self.variances], dtype=float)
        return {"weights": np.array([0.5, 0.5]), "means": np.array(self.means, dtype=float), "covariances": covariances}

    def run(self, code: str = "", **changed) -> dict:
        """Run the wrong implementation, or another; if a step fails, those before it, with the reason as "failure"."""
        settings = {"tol": self.tol, "max_iter": self.max_iter, "reg_covar": self.reg_covar} | changed
        fit, end = function_of(code or self.code), {}
        with np.errstate(all="ignore"):
            try:
                return fit(self.X, **self.start, covariance_type="full", **settings)
            except np.linalg.LinAlgError as error:
                for n in count(1):
                    try:
                        end = fit(self.X, **self.start, covariance_type="full", **settings | {"max_iter": n})
                    except np.linalg.LinAlgError:
                        return end | {"failure": str(error)}

    def likeliest(self, end: dict) -> np.ndarray:
        """Return the component that is likeliest for each sample after a run."""
        return posteriors(self.X, mixture(end)).argmax(axis=1)

    def scaled(self, factor: float) -> "Way":
        """Return the same samples and initial parameters in another unit."""
        means, variances = factor * np.array(self.means), factor**2 * np.array(self.variances)
        return replace(self, X=factor * self.X, means=means, variances=variances)


def function_of(code: str):
    """Return the function that an implementation defines."""
    names = {}
    exec(code, names)  # noqa: S102
    return names["fit"]


def mixture(end: dict, moved: float = 0.0) -> MixtureParameters:
    """Return the parameters of a run; a number is subtracted from the means of the first feature."""
    return MixtureParameters(end["weights"], end["means"] - [moved, 0.0], end["covariances"])


def samples(*groups) -> np.ndarray:
    """Draw groups of samples: (number, mean, covariance) of each."""
    normal = np.random.default_rng(0).standard_normal
    return np.concatenate([mean + normal((n, 2)) @ np.linalg.cholesky(covariance).T for n, mean, covariance in groups])


ROUND, TILTED, SMALL = np.eye(2), np.array([[1, 0.6], [0.6, 1]]), np.array([[1e-4, 4e-5], [4e-5, 3e-5]])
TWO = samples((300, [0, 0], TILTED), (100, [3, 1], ROUND))
ALONE = samples((150, [0, 0], ROUND), (50, [3, 1], ROUND))
WAYS = {
    "random_start": Way(
        """\
-    shares = np.random.default_rng(0).dirichlet(np.ones(len(means)), len(X))
-    weights = shares.mean(axis=0)
-    means = shares.T @ X / shares.sum(axis=0)[:, None]
-    covariances = 0 * covariances + np.cov(X, rowvar=False)
     precisions, trace = np.linalg.inv(covariances), []""",
        samples((300, [0, 0], TILTED), (300, [3, 1], ROUND)),
        means=[[-1, 1], [2, 2]],
        tol=1e-3,
    ),
    "precisions": Way(
        """\
-    precisions, trace = covariances, []
+    precisions, trace = np.linalg.inv(covariances), []""",
        samples((200, [0, 0], np.diag([3, 0.1])), (200, [0.5, 0.5], np.diag([0.1, 3]))),
        means=[[0, 0], [0.5, 0.5]],
        variances=[[1.5, 0.25], [0.25, 1.5]],
    ),
    "weights": Way(
        """\
-        log_joint = 0.5 * (log_norms - distances)
+        log_joint = np.log(weights) + 0.5 * (log_norms - distances)""",
        samples((570, [0, 0], ROUND), (30, [3, 1], 0.3 * ROUND)),
        means=[[0, 0], [3, 1]],
    ),
    "logarithms": Way(
        """\
-        joint = np.exp(log_joint)
-        evidence = np.log(joint.sum(axis=1))
-        responsibilities = joint / joint.sum(axis=1, keepdims=True)
+        evidence = np.logaddexp.reduce(log_joint, axis=1)
+        responsibilities = np.exp(log_joint - evidence[:, None])""",
        np.append(TWO, [[10, -5]], axis=0),
        means=[[0, 0], [3, 1]],
        variances=[[0.05, 0.05], [0.05, 0.05]],
        max_iter=200,
    ),
    "hard": Way(
        """\
-        responsibilities = np.eye(len(means))[log_joint.argmax(axis=1)]
+        responsibilities = np.exp(log_joint - evidence[:, None])""",
        samples((300, [0, 0], ROUND), (300, [2, 0], ROUND)),
        means=[[-1, 0], [3, 0]],
    ),
    "old_means": Way(
        """\
+        centered = X[:, None] - means
         covariances = np.einsum("nk,nkd,nke->kde", responsibilities, centered, centered) / mass[:, None, None]""",
        TWO,
        means=[[-2, 2], [5, 3]],
        max_iter=1,
    ),
    "digits": Way(
        """\
-        covariances = np.einsum("nk,nd,ne->kde", responsibilities, X, X) / mass[:, None, None]
-        covariances -= means[:, :, None] * means[:, None]
+        centered = X[:, None] - means
+        covariances = np.einsum("nk,nkd,nke->kde", responsibilities, centered, centered) / mass[:, None, None]""",
        np.array([1.8e9, 0]) + samples((200, [0, 0], np.diag([4000, 0.1])), (200, [300, 2], np.diag([4000, 0.2]))),
        means=[[1.8e9, 0], [1.8e9 + 300, 2]],
        variances=[[4000, 1], [4000, 1]],
        axes=("seconds since 1970, minus 1.8e9", "value"),
        moved=1.8e9,
        max_iter=1,
    ),
    "regularization": Way(
        """\
-        covariances += 1e-3 * np.eye(X.shape[1])
+        covariances += reg_covar * np.eye(X.shape[1])""",
        samples((200, [0.05, 0.02], SMALL), (200, [0.09, 0.02], SMALL)),
        means=[[0.05, 0.02], [0.09, 0.02]],
        variances=[[1e-4, 1e-4], [1e-4, 1e-4]],
        axes=("length (m)", "width (m)"),
        reg_covar=1e-8,
    ),
    "collapse": Way(
        """\
+        covariances += reg_covar * np.eye(X.shape[1])
         precisions = np.linalg.inv(covariances)""",
        ALONE,
        means=[[0, 0], ALONE[ALONE[:, 0].argmax()]],
        variances=[[1, 1], [3e-3, 3e-3]],
        reg_covar=0.02,
    ),
    "stopping": Way(
        """\
-        if len(trace) > 1 and abs(trace[-1] / trace[-2] - 1) < tol:
+        if len(trace) > 1 and abs(trace[-1] - trace[-2]) < tol:""",
        1000 * samples((300, [0, 0], TILTED), (300, [3, 0], TILTED)),
        means=[[1200, -200], [1800, 200]],
        variances=[[2e6, 1e6], [2e6, 1e6]],
        axes=("x (nm)", "y (nm)"),
        tol=1e-5,
    ),
}
# Components can be distinguished without colors, and where they coincide.
STYLES = "-", (0, (4, 3))
SHADES = [[0.5 + 0.5 * part for part in to_rgb(component_color(k))] for k in range(len(STYLES))]


def draw(way: Way):
    """Draw the correct and the wrong run on the same samples, in the same axes."""
    figure, panels = new_figure(2, width=8.4, height=4.3, sharex=True, sharey=True)
    for axes, name, end in zip(panels, ("correct", "wrong"), (way.run(CORRECT), way.run()), strict=True):
        finite = np.isfinite(end["covariances"]).all()
        proper = finite and (np.linalg.det(end["covariances"]) > 0).all()
        shades = [SHADES[k] for k in way.likeliest(end)] if proper else "silver"
        axes.scatter(way.X[:, 0] - way.moved, way.X[:, 1], c=shades, s=9, linewidths=0)
        for k, style in enumerate(STYLES):
            ellipse(axes, mixture(way.start, way.moved), k, color=OURS, linestyle=":", alpha=0.7)
            if proper:
                ellipse(axes, mixture(end, way.moved), k, color=component_color(k), linestyle=style)
        n, improper = end["n_iter"], "a covariance is not positive definite" if finite else "every parameter is NaN"
        after = f"; step {n + 1}: {end['failure']}" if "failure" in end else f": {improper}" * (not proper)
        axes.set(title=f"{name}, after {n} step{'s' * (n > 1)}{after}", xlabel=way.axes[0])
        axes.locator_params(nbins=6)
    lines = [(component_color(k), style, f"component {k + 1}") for k, style in enumerate(STYLES)]
    lines.append((OURS, ":", "initial parameters"))
    handles = [Line2D([], [], color=color, linestyle=style, linewidth=2, label=name) for color, style, name in lines]
    finish(panels[0], way.axes, handles)
    return figure


def checked(code: str) -> dict:
    """Examine an implementation; "shown" are a check that fails for the cause, and the first sentence of the answer."""
    found = examine("mine.py", InProcess(function_of(code)))
    fails = sorted((one for one in found["checks"] if one["outcome"] == "fails"), key=lambda one: not one["follows"])
    lines = [f"{SIGNS['fails']} {one['name']}: {one['must']}" for one in fails[:1]]
    return found | {"shown": "\n".join([*lines, found["answer"][0]])}


def page(found: dict) -> str:
    """Fill the page's template with the code, what its runs return, and what the check-up prints about each way."""
    return document("ten-ways.md", {"correct": CORRECT, "ways": WAYS, "found": found, "spacing": np.spacing}) + "\n"


if __name__ == "__main__":
    write_text(DOCS / "ten-ways.md", page({name: checked(way.code) for name, way in WAYS.items()}))
    for name, way in WAYS.items():
        png = io.BytesIO()
        draw(way).savefig(png)
        with atomic_file(DOCS / f"ten-ways/{name}.webp") as temporary:
            temporary.write_bytes(packed(png))
