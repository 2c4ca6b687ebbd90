"""One look for all figures: sizes, and colours that mean the same thing everywhere."""

import io
import re
import unicodedata
from functools import cache
from itertools import groupby

from em_study.data.storage import atomic_file

# Okabe and Ito's palette, made to be told apart with any colour vision.
COMPONENTS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442")
# From the published way to full equality: dark to light.
PROTOCOLS = ("#440154", "#3B528B", "#21918C", "#5EC962", "#BFB216")
OURS, SKLEARN = "#000000", "#E69F00"
BACKGROUND = "#B0B0B0"  # what is only there for reference
ORIGINAL = "#D55E00"  # what was measured on a source's own rows
HIGHLIGHT = "#CC00CC"  # what a reader must not miss
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
    "svg.hashsalt": "em-study",  # the same figure gives the same bytes
}


# What a letter is looked for in: matplotlib's own fonts, then those that systems have for what these lack.
FONTS = ("DejaVu Sans", "STIXGeneral")
FONTS += ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei")
FONTS += ("WenQuanYi Micro Hei", "Droid Sans Fallback", "IPAGothic", "NanumGothic")
FONTS += ("Arial Unicode MS", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo")  # macOS
FONTS += ("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Segoe UI Symbol")  # Windows
FONTS += ("Noto Emoji", "Symbola", "FreeSans", "Unifont")


def plain(text: str) -> str:
    """Let matplotlib draw a name as it is.

    It would read mathematics between dollar signs, leave out of a legend what begins with _, and draw a box for a
    letter that no font here has: such are named in brackets, a symbol by its name, others by their code.
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
    """Name those of `FONTS` that are here."""
    from matplotlib.font_manager import get_font_names

    here = {*get_font_names()}
    return [font for font in FONTS if font in here]


@cache
def letters() -> set[int]:
    """Collect the letters that the fonts here have."""
    from matplotlib.font_manager import findfont, get_font

    return {letter for font in fonts() for letter in get_font(findfont(font)).get_charmap()}


def component_color(k: int) -> str:
    """Colour of component or class k."""
    return COMPONENTS[k % len(COMPONENTS)]


def protocol_color(rung: int) -> str:
    """Colour of a rung of the ladder."""
    return PROTOCOLS[rung % len(PROTOCOLS)]


def new_figure(n_columns: int = 1, n_rows: int = 1, width: float = 8.0, height: float = 5.0, **options):
    """Make a figure and its axes in the common style, by panels and inches; further options are of `subplots`.

    The axes have shape (n_columns,), or (n_rows, n_columns) if there are several rows.
    """
    import matplotlib as mpl  # takes half a second, which who only asks for names and captions need not wait for
    from matplotlib.figure import Figure

    mpl.rcParams.update(LOOK | {"font.family": fonts()})
    figure = Figure(figsize=(width, height))
    axes = figure.subplots(n_rows, n_columns, squeeze=False, **options)
    return figure, axes if n_rows > 1 else axes[0]


def hide_rest(panels, n_columns: int, n_used: int, x_label: str):
    """Hide the panels that are not used; those above them get the axis that they share."""
    for i, axes in enumerate(panels[n_used:], start=n_used):
        axes.set_visible(False)
        if i >= n_columns:
            panels[i - n_columns].tick_params(labelbottom=True)
            panels[i - n_columns].set_xlabel(x_label)


def save(figure, svg, png):
    """Write a figure as SVG and PNG, the same bytes each time."""
    for path, metadata in ((png, {}), (svg, {"Date": None})):
        with atomic_file(path) as temporary:
            figure.savefig(temporary, metadata=metadata)
            if path == svg:
                _cut_digits(temporary)
        figure.set_layout_engine("none")  # once is enough: finding the places takes as long as drawing


def packed(png) -> bytes:
    """Pack an image as WebP: all its pixels, in 64 colors and a fifth of the bytes."""
    from PIL import Image  # takes its time to import

    found = io.BytesIO()
    with Image.open(png) as image:
        colors = image.convert("RGB").quantize(64, dither=Image.Dither.NONE)
        colors.convert("RGB").save(found, "webp", lossless=True)
    return found.getvalue()


def _cut_digits(path):
    """Write the places in an SVG file to a hundredth of a point: it packs a fifth smaller, and looks the same."""
    text = path.read_text(encoding="utf-8")
    places = re.compile(r' d="[^"]*"|<use [^>]*>')
    path.write_text(places.sub(lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), text), encoding="utf-8")
