"""An administrator invites an analyst, who joins, reads the onboarding, sets zone and theme, and is deactivated."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from serving.accounts.rules.access import Role
from tests.browser.chromium import Watch, begin_session
from tests.browser.conftest import FurnishedApp
from tests.browser.every_form import FORGETFUL, NEW_SELLER, unsent_forms
from tests.browser.looking import in_themes
from tests.fixtures.links import path_of
from tests.fixtures.runtimes import PASSWORD

_ZONE = "America/Argentina/Buenos_Aires"


@contextmanager
def a_window(browser: Browser, watch: Watch, *, script: bool) -> Iterator[Page]:
    """A user's own browser; pages must cause no complaint in it."""
    context: BrowserContext = browser.new_context(java_script_enabled=script, reduced_motion="reduce")
    page = context.new_page()
    watch.follow(page)
    yield page
    assert watch.complaints == []
    context.close()


@pytest.mark.parametrize(
    ("script", "thoroughly"),
    [
        pytest.param(True, False, id="with script"),
        pytest.param(True, True, id="with script, every rule in both themes", marks=pytest.mark.soak),
        pytest.param(False, False, id="without", marks=pytest.mark.soak),
    ],
)
def test_a_user_is_invited_onboarded_and_deactivated(
    browser: Browser, furnished_app: FurnishedApp, *, script: bool, thoroughly: bool
) -> None:
    name = ("Nora Lind" if thoroughly else "Nadia Roy") if script else "Noor Haddad"
    email, ada = f"{name.partition(' ')[0].lower()}.new@touchstone.example", furnished_app.house.people[Role.ADMIN]
    watch = Watch(furnished_app.address)
    with a_window(browser, watch, script=script) as admin, a_window(browser, watch, script=script) as guest:
        begin_session(admin, furnished_app.address, furnished_app.house.site, ada)
        admin.get_by_role("link", name="Users").click()
        admin.get_by_label("Work e-mail").fill(email)
        admin.get_by_role("button", name="Invite user").click()
        link = furnished_app.address + path_of(admin.locator("code").inner_text())
        if script:
            assert in_themes(admin, thoroughly=thoroughly) == []

        guest.goto(link)
        expect(guest.get_by_text("Ada Falk invites you to join Bazaar as analyst.")).to_be_visible()
        guest.get_by_label("Your name").fill(name)
        guest.get_by_label("Password").fill(PASSWORD)
        guest.get_by_role("button", name="Create account").click()
        expect(guest).to_have_url(f"{furnished_app.address}/queue")
        expect(guest.get_by_role("heading", name="Review queue")).to_be_visible()
        if script:
            assert in_themes(guest, thoroughly=thoroughly) == [], "with the first list"
        guest.get_by_role("button", name="Got it").click()
        expect(guest.get_by_role("heading", name="Review queue")).to_have_count(0)

        guest.get_by_role("button", name="Lanes").click()
        expect(guest.get_by_text("Where a score sends a listing")).to_be_visible()
        guest.keyboard.press("Escape")
        expect(guest.get_by_text("Where a score sends a listing")).to_be_hidden()

        guest.get_by_role("link", name=f"Settings for {name}").click()
        guest.get_by_label("Time zone").select_option(_ZONE)
        guest.get_by_role("combobox", name="Theme").select_option("dark")
        guest.get_by_role("button", name="Save settings").click()
        expect(guest.locator("html")).to_have_attribute("data-theme", "dark")
        expect(guest.get_by_text(re.compile("now .* UTC−03"))).to_be_visible()
        with guest.expect_response("**/settings/quick"):
            guest.get_by_role("button", name="Switch theme").click()
        expect(guest.locator("html")).to_have_attribute("data-theme", "light")
        guest.goto(f"{furnished_app.address}/queue")
        expect(guest.locator("html")).to_have_attribute("data-theme", "light")
        expect(guest.get_by_text(re.compile("As of .* UTC−03"))).to_be_visible()

        admin.goto(f"{furnished_app.address}/people?q={email}")
        admin.get_by_role("link", name=name).click()
        admin.get_by_role("button", name="Deactivate user").click()
        expect(admin.get_by_text("User deactivated. All their sessions have ended")).to_be_visible()
        guest.goto(f"{furnished_app.address}/queue")
        expect(guest.get_by_role("heading", name="Sign in")).to_be_visible()
    assert script or unsent_forms(NEW_SELLER, watch) == []


def test_who_forgot_their_password_chooses_another_without_script(
    browser: Browser, furnished_app: FurnishedApp
) -> None:
    people, another = furnished_app.house.people, "a better password"
    forgetful = furnished_app.house.site.second_scientist
    watch = Watch(furnished_app.address)
    with a_window(browser, watch, script=False) as admin, a_window(browser, watch, script=False) as guest:
        path = f"/people/{forgetful.user_id}"
        begin_session(admin, furnished_app.address, furnished_app.house.site, people[Role.ADMIN], path)
        admin.get_by_role("button", name="Create reset link").click()
        guest.goto(furnished_app.address + path_of(admin.locator("code").inner_text()))
        guest.locator("[name=wanted]").fill(another)
        guest.get_by_label("New password again").fill(another)
        guest.get_by_role("button", name="Change password").click()
        expect(guest.get_by_text("Your password is changed. Sign in with the new one.")).to_be_visible()
        guest.get_by_label("Work e-mail").fill(forgetful.email)
        guest.get_by_label("Password").fill(another)
        guest.get_by_role("button", name="Sign in").click()
        expect(guest).to_have_url(f"{furnished_app.address}/models")
    assert unsent_forms(FORGETFUL, watch) == []


def test_a_case_is_printed_on_two_pages_at_most_without_bars_and_black_on_white(
    browser: Browser, furnished_app: FurnishedApp
) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    begin_session(
        page, furnished_app.address, furnished_app.house.site, furnished_app.house.people[Role.ANALYST], "/queue"
    )
    page.goto(furnished_app.address + (page.locator("a[data-stop]").first.get_attribute("href") or ""))
    assert 1 <= len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True))) <= 2
    page.emulate_media(media="print")
    for bar in (".bar", ".vbar", "form"):
        expect(page.locator(bar).first).to_be_hidden()
    colours = "(one) => [getComputedStyle(one).color, getComputedStyle(one.closest('body')).backgroundColor]"
    assert page.locator("h1").evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    context.close()
