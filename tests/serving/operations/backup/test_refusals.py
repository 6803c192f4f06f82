"""Backups and restores that are refused before anything is replaced."""

import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from models.case import CaseLane
from models.errors import DomainError
from models.verdict import Judgement
from serving.audit.store import audit
from serving.composition import open_runtime
from serving.operations.rules import FORMAT, MANIFEST, Manifest, read_manifest
from serving.operations.service import backup_restoring
from serving.operations.service.backup_checking import manifest_of
from serving.operations.service.backup_making import back_up
from serving.operations.service.backup_restoring import ReplacedContent, record_restore, restore_backup
from serving.platform.home import Home
from serving.platform.settings import Settings
from serving.webhooks.service.delivery import marketplaces_with_due
from tests.browser.service import fill, running_service
from tests.fixtures.receivers import a_receiver, deliver
from tests.fixtures.reporting import a_marketplace_that_listens
from tests.fixtures.runtimes import Site, a_case, a_row, judge
from tests.serving.commands.commands import touchstone_in
from tests.serving.operations.backup.test_backup import backup_folder

__all__ = ["backup_folder"]  # A fixture.


def rewrite_manifest(folder: Path, **changes: object) -> Manifest:
    """The backup's manifest with these changes, written."""
    manifest = replace(manifest_of(folder), **changes)  # type: ignore[arg-type]  # each row names its fields
    (folder / MANIFEST).write_bytes(manifest.as_json())
    return manifest


def of_another_contact_key(folder: Path) -> Path:
    """The backup of a service whose key of contacts is a setting."""
    rewrite_manifest(folder, contact_key_is_setting=True)
    return folder


RESTORES: list[tuple[dict[str, object], Callable[[Path], Path], str]] = [
    ({}, lambda folder: folder.parent / "new" / "backup", "is in the data directory"),
    ({"database_url": "postgresql+psycopg://localhost/x"}, lambda folder: folder, "settings name postgres"),
    ({}, of_another_contact_key, "Set TOUCHSTONE_CONTACT_KEY"),
    ({"contact_key": SecretStr("ab" * 32)}, of_another_contact_key, "Set TOUCHSTONE_CONTACT_KEY"),
]


@pytest.mark.parametrize(("settings", "folder", "why"), RESTORES)
def test_a_restore_is_refused(
    backup_folder: Path, tmp_path: Path, settings: dict[str, object], folder: Callable[[Path], Path], why: str
) -> None:
    home = Home.at(tmp_path / "new")
    chosen = Settings(home=home.root).model_copy(update=settings)
    with pytest.raises(DomainError, match=why):
        restore_backup(chosen, home, folder(backup_folder), replace=True)
    assert not home.database.exists()


