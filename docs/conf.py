"""How Sphinx builds these pages; nothing is fetched from the network while it does."""

from sklearn_gd import __version__

project = "sklearn_gd"
author = "The sklearn_gd developers"
copyright = "2026, The sklearn_gd developers"
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"  # names in docstrings stay plain; links are written as roles

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_gd {version}"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "footer_start": ["copyright"], "footer_end": []}

autodoc_typehints = "none"  # numpydoc's Parameters say it in words
numpydoc_show_class_members = False  # docs/_templates lists them, without the inherited ones
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|sklearn)\..*"),  # elsewhere: no inventory is fetched
    ("py:obj", r"\w+_"),  # fitted attributes are described with their class
]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",  # run them all
    "abort_on_example_error": True,
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
}
