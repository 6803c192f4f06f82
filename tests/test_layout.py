import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = {"features", "models", "training", "serving"}
FOLDERS = PACKAGES | {"data", "docs", "notebooks", "requirements", "tests"}


def test_the_top_level_holds_what_the_owner_wants_and_nothing_else() -> None:
    command = ["git", "ls-files"]
    tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert {name for name in folders if not name.startswith(".")} == FOLDERS


def test_every_package_folder_says_what_it_is_for() -> None:
    for package in PACKAGES:
        for init in (ROOT / package).rglob("__init__.py"):
            text = init.read_text(encoding="utf-8").strip()
            assert text.startswith('"""'), init
            assert text.endswith('"""'), f"{init} holds more than a docstring"


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_the_four_packages_come_from_one_place() -> None:
    listed = ", ".join(sorted(PACKAGES))
    code = f"import {listed}; print(*(p.__path__[0].rsplit('/', 1)[0] for p in ({listed})), sep='\\n')"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert len(set(done.stdout.splitlines())) == 1
