"""Every page of the list: no complaint, no violation, no foreign content, no overflow.

And without script: every form and every button does what it says by itself.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from serving.accounts.rules.access import Role
from serving.accounts.store import display_settings
from serving.platform.database.store import Store
from serving.platform.display import DEFAULT_DISPLAY
from serving.platform.languages import ENGLISH, Language
from tests.browser.chromium import Watch, begin_session, watched_window
from tests.browser.conftest import FurnishedApp
from tests.browser.every_page import PAGES, OnePage
from tests.browser.house import House
from tests.browser.looking import PHONE, SCREEN, go_to, in_themes, too_wide
from tests.browser.markup import needs_script, routes_of_pages
from tests.fixtures.clocks import NOW

MOST_BYTES: Final = 150 * 1024
_TAKES: Final = routes_of_pages()


@dataclass(slots=True)
class Windows:
    """One window per role, signed in once."""

    browser: Browser
    address: str
    house: House
    locale: str = "en-GB"
    by_role: dict[Role | None, tuple[Page, Watch]] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)

    def of(self, role: Role | None) -> tuple[Page, Watch]:
        """The window of a role, at the size of a screen, with nothing complained of yet."""
        if role not in self.by_role:
            context = self.browser.new_context(reduced_motion="reduce", locale=self.locale)
            self.contexts.append(context)
            page, watch = watched_window(context, self.address)
            if role is not None:
                begin_session(page, self.address, self.house.site, self.house.people[role], "/settings")
            self.by_role[role] = page, watch
        page, watch = self.by_role[role]
        watch.complaints.clear()
        page.set_viewport_size({"width": SCREEN[0], "height": SCREEN[1]})
        return page, watch


@pytest.fixture(scope="module")
def windows(browser: Browser, furnished_app: FurnishedApp) -> Iterator[Windows]:
    """Windows into a home in which every page has something to show."""
    opened_windows = Windows(browser, furnished_app.address, furnished_app.house)
    yield opened_windows
    for context in opened_windows.contexts:
        context.close()


@pytest.fixture(scope="module", params=["de", "ru"])
def foreign_windows(browser: Browser, furnished_app: FurnishedApp, request: pytest.FixtureRequest) -> Iterator[Windows]:
    """Windows of people who read one of the languages with the longest words."""
    _set_language_of_all(furnished_app.house, Language(request.param))
    foreign_windows = Windows(browser, furnished_app.address, furnished_app.house, request.param)
    yield foreign_windows
    _set_language_of_all(furnished_app.house, ENGLISH)
    for context in foreign_windows.contexts:
        context.close()


def _set_language_of_all(house: House, language: Language) -> None:
    store = Store(house.site.runtime.store.url)
    with store.write() as connection:
        for person in house.people.values():
            display_settings.save(connection, person.user_id, replace(DEFAULT_DISPLAY, language=language), NOW)
    store.close()


def _problems(windows: Windows, listed_page: OnePage, *, thoroughly: bool) -> list[str]:
    page, watch = windows.of(listed_page.role)
    source = go_to(page, windows.address, listed_page, windows.house.addresses)
    faults = in_themes(page, thoroughly=thoroughly) + too_wide(page, phone=listed_page.phone)
    if thoroughly and listed_page.phone:
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        faults += [f"phone, {wrong}" for wrong in in_themes(page, thoroughly=True)]
    if listed_page.name != "kit":  # The page of the design system shows buttons that do nothing.
        faults += needs_script(source, page.url, _TAKES)
    return faults + _of_pages_that_are_there(listed_page, watch.complaints)


def _of_pages_that_are_there(listed_page: OnePage, complaints: list[str]) -> list[str]:
    """A browser complains of every page that answers 404, which the page of an error does."""
    return [text for text in complaints if listed_page.name != "error" or "status of 404" not in text]


@pytest.mark.parametrize("listed_page", PAGES, ids=lambda listed_page: listed_page.name)
def test_a_page_is_accessible_and_quiet_and_fits(windows: Windows, listed_page: OnePage) -> None:
    assert _problems(windows, listed_page, thoroughly=False) == []


@pytest.mark.soak
@pytest.mark.parametrize("listed_page", PAGES, ids=lambda listed_page: listed_page.name)
def test_a_page_keeps_every_rule_in_both_themes_at_both_sizes(windows: Windows, listed_page: OnePage) -> None:
    assert _problems(windows, listed_page, thoroughly=True) == []


@pytest.mark.soak
@pytest.mark.parametrize(
    "listed_page", [listed_page for listed_page in PAGES if listed_page.phone], ids=lambda listed_page: listed_page.name
)
def test_a_page_fits_a_phone_in_the_languages_with_the_longest_words(
    foreign_windows: Windows, listed_page: OnePage
) -> None:
    page, _ = foreign_windows.of(listed_page.role)
    go_to(page, foreign_windows.address, listed_page, foreign_windows.house.addresses)
    if listed_page.role is Role.BRAND:
        assert page.evaluate("document.documentElement.lang") == foreign_windows.locale
    assert too_wide(page, phone=True) == []


@pytest.mark.parametrize("name", ["queue", "case"])
def test_the_queue_weighs_at_most_150_kilobytes(windows: Windows, name: str) -> None:
    """Compressed, with all files that it loads into an empty cache, including the prefetched case."""
    listed_page = next(page for page in PAGES if page.name == name)
    page, _ = windows.of(listed_page.role)
    go_to(page, windows.address, listed_page, windows.house.addresses)
    urls: list[str] = []

    def keep(request: Request) -> None:
        urls.append(request.url)

    page.on("request", keep)
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.reload()
    page.wait_for_load_state("networkidle")
    page.remove_listener("request", keep)
    bodies = {urlsplit(url).path: page.request.get(url).body() for url in urls}
    assert {"/static/touchstone.css", "/static/vendor/htmx-4.0.1.min.js"} <= set(bodies)
    weights = {path: len(gzip.compress(body)) for path, body in bodies.items()}
    assert sum(weights.values()) <= MOST_BYTES, weights
