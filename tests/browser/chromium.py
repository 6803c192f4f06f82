"""Debian's Chromium, started quiet: nothing of its own goes over the network, and it draws alike on every machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = Path("/usr/bin/chromium")
FONTS: Final = Path(__file__).with_name("fonts.conf")
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(fonts: Path | None = FONTS) -> Iterator[Browser]:
    """A headless browser for the length of the block; without `fonts` it draws with those of the machine."""
    environment = os.environ | ({"FONTCONFIG_FILE": str(fonts)} if fonts else {})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET), env={**environment})
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, base_url: str, email: str, password: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto(f"{base_url}/sign-in")
    page.get_by_label("Work e-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
