"""User text stays text: on every page that shows it, and in every file that contains it."""

import csv
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from serving.accounts.rules.access import Role
from tests.browser.chromium import begin_session, watched_window
from tests.browser.every_page import PAGES
from tests.browser.markup import REGISTERS
from tests.browser.service import app_on_home
from tests.browser.siege import Siege, besiege
from tests.fixtures.hostile import CORPUS, FAMILIES, MARK, SAMPLE
from tests.fixtures.runtimes import PASSWORD

# Elements and attributes that templates never write; their presence means that a text became markup.
_GROWN: Final = """
([mark, registers]) => {
  const found = top[mark] === undefined ? [] : ["it ran"];
  const foreign = ["iframe", "object", "embed", "base", "applet", "frame", "frameset", "portal", "style", "marquee",
    "math", "listing", "xmp", "img", "image", "video", "audio", "source", "track", "foreignobject", "animate", "set",
    "discard", "slot", "x", "font"];
  const leads = ["href", "src", "action", "formaction", "xlink:href", "srcset", "poster", "data", "ping", "background"];
  for (const one of document.querySelectorAll("*")) {
    if (foreign.includes(one.localName.toLowerCase())) found.push(one.outerHTML.slice(0, 200));
    if (one.localName === "script" && !(one.src.startsWith(`${location.origin}/static/`) && !one.textContent.trim()))
      found.push(one.outerHTML.slice(0, 200));
    if (one.localName === "template" && one.hasAttribute("shadowrootmode")) found.push(one.outerHTML.slice(0, 200));
    if (one.localName === "meta" && one.httpEquiv) found.push(one.outerHTML.slice(0, 200));
    for (const { name, value } of one.attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc" || name.startsWith("hx-on"))
        found.push(`${one.localName} ${name}=${value}`.slice(0, 200));
      const isMail = /^mailto:[a-z.]+@touchstone[.]example$/.test(value);
      const isRegister = one.localName === "a" && one.rel === "noopener noreferrer" &&
        registers.includes(new URL(value, location.href).host);
      if (leads.includes(name) && !isMail && !isRegister && new URL(value, location.href).origin !== location.origin)
        found.push(`${one.localName} ${name}=${value}`.slice(0, 200));
    }
  }
  return found;
}
"""
# Addresses whose parameters appear on the page.
_ECHOED: Final[Mapping[Role | None, tuple[str, ...]]] = {
    None: ("/notice?offer=", "/sign-in?next="),
    Role.ANALYST: ("/search?q=", "/queue?market="),
}
_PIECES: Final = ("/static/", "/brand/", "/cases/", "/undo", "/queue")
_FORMULA: Final = re.compile(r"[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_FILES: Final = re.compile(r'href="(/cases/[^"]+/(?:evidence|documents)/[^"]+)"')
_TABLES: Final = ("/brand/record.csv", "/brand/record.jsonl", "/brand/prices.csv")


@dataclass(frozen=True, slots=True)
class BesiegedApp:
    """The application over a home that is full of them."""

    address: str
    siege: Siege


def _besieged_app(home: Path, texts: tuple[str, ...], *, step: int) -> Iterator[BesiegedApp]:
    with ThreadPoolExecutor(1) as aside:  # The browser's loop runs in this thread, and deliveries need their own.
        siege = aside.submit(besiege, home, texts, step=step).result()
    with app_on_home(home) as address:
        yield BesiegedApp(address, siege)


@pytest.fixture(scope="module")
def besieged_app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BesiegedApp]:
    """One text of each family."""
    yield from _besieged_app(tmp_path_factory.mktemp("siege") / "home", SAMPLE, step=7)


@pytest.fixture(scope="module")
def besieged_by_all(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BesiegedApp]:
    """Every text in every field."""
    yield from _besieged_app(tmp_path_factory.mktemp("siege") / "home", CORPUS, step=1)


def _pages_of(siege: Siege, role: Role | None) -> list[str]:
    """The pages that a role can load: the pages of the list, and the filled ones."""
    listed = [
        listed_page.route
        for listed_page in PAGES
        if listed_page.role is role and listed_page.at is None and "{" not in listed_page.route
    ]
    filled = {None: [*siege.sellers, *siege.notices], Role.ANALYST: siege.cases}.get(role, [])
    reflected = [prefix + quote(text, safe="") for prefix in _ECHOED.get(role, ()) for text in siege.texts[::9]]
    return [*dict.fromkeys(listed), *filled, *reflected]


