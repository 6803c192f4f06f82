"""The documentation's site. Sphinx reads the repository from its root, so a link is the same there and in the files."""

import re
from typing import Any, Final

from pygments.lexers.special import TextLexer

project = "Touchstone"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/**.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/dictionary.md"]
exclude_patterns = [".*", "dist", "var", "notebooks", "tests", "serving", "training", "models", "features"]
myst_heading_anchors = 4
highlight_language = "text"
nitpicky = True

html_theme = "pydata_sphinx_theme"
html_title = "Touchstone"
html_extra_path = ["site"]
html_copy_source = False
html_show_copyright = False
html_context = {"default_mode": "auto"}
html_sidebars = {root_doc: [], "docs/tutorial": []}
html_theme_options = {
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}

# The lists of these pages are the navigation.
SECTIONS: Final = {
    root_doc,
    "docs/how-to",
    "docs/reference",
    "docs/explanation",
    "docs/decisions/README",
}
_LISTED: Final = re.compile(r"^\* \[[^\]]+\]\(([^)#]+)\.md\)", re.MULTILINE)


def _with_navigation(_app: Any, name: str, source: list[str]) -> None:
    source[0] = source[0].replace("decisions/)", "decisions/README.md)")  # A code host shows a folder by this file.
    if name in SECTIONS:
        pages = "\n".join(_LISTED.findall(source[0]))
        source[0] += f"\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def setup(app: Any) -> None:
    """Called by Sphinx. The diagrams stand as pictures above their text, which is shown as text."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", _with_navigation)
