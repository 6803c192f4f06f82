"""An analyst who never uses the mouse: every key works at once, and the database has every decision."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select, text

from models.verdict import Judgement
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.store import cases
from serving.cases.tables import verdict
from serving.composition import open_runtime
from serving.platform.database.engine import sqlite_url
from serving.platform.database.store import Store
from serving.platform.settings import Settings
from tests.browser.chromium import begin_session, watched_window
from tests.browser.conftest import FurnishedApp
from tests.browser.service import running_service
from tests.fixtures.clocks import TestClock
from tests.fixtures.many_cases import fill_many
from tests.fixtures.runtimes import PASSWORD, Site, populate

UNDO_IS_ABOVE: Final = """document.getElementById("undo").getBoundingClientRect().bottom
    <= document.getElementById("main").getBoundingClientRect().top"""
KEYS = {
    "g": Judgement.GENUINE,
    "m": Judgement.GREY_MARKET,
    "l": Judgement.LICENSED,
    "n": Judgement.CANNOT_TELL,
    "c": Judgement.COUNTERFEIT,
}


@dataclass(frozen=True, slots=True)
class Service:
    """A service with cases to decide, and its database."""

    address: str
    site: Site
    url: str

    def text(self) -> list[tuple[str, str]]:
        """The analyst's decisions, in order: case and judgement."""
        store = Store(self.url)
        query = select(verdict.c.case_id, verdict.c.judgement).order_by(verdict.c.known_at, verdict.c.verdict_id)
        with store.read() as connection:
            rows = connection.execute(query.where(verdict.c.user_id == self.site.analyst.user_id)).all()
        store.close()
        return [(row.case_id, row.judgement) for row in rows]


@contextmanager
def a_queue(touchstone: str, home: Path, number: int, url: str | None = None) -> Iterator[Service]:
    runtime = open_runtime(Settings(home=home, database_url=url, masked_score_share=0.0))
    try:
        site = populate(runtime, TestClock())
        fill_many(site, number, patterns=number)
    finally:
        runtime.close()
    more = {"UNDO_WINDOW_SECONDS": "180"} | ({"DATABASE_URL": url} if url else {})
    with running_service(touchstone, home, more=more) as address:
        yield Service(address, site, url or sqlite_url(home / "touchstone.sqlite"))


