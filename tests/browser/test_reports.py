"""A brand's user reports listings with a telephone, in each language of the brand's pages."""

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.chromium import begin_session, watched_window
from tests.browser.conftest import FurnishedApp
from tests.browser.house import FREE_FROM
from tests.browser.looking import PHONE, in_both_themes, too_wide

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


def _enter(page: Page, furnished: FurnishedApp, language: str) -> None:
    """Sign in, and choose a language."""
    begin_session(page, furnished.address, furnished.house.site, furnished.house.site.brand_person, "/settings")
    page.locator("select[name=language]").select_option(language)
    page.locator("form:has(select[name=language]) button[type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))


def _attach(page: Page, folder: Path, listing: str) -> None:
    """Choose an invoice, and a page that is no document; record the test buy of a listing."""
    invoice, label = folder / "invoice.pdf", folder / "label.html"
    invoice.write_bytes(b"%PDF-1.7 invoice of the test buy")
    label.write_text("<script>alert(1)</script>", "utf-8")
    page.locator("input[name=document]").set_input_files([invoice, label])
    page.locator("details:has(input[name=order_reference]) summary").tap()
    for name, text in (("bought_listing", listing), ("order_reference", "4711-A"), ("ordered_on", "2026-01-02")):
        page.locator(f"input[name={name}]:visible").fill(text)
    page.locator("textarea[name=finding]:visible").fill("The serial number is printed.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_listings_are_reported_with_a_telephone_in_every_language(
    browser: Browser, furnished_app: FurnishedApp, language: str, tmp_path: Path
) -> None:
    number = FREE_FROM + 2 + 2 * list(HEADINGS).index(language)
    context = browser.new_context(locale=language, viewport=_SIZE, reduced_motion="reduce", has_touch=True)
    page, watch = watched_window(context, furnished_app.address)
    _enter(page, furnished_app, language)
    page.goto(f"{furnished_app.address}/brand/reports")
    wrong: list[str] = []

    def looked_at() -> None:
        assert (page.locator("html").get_attribute("lang") or "").startswith(language)
        wrong.extend(in_both_themes(page) + too_wide(page, phone=True))

    expect(page.locator("h1")).to_have_text(HEADINGS[language])
    looked_at()
    page.locator("textarea[name=listings]:visible").fill(
        f"https://bazaar.example/item/RP-{number}\nRP-{number + 1}\nRP-{number}\nRP-none"
    )
    _attach(page, tmp_path, f"RP-{number + 1}")
    looked_at()
    page.locator("form[action='/brand/reports/preview'] button[type=submit]").tap()
    expect(page.get_by_role("alert").locator("bdi")).to_have_text("label.html")
    looked_at()
    page.locator("form[action='/brand/reports/preview'] button[type=submit]").tap()
    expect(page.locator("main tbody").first.locator("tr")).to_have_count(4)
    expect(page.locator("main section").first).to_contain_text("4711-A")
    expect(page.locator("main section").first).to_contain_text("invoice.pdf")
    looked_at()
    page.locator("input[name=good_faith]").check()
    page.locator("form[action='/brand/reports'][method=post] button[type=submit]").tap()
    expect(page).to_have_url(re.compile(r"/brand/reports/rpt_\w+$"))
    expect(page.locator("main tbody tr")).to_have_count(4)
    expect(page.locator("main tbody input[type=checkbox]")).to_have_count(3)
    expect(page.locator("#documents")).to_contain_text("invoice.pdf")
    expect(page.locator("main")).to_contain_text("4711-A")
    looked_at()
    page.locator("main tbody input[type=checkbox]").first.check()
    page.locator("form[action$='/withdraw'] button[type=submit]").tap()
    expect(page.locator("main tbody input[type=checkbox]")).to_have_count(2)
    looked_at()
    context.close()
    refused = "status of 422"  # The page with the refused file.
    assert wrong + [complaint for complaint in watch.complaints if refused not in complaint] == []
