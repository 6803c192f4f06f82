"""Complaints that a page must never cause: console errors, policy violations, foreign requests."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Dialog, Page, Request

_REPORT = """
addEventListener("securitypolicyviolation",
  (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a window; the path has its query."""

    method: str
    path: str
    body: str


@dataclass(slots=True)
class Watch:
    """Complaints of one window, and its requests in order."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to everything that the page says and asks for."""
        page.add_init_script(_REPORT)
        page.on("console", lambda message: self._note(message.type in {"error", "warning"}, message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda request: self._asked(request))  # noqa: PLW0108  # Playwright marks what it is given.
        page.on("dialog", lambda dialog: self._asks(dialog))  # noqa: PLW0108  # As above.

    def _asked(self, request: Request) -> None:
        self._note(not request.url.startswith(f"{self.origin}/"), request.url)
        if request.is_navigation_request():
            body = (request.post_data_buffer or b"").decode(errors="replace")
            self.sent.append(Sent(request.method, request.url.removeprefix(self.origin), body))

    def _asks(self, dialog: Dialog) -> None:
        """An unanswered dialog blocks its page for ever, and no test would report why."""
        self._note(True, f"dialog: {dialog.type} {dialog.message}")
        dialog.accept()

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.complaints.append(what)


def watched(context: BrowserContext, origin: str) -> tuple[Page, Watch]:
    """A new window, and the watch that follows it."""
    page, watch = context.new_page(), Watch(origin)
    watch.follow(page)
    return page, watch
