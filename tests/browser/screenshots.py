"""Pictures of every page of a demo that is running: `python -m tests.browser.screenshots OUTDIR HOME [DOCS]`.

Each page is taken in both themes, and at phone width where people come with one; `index.html` shows them all side by
side. Those that a Markdown file of the folder DOCS, or the README beside it, refers to are put into `DOCS/screenshots`.
"""

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, Page

from serving.accounts.rules.access import Role
from tests.browser.chromium import chromium, sign_in
from tests.browser.every_page import PAGES, OnePage
from tests.browser.house import furnish
from tests.browser.looking import PHONE, SCREEN, THEMES, PageNotReached, go_to
from tests.browser.service import running_service
from tests.fixtures.links import path_of
from tests.fixtures.runtimes import PASSWORD

_REFERRED: Final = re.compile(r"screenshots/([\w-]+\.png)")
_MOST_LINKS: Final = 40
_HEADLINES: Final = {
    "seller": "Your listing was removed",
    "seller-answered": "The rights holder is reviewing your answer",
    "seller-undone": "The removal is undone",
}
_NOTICE: Final = {
    "explanation": "The seal on the second picture is a copy of one from 2019, and the zip is not ours.",
    "name": "Anna Berg",
    "email": "anna.berg@example.org",
    "good_faith": True,
    "reason_code": "trademark_counterfeit",
}
Credentials = list[dict[str, str]]


def main(outdir: Path, base_url: str, home: Path) -> list[str]:
    """Take every picture; returns the names of pages that the demo lacks and a small data directory has."""
    outdir.mkdir(parents=True, exist_ok=True)
    people: Credentials = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))
    addresses = _addresses(base_url, home, next(person["password"] for person in people if person["role"] == "api_key"))
    with chromium(fonts=None) as browser:
        by_role: dict[str, Mapping[str, str]] = {person["role"]: person for person in reversed(people)}
        by_role[Role.BRAND] = _busiest_brand_person(
            browser,
            base_url,
            [person for person in people if person["role"] == Role.BRAND and "totp_secret" not in person],
        )
        demo = _Place(browser, outdir, base_url, by_role, addresses)
        demo.take(PAGES)
        with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as aside:
            small = Path(folder) / "home"
            house = aside.submit(furnish, small).result()  # The browser's loop runs in this thread.
            residents = {
                role.value: {"user": person.email, "password": PASSWORD} for role, person in house.people.items()
            }
            command = str(Path(sys.executable).with_name("touchstone"))
            with running_service(command, small) as address:
                _Place(browser, outdir, address, residents, house.addresses).take(demo.missed)
    names = sorted(path.name for path in outdir.glob("*.png"))
    (outdir / "index.html").write_text(_contact_sheet(names), encoding="utf-8")
    return [listed_page.name for listed_page in demo.missed]


@dataclass(slots=True)
class _Place:
    """A running service whose pages are taken; `missed` are the pages that no link reaches there."""

    browser: Browser
    outdir: Path
    address: str
    people: Mapping[str, Mapping[str, str]]
    addresses: Mapping[str, str]
    missed: list[OnePage] = field(default_factory=list)

    def take(self, pages: Sequence[OnePage]) -> None:
        """Take these pages, role by role."""
        for role in dict.fromkeys(listed_page.role for listed_page in pages):
            role_pages = [listed_page for listed_page in pages if listed_page.role is role]
            if role is not None and role not in self.people:
                self.missed += role_pages
                continue
            page = _window(self.browser, self.address, self.people[role] if role else None)
            for listed_page in role_pages:
                try:
                    _take(page, self.outdir, self.address, listed_page, self.addresses)
                except PageNotReached:
                    self.missed.append(listed_page)
            page.context.close()


