"""What a page must never do: complain, break its policy, or ask anybody else for anything."""

from dataclasses import dataclass, field

from playwright.sync_api import Page

_REPORT = """
addEventListener("securitypolicyviolation",
  (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass(slots=True)
class Watch:
    """Complaints of one window, in order."""

    origin: str
    complaints: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to everything that the page says and asks for."""
        page.add_init_script(_REPORT)
        page.on("console", lambda message: self._note(message.type in {"error", "warning"}, message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda request: self._note(not request.url.startswith(f"{self.origin}/"), request.url))
        page.on("dialog", lambda dialog: self._note(True, f"dialog: {dialog.message}"))

    def _note(self, wrong: bool, what: str) -> None:
        if wrong:
            self.complaints.append(what)
