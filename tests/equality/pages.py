"""Every page as each role sees it, in a seeded data directory with data for every page; requests are in process."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urljoin, urlsplit

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from serving.accounts.rules.access import Role
from serving.app import create_app
from serving.composition import open_runtime
from serving.jobs.worker import sweep
from serving.platform.database.engine import sqlite_driver
from serving.platform.languages import languages
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from tests.browser.every_page import PAGES, KnownAddress, LinkPath, OnePage
from tests.browser.house import House, furnish
from tests.equality import selectors
from tests.equality.normalise import Aliases, normalised_text, slug
from tests.equality.routes import flat_routes
from tests.equality.seeded import PRESENT, seeded_run
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.clocks import TestClock

NOBODY: Final = "nobody"
# Headers that differ between runs and do not depend on the page.
_LEFT_OUT: Final = frozenset({"content-length", "set-cookie", "x-request-id"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with a client."""

    name: str
    role: Role | None
    client: TestClient
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, address: str, **headers: str) -> Response:
        """The response; redirects are not followed."""
        return self.client.get(address, headers=headers, follow_redirects=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """The answer to one request; `folder` is its viewer's."""

    folder: str
    name: str
    address: str
    answer: Response


def texts() -> dict[str, str]:
    """Every answer by its viewer and page."""
    with TemporaryDirectory(prefix="equality-") as folder, seeded_run() as heard:
        home = Path(folder) / "home"
        house = furnish(home)
        with runtime_of(home) as runtime:
            visits = list(_visits(runtime, house))
        aliases = Aliases(_dump(home))
        pages: dict[str, str] = {}
        for visit in visits:
            path = f"{visit.folder}/{slug(aliases.substitute(visit.name))}"
            name = path if path not in pages else f"{path}~{sum(known.startswith(path) for known in pages)}"
            pages[name] = _text(visit, aliases, folder)
        sent = {f"sent/{number:03d}": aliases.substitute(text) for number, text in enumerate(heard.messages, 1)}
        return pages | {name: normalised_text(text) for name, text in sent.items()}


@contextmanager
def runtime_of(home: Path) -> Iterator[Runtime]:
    """The runtime of the data directory, some days after it was filled."""
    settings = Settings(home=home, undo_window_seconds=180)
    runtime = open_runtime(settings, clock=TestClock(PRESENT), draw=random.Random(0).random)
    try:
        yield runtime
    finally:
        runtime.close()


def _visits(runtime: Runtime, house: House) -> Iterator[Visit]:
    app = create_app(runtime)
    viewers, of_role, ways = _viewers_and_addresses(app, house)
    known = set(ways.values())
    linked: dict[str, list[str]] = {}
    for viewer in viewers:
        for name, address in ways.items():
            visit = Visit(viewer.name, name, address, viewer.get(address))
            linked.setdefault(viewer.name, []).extend(_links(visit))
            yield visit
    for viewer in viewers:
        plain = [
            path
            for path, route in flat_routes(app.routes)
            if "GET" in getattr(route, "methods", ()) and "{" not in path
        ]
        for address in dict.fromkeys([*plain, *linked[viewer.name]]):
            if address not in known:
                yield Visit(f"{viewer.name}/linked", address, address, viewer.get(address))
    yield from _visits_of_key(app, house)
    yield from _translated_visits(of_role, ways)
    sweep(runtime)
    for listed_page in PAGES:
        viewer = of_role[listed_page.role]
        yield Visit(
            f"{viewer.name}/after a sweep", listed_page.name, ways[listed_page.name], viewer.get(ways[listed_page.name])
        )


def ways_of(runtime: Runtime, house: House) -> list[tuple[Viewer, str]]:
    """Each page of the table with its reader."""
    _, of_role, ways = _viewers_and_addresses(create_app(runtime), house)
    return [(of_role[listed_page.role], ways[listed_page.name]) for listed_page in PAGES]


def _viewers_and_addresses(
    app: FastAPI, house: House
) -> tuple[list[Viewer], dict[Role | None, Viewer], dict[str, str]]:
    """The viewers, the same by role, and the addresses of the table's pages."""
    viewers = [_viewer_of(app, house, role) for role in (*house.people, None)]
    of_role = {viewer.role: viewer for viewer in viewers}
    return (
        viewers,
        of_role,
        {listed_page.name: _way(listed_page, of_role[listed_page.role], house) for listed_page in PAGES},
    )


def _viewer_of(app: FastAPI, house: House, role: Role | None) -> Viewer:
    client = TestClient(app, raise_server_exceptions=False)
    if role is None:
        return Viewer(NOBODY, None, client)
    return Viewer(role.value, role, client, sign_in(client, house.people[role]))


def _way(listed_page: OnePage, viewer: Viewer, house: House) -> str:
    """The address of a page of the table.

    Raises
    ------
    LookupError
        No link leads there in this data directory.
    """
    match listed_page.way:
        case KnownAddress(name):
            return house.addresses[name]
        case LinkPath(start, steps):
            address = start
            for step in steps:
                link = selectors.first(viewer.get(address).text, step)
                if link is None:
                    raise LookupError(f"{listed_page.name}: {address} has no {step}")
                address = urljoin(address, link.attributes["href"])
            return address
        case str(address):
            return address


def _links(visit: Visit) -> Iterator[str]:
    """The addresses of this site that a page links to, as a browser requests them."""
    if not visit.answer.headers.get("content-type", "").startswith("text/html"):
        return
    for address in selectors.addresses(visit.answer.text):
        target = urlsplit(urljoin(f"http://testserver{visit.address}", address))
        if target.netloc == "testserver" and not target.path.startswith("/static/"):
            yield f"{target.path}?{target.query}" if target.query else target.path


def _visits_of_key(app: FastAPI, house: House) -> Iterator[Visit]:
    """The API responses that the marketplace's key may read."""
    client = TestClient(app, raise_server_exceptions=False, headers=key_headers(house.site))
    for path, route in flat_routes(app.routes):
        if path.startswith("/api/") and "GET" in getattr(route, "methods", ()) and "{" not in path:
            yield Visit("key", path, path, client.get(path))


def _translated_visits(of_role: Mapping[Role | None, Viewer], ways: Mapping[str, str]) -> Iterator[Visit]:
    """The pages of outsiders and of brands, which are translated."""
    outsider, brand = of_role[None], of_role[Role.BRAND]
    for language in languages()[1:]:
        chosen = brand.client.post("/settings", data={"language": language}, headers=dict(brand.headers))
        yield Visit(f"{brand.name}/{language}", "chosen", "/settings", chosen)
        for listed_page in PAGES:
            address = ways[listed_page.name]
            if listed_page.role is None:
                answer = outsider.get(address, **{"accept-language": language})
                yield Visit(f"{outsider.name}/{language}", listed_page.name, address, answer)
            elif listed_page.role is Role.BRAND:
                yield Visit(f"{brand.name}/{language}", listed_page.name, address, brand.get(address))


def _dump(home: Path) -> str:
    """All rows of the database as text, for their ids."""
    connection = sqlite_driver().connect(home / "touchstone.sqlite")
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return "\n".join(repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in tables)  # noqa: S608
    finally:
        connection.close()


def _text(visit: Visit, aliases: Aliases, folder: str) -> str:
    answer = visit.answer
    headers = sorted(f"{name}: {text}" for name, text in answer.headers.items() if name not in _LEFT_OUT)
    head = "\n".join([f"GET {visit.address}", str(answer.status_code), *headers])
    return normalised_text(aliases.substitute(f"{head}\n\n{_body(answer)}".replace(folder, "<home>")))


def _body(answer: Response) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind.startswith("text/") or kind.endswith(("json", "xml", "javascript")):
        return answer.text
    return f"{len(answer.content)} bytes, {sha256(answer.content).hexdigest()}"
