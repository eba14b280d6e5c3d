"""The documentation: `make docs` builds it, and any warning is an error."""

import sys
from pathlib import Path

import mainspring

sys.path.insert(0, str(Path(__file__).parent))

project = "Mainspring"
version = release = mainspring.__version__
author = "the Mainspring contributors"
copyright = author  # noqa: A001 -- the name that Sphinx gave it

extensions = ["myst_parser", "sphinx_click", "tables"]
exclude_patterns = ["man"]  # its text is for build-aux/write_manual.py
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True
smartquotes = False  # they would make a dash of --python

html_theme = "furo"
html_title = f"Mainspring {release}"
html_copy_source = False
