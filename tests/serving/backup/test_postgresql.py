"""On PostgreSQL a backup is the data directory's part, beside a dump; the two need not be of the same moment."""

import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from models.verdict import Judgement
from serving.audit.service.signing import sign_head
from serving.backup.rules import BackupUnusable
from serving.backup.service.checking import check, manifest_of
from serving.backup.service.making import make, summary
from serving.backup.service.restoring import put_in_place, record
from serving.composition import open_runtime
from serving.platform.home import Home
from serving.verification.service import is_whole, verify
from tests.fixtures.decided import a_history
from tests.fixtures.postgres import Postgres
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site

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
        assert make(any_site.runtime, folder)["beside"] == []
        return
    settings = any_site.runtime.settings.model_copy(
        update={"mlflow_tracking_uri": "http://ops:hush@mlflow.example:5000"}
    )
    any_site = replace(any_site, runtime=replace(any_site.runtime, settings=settings))
    if first == "dump":
        dump(url.render_as_string(hide_password=False), tmp_path / "first.dump")
        go_on(any_site)
    line, mlflow = make(any_site.runtime, folder)["beside"]
    assert "mlflow.example" in mlflow
    assert "hush" not in mlflow
    if first == "folder":
        go_on(any_site)
        subprocess.run(shlex.split(line), check=True)
        (tmp_path / "backup.dump").rename(tmp_path / "first.dump")
    assert check(folder)[1]["engine"] == "postgresql"
    server: Postgres = request.getfixturevalue("postgres")
    restored = server.new_database()
    plain = make_url(restored).set(drivername="postgresql").render_as_string(hide_password=False)
    home = Home.at(tmp_path / "new")
    wanted = settings.model_copy(update={"home": home.root, "database_url": restored})
    before = put_in_place(wanted, home, folder, replace=False)
    manifest = manifest_of(folder)
    empty = open_runtime(wanted, clock=any_site.clock, restoring=True)
    try:
        with pytest.raises(BackupUnusable, match="Restore the database first"):
            record(empty, manifest, summary(manifest)["digest"], before, reason="x", by="local")
    finally:
        empty.close()
    server.drop(restored)
    restored = server.new_database()
    plain = make_url(restored).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([PG_RESTORE, "--no-owner", f"--dbname={plain}", str(tmp_path / "first.dump")], check=True)
    wanted = settings.model_copy(update={"home": home.root, "database_url": restored})
    runtime = open_runtime(wanted, clock=any_site.clock, restoring=True)
    try:
        done = record(runtime, manifest, summary(manifest)["digest"], before, reason="The disk failed.", by="local")
        assert done["problems"] == []
        any_site.clock.forward(minutes=6)
        assert sign_head(runtime) == 1
        found = verify(runtime)
        assert is_whole(found), found
    finally:
        runtime.close()
        server.drop(restored)


def dump(url: str, path: Path) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([PG_DUMP, "--format=custom", f"--file={path}", plain], check=True)
