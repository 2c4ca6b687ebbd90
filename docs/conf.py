"""How Sphinx builds the site: `make docs`. Nothing of it needs a network, to build or to read."""

import os
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent / "extensions")]
os.environ["PYTHONPATH"] = str(ROOT / "src")  # of the processes that examples start
os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
warnings.filterwarnings("ignore", "Couldn't detect a suitable IP address")  # Dask's, without a network

project = "em-study and emgmm"
author = "The em-study authors"
copyright = author  # noqa: A001
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
    "mathml",
    "repository",
]
exclude_patterns = ["examples/*", "templates/*", "extensions/*"]
templates_path = ["_templates"]
nitpicky = True

html_theme = "pydata_sphinx_theme"
html_title = "em-study"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_sidebars = {"index": [], "tutorial": [], "glossary": []}
html_theme_options = {
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # generated pages begin their own levels
copybutton_prompt_text = ">>> "

default_role = "autolink"  # of a name in a docstring
autosummary_generate = True
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # the docstrings have them
numpydoc_show_class_members = False  # the template lists them
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("emgmm",),
    "filename_pattern": "plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "capture_repr": (),
    "min_reported_time": 1e9,  # the bytes of a page do not depend on the speed of the machine
    "write_computation_times": False,  # that page loads scripts from elsewhere
    "remove_config_comments": True,
}