def test_a_file_that_changes_while_it_is_restored_ends_the_restore(
    backup_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.at(tmp_path / "new")
    monkeypatch.setattr(backup_restoring, "copy_file", lambda *_: None)
    with pytest.raises(DomainError, match="was altered while it was read"):
        restore_backup(Settings(home=home.root), home, backup_folder, replace=True)
    assert not home.database.exists()


@pytest.mark.parametrize("entries", [0, 1_000_000])
def test_a_database_that_is_not_the_one_of_the_backup_is_not_recorded(
    site: Site, backup_folder: Path, entries: int
) -> None:
    """It has another entry of that number, or too few; a signed head of its own proves nothing."""
    end = site.read(audit.head)
    manifest = replace(manifest_of(backup_folder), log=(end[0] + entries, "0" * 64))
    with pytest.raises(DomainError, match="is not the one of this backup"):
        record_restore(site.runtime, manifest, "d" * 64, ReplacedContent(None, None, b""), reason="x", by="local")


def test_a_manifest_of_another_version_is_refused(backup_folder: Path) -> None:
    body = (backup_folder / MANIFEST).read_bytes().replace(f'"format": {FORMAT}'.encode(), b'"format": 99')
    with pytest.raises(DomainError, match="has format 99"):
        read_manifest(body)


def test_a_backup_needs_a_folder_to_stand_in(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="Make it first"):
        back_up(site.runtime, tmp_path / "missing" / "backup")


def test_a_file_that_is_deleted_meanwhile_is_left_out(site: Site, tmp_path: Path) -> None:
    old = site.runtime.home.root / "snapshots" / "old.parquet"
    old.parent.mkdir(exist_ok=True)
    old.write_text("PAR1")
    back_up(site.runtime, tmp_path / "backup", lambda _step: old.unlink(missing_ok=True))
    assert "snapshots/old.parquet" not in manifest_of(tmp_path / "backup").files


# A backup is made while the service takes listings in, and what is restored from it sends nothing twice.


@pytest.mark.soak
def test_a_running_service_is_backed_up_under_intake_and_restored_whole(touchstone: str, tmp_path: Path) -> None:
    home, folder, new = tmp_path / "home", tmp_path / "backup", tmp_path / "new"
    with a_receiver() as receiver:
        site = fill(home, receiver.url, receiver.secret)
        stop, taken = threading.Event(), [0]
        with running_service(touchstone, home) as address:

            def send() -> None:
                while not stop.is_set():
                    rows = [a_row(external_id=f"NEW-{taken[0] + i}") for i in range(20)]
                    headers = {"authorization": f"Bearer {site.key}"}
                    answer = httpx.post(f"{address}/api/v1/listings", json=rows, headers=headers, timeout=60)
                    assert answer.status_code == 200, answer.text
                    taken[0] += len(rows)

            sender = threading.Thread(target=send)
            sender.start()
            try:
                while taken[0] < 20 and sender.is_alive():
                    stop.wait(0.05)
                before = taken[0]
                environment = {**os.environ, "TOUCHSTONE_HOME": str(home)}
                done = subprocess.run(
                    [touchstone, "backup", str(folder)], env=environment, capture_output=True, text=True, check=False
                )
                after = taken[0]
            finally:
                stop.set()
                sender.join()
        assert done.returncode == 0, done.stderr
        assert "Backed up in" in done.stdout
        assert "Copy" in done.stderr, "progress is shown while the service makes it"
        restored = touchstone_in(new, "restore", str(folder), "--reason", "The disk failed.")
        assert restored.code == 0, restored.text
        assert touchstone_in(new, "audit", "verify").code == 0
        runtime = open_runtime(Settings(home=new), migrated=True)
        with runtime.store.read() as connection:
            query = "SELECT count(*) FROM listing WHERE external_id LIKE 'NEW-%'"
            number = connection.exec_driver_sql(query).scalar_one()
        runtime.close()
        assert before <= number <= after + 20, "what was acknowledged before the backup is in it"
        with running_service(touchstone, new) as address:
            assert httpx.get(f"{address}/healthz").status_code == 200


def test_what_was_sent_after_the_backup_is_sent_again_under_its_own_id(site: Site, tmp_path: Path) -> None:
    with a_marketplace_that_listens(site) as receiver:
        case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1")
        removal = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
        assert removal is not None
        back_up(site.runtime, tmp_path / "backup")
        site.clock.forward(minutes=10)
        assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "acknowledged"
        done = touchstone_in(tmp_path / "new", "restore", str(tmp_path / "backup"), "--reason", "The disk failed.")
        assert "1 messages to marketplaces wait" in done.out
        runtime = open_runtime(Settings(home=tmp_path / "new"), clock=site.clock, migrated=True)
        try:
            assert marketplaces_with_due(runtime) == [site.marketplace_id]
            assert deliver(runtime, site.marketplace_id, removal.action_id) == "acknowledged"
        finally:
            runtime.close()
        assert (len(receiver.deliveries), receiver.effects) == (2, {removal.action_id: 1})
