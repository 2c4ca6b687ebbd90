"""The common style of all figures: sizes, and colors with the same meaning everywhere."""

import io
import re
import unicodedata
from functools import cache
from itertools import groupby

from em_study.data.storage import atomic_file

# Okabe and Ito's palette, which can be distinguished with any color vision.
COMPONENTS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442")
# From the published call to equal settings: dark to light.
PROTOCOLS = ("#440154", "#3B528B", "#21918C", "#5EC962", "#BFB216")
OURS, SKLEARN = "#000000", "#E69F00"
BACKGROUND = "#B0B0B0"  # for reference only
ORIGINAL = "#D55E00"  # measured on a source's own samples
HIGHLIGHT = "#CC00CC"  # what a reader should notice first
FIT_STYLES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 4)), (0, (8, 4)), (0, (4, 1, 4, 3)))

LOOK = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.titlesize": "medium",
    "font.size": 11,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.hashsalt": "em-study",  # makes the files of a figure reproducible, byte by byte
}


# Fonts that are searched for a letter: matplotlib's own, then those of systems.
FONTS = ("DejaVu Sans", "STIXGeneral")
FONTS += ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei")
FONTS += ("WenQuanYi Micro Hei", "Droid Sans Fallback", "IPAGothic", "NanumGothic")
FONTS += ("Arial Unicode MS", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo")  # macOS
FONTS += ("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Segoe UI Symbol")  # Windows
FONTS += ("Noto Emoji", "Symbola", "FreeSans", "Unifont")


def plain(text: str) -> str:
    """Escape a name for matplotlib, so that it is drawn literally.

    Otherwise matplotlib reads mathematics between dollar signs, leaves names that begin with _ out of a legend, and
    draws a box for a letter that no installed font has. Such letters become their name or code in brackets.
    """
    if not (text.isascii() and text.isprintable()):
        known = letters()
        runs = groupby(text, lambda letter: ord(letter) in known or letter == "\n")
        text = "".join("".join(run) if is_known else f"[{' '.join(map(_name, run))}]" for is_known, run in runs)
    return text.replace("$", r"\$").replace("_", "\u2060_", int(text.startswith("_")))


def _name(letter: str) -> str:
    name = unicodedata.name(letter, "") if unicodedata.category(letter).startswith("S") else ""
    return name.lower() or f"U+{ord(letter):04X}"


@cache
def fonts() -> list[str]:
    """Return those of `FONTS` that are installed."""
    from matplotlib.font_manager import get_font_names

    here = {*get_font_names()}
    return [font for font in FONTS if font in here]


@cache
def letters() -> set[int]:
    """Return the letters that the installed fonts have."""
    from matplotlib.font_manager import findfont, get_font

    return {letter for font in fonts() for letter in get_font(findfont(font)).get_charmap()}


def component_color(k: int) -> str:
    """Return the color of component or class k."""
    return COMPONENTS[k % len(COMPONENTS)]


def protocol_color(step: int) -> str:
    """Return the color of a step of the ladder."""
    return PROTOCOLS[step % len(PROTOCOLS)]


def new_figure(n_columns: int = 1, n_rows: int = 1, width: float = 8.0, height: float = 5.0, **options):
    """Make a figure and its axes in the common style, by panels and inches; further options are of `subplots`.

    The axes have shape (n_columns,), or (n_rows, n_columns) if there are several rows.
    """
    import matplotlib as mpl  # slow to import, and not needed for names and captions
    from matplotlib.figure import Figure

    mpl.rcParams.update(LOOK | {"font.family": fonts()})
    figure = Figure(figsize=(width, height))
    axes = figure.subplots(n_rows, n_columns, squeeze=False, **options)
    return figure, axes if n_rows > 1 else axes[0]


def hide_rest(panels, n_columns: int, n_used: int, x_label: str):
    """Hide unused panels; the panels above them get the labels of the shared axis."""
    for i, axes in enumerate(panels[n_used:], start=n_used):
        axes.set_visible(False)
        if i >= n_columns:
            panels[i - n_columns].tick_params(labelbottom=True)
            panels[i - n_columns].set_xlabel(x_label)


def save(figure, svg, png):
    """Write a figure as SVG and PNG, reproducible byte by byte."""
    for path, metadata in ((png, {}), (svg, {"Date": None})):
        with atomic_file(path) as temporary:
            figure.savefig(temporary, metadata=metadata)
            if path == svg:
                _cut_digits(temporary)
        figure.set_layout_engine("none")  # the layout is as slow as the drawing, so it is computed once


def packed(png) -> bytes:
    """Pack an image as WebP with 64 colors, in a fifth of the bytes."""
    from PIL import Image  # slow to import

    found = io.BytesIO()
    with Image.open(png) as image:
        colors = image.convert("RGB").quantize(64, dither=Image.Dither.NONE)
        colors.convert("RGB").save(found, "webp", lossless=True)
    return found.getvalue()


def _cut_digits(path):
    """Round the coordinates in an SVG file to 0.01 points: the file packs a fifth smaller, and looks the same."""
    text = path.read_text(encoding="utf-8")
    places = re.compile(r' d="[^"]*"|<use [^>]*>')
    path.write_text(places.sub(lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), text), encoding="utf-8")
