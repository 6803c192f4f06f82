"""Pictures of the pages of a demo that is running: `python -m tests.browser.screenshots OUTDIR HOME`."""

import json
import sys
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium, sign_in

_SCREEN: Final = (1440, 900)
_PHONE: Final = (390, 844)
_THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def main(outdir: Path, base_url: str, credentials: list[dict[str, str]]) -> None:
    """Take every picture in both themes."""
    outdir.mkdir(parents=True, exist_ok=True)
    by_role = {one["role"]: one for one in reversed(credentials) if one["role"] != "api_key"}
    with chromium() as browser:
        by_role["brand"] = _most_asked(browser, base_url, [one for one in credentials if one["role"] == "brand"])
        for theme in _THEMES:
            page = _page(browser, theme, _SCREEN)
            page.goto(f"{base_url}/sign-in")
            page.screenshot(path=outdir / f"sign-in-{theme}.png")
            page.context.close()
            for role, one in by_role.items():
                _of_role(browser, outdir, theme, base_url, role, one)


def _most_asked(browser: Browser, base_url: str, brands: list[dict[str, str]]) -> dict[str, str]:
    """Whose page has the most questions on it."""

    def questions(one: dict[str, str]) -> int:
        page = _page(browser, "light", _SCREEN)
        sign_in(page, base_url, one["user"], one["password"])
        page.goto(f"{base_url}/brand")
        found = page.locator("article.q").count()
        page.context.close()
        return found

    return max(brands, key=questions)


def _page(browser: Browser, theme: Literal["light", "dark"], size: tuple[int, int]) -> Page:
    context = browser.new_context(
        color_scheme=theme,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=1 if size == _SCREEN else 2,
    )
    return context.new_page()


def _of_role(
    browser: Browser, outdir: Path, theme: Literal["light", "dark"], base_url: str, role: str, one: dict[str, str]
) -> None:
    page = _page(browser, theme, _SCREEN)
    sign_in(page, base_url, one["user"], one["password"])
    match role:
        case "analyst":
            page.goto(f"{base_url}/queue")
            page.screenshot(path=outdir / f"queue-{theme}.png")
            cases = page.locator("a[data-stop]")
            if cases.count():
                cases.first.click()
                page.screenshot(path=outdir / f"case-{theme}.png")
        case "brand":
            page.goto(f"{base_url}/brand")
            page.screenshot(path=outdir / f"brand-{theme}.png")
            phone = _page(browser, theme, _PHONE)
            sign_in(phone, base_url, one["user"], one["password"])
            phone.screenshot(path=outdir / f"brand-phone-{theme}.png")
            phone.context.close()
        case "account_manager":
            page.goto(f"{base_url}/brands")
            page.screenshot(path=outdir / f"brands-{theme}.png")
        case _:
            page.goto(f"{base_url}/models")
            page.screenshot(path=outdir / f"models-{theme}.png", full_page=True)
    page.context.close()


if __name__ == "__main__":
    home = Path(sys.argv[2])
    port = json.loads((home / "service.json").read_text(encoding="utf-8"))["port"]
    people = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))
    main(Path(sys.argv[1]), f"http://127.0.0.1:{port}", people)
