"""Formulas as MathML, which a browser shows without a script: no network is needed to read the site."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.util.logging import getLogger


def _formula(node, display):
    converted = convert(node.astext(), display=display)
    if "\\" in converted:
        getLogger(__name__).warning("a command of LaTeX is not known to latex2mathml: %s", node.astext(), location=node)
    return converted


def _inline(writer, node):
    writer.body.append(_formula(node, "inline"))
    raise SkipNode


def _block(writer, node):
    writer.body.append(f'<div class="formula">{_formula(node, "block")}</div>')
    raise SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
