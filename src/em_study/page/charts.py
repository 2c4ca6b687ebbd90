"""A sweep on the page: SVG whose points show their numbers, lines to choose from, and a table of the numbers."""

from dataclasses import dataclass
from html import escape

import numpy as np

from em_study.figures.panels import MOST_LINES, Line, Panel, panels_of, statistics_of, title_of, to_see_in, words_of
from em_study.figures.sweep import MOST_PANELS, line_color
from em_study.page.svg import KINDS, MOST_TICKS, Scale, distinct_texts, free_room, short_text
from em_study.sweeps.settings import Sweep

WIDTH, HEIGHT = 440, 270  # of a panel, in CSS pixels
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 40, 44  # its margins
MOST_POINTS = 400  # that show their numbers
LETTER = 7.0  # pixels
DASHES = ("", "7 4", "2 3", "8 3 2 3", "12 3", "4 2 1 2")
ROOM = 0.03  # share of a scale that is free beyond the numbers


@dataclass(frozen=True)
class Chart:
    """A sweep as the page shows it.

    Attributes
    ----------
    title : str
    to_see : str
        What to see, in a sentence.
    about : str
        The statistics and replicates that are drawn.
    panels : list of str
        SVG.
    lines : list of (str, str)
        Label and swatch, SVG, of each line that can be chosen.
    n_points : int
        Number of points.
    rows : list of (str, ...)
        The numbers, under COLUMNS; none if there are more than MOST_POINTS.
    n_left_out : int
        Panels that are not drawn.
    """

    title: str
    to_see: str
    about: str
    panels: list[str]
    lines: list[tuple[str, str]]
    n_points: int
    rows: list[tuple[str, ...]]
    n_left_out: int


COLUMNS = ("panel", "line", "at", "mean", "95 % of the replicates", "replicates")


def chart_of(summary, sweep: Sweep) -> Chart:
    """Draw a sweep; the summary is as for `em_study.figures.panels.panels_of`."""
    every, color = panels_of(summary, sweep), sweep.figure.color
    panels = every[:MOST_PANELS]
    lines = [line for panel in panels for line in panel.lines]
    keys, is_heatmap = {line.label: line.key for line in lines}, sweep.figure.kind == "heatmap"
    styles = {label: (i, *_style(color, key, i, len(keys))) for i, (label, key) in enumerate(keys.items())}
    n_points = sum(len(line.places) for line in lines)
    rows, drawn = [], []
    for panel in panels:
        points = {line.label: [*_points(panel, line)] for line in panel.lines if n_points <= MOST_POINTS}
        rows += [row for of_line in points.values() for row in of_line]
        if panel.is_empty:
            parts = [_text(WIDTH / 2, HEIGHT / 2, "no fit has a value")]
        elif is_heatmap:
            parts = _heatmap(panel, words_of(sweep)[color], points)
        else:
            parts = _lines(panel, styles, points)
        drawn.append(_framed(panel, parts))
    is_choice = 1 < len(keys) <= MOST_LINES and not is_heatmap
    swatches = [(label, _swatch(*look)) for label, (_, *look) in styles.items()] if is_choice else []
    texts = title_of(sweep), to_see_in(sweep), f"{statistics_of(summary, sweep)}."
    return Chart(*texts, drawn, swatches, n_points, rows, len(every) - len(panels))


def _style(by: str | None, key, i: int, n_lines: int) -> tuple[str, str]:
    """Return the color and dashes of line i; if there are many lines, all look alike."""
    return ("#767676", "") if n_lines > MOST_LINES else (line_color(by, key, i), DASHES[i % len(DASHES)])


def _points(panel: Panel, line: Line):
    """Yield the row of the table for each point of a line."""
    where = ", ".join(filter(None, (panel.title, panel.meaning.replace("\n", " "))))
    for at, mean, low, high, n in zip(line.places, line.mean, line.low, line.high, line.n, strict=True):
        interval = f"{short_text(low)} to {short_text(high)}" if low < high else ""
        yield where, line.label, f"{panel.x} = {_place(panel, at)}", short_text(mean), interval, f"{n:g}"


def _place(panel: Panel, at) -> str:
    return str(panel.names[at]) if panel.names else short_text(at, 6)


def _scale(values, kind: str, begin: float, end: float) -> Scale:
    low, high = KINDS[kind][0](np.array([values.min(), values.max()], dtype=float))
    return Scale(low, high, begin, end, kind, free_room(low, high, ROOM))


