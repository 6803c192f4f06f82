"""A bundle as one archive: the files it has, and nothing that a damaged archive could do."""

import io
import zipfile
from pathlib import Path

import pytest

from models.errors import BundleRefused
from serving.scoring.service import bundles
from serving.scoring.service.bundles import packed, unpacked
from tests.fixtures.scorers import bundle_files
from training.bundle_folder import write_bundle_folder


def test_an_archive_has_the_files_of_the_bundle_and_its_description_alone(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {"report": {"rows": 5}})
    (tmp_path / "bundle" / "remark.txt").write_text("not part of it")
    assert unpacked(packed(tmp_path / "bundle")) == (bundle_files(), {"report": {"rows": 5}})


def archive(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as writing:
        for name, content in files:
            writing.writestr(name, content)
    return made.getvalue()


WHOLE = archive(("model.json", b"{}" * 500))


@pytest.mark.parametrize(
    ("content", "_why"),
    [
        (b"", "nothing"),
        (b"not an archive", "another file"),
        (WHOLE[: len(WHOLE) // 2], "cut off"),
        (WHOLE.replace(WHOLE[45:50], bytes(5)), "damaged within"),
        (archive(("about.json", b"{")), "a description that is no JSON"),
    ],
)
def test_a_damaged_archive_is_refused(content: bytes, _why: str) -> None:
    with pytest.raises(BundleRefused, match=r"^The stored bundle is damaged"):
        unpacked(content)


def test_no_file_of_an_archive_lies_outside_the_bundle() -> None:
    assert unpacked(archive(("../../elsewhere", b"x"), ("/etc/passwd", b"y")))[0] == {"elsewhere": b"x", "passwd": b"y"}


def test_an_archive_that_grows_too_large_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_LARGEST", 999)
    with pytest.raises(BundleRefused, match="too large"):
        unpacked(WHOLE)
