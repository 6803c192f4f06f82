"""The design system in a browser, drawn with the stylesheet that the service sends."""

from playwright.sync_api import Browser, Route

from tests.browser.chromium import watched_window
from tests.browser.conftest import Stage
from tests.browser.looking import in_both_themes, too_wide
from tests.fixtures.clocks import NOW
from tests.serving.web.kit.kit_page import kit


def test_the_design_system_is_accessible_and_quiet_in_both_themes_and_fits(browser: Browser, stage: Stage) -> None:
    def draw(route: Route) -> None:
        route.fulfill(body=kit(NOW), content_type="text/html; charset=utf-8")

    context = browser.new_context(reduced_motion="reduce")
    page, watch = watched_window(context, stage.address)
    page.route(f"{stage.address}/kit", draw)
    page.goto(f"{stage.address}/kit")
    assert in_both_themes(page) + too_wide(page, phone=True) == []
    context.close()
    assert watch.complaints == []
