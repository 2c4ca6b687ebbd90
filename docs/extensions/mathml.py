"""Formulas as MathML, by docutils' own converter: a browser shows them without a script or a font from elsewhere."""

from docutils.utils.math.latex2mathml import tex2mathml


def _inline(writer, node):
    writer.body.append(tex2mathml(node.astext(), as_block=False))


def _display(writer, node):
    writer.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')


def _skip(writer, node):
    """Do nothing more: the visitor has written all of the node."""


def setup(app):
    """Register the renderer."""

    def visit(render):
        from docutils.nodes import SkipNode

        def visited(writer, node):
            render(writer, node)
            raise SkipNode

        return visited

    app.add_html_math_renderer("mathml", (visit(_inline), _skip), (visit(_display), _skip))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
