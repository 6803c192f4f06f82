"""A furnished data directory in which every form can be sent, and windows without script."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from models.case import CaseLane
from models.routing import Thresholds
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.cases.store.cases import Case
from serving.composition import open_runtime
from serving.listings.service.intake import receive_rows
from serving.platform.settings import Settings
from serving.scoring.store import breakers
from tests.browser.chromium import Watch, sign_in
from tests.browser.every_form import unsent_forms
from tests.browser.house import House, furnish
from tests.browser.service import running_service
from tests.fixtures.aliases import three_corrected_cases
from tests.fixtures.clocks import TestClock
from tests.fixtures.links import path_of
from tests.fixtures.notifying import a_listing, notify
from tests.fixtures.promoting import promote
from tests.fixtures.receivers import deliver
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_drawn_case, a_suspect_row, judge, open_cases
from tests.serving.web.reports import a_whole_report, admit_model, admit_with_report, put_champion_in_force

_CONTEXT = timedelta(minutes=54)  # Without a pause for so long, an analyst is asked to make one.
_DECIDED = 18
_SOON_MS = 10_000
_GIVEN_UP_AFTER_HOURS = 24 * 8


@dataclass(frozen=True, slots=True)
class Workshop:
    """The running service, its people, and the addresses of its items."""

    browser: Browser
    address: str
    house: House
    versions: str
    complaint: str

    @property
    def site(self) -> Site:
        """Its people by name."""
        return self.house.site


@dataclass(frozen=True, slots=True)
class Window:
    """One person's browser in which no script runs."""

    page: Page
    address: str

    def go(self, path: str) -> None:
        """Load a page."""
        self.page.goto(self.address + path)

    def field(self, label: str, within: Locator | None = None) -> Locator:
        """The first field whose label begins so."""
        named = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
        return (within or self.page).locator("input, textarea, select").and_(named).first

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        """Type into a field."""
        self.field(label, within).fill(text)

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Press a button; the first of its name."""
        exact = isinstance(name, str)
        (within or self.page).get_by_role("button", name=name, exact=exact).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow a link; the first of its name."""
        self.page.get_by_role("link", name=name).first.click()

    def unfold(self, name: str) -> None:
        """Open a folded part, as the browser does by itself."""
        self.page.locator("summary").filter(has_text=name).first.click()

    def row(self, text: str) -> Locator:
        """The row of a table that says this."""
        return self.page.locator("tr").filter(has_text=text).first

    def says(self, text: str | re.Pattern[str]) -> None:
        """The page shows this."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def no_longer_says(self, text: str) -> None:
        """The page does not have this."""
        expect(self.page.get_by_text(text)).to_have_count(0)


@contextmanager
def without_script(workshop: Workshop, journey: str, *people: Person | None) -> Iterator[list[Window]]:
    """A window for each, who is signed in if it is somebody; at the end each form of the journey must have been sent.

    A browser complains of what was refused, which the journeys look at on the page.
    """
    watch = Watch(workshop.address)
    contexts = [
        workshop.browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False) for _ in people
    ]
    windows = []
    for context, person in zip(contexts, people, strict=True):
        page = context.new_page()
        page.set_default_timeout(_SOON_MS)
        watch.follow(page)
        if person is not None:
            sign_in(page, workshop.address, person.email, PASSWORD)
        windows.append(Window(page, workshop.address))
    yield windows
    for context in contexts:
        context.close()
    assert [complaint for complaint in watch.complaints if "status of 4" not in complaint] == []
    assert unsent_forms(journey, watch) == []


@contextmanager
def a_workshop(browser: Browser, touchstone: str, home: Path) -> Iterator[Workshop]:
    """The service over such a home."""
    with ThreadPoolExecutor(1) as aside:  # The browser's loop runs in this thread, and deliveries need their own.
        house, versions, complaint = aside.submit(_equip, home).result()
    with running_service(touchstone, home, more={"UNDO_WINDOW_SECONDS": "180"}) as address:
        yield Workshop(browser, address, house, versions, complaint)


def _equip(home: Path) -> tuple[House, str, str]:
    house = furnish(home)
    clock = TestClock(datetime.now(UTC) - _CONTEXT)
    runtime = open_runtime(
        Settings(home=home, undo_window_seconds=180, random_delay_minutes=0, masked_score_share=0.0), clock=clock
    )
    site = replace(house.site, runtime=runtime, clock=clock)
    try:
        complaint = _a_notice_that_came_to_nothing(site)
        versions = _a_listing_of_three_versions(site)
        _a_long_session(site)
        for number in range(6):
            a_case(site, CaseLane.ASK_BRAND, external_id=f"ASK-{number}", price=f"{70 + number}.00")
        three_corrected_cases(site)
        removals = [a_drawn_case(site, external_id=f"DEAD-{number}") for number in range(2)]
        for name in ("Noemi Blanc", "Pia Renard", "Ruben Faure"):
            email = f"{name.partition(' ')[0].lower()}@aurelle.example"
            provisioning.add_person(
                runtime, NewPerson(email, name, Role.BRAND, brand="Aurelle", password=PASSWORD), by="test"
            )
        put_champion_in_force(site)
        clock.forward(seconds=1)
        promote(site, admit_model(site, analyst_from=0.002))
        clock.forward(seconds=1)
        admit_with_report(site, Thresholds(ask_brand_from=0.999, analyst_from=0.003), a_whole_report())
        with runtime.store.write() as connection:
            breakers.record_check(connection, site.marketplace_id, clock.now())
            breakers.open_breaker(
                connection, site.marketplace_id, "43 of 60 listings were flagged in 6 hours.", clock.now()
            )
        _give_up_on(site, removals)
    finally:
        runtime.close()
    return replace(house, site=site), versions, complaint


def _a_notice_that_came_to_nothing(site: Site) -> str:
    a_listing(site, "PASSED-1")
    listing, before = a_listing(site, "NOTIFIED-1"), {case.case_id for case in open_cases(site)}
    link = path_of(notify(site, listing).link)
    (case,) = [case for case in open_cases(site) if case.case_id not in before]
    judge(site, site.analyst, case, Judgement.GENUINE)
    return link


def _a_listing_of_three_versions(site: Site) -> str:
    before = {case.case_id for case in open_cases(site)}
    a_case(site, external_id="VERSIONS-1", price="250.00")
    for price in ("240.00", "230.00"):
        site.clock.forward(seconds=1)
        receive_rows(
            site.runtime, site.marketplace, [a_suspect_row(external_id="VERSIONS-1", price=price)], source="test"
        )
    (case,) = [case for case in open_cases(site) if case.case_id not in before]
    return f"/cases/{case.case_id}"


def _a_long_session(site: Site) -> None:
    for number in range(_DECIDED):
        judge(site, site.second_analyst, a_case(site, external_id=f"SITTING-{number}"), Judgement.GENUINE)
        site.clock.forward(seconds=_CONTEXT.total_seconds() / _DECIDED)


def _give_up_on(site: Site, drawn: Sequence[Case]) -> None:
    actions = [judge(site, site.analyst, case, Judgement.COUNTERFEIT).action for case in drawn]
    for hours in (1, _GIVEN_UP_AFTER_HOURS):
        site.clock.forward(hours=hours)
        for action in actions:
            assert action is not None
            sentence = deliver(site.runtime, site.marketplace_id, action.action_id)
    assert sentence == "dead"
