"""Lighthouse's marks of the pages that people open most: `python -m tests.browser.lighthouse [RUNS]`, five by default.

It needs Node.js and fetches Lighthouse 12.2.3 from the registry of npm. Each mark is the median of the runs. The pages
are those of a served data directory in which every page has content.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from serving.accounts.rules.access import Role
from serving.guards import COOKIE
from tests.browser.chromium import CHROMIUM, token_of_session
from tests.browser.house import House, furnish
from tests.browser.service import running_service

_LIGHTHOUSE: Final = "lighthouse@12.2.3"
_CATEGORIES: Final = ("accessibility", "best-practices", "performance")
_LEAST: Final = {"desktop": (100, 100, 95), "phone": (95, 95, 90)}
_FIRST_CASE: Final = "/cases/"
_PAGES: Final[Mapping[str, tuple[Role, str]]] = {
    "queue": (Role.ANALYST, "/queue"),
    "case": (Role.ANALYST, _FIRST_CASE),
    "brand": (Role.BRAND, "/brand/dashboard"),
    "models": (Role.DATA_SCIENTIST, "/models"),
    "seller": (Role.ANALYST, "/sellers/two-strikes"),
    "set-up": (Role.ADMIN, "/setup"),
}


def main(runs: int) -> None:
    """Print the marks; ends with 1 if one is below its limit."""
    below = False
    with TemporaryDirectory() as folder:
        house = furnish(Path(folder) / "home")
        touchstone = str(Path(sys.executable).with_name("touchstone"))
        with running_service(touchstone, Path(folder) / "home") as address:
            for name, (role, path) in _PAGES.items():
                cookie = f"{COOKIE}={token_of_session(house.site, house.people[role])}"
                page = address + (_case_of(house, address, cookie) if path == _FIRST_CASE else path)
                for form, least in _LEAST.items():
                    reports = [_marks(page, cookie, form, Path(folder)) for _ in range(runs)]
                    marks = [round(statistics.median(mark)) for mark in zip(*reports, strict=True)]
                    is_below = any(mark < limit for mark, limit in zip(marks, least, strict=True))
                    below |= is_below
                    print(f"{name:8} {form:8} {' '.join(f'{mark:4}' for mark in marks)}{' below' if is_below else ''}")  # noqa: T201  # the output
    sys.exit(below)


def _case_of(house: House, address: str, cookie: str) -> str:
    """The address of the first case of the queue."""
    queue = httpx.get(f"{address}/queue?lane=analyst", headers={"cookie": cookie}).text
    return _FIRST_CASE + queue.partition('href="/cases/')[2].partition('"')[0].replace("&amp;", "&")


def _marks(page: str, cookie: str, form: str, folder: Path) -> list[float]:
    """The marks of one run, from 0 to 100, in the order of the categories."""
    out = folder / "report.json"
    options = ["--preset=desktop"] if form == "desktop" else []
    command: list[Any] = [
        "npx", "--yes", _LIGHTHOUSE, page, "--quiet", "--output=json", f"--output-path={out}", *options,
        f"--only-categories={','.join(_CATEGORIES)}", f"--extra-headers={json.dumps({'cookie': cookie})}",
        "--chrome-flags=--headless --no-sandbox --disable-gpu",
    ]  # fmt: skip
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": str(CHROMIUM)}, timeout=180)
    categories = json.loads(out.read_text(encoding="utf-8"))["categories"]
    return [100 * categories[name]["score"] for name in _CATEGORIES]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
