"""The documentation's build: sphinx-build -n -T -W -b html docs docs/_build/html."""

import re
from typing import Any

import lrspec

project = "lrspec"
author = "The lrspec developers"
copyright = "The lrspec developers"  # noqa: A001 - Sphinx' own name
version = release = lrspec.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
nitpicky = True
nitpick_ignore_regex = [
    # Type hints of libraries that the build does not install or look up: their pages are elsewhere.
    (r"py:.*", r"(torch|keras|jax|numpy|np|hypothesis)\..*"),
    (r"py:.*", r"(collections\.abc|fractions|pathlib|typing)\..*"),
    (r"py:(class|exc|data|obj)", r"(bool|bytes|dict|float|int|list|str|tuple|tuple\[str|object|optional)"),
    (r"py:(class|exc)", r"(Exception|KeyError|OSError|OverflowError|TypeError|ValueError)"),
    (
        r"py:(class|data|obj)",
        r"(Any|Callable|Fraction|Iterable|Iterator|Literal|Mapping|Path|None|After|OptaxSchedule|Key|lrspec.readers.files.ConfigFile)",
    ),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"lrspec {release}"


def setup(app: Any) -> None:
    """Have names in docstrings, which stand in single backquotes, set as code."""

    def as_code(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
        lines[:] = [re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", line) for line in lines]

    app.connect("autodoc-process-docstring", as_code, priority=400)  # before napoleon's 500
