"""One service and one Chromium for all browser tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from serving.outbound.webhooks import new_secret
from tests.browser.chromium import CHROMIUM, chromium
from tests.browser.receiver import Receiver, receiving
from tests.browser.service import fill, serving
from tests.browser.watching import Watch
from tests.fixtures.runtimes import Site


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
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def stage(browser: Browser, touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The service, started once."""
    home = tmp_path_factory.mktemp("browser") / "home"
    with receiving(new_secret()) as receiver:
        site = fill(home, receiver.url, receiver.secret)
        with serving(touchstone, home) as address:
            yield Stage(address, site, receiver)


@pytest.fixture
def page(browser: Browser, stage: Stage) -> Iterator[Page]:
    """A fresh window whose console, violations and requests are watched; the test fails on any of them."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    found = context.new_page()
    watch = Watch(stage.address)
    watch.follow(found)
    yield found
    context.close()
    assert watch.complaints == []
