"""Backups and restores that are refused before anything is replaced."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.errors import DomainError
from serving.audit.store import audit
from serving.backup.rules import FORMAT, MANIFEST, Manifest, read_manifest
from serving.backup.service import restoring
from serving.backup.service.checking import manifest_of
from serving.backup.service.making import make
from serving.backup.service.restoring import Replaced, put_in_place, record
from serving.platform.home import Home
from serving.platform.settings import Settings
from tests.fixtures.runtimes import Site
from tests.serving.backup.test_backup import backed_up

__all__ = ["backed_up"]  # A fixture.


def rewritten(folder: Path, **changes: object) -> Manifest:
    """The backup's manifest with these changes, written."""
    manifest = replace(manifest_of(folder), **changes)  # type: ignore[arg-type]  # each row names its fields
    (folder / MANIFEST).write_bytes(manifest.as_json())
    return manifest


def of_another_contact_key(folder: Path) -> Path:
    """The backup of a service whose key of contacts is a setting."""
    rewritten(folder, contact_key_is_setting=True)
    return folder


RESTORES: list[tuple[dict[str, object], Callable[[Path], Path], str]] = [
    ({}, lambda folder: folder.parent / "new" / "backup", "is in the data directory"),
    ({"database_url": "postgresql+psycopg://localhost/x"}, lambda folder: folder, "settings name postgres"),
    ({}, of_another_contact_key, "Set TOUCHSTONE_CONTACT_KEY"),
    ({"contact_key": SecretStr("ab" * 32)}, of_another_contact_key, "Set TOUCHSTONE_CONTACT_KEY"),
]


@pytest.mark.parametrize(("settings", "folder", "why"), RESTORES)
def test_a_restore_is_refused(
    backed_up: Path, tmp_path: Path, settings: dict[str, object], folder: Callable[[Path], Path], why: str
) -> None:
    home = Home.at(tmp_path / "new")
    chosen = Settings(home=home.root).model_copy(update=settings)
    with pytest.raises(DomainError, match=why):
        put_in_place(chosen, home, folder(backed_up), replace=True)
    assert not home.database.exists()


def test_a_file_that_changes_while_it_is_restored_ends_the_restore(
    backed_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.at(tmp_path / "new")
    monkeypatch.setattr(restoring, "copy_file", lambda *_: None)
    with pytest.raises(DomainError, match="was altered while it was read"):
        put_in_place(Settings(home=home.root), home, backed_up, replace=True)
    assert not home.database.exists()


@pytest.mark.parametrize("entries", [0, 1_000_000])
def test_a_database_that_is_not_the_one_of_the_backup_is_not_recorded(
    site: Site, backed_up: Path, entries: int
) -> None:
    """It has another entry of that number, or too few; a signed head of its own proves nothing."""
    end = site.read(audit.head)
    manifest = replace(manifest_of(backed_up), log=(end[0] + entries, "0" * 64))
    with pytest.raises(DomainError, match="is not the one of this backup"):
        record(site.runtime, manifest, "d" * 64, Replaced(None, None, b""), reason="x", by="local")


def test_a_manifest_of_another_version_is_refused(backed_up: Path) -> None:
    body = (backed_up / MANIFEST).read_bytes().replace(f'"format": {FORMAT}'.encode(), b'"format": 99')
    with pytest.raises(DomainError, match="has format 99"):
        read_manifest(body)


def test_a_backup_needs_a_folder_to_stand_in(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="Make it first"):
        make(site.runtime, tmp_path / "missing" / "backup")


def test_a_file_that_is_deleted_meanwhile_is_left_out(site: Site, tmp_path: Path) -> None:
    old = site.runtime.home.root / "snapshots" / "old.parquet"
    old.parent.mkdir(exist_ok=True)
    old.write_text("PAR1")
    make(site.runtime, tmp_path / "backup", lambda _step: old.unlink(missing_ok=True))
    assert "snapshots/old.parquet" not in manifest_of(tmp_path / "backup").files
