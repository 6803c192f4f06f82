import json
from pathlib import Path

import pytest

from models.bundle import MANIFEST, from_files
from models.errors import BundleRefused
from tests.fixtures.scorers import bundle_files
from training.bundle_folder import ABOUT, read_bundle_folder, write_bundle_folder


def test_a_bundle_comes_back_from_its_folder(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "a" / "bundle", bundle_files(), {"report": {}})
    assert read_bundle_folder(tmp_path / "a" / "bundle") == bundle_files()


def test_the_about_file_is_beside_the_bundle(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {"report": {"rows": 5}, "made_at": tmp_path})
    about = json.loads((tmp_path / "bundle" / ABOUT).read_bytes())
    assert about == {"report": {"rows": 5}, "made_at": str(tmp_path)}
    assert ABOUT not in read_bundle_folder(tmp_path / "bundle")


def test_no_temporary_files_remain(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_bundle_is_written_over_an_older_one(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", {**bundle_files(), "old.txt": b"old"}, {})
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    assert not (tmp_path / "bundle" / "old.txt").exists()


def test_a_bundle_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle_folder(tmp_path / "bundle", {"no/such/folder": b""}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=rf"\AThe bundle holds no {MANIFEST}\.\Z"):
        read_bundle_folder(tmp_path)


MANIFESTS = [b"{", b"[]", b'{"files": 5}', b'{"files": [5]}', b'{"schema": 1}', b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("content", MANIFESTS, ids=[repr(content[:16]) for content in MANIFESTS])
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(BundleRefused, match="manifest is damaged"):
        read_bundle_folder(tmp_path)


def test_no_name_in_a_manifest_leads_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "bundle").mkdir()
    names = {"../secret.txt": "", str(tmp_path / "secret.txt"): ""}
    (tmp_path / "bundle" / MANIFEST).write_text(json.dumps({"files": names}))
    assert list(read_bundle_folder(tmp_path / "bundle")) == [MANIFEST]


def test_a_file_larger_than_a_bundle_s_can_be_is_refused_unread(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    with (tmp_path / "bundle" / "forest.txt").open("wb") as stream:
        stream.truncate(200_000_001)  # Sparse: no disk is used.
    with pytest.raises(BundleRefused, match=r"forest\.txt has 200,000,001 bytes"):
        read_bundle_folder(tmp_path / "bundle")


def test_a_missing_file_is_left_to_the_digest_to_find(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    (tmp_path / "bundle" / "forest.txt").unlink()
    with pytest.raises(BundleRefused, match=r"no forest\.txt"):
        from_files(read_bundle_folder(tmp_path / "bundle"))