def _problems_of_role(browser: Browser, target: BesiegedApp, role: Role | None) -> list[str]:
    """All problems on the pages of a role."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, watch = watched_window(context, target.address)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("popup", lambda _popup: requests.append("a window"))
    if role is not None:
        begin_session(page, target.address, target.siege.site, target.siege.people[role], "/settings")
    wrong = []
    for path in _pages_of(target.siege, role):
        requests.clear()
        watch.complaints.clear()
        wrong += [f"{path}: {fault}" for fault in _problems_on(page, target.address, path)]
        wrong += [f"{path}: {complaint}" for complaint in watch.complaints]
        wrong += [f"{path} asked for {url}" for url in requests if not _is_ours(url, target.address, path)]
    context.close()
    return wrong


def _problems_on(page: Page, address: str, path: str) -> list[str]:
    answer = page.goto(address + path)
    assert answer is not None
    assert answer.status == 200, f"{path}: {answer.status}"
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    faults: list[str] = page.evaluate(_GROWN, [MARK, sorted(REGISTERS)])
    return faults if urlsplit(page.url).path == urlsplit(path).path else [*faults, f"went to {page.url}"]


def _is_ours(url: str, address: str, path: str) -> bool:
    """A static file, the page itself, or a piece of one that it asks for again."""
    rest = url.removeprefix(address)
    if rest == url:
        return False
    return urlsplit(rest).path == urlsplit(path).path or rest.startswith(_PIECES)


def test_the_corpus_has_three_hundred_texts_in_twenty_families() -> None:
    assert len(CORPUS) >= 300
    assert len(FAMILIES) >= 20
    assert len(SAMPLE) == len(FAMILIES)
    assert [text for text in CORPUS if "\0" in text] == []


ROLES: Final = [None, *dict.fromkeys(listed_page.role for listed_page in PAGES if listed_page.role)]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "anybody")
def test_no_text_becomes_part_of_a_page(browser: Browser, besieged_app: BesiegedApp, role: Role | None) -> None:
    assert _problems_of_role(browser, besieged_app, role) == []


@pytest.mark.soak
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "anybody")
def test_none_of_all_texts_in_any_field_becomes_part_of_a_page(
    browser: Browser, besieged_by_all: BesiegedApp, role: Role | None
) -> None:
    assert _problems_of_role(browser, besieged_by_all, role) == []


def test_a_text_that_did_become_part_of_a_page_would_be_seen(browser: Browser, besieged_app: BesiegedApp) -> None:
    """The detector works: it reports a page with each kind of injected markup."""
    page = browser.new_page()
    page.goto(f"{besieged_app.address}/sign-in")
    for grown in ("<b onclick=x>x</b>", "<iframe></iframe>", "<a href=https://evil.example>x</a>", "<p style=x>x</p>"):
        page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", grown)
        assert page.evaluate(_GROWN, [MARK, sorted(REGISTERS)]), grown
        page.reload()
    page.evaluate(f"top.{MARK} = 1")
    assert page.evaluate(_GROWN, [MARK, sorted(REGISTERS)]) == ["it ran"]
    page.close()


@contextmanager
def _signed_in_client(target: BesiegedApp, role: Role) -> Iterator[httpx.Client]:
    fields = {"email": target.siege.people[role].email, "password": PASSWORD}
    with httpx.Client(base_url=target.address, timeout=30) as client:
        assert client.post("/sign-in", data=fields, headers={"accept": "text/html"}).status_code == 303
        yield client


def test_a_file_is_saved_and_never_shown(besieged_app: BesiegedApp) -> None:
    with _signed_in_client(besieged_app, Role.ANALYST) as analyst, _signed_in_client(besieged_app, Role.BRAND) as brand:
        pages = [analyst.get(case, headers={"accept": "text/html"}).text for case in besieged_app.siege.cases]
        files = sorted({path for page in pages for path in _FILES.findall(page)})
        answers = {path: analyst.get(path) for path in files} | {path: brand.get(path) for path in _TABLES}
    assert len(files) >= 3
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        assert answer.headers["content-disposition"].startswith("attachment; filename="), path
        assert re.fullmatch(r'attachment; filename="[\w.-]+"', answer.headers["content-disposition"]), path
        assert answer.headers["x-content-type-options"] == "nosniff", path


def test_no_cell_of_a_sheet_is_a_formula(besieged_app: BesiegedApp) -> None:
    with _signed_in_client(besieged_app, Role.BRAND) as brand:
        tables = [brand.get(path).content.decode("utf-8-sig") for path in _TABLES if ".csv" in path]
    cells = [cell for table in tables for row in csv.reader(StringIO(table)) for cell in row]
    assert [cell for cell in cells if _FORMULA.match(cell) and not _is_number(cell)] == []


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) is not None


def test_a_statement_is_json_whatever_the_brand_and_the_listing_are_called(besieged_app: BesiegedApp) -> None:
    headers = {"authorization": f"Bearer {besieged_app.siege.site.key}"}
    for action_id in besieged_app.siege.removals:
        answer = httpx.get(f"{besieged_app.address}/api/v1/actions/{action_id}/statement", headers=headers)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["statement"]["decision"] == "The listing is removed."
