"""The everyday work of each role, walked in a browser: `python -m tests.browser.journeys [NAME ...]`.

It prints the actions, the keys and the CPU of the service for each journey (`tests.browser.walking` counts them), on a
served data directory with fifty open cases and three hundred listings that a brand has not reported yet. A journey ends
with an error at a dead end.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser, expect

from serving.accounts.rules.access import Role
from serving.composition import open_runtime
from serving.platform.settings import Settings
from tests.browser.chromium import begin_session, chromium
from tests.browser.house import House, furnish
from tests.browser.service import running_service
from tests.browser.walking import Walker
from tests.fixtures.many_cases import fill_many
from tests.fixtures.reporting import on_sale
from tests.fixtures.runtimes import PASSWORD
from tests.limits.loops import process_cpu_seconds

_CASES: Final = 50
_REPORTED: Final = 300
_DECISIONS: Final = 20
_READS_MS: Final = 300  # A second key within half as long would be taken for the last case's.
_MOST_WAITS, _AT_REST_SECONDS = 60, 0.04
_FROM: Final = 5_000  # Listings of the house have lower numbers.
_RIGHTS: Final = "kind,title,office,number,classes,territories\n" + "\n".join(
    f"mark,Corvale {number},EUIPO,{18_000_000 + number:09},14 18,EU" for number in range(20)
)
_WIDE, _PHONE = (1440, 900), (390, 844)


@dataclass(frozen=True, slots=True)
class Stage:
    """The service, its house and what can be reported."""

    browser: Browser
    address: str
    house: House
    listings: list[str]

    def walker(self, role: Role | None, path: str, size: tuple[int, int] = _WIDE) -> Walker:
        """Somebody with this role at a page; how they came there is not counted."""
        viewport = {"width": size[0], "height": size[1]}
        page = self.browser.new_context(viewport=viewport, reduced_motion="reduce").new_page()  # type: ignore[arg-type]  # a plain mapping
        if role is None:
            page.goto(self.address + path)
        else:
            begin_session(page, self.address, self.house.site, self.house.people[role], path)
        return Walker(page, follows=False)


def analyst(stage: Stage) -> Walker:
    """Twenty decisions one after another, each after a look at the evidence."""
    walker = stage.walker(Role.ANALYST, "/queue?lane=analyst")
    walker.click(walker.page.locator("a[data-stop]").first)
    for _ in range(_DECISIONS):
        shown = walker.page.locator("#case").get_attribute("data-case") or ""
        walker.page.locator("[aria-labelledby=h-r]").first.scroll_into_view_if_needed()
        walker.page.wait_for_timeout(_READS_MS)
        walker.tap("g")
        expect(walker.page.locator("#case")).not_to_have_attribute("data-case", shown)
    return walker


def analyst_on_a_phone(stage: Stage) -> Walker:
    """The queue, the first case, and its answer."""
    walker = stage.walker(Role.ANALYST, "/queue?lane=analyst", _PHONE)
    walker.click(walker.page.locator("a[data-stop]:visible").first)
    walker.press("Genuine")
    return walker


def brand(stage: Stage) -> Walker:
    """Three hundred listings reported at once, and what became of them."""
    walker = stage.walker(Role.BRAND, "/brand/reports")
    walker.type("textarea[name=listings]", "\n".join(stage.listings))
    walker.click(walker.page.locator("form[action='/brand/reports/preview'] button[type=submit]"))
    walker.click(walker.page.locator("input[name=good_faith]"))
    walker.click(walker.page.locator("form[action='/brand/reports'][method=post] button[type=submit]"))
    return walker


def seller(stage: Stage) -> Walker:
    """An answer to a removal, from its link."""
    walker = stage.walker(None, stage.house.addresses["seller"], _PHONE)
    walker.type("textarea[name=statement]", "The bag is genuine; the receipt of the shop is in the parcel.")
    walker.click(walker.page.locator("form:has(textarea[name=statement]) button[type=submit]").first)
    return walker


def notifier(stage: Stage) -> Walker:
    """A notice of somebody without an account."""
    walker = stage.walker(None, f"/notice?offer={stage.listings[-1]}", _PHONE)
    walker.type("textarea[name=explanation]", "A copy of our design, which we never sold on this marketplace.")
    walker.page.locator("select[name=reason_code]").select_option("design")
    walker.actions += 1
    walker.type("input[name=name]", "Ana Ruiz")
    walker.type("input[name=email]", "ana@ruiz.example")
    walker.click(walker.page.locator("input[name=good_faith]"))
    walker.click(walker.page.locator("form[action='/notice'] button[type=submit]").first)
    return walker


def integration_engineer(stage: Stage) -> Walker:
    """A key for intake."""
    walker = stage.walker(Role.ADMIN, "/keys?scope=intake")
    walker.type("form[action='/keys'] input[name=name]", "Listings")
    walker.type("form[action='/keys'] input[name=password]", PASSWORD)
    walker.click(walker.page.locator("form[action='/keys'] button[type=submit]"))
    return walker


def account_manager(stage: Stage) -> Walker:
    """A brand enrolled with twenty rights and its first user."""
    walker = stage.walker(Role.ACCOUNT_MANAGER, "/brands")
    walker.press("Enrol a brand", "link")
    walker.fill("Name", "Corvale")
    walker.fill("E-mail of its first user", "claire@corvale.example")
    walker.fill("Rights, one a row", _RIGHTS)
    walker.press("Enrol brand")
    walker.says("Corvale is enrolled")
    return walker


def data_scientist(stage: Stage) -> Walker:
    """Two runs compared, with the curves of both."""
    walker = stage.walker(Role.DATA_SCIENTIST, "/models/runs")
    for box in walker.page.locator("input[name=run]").all()[:2]:
        walker.click(box)
    walker.press("Compare ticked runs")
    walker.says("Slices")
    return walker


def administrator(stage: Stage) -> Walker:
    """A setting found by its meaning, and a colleague invited."""
    walker = stage.walker(Role.ADMIN, "/operations")
    walker.click(walker.page.locator("main a[href^='/operations/settings']").first)
    walker.type("input[name=q]", "undo")
    walker.press("Find settings")
    walker.press("Users", "link")
    walker.type("form[action='/people/invitations'] input[name=email]", "nadia@touchstone.example")
    walker.click(walker.page.locator("form[action='/people/invitations'] button[type=submit]"))
    walker.says("nadia@touchstone.example")
    return walker


JOURNEYS: Final[Mapping[str, Callable[[Stage], Walker]]] = {
    "analyst, twenty decisions": analyst,
    "analyst on a phone, one decision": analyst_on_a_phone,
    "brand, 300 reported": brand,
    "seller, an answer": seller,
    "notifier, a notice": notifier,
    "integration engineer, a key": integration_engineer,
    "account manager, a brand with 20 rights": account_manager,
    "data scientist, two runs compared": data_scientist,
    "administrator, a setting and a colleague": administrator,
}


@contextmanager
def stage_of_journeys() -> Iterator[Stage]:
    """The service with its house, for the length of the block."""
    with TemporaryDirectory() as folder, chromium() as browser:
        home = Path(folder) / "home"
        with ThreadPoolExecutor(1) as aside:  # The browser's loop runs in this thread.
            house, listings = aside.submit(_furnish, home).result()
        touchstone = str(Path(sys.executable).with_name("touchstone"))
        with running_service(touchstone, home, more={"SWEEP_SECONDS": "30"}) as address:
            yield Stage(browser, address, house, listings)


def _furnish(home: Path) -> tuple[House, list[str]]:
    house = furnish(home)
    runtime = open_runtime(Settings(home=home), clock=house.site.clock, migrated=True)
    try:
        site = replace(house.site, runtime=runtime)
        fill_many(site, _CASES, patterns=_CASES)
        return house, on_sale(site, _REPORTED, _FROM)
    finally:
        runtime.close()


def _pid_of(port: str) -> int:
    """The process that serves on a port."""
    command = f"serve\0--port\0{port}\0".encode()
    commands = Path("/proc").glob("[0-9]*/cmdline")
    return next(int(path.parent.name) for path in commands if command in path.read_bytes())


def _cpu_at_rest(pid: int) -> float:
    """The CPU seconds of the process, once it has finished what earlier journeys left it to do."""
    spent = process_cpu_seconds(pid)
    for _ in range(_MOST_WAITS):
        time.sleep(1)
        before, spent = spent, process_cpu_seconds(pid)
        if spent - before < _AT_REST_SECONDS:
            break
    return spent


def main(names: list[str]) -> None:
    """Walk all journeys, or those whose name has one of these words."""
    with stage_of_journeys() as stage:
        pid = _pid_of(stage.address.rpartition(":")[2])
        for name, journey in JOURNEYS.items():
            if names and not any(word in name for word in names):
                continue
            before = _cpu_at_rest(pid)
            walker = journey(stage)
            spent = process_cpu_seconds(pid) - before
            counts = f"{walker.actions:4} actions {walker.keys:6} keys"
            print(f"{name:40} {counts} {1_000 * spent:7.0f} ms of CPU", flush=True)  # noqa: T201  # the output
            walker.follow()
            if walker.dead_ends:
                raise SystemExit("\n".join(walker.dead_ends))


if __name__ == "__main__":
    main(sys.argv[1:])