@contextmanager
def a_window(browser: Browser, stage: Service, *, refused: str = "") -> Iterator[Page]:
    """The first case of the queue, opened by keys. Chromium writes a status that is `refused` to the console."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page, watch = watched_window(context, stage.address)
    begin_session(page, stage.address, stage.site, stage.site.analyst, "/queue")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()
    assert [complaint for complaint in watch.complaints if not refused or refused not in complaint] == []


@pytest.fixture
def stage(furnished_app: FurnishedApp) -> Service:
    site = furnished_app.house.site
    return Service(furnished_app.address, site, site.runtime.store.url)


def case_on(page: Page) -> str:
    return page.locator("#case").get_attribute("data-case") or ""


def press(page: Page, key: str) -> str:
    """Press a key and wait for another case; returns the one that was on the screen."""
    before = case_on(page)
    page.keyboard.press(key)
    expect(page.locator("#case")).not_to_have_attribute("data-case", before)
    return before


def delay_answers(page: Page) -> Callable[[], None]:
    """Delay every answer until the returned function is called."""
    waiting: list[Route] = []
    are_pressed = True

    def wait(route: Route) -> None:
        if are_pressed:
            waiting.append(route)
        else:
            route.continue_()

    def go_on() -> None:
        nonlocal are_pressed
        are_pressed = False
        for route in waiting:
            route.continue_()

    page.route("**/verdict", wait)
    return go_on


def decide_in_a_row(page: Page, stage: Service, number: int) -> None:
    """Decide so many cases, undo and repeat every fourth decision, and compare with the database."""
    before, expected = len(stage.text()), []
    for turn in range(number):
        key = list(KEYS)[turn % len(KEYS)]
        case_id = press(page, key)
        expected.append((case_id, KEYS[key].value))
        if turn % 4 == 3:
            assert press(page, "z") != case_id
            assert case_on(page) == case_id, "back at the undone case"
            expected.append((case_id, Judgement.WITHDRAWN.value))
            assert press(page, "l") == case_id
            expected.append((case_id, Judgement.LICENSED.value))
        page.wait_for_timeout(200)  # Two presses of one key within a moment are one.
    expect(page.locator("#undo")).not_to_contain_text("is being recorded", timeout=15_000)
    expect(page.locator("#undo")).to_contain_text("recorded for")
    assert stage.text()[before:] == expected
    assert len({case_id for case_id, _ in expected}) == number, "no case twice but the undone ones"


def test_eight_cases_are_decided_in_a_row_by_keys_alone(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage) as page:
        decide_in_a_row(page, stage, 8)


@pytest.mark.soak
def test_sixty_cases_are_decided_in_a_row_by_keys_alone(
    browser: Browser, touchstone: str, tmp_path: Path, engine_name: str, request: pytest.FixtureRequest
) -> None:
    url = None if engine_name == "sqlite" else request.getfixturevalue("postgres").new_database()
    with a_queue(touchstone, tmp_path / "home", 80, url) as stage, a_window(browser, stage) as page:
        decide_in_a_row(page, stage, 60)


def test_no_page_is_loaded_between_two_cases(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage) as page:
        page.evaluate("window.still = true")
        title = page.title()
        first = press(page, "g")
        assert page.evaluate("window.still"), "the same document"
        assert page.title() != title
        assert page.url.endswith(f"/cases/{case_on(page)}")
        assert page.evaluate("document.activeElement.tagName") == "H1", "a reader begins at the heading"
        expect(page.locator("#lease")).to_contain_text("leased until")
        expect(page.locator("#undo")).to_contain_text("Genuine recorded for")
        assert page.evaluate(UNDO_IS_ABOVE), "the line covers nothing"
        page.go_back()
        expect(page.locator(".vbar")).to_contain_text("Genuine by Ines Moreau", timeout=15_000)
        assert case_on(page) == first


def test_a_repeating_key_and_a_key_pressed_twice_answer_once(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage) as page:
        before = len(stage.text())
        first = case_on(page)
        page.keyboard.down("g")
        for _ in range(5):
            page.keyboard.down("g")  # The system repeats a key that stays pressed.
        page.keyboard.up("g")
        expect(page.locator("#case")).not_to_have_attribute("data-case", first)
        page.evaluate(
            """() => { for (const again of [0, 1])
               dispatchEvent.call(document.body, new KeyboardEvent("keydown", { key: "l", bubbles: true })); }"""
        )
        expect(page.locator("#undo")).to_contain_text("Licensed recorded for")
        assert [sentence for _, sentence in stage.text()[before:]] == ["genuine", "licensed"]


def test_who_was_too_late_is_brought_back_to_the_case_and_loses_nothing(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage, refused="409") as page:
        case_id = case_on(page)
        page.get_by_placeholder("Note").fill("The stitching is wrong.")
        page.keyboard.press("Escape")
        _decide_elsewhere(stage, case_id)
        page.keyboard.press("l")  # It may be refused before the next case can be seen.
        alert = page.get_by_role("alert").filter(has_text="Not recorded")
        expect(alert).to_contain_text("has been decided already")
        assert case_on(page) == case_id
        assert page.url.endswith(f"/cases/{case_id}")
        assert page.get_by_placeholder("Note").input_value() == "The stitching is wrong."
        alert.get_by_role("link", name="Open case").click()
        expect(page.locator(".vbar")).to_contain_text("Genuine by Tomás Rey")


def _decide_elsewhere(stage: Service, case_id: str) -> None:
    """A colleague decides although the case was leased: the lease has expired meanwhile."""
    _end_leases(stage)
    store = Store(stage.url)
    with store.read() as connection:
        case = cases.get(connection, stage.site.marketplace_id, case_id)
    store.close()
    home = Path(stage.url.removeprefix("sqlite:///")).parent
    runtime = open_runtime(Settings(home=home), migrated=True)
    record_verdict(runtime, stage.site.second_analyst, Answer(case_id, case.version_id, Judgement.GENUINE))
    runtime.close()


def test_who_is_signed_out_meanwhile_is_told_and_keeps_the_note(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage, refused="401") as page:
        case_id = case_on(page)
        page.get_by_placeholder("Note").fill("Ask for the invoice.")
        page.keyboard.press("Escape")
        before = len(stage.text())
        page.context.clear_cookies()
        page.keyboard.press("l")  # It may be refused before the next case can be seen.
        alert = page.get_by_role("alert").filter(has_text="You are signed out. The decision was not recorded.")
        expect(alert).to_be_visible()
        assert case_on(page) == case_id
        assert len(stage.text()) == before
        alert.get_by_role("link", name="Sign in").click()
        page.get_by_label("Work e-mail").fill(stage.site.analyst.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{stage.address}/cases/{case_id}")
        assert page.get_by_placeholder("Note").input_value() == "Ask for the invoice."


def test_an_answer_in_transit_can_be_undone(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage) as page:
        before = len(stage.text())
        go_on = delay_answers(page)
        case_id = press(page, "g")
        expect(page.locator("#undo")).to_contain_text("is being recorded for")
        page.keyboard.press("z")
        assert case_on(page) != case_id, "not before it is recorded"
        go_on()
        expect(page.get_by_text("Undone.")).to_be_visible()
        assert case_on(page) == case_id
        assert stage.text()[before:] == [(case_id, "genuine"), (case_id, "withdrawn")]


def test_back_waits_for_an_answer_that_is_still_on_its_way(browser: Browser, stage: Service) -> None:
    """Chromium would ask whether to leave the page, and staying would show one case at the address of another."""
    with a_window(browser, stage) as page:
        go_on = delay_answers(page)
        first = press(page, "g")
        expect(page.locator("#undo")).to_contain_text("is being recorded for")
        page.evaluate("window.still = true")
        page.go_back()
        expect(page).to_have_url(f"{stage.address}/cases/{first}")
        assert page.evaluate("window.still"), "not before it is recorded"
        go_on()
        expect(page.locator(".vbar")).to_contain_text("Genuine by Ines Moreau", timeout=15_000)
        assert case_on(page) == first


def test_back_from_a_refused_answer_keeps_its_reason(browser: Browser, stage: Service) -> None:
    with a_window(browser, stage, refused="409") as page:
        go_on = delay_answers(page)
        first = press(page, "g")
        _decide_elsewhere(stage, first)
        expect(page.locator("#undo")).to_contain_text("is being recorded for")
        page.go_back()
        go_on()
        expect(page.get_by_role("alert").filter(has_text="Not recorded")).to_contain_text("has been decided already")
        assert case_on(page) == first
        assert page.url.endswith(f"/cases/{first}")


def test_looking_ahead_keeps_the_case_for_nobody(browser: Browser, stage: Service) -> None:
    _end_leases(stage)
    with a_window(browser, stage) as page:
        ahead = (page.locator("#case").get_attribute("data-ahead") or "").rpartition("/")[2]
        assert _lease_holder(stage, case_on(page)) == stage.site.analyst.user_id
        assert _lease_holder(stage, ahead) is None
        press(page, "j")
        expect(page.locator("#lease")).to_contain_text("leased until")
        assert _lease_holder(stage, ahead) == stage.site.analyst.user_id


def _end_leases(stage: Service) -> None:
    store = Store(stage.url)
    with store.write() as connection:
        connection.execute(text("UPDATE review_case SET leased_until = NULL, leased_by = NULL"))
    store.close()


def _lease_holder(stage: Service, case_id: str) -> str | None:
    store = Store(stage.url)
    with store.read() as connection:
        holder = cases.get(connection, stage.site.marketplace_id, case_id).leased_by
    store.close()
    return holder
