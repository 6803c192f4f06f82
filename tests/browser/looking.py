"""Loading a page of the list, and the problems on it."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.every_page import KnownAddress, LinkPath, OnePage

SCREEN: Final = (1440, 900)
LAPTOP: Final = (1280, 720)
TABLET: Final = (820, 1180)
PHONE: Final = (390, 844)
Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
WCAG: Final = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# Best practices of axe: landmarks, the order of headings, one main heading.
EVERY: Final = {"runOnly": [*WCAG["runOnly"], "best-practice"]}
# A theme changes only colours, so the second theme needs only the rules about colours.
COLOURS: Final = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# The contrast check of each word takes longer than all other rules together.
STRUCTURE: Final = {**WCAG, "rules": {"color-contrast": {"enabled": False}}}
_RUN: Final = "(options) => axe.run({resultTypes: ['violations'], ...options}).then((found) => found.violations)"


class PageNotReached(LookupError):
    """The page cannot be reached: its address is unknown, or no link leads to it."""


def go_to(page: Page, base_url: str, listed_page: OnePage, addresses: Mapping[str, str]) -> str:
    """Load a page of the list as the signed-in user; folded parts are opened where the list says so.

    Returns its source, in which no script has run.

    Raises
    ------
    NotReached
        Its way leads nowhere in this home.
    """
    match listed_page.way:
        case KnownAddress(name):
            if name not in addresses:
                raise PageNotReached(name)
            answer = page.goto(addresses[name] if "://" in addresses[name] else base_url + addresses[name])
        case LinkPath(start, selectors):
            answer = page.goto(base_url + start)
            for selector in selectors:
                link = page.locator(selector).first
                if not link.count():
                    raise PageNotReached(selector)
                answer = page.goto(base_url + (link.get_attribute("href") or ""))
        case str(address):
            answer = page.goto(base_url + address)
    if not re.fullmatch(re.sub(r"\\{\w+(:path)?\\}", "[^/]+", re.escape(listed_page.route)), urlsplit(page.url).path):
        raise PageNotReached(page.url)
    if listed_page.unfold:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return answer.text() if answer else ""


def violations(page: Page, options: Mapping[str, Any] = WCAG) -> list[str]:
    """The violations of WCAG 2.2 AA that axe finds, in the current theme and size."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    return [f"{fault['id']}: {node['html'][:160]}" for fault in page.evaluate(_RUN, options) for node in fault["nodes"]]


def in_themes(page: Page, *, thoroughly: bool) -> list[str]:
    """Violations in the light theme, but of contrasts; `thoroughly` asks every rule and all advice in both themes."""
    return _violations_in(page, dict.fromkeys(THEMES, EVERY) if thoroughly else {"light": STRUCTURE})


def in_both_themes(page: Page) -> list[str]:
    """Violations in light, and of the rules about colours in dark."""
    return _violations_in(page, {"light": WCAG, "dark": COLOURS})


def _violations_in(page: Page, rules: Mapping[Theme, Mapping[str, Any]]) -> list[str]:
    faults = []
    for theme, options in rules.items():
        page.emulate_media(color_scheme=theme)
        faults += [f"{theme}: {fault}" for fault in violations(page, options)]
    return faults


def too_wide(page: Page, *, phone: bool) -> list[str]:
    """Window widths at which an element is wider than the window; the window keeps the last of them."""
    faults = []
    for width, height in (SCREEN, LAPTOP, TABLET, *((PHONE,) if phone else ())):
        page.set_viewport_size({"width": width, "height": height})
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            faults.append(f"wider than {width}")
    return faults
