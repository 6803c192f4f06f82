"""A backup holds everything of a data directory, is refused once it is altered or cut off, and is restored whole."""

import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from models.errors import Conflict
from models.verdict import Judgement
from serving.audit.service.signing import sign_head
from serving.audit.service.verification import is_whole, verify
from serving.audit.store import audit
from serving.composition import open_runtime
from serving.listings.tables import listing
from serving.operations.rules import MANIFEST, BackupUnusable
from serving.operations.service.backup_checking import check_backup, manifest_of
from serving.operations.service.backup_files import file_of
from serving.operations.service.backup_making import back_up, backup_summary
from serving.operations.service.backup_restoring import record_restore, restore_backup
from serving.platform.database.engine import sqlite_driver
from serving.platform.home import Home, HomeUnfinished
from serving.platform.progress import Progress
from serving.platform.settings import Settings
from tests.fixtures.decided import a_history
from tests.fixtures.postgres import Postgres
from tests.fixtures.runtimes import Site, a_case, having, judge
from tests.serving.commands.commands import REFUSED, touchstone_in


@pytest.fixture
def backup_folder(site: Site, tmp_path: Path) -> Path:
    """A backup of a site with decisions, a bundle, a snapshot, an MLflow store and a file of another version."""
    having(site, a_history)
    root = site.runtime.home.root
    for name, content in (
        ("bundles/abc/forest.txt", "tree"),
        ("snapshots/def.parquet", "PAR1"),
        ("mlflow/artifacts/1/model", "bundle"),
        ("cache/numba/x", "compiled"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    folder = tmp_path / "backup"
    back_up(site.runtime, folder)
    return folder


def restore(home: Path, folder: Path, *more: str) -> str:
    done = touchstone_in(home, "restore", str(folder), "--reason", "The disk failed.", *more)
    assert done.code == 0, done.text
    return done.out


def test_it_holds_everything_but_what_can_be_made_again(backup_folder: Path) -> None:
    names = {str(path.relative_to(backup_folder)) for path in backup_folder.rglob("*") if path.is_file()}
    assert names == {
        "audit-heads.ndjson",
        "audit.key",
        "bundles/abc/forest.txt",
        "contact.key",
        "manifest.json",
        "mlflow/artifacts/1/model",
        "snapshots/def.parquet",
        "touchstone.sqlite",
        "webhook.key",
    }
    for path in [backup_folder, *backup_folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_it_is_whole_and_says_what_it_holds(site: Site, backup_folder: Path) -> None:
    steps: list[Progress] = []
    _, contents = check_backup(backup_folder, steps.append)
    assert contents["entries"] == site.read(audit.head)[0]
    assert is_whole(contents["log"])
    assert contents["log"]["compared"]["verdict"] == 8
    assert steps[0].doing == "Files"
    done = touchstone_in(site.runtime.home.root, "backup", str(backup_folder), "--verify")
    assert (done.code, "The backup is whole" in done.out) == (0, True)


def flip_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def extra(path: Path) -> None:
    path.touch(0o600)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def other_key(folder: Path) -> None:
    (folder / "contact.key").write_bytes(b"x" * 32)
    reseal(folder, "contact.key")


def turn_verdicts(folder: Path) -> None:
    change_database(folder, "UPDATE verdict SET judgement = 'genuine' WHERE judgement = 'counterfeit'")


def fewer(folder: Path) -> None:
    change_database(folder, "DELETE FROM case_event")


def change_database(folder: Path, statement: str) -> None:
    connection = sqlite_driver().connect(folder / "touchstone.sqlite", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()
    reseal(folder, "touchstone.sqlite")


def reseal(folder: Path, name: str) -> None:
    """Give the manifest the digest of the changed file."""
    manifest = manifest_of(folder)
    files = {**manifest.files, name: file_of(folder / name)}
    (folder / MANIFEST).write_bytes(replace(manifest, files=files).as_json())


ALTERED: list[tuple[str, Callable[[Path], object], str]] = [
    ("a byte of the database", lambda b: flip_bit(b / "touchstone.sqlite"), "touchstone.sqlite was altered"),
    ("the database is none", lambda b: (b / "touchstone.sqlite").write_bytes(b"none"), "touchstone.sqlite was altered"),
    ("a key is replaced", lambda b: (b / "audit.key").write_bytes(b"x" * 32), "audit.key was altered"),
    ("a file is gone", lambda b: (b / "contact.key").unlink(), "contact.key is missing"),
    ("a file is added", lambda b: extra(b / "more"), "more is no file of this backup"),
    ("the manifest is gone: it was cut off", lambda b: (b / MANIFEST).unlink(), "no complete backup"),
    ("the manifest is cut off", lambda b: cut(b / MANIFEST), "cannot be read"),
    ("others may read it", lambda b: (b / "contact.key").chmod(0o644), "Others can read"),
    ("the contact key is of another database", other_key, "hashes of contacts is not the one"),
    ("verdicts were turned, digests and all", turn_verdicts, "rows are not what the log says"),
    ("rows are missing, digests and all", fewer, "rows, not"),
]


@pytest.mark.parametrize(("_why", "tamper", "problem"), ALTERED)
def test_an_altered_or_cut_off_backup_is_refused_and_nothing_is_restored(
    backup_folder: Path, tmp_path: Path, _why: str, tamper: Callable[[Path], object], problem: str
) -> None:
    tamper(backup_folder)
    with pytest.raises(BackupUnusable, match=problem):
        check_backup(backup_folder)
    home = tmp_path / "new"
    done = touchstone_in(home, "restore", str(backup_folder), "--reason", "x")
    assert (done.code, problem in done.text) == (REFUSED, True)
    assert not (home / "touchstone.sqlite").exists()


def test_a_backup_that_fails_leaves_no_folder_of_its_name(site: Site, tmp_path: Path) -> None:
    (site.runtime.home.root / "unreadable").symlink_to("nowhere")
    folder = tmp_path / "backup"

    def fail(_step: Progress) -> None:
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full"):
        back_up(site.runtime, folder, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_restored_elsewhere_it_is_the_same_and_the_log_says_so(site: Site, backup_folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "new"
    assert "recorded as entry" in restore(home, backup_folder)
    assert (home / "bundles/abc/forest.txt").read_text() == "tree"
    assert (home / "contact.key").read_bytes() == (site.runtime.home.root / "contact.key").read_bytes()
    done = touchstone_in(home, "audit", "verify")
    assert (done.code, "A backup was restored at entry" in done.out) == (0, True)
    assert "The disk failed." in done.out


def test_a_restore_to_an_earlier_moment_is_recorded_with_the_heads_before_and_is_no_tampering(
    site: Site, backup_folder: Path
) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-400", title="Aure11e clutch 1:1"), Judgement.GENUINE)
    site.clock.forward(minutes=6)
    assert sign_head(site.runtime) == 1
    last = site.read(audit.head)
    site.runtime.close()
    root = site.runtime.home.root
    refused = touchstone_in(root, "restore", str(backup_folder), "--reason", "x")
    assert (refused.code, "is not empty" in refused.text) == (REFUSED, True)
    restore(root, backup_folder, "--replace")
    runtime = open_runtime(Settings(home=root), clock=site.clock)
    try:
        log_check = verify(runtime)
        assert is_whole(log_check), log_check
        (restoration,) = log_check["restored"]
        assert restoration["before"]["log"] == {"sequence": last[0], "entry_hash": last[1]}
        assert restoration["before"]["signed_head"]["sequence"] == last[0]
        assert restoration["from"]["sequence"] < last[0]
        site.clock.forward(minutes=6)
        assert sign_head(runtime) == 1
        assert is_whole(verify(runtime))
    finally:
        runtime.close()
    assert [path.name for path in root.glob("audit-heads-until-*")] != []
    (aside,) = root.parent.glob("home.replaced-*")
    assert (aside / "touchstone.sqlite").exists()


def test_an_earlier_database_put_in_place_by_hand_is_tampering(site: Site, backup_folder: Path) -> None:
    """Without the record, a log that is shorter than what was signed is a log that was cut off."""
    judge(site, site.analyst, a_case(site, external_id="MP-400", title="Aure11e clutch 1:1"), Judgement.GENUINE)
    site.clock.forward(minutes=6)
    assert sign_head(site.runtime) == 1
    site.runtime.store.close()
    shutil.copyfile(backup_folder / "touchstone.sqlite", site.runtime.home.database)
    assert not is_whole(verify(site.runtime))


def test_after_a_restore_messages_get_numbers_above_all_that_were_sent(backup_folder: Path, tmp_path: Path) -> None:
    restore(tmp_path / "new", backup_folder)
    runtime = open_runtime(Settings(home=tmp_path / "new"), migrated=True)
    try:
        with runtime.store.read() as connection:
            assert min(connection.execute(select(listing.c.sequence)).scalars()) >= 100_000
    finally:
        runtime.close()


def test_a_home_that_is_served_is_not_replaced(site: Site, backup_folder: Path) -> None:
    with site.runtime.home.owned():
        done = touchstone_in(site.runtime.home.root, "restore", str(backup_folder), "--reason", "x", "--replace")
    assert (done.code, f"is in use by process {os.getpid()}" in done.text) == (REFUSED, True)


def test_a_restore_that_was_cut_off_keeps_the_service_from_starting(site: Site, backup_folder: Path) -> None:
    root = site.runtime.home.root
    site.runtime.close()
    (root / "restore-unfinished").touch()
    with pytest.raises(HomeUnfinished, match="was cut off"):
        open_runtime(Settings(home=root), migrated=True)
    restore(root, backup_folder, "--replace")
    assert touchstone_in(root, "audit", "verify").code == 0


@pytest.mark.parametrize("place", ["home/inside", "home", "taken"])
def test_a_backup_is_not_made_over_or_inside_what_exists(site: Site, tmp_path: Path, place: str) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "x").touch()
    with pytest.raises(Conflict):
        back_up(site.runtime, tmp_path / place)


# On PostgreSQL a backup is the data directory's part, beside a dump; the two need not be of the same moment.

PG_DUMP, PG_RESTORE = (shutil.which(name) or name for name in ("pg_dump", "pg_restore"))


def go_on(site: Site) -> None:
    """A decision, and a signed head after it."""
    judge(site, site.analyst, a_case(site, external_id="MP-400", title="Aure11e clutch 1:1"), Judgement.GENUINE)
    site.clock.forward(minutes=6)
    assert sign_head(site.runtime) == 1


@pytest.mark.both_engines
@pytest.mark.parametrize("first", ["dump", "folder"])
def test_folder_and_dump_are_restored_together_whichever_was_made_first(
    any_site: Site, request: pytest.FixtureRequest, tmp_path: Path, first: str
) -> None:
    a_history(any_site)
    folder, url = tmp_path / "backup", make_url(any_site.runtime.store.url)
    if url.get_backend_name() == "sqlite":
        assert back_up(any_site.runtime, folder)["beside"] == []
        return
    settings = any_site.runtime.settings.model_copy(
        update={"mlflow_tracking_uri": "http://ops:hush@mlflow.example:5000"}
    )
    any_site = replace(any_site, runtime=replace(any_site.runtime, settings=settings))
    if first == "dump":
        dump(url.render_as_string(hide_password=False), tmp_path / "first.dump")
        go_on(any_site)
    line, mlflow = back_up(any_site.runtime, folder)["beside"]
    assert "mlflow.example" in mlflow
    assert "hush" not in mlflow
    if first == "folder":
        go_on(any_site)
        subprocess.run(shlex.split(line), check=True)
        (tmp_path / "backup.dump").rename(tmp_path / "first.dump")
    assert check_backup(folder)[1]["engine"] == "postgresql"
    server: Postgres = request.getfixturevalue("postgres")
    restored = server.new_database()
    plain = make_url(restored).set(drivername="postgresql").render_as_string(hide_password=False)
    home = Home.at(tmp_path / "new")
    new_settings = settings.model_copy(update={"home": home.root, "database_url": restored})
    before = restore_backup(new_settings, home, folder, replace=False)
    manifest = manifest_of(folder)
    empty = open_runtime(new_settings, clock=any_site.clock, restoring=True)
    try:
        with pytest.raises(BackupUnusable, match="Restore the database first"):
            record_restore(empty, manifest, backup_summary(manifest)["digest"], before, reason="x", by="local")
    finally:
        empty.close()
    server.drop(restored)
    restored = server.new_database()
    plain = make_url(restored).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([PG_RESTORE, "--no-owner", f"--dbname={plain}", str(tmp_path / "first.dump")], check=True)
    new_settings = settings.model_copy(update={"home": home.root, "database_url": restored})
    runtime = open_runtime(new_settings, clock=any_site.clock, restoring=True)
    try:
        done = record_restore(
            runtime, manifest, backup_summary(manifest)["digest"], before, reason="The disk failed.", by="local"
        )
        assert done["problems"] == []
        any_site.clock.forward(minutes=6)
        assert sign_head(runtime) == 1
        log_check = verify(runtime)
        assert is_whole(log_check), log_check
    finally:
        runtime.close()
        server.drop(restored)


def dump(url: str, path: Path) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([PG_DUMP, "--format=custom", f"--file={path}", plain], check=True)
