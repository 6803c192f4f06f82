"""Kernels of another version of the code are never read."""

from pathlib import Path

import pytest

from serving.platform.kernels.folder import kernel_folder

CACHE = Path("cache")


def write_modules(root: Path) -> Path:
    for name in ("features/fold.py", "models/kernels.py", "models/types.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n")
    return root


def test_equal_code_finds_its_kernels_again(tmp_path: Path) -> None:
    first, second = (write_modules(tmp_path / name) for name in ("a", "b"))
    assert kernel_folder(CACHE, first) == kernel_folder(CACHE, second)
    assert kernel_folder(CACHE, first).parent == CACHE / "numba"


@pytest.mark.parametrize("name", ["features/fold.py", "models/types.py", "models/another.py"])
def test_a_change_in_any_file_that_a_kernel_may_import_begins_a_folder(tmp_path: Path, name: str) -> None:
    before = kernel_folder(CACHE, write_modules(tmp_path))
    (tmp_path / name).write_text("# Something else.\n")
    assert kernel_folder(CACHE, tmp_path) != before


def test_the_project_s_own_code_decides_by_default() -> None:
    root = Path(__file__).parents[4]
    assert kernel_folder(CACHE) == kernel_folder(CACHE, root)
    assert (root / "models" / "share_kernels.py").exists()
