"""Debian's Chromium in a quiet mode: no network traffic of its own, and equal rendering on every machine."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from serving.accounts.rules.access import Person
from serving.accounts.service.auth import hash_token
from serving.accounts.store import accounts
from serving.guards import COOKIE
from serving.platform.database.store import Store
from tests.fixtures.runtimes import Site

# Without a window it loads a page in a third of the time.
_SHELL, _WHOLE = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM: Final = _SHELL if _SHELL.exists() else _WHOLE
FONTS: Final = Path(__file__).with_name("fonts.conf")
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--in-process-gpu",
)


@contextmanager
def chromium(fonts: Path | None = FONTS) -> Iterator[Browser]:
    """A headless browser for the length of the block; without `fonts` it uses the fonts of the machine."""
    environment = os.environ | ({"FONTCONFIG_FILE": str(fonts)} if fonts else {})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET), env={**environment})
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, base_url: str, email: str, password: str) -> None:
    """Sign in by the form."""
    page.goto(f"{base_url}/sign-in")
    page.get_by_label("Work e-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))


def begin_session(page: Page, base_url: str, site: Site, person: Person, path: str = "/") -> None:
    """Load a page as a person whose session was begun in the database; it replaces the last session.

    Where signing in is not what a test is about: the form costs two pages and the hash of a password.
    """
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    store = Store(site.runtime.store.url)
    with store.write() as connection:
        accounts.add_session(
            connection,
            token_hash=hash_token(token),
            user_id=person.user_id,
            csrf_token=secrets.token_urlsafe(24),
            at=now,
            expires_at=now + timedelta(hours=1),
        )
    store.close()
    page.context.clear_cookies()
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": base_url}])
    page.goto(base_url + path)
