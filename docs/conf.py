"""How Sphinx builds these pages; neither that nor reading them fetches from the network."""

import re
import sys
from pathlib import Path

import matplotlib
from docutils import nodes
from latex2mathml.converter import convert

from sklearn_gd import __version__

matplotlib.use("Agg")
sys.path.insert(0, str(Path(__file__).parent))  # for gallery_order

project = "sklearn_gd"
author = "The sklearn_gd developers"
copyright = "2026, The sklearn_gd developers"
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"  # names in docstrings stay plain; links are written as roles

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_gd {version}"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["formulas.css", "site.css", "interactive.css"]
html_context = {"default_mode": "auto"}  # without it the theme complains in the console
html_show_sourcelink = False
toc_object_entries_show_parents = "hide"  # the class is the page's title already
# Pages that stand alone have nothing to list at their side.
html_sidebars = {page: [] for page in ("index", "contributing", "changelog", "search")}
html_theme_options = {
    "logo": {
        "text": "sklearn_gd",
        "alt_text": "sklearn_gd, home",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
    },
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
}

autodoc_typehints = "none"  # numpydoc's Parameters say it in words
numpydoc_show_class_members = False  # docs/_templates lists them, without scikit-learn's own
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|matplotlib|pandas)\..*"),  # elsewhere: no inventory is fetched
    ("py:obj", r"\w+_"),  # fitted attributes are described with their class
]

# The tutorials' pictures: scripts in docs/pictures, drawn at every build, with their source.
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 120)]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "within_subsection_order": "gallery_order.example_order",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",  # run them all
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),  # the address of a display is of no interest
    "download_all_examples": False,
    "matplotlib_animations": True,
    "write_computation_times": False,
    "show_signature": False,
}


def _inline_math(translator, node):
    translator.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def _displayed_math(translator, node):
    translator.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


# No inventory is fetched at a build, so links to scikit-learn's pages are made from the names.
SCIKIT_LEARN_PAGE = "https://scikit-learn.org/stable/modules/generated/{}.html"
SCIKIT_LEARN_NAME = re.compile(r"sklearn(\.\w+)+")


def _link_to_scikit_learn(app, env, node, content):
    name = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not SCIKIT_LEARN_NAME.fullmatch(name):
        return None
    return nodes.reference("", "", content, internal=False, refuri=SCIKIT_LEARN_PAGE.format(name))


# Matplotlib's player asks the network for the icons of its buttons; the theme brings the same ones.
ICONS_FROM_NETWORK = re.compile(r'<link rel="stylesheet"\s+href="https?://[^"]*font-awesome[^"]*">')


def _without_network(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = ICONS_FROM_NETWORK.sub("", context["body"])


# A line break in the source is a space on the page, and Chinese has none between sentences.
BREAK_IN_CHINESE = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])"
)


def _without_breaks_in_chinese(app, doctree):
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.literal_block):
            joined = BREAK_IN_CHINESE.sub("", text.astext())
            if joined != text.astext():
                text.parent.replace(text, nodes.Text(joined))


def setup(app):
    # MathML is what browsers draw by themselves: no script, no font and no network.
    app.add_html_math_renderer("mathml", (_inline_math, None), (_displayed_math, None))
    app.connect("html-page-context", _without_network)
    app.connect("missing-reference", _link_to_scikit_learn)
    app.connect("doctree-read", _without_breaks_in_chinese)


html_math_renderer = "mathml"
