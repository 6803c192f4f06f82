"""The browser draws with fonts of its own, whatever else is installed."""

import pytest
from playwright.sync_api import Page

_PAGE = """
<p id="text" style="font-family: {family}">{text}</p>
"""


@pytest.mark.parametrize(
    ("family", "expected", "drawn_with"),
    [
        ("Inter, system-ui, sans-serif", "Ваш ответ", {"DejaVu Sans"}),
        ("'Noto Sans CJK SC', sans-serif", "您的举报", {"WenQuanYi Micro Hei"}),
        ("ui-monospace, Menlo, monospace", "MP-33", {"DejaVu Sans Mono"}),
    ],
)
def test_letters_are_drawn_with_the_fonts_that_the_tests_name(
    page: Page, family: str, expected: str, drawn_with: set[str]
) -> None:
    """Missing fonts are installed by `make setup`."""
    page.set_content(_PAGE.format(family=family, text=expected))
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": "#text"})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    assert {font["familyName"] for font in fonts} == drawn_with
