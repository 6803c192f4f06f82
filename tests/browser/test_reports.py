"""A brand's user reports listings with a telephone, in each language of the brand's pages."""

import re
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.chromium import begin_session
from tests.browser.conftest import Furnished
from tests.browser.house import FREE_FROM
from tests.browser.looking import PHONE, in_both_themes, too_wide
from tests.browser.watching import Watch

_SIZE: Final[ViewportSize] = {"width": PHONE[0], "height": PHONE[1]}
# The heading of the form, and two listings for each language, as a listing is reported once.
HEADINGS: Final = {
    "zh": "举报商品",
    "de": "Angebote melden",
    "en": "Report listings",
    "es": "Denunciar ofertas",
    "fr": "Signaler des annonces",
    "ru": "Сообщить о предложениях",
}
LANGUAGES = [name if name == "zh" else pytest.param(name, marks=pytest.mark.soak) for name in HEADINGS]


def _enter(page: Page, furnished: Furnished, language: str) -> None:
    """Sign in, and choose a language."""
    begin_session(page, furnished.address, furnished.house.site, furnished.house.site.brand_person, "/settings")
    page.locator("select[name=language]").select_option(language)
    page.locator("form:has(select[name=language]) button[type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_listings_are_reported_with_a_telephone_in_every_language(
    browser: Browser, furnished: Furnished, language: str
) -> None:
    number = FREE_FROM + 2 + 2 * list(HEADINGS).index(language)
    context = browser.new_context(locale=language, viewport=_SIZE, reduced_motion="reduce", has_touch=True)
    page = context.new_page()
    watch = Watch(furnished.address)
    watch.follow(page)
    _enter(page, furnished, language)
    page.goto(f"{furnished.address}/brand/reports")
    wrong: list[str] = []

    def looked_at() -> None:
        assert (page.locator("html").get_attribute("lang") or "").startswith(language)
        wrong.extend(in_both_themes(page) + too_wide(page, phone=True))

    expect(page.locator("h1")).to_have_text(HEADINGS[language])
    looked_at()
    page.locator("textarea[name=listings]:visible").fill(
        f"https://bazaar.example/item/RP-{number}\nRP-{number + 1}\nRP-{number}\nRP-none"
    )
    page.locator("form[action='/brand/reports/preview'] button[type=submit]").tap()
    expect(page.locator("main tbody").first.locator("tr")).to_have_count(4)
    looked_at()
    page.locator("input[name=good_faith]").check()
    page.locator("form[action='/brand/reports'][method=post] button[type=submit]").tap()
    expect(page).to_have_url(re.compile(r"/brand/reports/rpt_\w+$"))
    expect(page.locator("main tbody tr")).to_have_count(4)
    expect(page.locator("main tbody input[type=checkbox]")).to_have_count(3)
    looked_at()
    page.locator("main tbody input[type=checkbox]").first.check()
    page.locator("form[action$='/withdraw'] button[type=submit]").tap()
    expect(page.locator("main tbody input[type=checkbox]")).to_have_count(2)
    looked_at()
    context.close()
    assert wrong + watch.complaints == []
