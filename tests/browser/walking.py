"""A person who walks through the pages by their own links: actions and keys are counted, and dead ends are found.

An action is a click, a tap of a shortcut or a file chosen; what is typed into fields counts as keys.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Locator, Page, Response, expect

# The addresses of a page that lead somewhere else, and what each leads to is no page.
_LINKS: Final = """
[...document.querySelectorAll("a[href^='/']:not([download]), a[href^='?']:not([download])")].map((link) => link.href)
"""
_NO_PAGE: Final = re.compile(r"\.(csv|jsonl|parquet|pdf|html)(\?|$)|/static/")
_IDS: Final = re.compile(r"[a-z]{3}_[0-9a-z]{26}|\?.*")


@dataclass(slots=True)
class Walker:
    """A person at a page; `dead_ends` are links that lead to a refusal or to a page that says nothing.

    Without `follows` they are followed at the end (`follow`), so that the walk itself can be measured.
    """

    page: Page
    follows: bool = True
    actions: int = 0
    keys: int = 0
    dead_ends: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    linked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Every refusal that the person meets is a dead end, also of a part that is swapped."""
        self.page.on("response", lambda answer: self._note(answer))  # noqa: PLW0108  # Playwright marks what it is given.

    def arrive(self, address: str) -> None:
        """Open an address that somebody was given, which is an action."""
        self.actions += 1
        self.page.goto(address)
        self._look()

    def fill(self, label: str, text: str) -> None:
        """Type into the first field whose label begins so."""
        self.keys += len(text)
        named = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
        self.page.locator("input, textarea, select").and_(named).first.fill(text)

    def type(self, selector: str, text: str) -> None:
        """Type into the first visible field of a selector."""
        self.keys += len(text)
        self.page.locator(f"{selector}:visible").first.fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose in a list."""
        self.actions += 1
        named = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
        self.page.locator("select").and_(named).first.select_option(option)

    def tick(self, label: str) -> None:
        """Tick a box or choose an answer."""
        self.actions += 1
        self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).first.check()

    def attach(self, selector: str, path: Path) -> None:
        """Drop a file on a field."""
        self.actions += 1
        self.page.set_input_files(selector, path)

    def tap(self, key: str) -> None:
        """Use a shortcut that leads to another page or changes this one."""
        self.actions += 1
        self.keys += 1
        self.page.keyboard.press(key)

    def press(self, name: str, role: Literal["button", "link"] = "button") -> None:
        """Click the first button or link of this name, and look at the page that it leads to."""
        self.click(self.page.get_by_role(role, name=name).first)

    def click(self, target: Locator) -> None:
        """Click something, and look at the page that it leads to."""
        self.actions += 1
        target.click()
        self.page.wait_for_load_state("networkidle")
        self._look()

    def says(self, text: str) -> None:
        """Wait until the page says so."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def _note(self, answer: Response) -> None:
        if answer.status >= 400:
            self.dead_ends.append(f"{answer.url}: {answer.status}")

    def _look(self) -> None:
        """Note what the page links to, once for each kind of address."""
        for address in self.page.evaluate(_LINKS):
            kind = _IDS.sub("", address)
            if kind in self.known or _NO_PAGE.search(address):
                continue
            self.known.add(kind)
            self.linked.append((self.page.url, address))
        if self.follows:
            self.follow()

    def follow(self) -> None:
        """Look at what the links lead to."""
        for linking, address in self.linked:
            answer = self.page.request.get(address)
            if not answer.ok:
                self.dead_ends.append(f"{linking} leads to {address}: {answer.status}")
            elif not _says_something(answer.text()):
                self.dead_ends.append(f"{linking} leads to {address}, which is empty")
        self.linked.clear()


def _says_something(page: str) -> bool:
    """Whether a page has a heading, and a sentence in each part that is empty."""
    empty_parts = re.findall(r'class="empty[^"]*">(.*?)</div>', page, re.DOTALL)
    return "<h1" in page and all(re.search(r"[.!?]", re.sub("<[^>]+>", "", part)) for part in empty_parts)