def keep_those_of_the_docs(outdir: Path, docs: Path) -> None:
    """Copy the pictures that the documentation refers to, and delete those that it no longer uses."""
    texts = [path.read_text(encoding="utf-8") for path in (docs.parent / "README.md", *sorted(docs.rglob("*.md")))]
    picture_names = {name for text in texts for name in _REFERRED.findall(text)}
    for old in (docs / "screenshots").glob("*.png"):
        if old.name not in picture_names:
            old.unlink()
    for name in sorted(picture_names):
        if (outdir / name).exists():
            shutil.copy(outdir / name, docs / "screenshots" / name)


def _take(page: Page, outdir: Path, base_url: str, listed_page: OnePage, addresses: Mapping[str, str]) -> None:
    for size, suffix in ((SCREEN, ""), (PHONE, "-phone")) if listed_page.phone else ((SCREEN, ""),):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            go_to(page, base_url, listed_page, addresses)
            picture = outdir / f"{listed_page.name}{suffix}-{theme}.png"
            page.screenshot(path=picture, full_page=listed_page.whole and size == SCREEN)


def _addresses(base_url: str, home: Path, key: str) -> dict[str, str]:
    """Links as the demo's marketplace would get them: to removals in each state of a counter-notice, to a notice."""
    lines = (home / "reference-marketplace-effects.jsonl").read_text(encoding="utf-8").splitlines()
    effects: list[dict[str, Any]] = [json.loads(line) for line in lines]
    removals = [effect for effect in reversed(effects) if effect["action"] == "remove"]
    links: dict[str, str] = {}
    with httpx.Client(base_url=base_url, headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
        for removal in removals[:_MOST_LINKS]:
            if len(links) == len(_HEADLINES):
                break
            link = path_of(client.post(f"/api/v1/actions/{removal['webhook_id']}/seller-link").json()["seller_link"])
            read = client.get(link).text
            links |= {
                name: link for name, sentence in _HEADLINES.items() if name not in links and f">{sentence}<" in read
            }
        listings = [removal["listing"] for removal in removals[:2]]
        answer = httpx.post(f"{base_url}/api/v1/notices", json={**_NOTICE, "locations": listings}, timeout=30)
        if answer.is_success:
            links["notice"] = path_of(answer.json()["link"])
    return links


def _busiest_brand_person(browser: Browser, base_url: str, brands: Credentials) -> Mapping[str, str]:
    """The person with the most questions."""

    def questions(person: Mapping[str, str]) -> int:
        page = _window(browser, base_url, person)
        page.goto(f"{base_url}/brand")
        question_count = page.locator("article.q").count()
        page.context.close()
        return question_count

    return max(brands, key=questions)


def _window(browser: Browser, base_url: str, person: Mapping[str, str] | None) -> Page:
    page = browser.new_context(viewport={"width": SCREEN[0], "height": SCREEN[1]}).new_page()
    if person is not None:
        sign_in(page, base_url, person["user"], person["password"])
        guide = page.get_by_role("button", name="Got it")
        if guide.count():  # Onboarding lists above each page would hide half of it.
            guide.first.click()
    return page


def _contact_sheet(names: list[str]) -> str:
    """All pictures on one page, each with its name and a link to itself."""
    figures = "".join(
        f'<figure><a href="{escape(name)}"><img src="{escape(name)}" alt="" loading="lazy" width="320"></a>'
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name in names
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Every page</title><style>body{display:flex;'
        "flex-wrap:wrap;gap:16px;font:13px system-ui;background:#888}figure{margin:0}</style>"
        f"{figures}</html>"
    )


if __name__ == "__main__":
    of = Path(sys.argv[2])
    port = json.loads((of / "service.json").read_text(encoding="utf-8"))["port"]
    of_a_small_home = main(Path(sys.argv[1]), f"http://127.0.0.1:{port}", of)
    print(f"Of a small home, as the demo does not show them: {', '.join(of_a_small_home)}.")  # noqa: T201  # once
    if len(sys.argv) > 3:
        keep_those_of_the_docs(Path(sys.argv[1]), Path(sys.argv[3]))