def _lines(panel: Panel, styles, points) -> list[str]:
    names = ("mean", "bottom", "top", *(("low", "high") if panel.has_bands else ()))
    ends = np.concatenate([*map(panel.all, names), [] if panel.nominal is None else [panel.nominal]])
    x = _scale(panel.all("places").astype(float), panel.x_scale, LEFT, WIDTH - RIGHT)
    y = _scale(ends, panel.y_scale, HEIGHT - BOTTOM, TOP)
    parts = _horizontal_axis(panel, x)
    for tick, text in zip(y.ticks, distinct_texts(y.ticks), strict=True):
        parts.append(f'<path class="grid" d="M{LEFT} {y.place(tick):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 6, y.place(tick) + 4, text, "end"))
    if panel.nominal is not None:
        parts.append(f'<path class="nominal" d="M{LEFT} {y.place(panel.nominal):.1f}H{WIDTH - RIGHT}"/>')
    for line in panel.lines:
        i, color, dashes = styles[line.label]
        across = [x.place(at) for at in line.places]
        mean, low, high = ([y.place(value) for value in values] for values in (line.mean, line.low, line.high))
        band = [*_places(across, high), *reversed(_places(across, low))]
        parts.append(f'<g class="line l{i}" color="{color}">')
        if panel.has_bands:
            parts.append(f'<path class="band" d="M{"L".join(band)}Z"/>')
        if len(styles) <= MOST_LINES:
            bars = zip(across, map(y.place, line.bottom), map(y.place, line.top), strict=True)
            parts.append(
                f'<path class="bars" d="{"".join(f"M{at:.1f} {low:.1f}V{top:.1f}" for at, low, top in bars)}"/>'
            )
        parts.append(_path(_places(across, mean), dashes))
        for at, up, words in zip(across, mean, points.get(line.label, ()), strict=False):
            parts.append(_point(f'<circle cx="{at:.1f}" cy="{up:.1f}" r="4"/>', words))
        parts.append("</g>")
    return parts


def _places(across, up) -> list[str]:
    return [f"{a:.1f} {b:.1f}" for a, b in zip(across, up, strict=True)]


def _path(run, dashes) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path class="mean" d="M{"L".join(run)}"{dashed}/>'


def _heatmap(panel: Panel, name: str, points) -> list[str]:
    places = np.unique(panel.all("places"))
    width, height = (WIDTH - LEFT - RIGHT) / len(places), (HEIGHT - TOP - BOTTOM) / len(panel.lines)
    low, high = panel.all("mean").min(), panel.all("mean").max()
    parts = [_text(WIDTH / 2, HEIGHT - 8, panel.x), _text(2, HEIGHT - 8, f"{name} \u2191", "start")]
    parts.append(_text(WIDTH - RIGHT, 14, f"light {short_text(low)}, dark {short_text(high)}", "end"))
    step = -(-len(places) // MOST_TICKS)
    for j in range(0, len(places), step):
        parts.append(_text(LEFT + (j + 0.5) * width, HEIGHT - BOTTOM + 17, _place(panel, places[j])))
    for i, line in enumerate(panel.lines):
        top = HEIGHT - BOTTOM - (i + 1) * height
        if height > 12:
            parts.append(_text(LEFT - 6, top + height / 2 + 4, str(line.key), "end"))
        words = points.get(line.label) or [None] * len(line.places)
        for at, mean, point_words in zip(line.places, line.mean, words, strict=True):
            left = LEFT + np.searchsorted(places, at) * width
            shade = (mean - low) / (high - low) if high > low else 0.5
            box = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
            cell = f'<rect {box} fill="#0072B2" fill-opacity="{0.1 + 0.5 * shade:.2f}"/>'
            if width > LETTER * len(short_text(mean)) and height > 12:
                cell += _text(left + width / 2, top + height / 2 + 4, short_text(mean))
            parts.append(_point(cell, point_words) if point_words else cell)
    return parts


def _horizontal_axis(panel: Panel, x: Scale) -> list[str]:
    if panel.names:
        step = -(-len(panel.names) // MOST_TICKS)
        ticks = [*range(0, len(panel.names), step)]
        texts = [str(panel.names[tick]) for tick in ticks]
    else:
        ticks = [*np.unique(panel.all("places"))]
        ticks = ticks if len(ticks) <= MOST_TICKS else x.ticks
        texts = distinct_texts(ticks)
    parts, last = [_text(WIDTH / 2, HEIGHT - 8, panel.x)], -np.inf
    for tick, text in zip(ticks, texts, strict=True):
        place = x.place(tick)
        parts.append(f'<path class="grid" d="M{place:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        if place - LETTER * len(text) / 2 > last:
            parts.append(_text(place, HEIGHT - BOTTOM + 17, text))
            last = place + LETTER * (len(text) / 2 + 1)
    return parts


def _framed(panel: Panel, parts: list[str]) -> str:
    """Write a panel's title and its quantity above it."""
    meaning = panel.meaning.replace("\n", " ")
    title = [_text(LEFT, 14, panel.title, "start", "title")] if panel.title else []
    label = escape(f"{panel.title} {meaning}".strip())
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{label}">'
    return "".join([head, *title, _text(LEFT, 30, meaning, "start"), *parts, "</svg>"])


def _point(shape: str, words) -> str:
    _, label, at, mean, interval, n = words
    spread = f" (95 % of the replicates: {interval}; n = {n})" if interval else ""
    point_words = f"{label + ', ' if label else ''}{at}: {mean}{spread}"
    return f'<g class="point" role="img" tabindex="-1"><title>{escape(point_words)}</title>{shape}</g>'


def _swatch(color: str, dashes: str) -> str:
    line = f'<g class="line" color="{color}">{_path(["0 5", "34 5"], dashes)}</g>'
    return f'<svg viewBox="0 0 34 10" aria-hidden="true">{line}</svg>'


def _text(x, y, text, anchor="middle", kind="") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
