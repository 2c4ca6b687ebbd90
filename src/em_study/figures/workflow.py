"""The rules of the workflow and what feeds what, from Snakemake's own graph."""

import re
import sys
from pathlib import Path

from em_study.figures.style import BACKGROUND, COMPONENTS, new_figure, save


def read_graph(dot: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Read names of rules by number, and pairs (from, to), out of Snakemake's graph in the DOT language."""
    names = dict(re.findall(r'^\s*(\d+)\[label = "([^"\\]+)', dot, flags=re.MULTILINE))
    return names, re.findall(r"^\s*(\d+) -> (\d+)", dot, flags=re.MULTILINE)


def draw_workflow(dot: str):
    """Draw the rules in columns, each to the right of all that feeds it.

    Parameters
    ----------
    dot : str
        What `snakemake --rulegraph` prints.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names, edges = read_graph(dot)
    column = dict.fromkeys(names, 0)
    for _ in names:
        for source, target in edges:
            column[target] = max(column[target], column[source] + 1)
    columns: dict[int, list[str]] = {}
    for node, number in column.items():
        columns.setdefault(number, []).append(node)
    place = {}
    for number, nodes in columns.items():
        for i, node in enumerate(sorted(nodes, key=names.get)):
            place[node] = (number, (len(nodes) - 1) / 2 - i)
    tallest = max(map(len, columns.values()), default=1)
    figure, (axes,) = new_figure(width=2.3 * max(1, len(columns)), height=1.0 + 0.7 * tallest)
    for source, target in _without_detours(edges):
        arrow = {"arrowstyle": "->", "color": BACKGROUND, "shrinkA": 26, "shrinkB": 26}
        axes.annotate("", place[target], place[source], arrowprops=arrow)
    for node, (x, y) in place.items():
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": COMPONENTS[0]}
        axes.text(x, y, names[node], ha="center", va="center", fontsize=8, bbox=box)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_ylim(-tallest / 2 - 0.3, tallest / 2 + 0.3)
    axes.set_axis_off()
    axes.set_title("Rules of the workflow: an arrow leads from a rule to one that reads its output")
    return figure


def write_workflow(stem: Path):
    """Write stem.svg and stem.png, of what `snakemake --rulegraph` prints into this."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    save(draw_workflow(sys.stdin.read()), stem.with_suffix(".svg"), stem.with_suffix(".png"))


def _without_detours(edges):
    """Leave out an arrow where others lead from its rule to the same rule."""
    after: dict[str, set[str]] = {}
    for source, target in edges:
        after.setdefault(source, set()).add(target)

    def reached(node):
        return after.get(node, set()).union(*(reached(other) for other in after.get(node, ())))

    return [
        (source, target)
        for source, target in edges
        if not any(target in reached(other) for other in after[source] - {target})
    ]
