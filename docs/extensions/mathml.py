"""Formulas as MathML, by docutils' own converter: a browser shows them without a script or a font from elsewhere."""

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger


def _formula(node, is_block):
    try:
        return tex2mathml(node.astext(), as_block=is_block)
    except MathError as error:
        getLogger(__name__).warning("%s", error, location=node)
        return ""


def _inline(writer, node):
    writer.body.append(_formula(node, False))
    raise SkipNode


def _block(writer, node):
    writer.body.append(f'<div class="formula">{_formula(node, True)}</div>')
    raise SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
