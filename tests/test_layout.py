import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"features", "models", "training", "serving"}
# Modules with one list or one schema are easier to read whole; the first lines give the reason.
LONG = "# Over 500 lines: "
FOLDERS = PACKAGES | {"data", "docs", "notebooks", "requirements", "tests"}


@pytest.mark.parametrize(("_row", "_why"), [(0, "the reason names the case"), (1, "and not its values")])
def test_the_column_why_names_the_cases_of_a_table(request: pytest.FixtureRequest, _row: int, _why: str) -> None:
    assert request.node.name.endswith(f"[{_why}]")


def test_the_top_level_holds_only_the_agreed_folders() -> None:
    command = ["git", "ls-files"]
    tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert {name for name in folders if not name.startswith(".")} == FOLDERS


def test_every_package_folder_has_a_docstring() -> None:
    for package in PACKAGES:
        for init in (ROOT / package).rglob("__init__.py"):
            text = init.read_text(encoding="utf-8").strip()
            assert text.startswith('"""'), init
            assert text.endswith('"""'), f"{init} holds more than a docstring"


def test_every_test_folder_is_a_package() -> None:
    assert all((path.parent / "__init__.py").is_file() for path in (ROOT / "tests").rglob("*.py"))


def test_the_four_packages_come_from_one_place() -> None:
    listed = ", ".join(sorted(PACKAGES))
    code = f"import {listed}; print(*(p.__path__[0].rsplit('/', 1)[0] for p in ({listed})), sep='\\n')"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert len(set(done.stdout.splitlines())) == 1


def modules(folder: str) -> Iterator[Path]:
    """The modules of a folder and of those below it."""
    return (ROOT / folder).rglob("*.py")


def lines_of(module: Path) -> list[str]:
    """A module's lines."""
    return module.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("package", "most"), [("features", 48), ("models", 48), ("training", 137)])
def test_the_number_of_modules_is_limited(package: str, most: int) -> None:
    assert len(list(modules(package))) <= most


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES)
    TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}).prepare()


def test_serving_has_at_most_a_folder_for_each_noun() -> None:
    assert len([path for path in (ROOT / "serving").iterdir() if (path / "__init__.py").exists()]) <= 26


def test_training_has_at_most_twelve_modules_beside_its_folders() -> None:
    assert len(list((ROOT / "training").glob("*.py"))) <= 12


def test_no_folder_of_serving_holds_more_than_twenty_five_modules() -> None:
    folders = {module.parent for module in modules("serving")}
    assert {str(folder.relative_to(ROOT)) for folder in folders if len(list(folder.glob("*.py"))) > 25} == set()


def test_a_module_of_more_than_five_hundred_lines_gives_a_reason() -> None:
    long = {module: lines_of(module) for package in PACKAGES for module in modules(package)}
    unexplained = {
        str(module.relative_to(ROOT)): len(lines)
        for module, lines in long.items()
        if len(lines) > 500 and not any(line.startswith(LONG) for line in lines[:5])
    }
    assert unexplained == {}


def test_nine_of_ten_modules_have_at_most_two_hundred_and_fifty_lines() -> None:
    lengths = [len(lines_of(module)) for package in PACKAGES for module in modules(package)]
    assert statistics.quantiles(lengths, n=10)[-1] <= 250
