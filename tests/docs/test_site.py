"""The site of the documentation: its links, its navigation, its strict build, and the commands of its blocks."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from serving.commands.main import app
from tests.docs.generate import ROOT, commands

DOCS: Final = ROOT / "docs"
PAGES: Final = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "data" / "dictionary.md",
    *sorted(DOCS.rglob("*.md")),
]
_FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SHELL: Final = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_LINK: Final = re.compile(r"\]\((?!https?:)([^)\s]*)\)")
TUTORIAL: Final = (DOCS / "tutorial.md").read_text(encoding="utf-8")
_NOT_RUN: Final = ("make", "export", "touchstone serve")


def anchors(text: str) -> set[str]:
    """The anchors that a code host gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    shown = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in shown}


def dead_links(page: Path) -> list[str]:
    """The links of a page to files that do not exist, or to headings that their page does not have."""
    dead = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            dead.append(link)
    return dead


def shell_commands(text: str) -> list[str]:
    """The lines of a page's shell blocks, continued lines joined."""
    return [line for block in _SHELL.findall(text) for line in block.replace("\\\n", " ").splitlines()]


def test_links_lead_to_files_and_headings_that_exist() -> None:
    assert {page.name: dead for page in PAGES if (dead := dead_links(page))} == {}


def test_a_link_to_a_missing_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `new` page\n\n```sh\n# none\n```\n[a](#a-new-page) [b](#none) [c](page.md#a) [d](other.md)")
    assert dead_links(page) == ["#none", "page.md#a", "other.md"]


def test_every_page_stands_once_in_the_navigation() -> None:
    sections = [DOCS / "index.md", *(DOCS / f"{name}.md" for name in ("how-to", "reference", "explanation"))]
    sections.append(DOCS / "decisions" / "README.md")
    listed = [
        (section.parent / link).resolve()
        for section in sections
        for link in re.findall(r"^\* \[[^\]]+\]\(([^)#]+)\)", section.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    changes, index = ROOT / "CHANGELOG.md", DOCS / "index.md"
    assert sorted(listed) == sorted(page for page in {*PAGES, changes} - {index})


@pytest.mark.parametrize("page", [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))], ids=lambda p: p.stem)
def test_the_commands_of_a_page_have_these_options(page: Path) -> None:
    known = commands()
    for line in shell_commands(page.read_text(encoding="utf-8")):
        program, *words = shlex.split(line)
        if program != "touchstone":
            continue
        name = max((name for name in known if words[: len(name.split())] == name.split()), key=len)
        known[name].make_context(name, words[len(name.split()) :], resilient_parsing=False)


def test_the_commands_of_the_tutorial_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    listings, *outputs = re.findall(r"```text\n(.*?)```", TUTORIAL, re.DOTALL)
    (tmp_path / "listings.csv").write_text(listings, encoding="utf-8")
    printed = []
    for line in shell_commands(TUTORIAL):
        if line.startswith("sed "):
            subprocess.run(shlex.split(line), cwd=tmp_path, check=True)
        elif not line.startswith(_NOT_RUN):
            invocation = CliRunner().invoke(app, shlex.split(line)[1:])
            assert invocation.exception is None or isinstance(invocation.exception, SystemExit), line
            printed.append(invocation.output)
    everything = " ".join("".join(printed).split())
    assert [line for block in outputs for line in block.splitlines() if line not in everything] == []


@pytest.mark.soak
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    build(ROOT, tmp_path)
    assert (tmp_path / "site" / "docs" / "tutorial.html").is_file()


@pytest.mark.soak
def test_a_dead_link_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(DOCS / "conf.py", tmp_path / "docs")
    shutil.copytree(DOCS / "site", tmp_path / "docs" / "site")
    (tmp_path / "docs" / "index.md").write_text("# Pages\n\n[heading](#none)\n", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path, tmp_path)


def build(source: Path, folder: Path) -> None:
    """Build a site as `make docs` does. Raises CalledProcessError (a warning)."""
    places = ["-c", str(source / "docs"), "-d", str(folder / "cache"), str(source), str(folder / "site")]
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *places], check=True)
