"""Debian's Chromium in a quiet mode: no network traffic of its own, and equal rendering on every machine."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, sync_playwright

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
    token = token_of_session(site, person)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": base_url}])
    page.goto(base_url + path)


def token_of_session(site: Site, person: Person) -> str:
    """The cookie of a session that is begun in the database."""
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
    return token


# Complaints that a page must never cause: console errors, policy violations, foreign requests.

_REPORT = """
addEventListener("securitypolicyviolation",
  (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request of a window; the path has its query."""

    method: str
    path: str
    body: str


@dataclass(slots=True)
class Watch:
    """Complaints of one window, and its requests in order."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    sent: list[SentRequest] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to everything that the page says and asks for."""
        page.add_init_script(_REPORT)
        page.on("console", lambda message: self._note(message.type in {"error", "warning"}, message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda request: self._note_request(request))  # noqa: PLW0108  # Playwright marks what it is given.
        page.on("dialog", lambda dialog: self._accept_dialog(dialog))  # noqa: PLW0108  # As above.

    def _note_request(self, request: Request) -> None:
        self._note(not request.url.startswith(f"{self.origin}/"), request.url)
        if request.is_navigation_request():
            body = (request.post_data_buffer or b"").decode(errors="replace")
            self.sent.append(SentRequest(request.method, request.url.removeprefix(self.origin), body))

    def _accept_dialog(self, dialog: Dialog) -> None:
        """An unanswered dialog blocks its page for ever, and no test would report why."""
        self._note(True, f"dialog: {dialog.type} {dialog.message}")
        dialog.accept()

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.complaints.append(what)


def watched_window(context: BrowserContext, origin: str) -> tuple[Page, Watch]:
    """A new window, and the watch that follows it."""
    page, watch = context.new_page(), Watch(origin)
    watch.follow(page)
    return page, watch
