"""Fixtures: one Chromium, a running service with its jobs, and an application whose pages are only read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from serving.webhooks.client import new_secret
from tests.browser.chromium import CHROMIUM, chromium, watched_window
from tests.browser.house import House, furnish
from tests.browser.receiver import Receiver, running_receiver
from tests.browser.service import app_on_home, fill, running_service
from tests.fixtures.runtimes import Site

# The limit for a page on a busy machine.
_PATIENCE_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Stage:
    """A running service with its people and the receiver of its webhooks."""

    address: str
    site: Site
    receiver: Receiver


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skipped with a reason where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}: install Debian's chromium")
    expect.set_options(timeout=_PATIENCE_MS)
    with chromium() as started_browser:
        yield started_browser


@pytest.fixture(scope="package")
def stage(browser: Browser, forked_touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The service, started once."""
    home = tmp_path_factory.mktemp("browser") / "home"
    with running_receiver(new_secret()) as receiver:
        site = fill(home, receiver.url, receiver.secret)
        with running_service(forked_touchstone, home) as address:
            yield Stage(address, site, receiver)


@dataclass(frozen=True, slots=True)
class FurnishedApp:
    """A running application over a data directory in which every page has content."""

    address: str
    house: House

    def at(self, name: str) -> str:
        """The whole address of a page that only the data directory knows."""
        return self.address + self.house.addresses[name]


@pytest.fixture(scope="package")
def furnished_app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FurnishedApp]:
    """The application, in a thread."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    with ThreadPoolExecutor(1) as aside:  # The browser's loop runs in this thread, and deliveries need their own.
        house = aside.submit(furnish, home).result()
    with app_on_home(home) as address:
        yield FurnishedApp(address, house)


@pytest.fixture(
    params=[
        pytest.param(False, id="in light"),
        pytest.param(True, id="every rule in both themes", marks=pytest.mark.soak),
    ]
)
def thoroughly(request: pytest.FixtureRequest) -> bool:
    """Whether a test checks every rule on a page: only in `make soak`."""
    return bool(request.param)


@pytest.fixture
def page(browser: Browser, stage: Stage) -> Iterator[Page]:
    """A new window whose console, violations and requests are recorded; the test fails on any complaint."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    window, watch = watched_window(context, stage.address)
    yield window
    context.close()
    assert watch.complaints == []
