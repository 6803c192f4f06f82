"""Models and snapshots of two processes on one PostgreSQL: each has what the other made."""

import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from models.classifier import Join
from models.errors import BundleRefused
from models.verdict import Judgement
from serving.composition import open_runtime
from serving.learning.service.champions import fetch_newest_models, follow_champions
from serving.learning.service.labelling import export_snapshot
from serving.learning.service.publish import SnapshotFiles
from serving.platform.artifacts.rules import Kind
from serving.platform.artifacts.service import DatabaseFiles
from serving.platform.artifacts.tables import artifact_part
from serving.platform.database.faults import StorageFault
from serving.platform.settings import Settings
from serving.scoring.service import bundles
from serving.scoring.service.bundles import BundleStore, ChampionMissing, LiveModels, pack_folder
from tests.browser.service import running_service
from tests.fixtures.clients import a_client, key_headers
from tests.fixtures.clocks import TestClock
from tests.fixtures.promoting import promote, roll_back
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_case, a_row, judge
from tests.fixtures.scorers import bundle_files
from tests.fixtures.two_processes import TwoSites, a_home, lose_shared_files
from tests.serving.web.reports import a_report, add_model, admit_model, put_champion_in_force
from tests.serving.web.visits import visit_as
from training.bundle_folder import write_bundle_folder


def test_a_promoted_model_scores_in_the_other_process_which_fetches_it(two_sites: TwoSites) -> None:
    first, second = two_sites
    champion = put_champion_in_force(first)
    follow_champions(second.runtime)
    assert [digest_in(site) for site in two_sites] == [champion, champion]
    client = a_client(second.runtime)
    assert client.get("/readyz").status_code == 200
    assert client.post("/api/v1/score", json=a_row(), headers=key_headers(second)).json()["model"] == champion


def test_a_model_that_one_process_trained_is_promoted_in_the_other_and_back(
    two_sites: TwoSites, tmp_path: Path
) -> None:
    first, second = two_sites
    trained = []
    for join in (Join.SUM, Join.STACK):
        write_bundle_folder(tmp_path / join, bundle_files(join), {"report": {"rows": 5}})
        trained.append(first.runtime.services[BundleStore].admit(tmp_path / join))
        add_model(first, trained[-1], a_report())
        promote(second, trained[-1])
        assert digest_in(second) == trained[-1]
    folders = [site.runtime.services[BundleStore].folder(trained[0]) for site in two_sites]
    assert contents(folders[0]) == contents(folders[1])
    assert roll_back(second) == trained[0]
    follow_champions(first.runtime)
    assert [digest_in(site) for site in two_sites] == [trained[0]] * 2


def test_a_bundle_that_was_altered_in_the_shared_store_is_neither_tried_nor_put_in_force(
    two_sites: TwoSites, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    monkeypatch.setattr(bundles, "try_in_child", lambda _folder, digest: tries.append(digest))
    first, second = two_sites
    champion = put_champion_in_force(first)
    folder = first.runtime.services[BundleStore].folder(champion)
    (folder / "model.json").write_bytes((folder / "model.json").read_bytes().replace(b"0.", b"1.", 1))
    lose_shared_files(first)
    DatabaseFiles(first.runtime.store, first.runtime.wall).save(Kind.BUNDLE, champion, pack_folder(folder))
    follow_champions(second.runtime)
    (missing,) = second.runtime.services[LiveModels].missing().values()
    assert missing.why.startswith("model.json is not the file that the manifest names")
    assert not second.runtime.services[BundleStore].folder(missing.digest).exists()
    assert tries == []


def test_a_bundle_that_was_damaged_in_a_data_directory_is_fetched_again(two_sites: TwoSites) -> None:
    first, second = two_sites
    champion = put_champion_in_force(first)
    follow_champions(second.runtime)
    (second.runtime.services[BundleStore].folder(champion) / "forest.txt").write_bytes(b"")
    restarted = open_runtime(second.runtime.settings, clock=TestClock(), migrated=True)
    try:
        assert restarted.services[LiveModels].missing() == {}
    finally:
        restarted.close()


def test_a_store_out_of_reach_leaves_the_process_not_ready_and_no_earlier_model_in_force(
    two_sites: TwoSites, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_sites
    put_champion_in_force(first)
    follow_champions(second.runtime)
    later = admit_model(first, analyst_from=0.002)
    promote(first, later)
    with monkeypatch.context() as patch:
        patch.setattr(DatabaseFiles, "get", unreachable)
        follow_champions(second.runtime)
    with pytest.raises(ChampionMissing, match="The database cannot be reached"):
        second.runtime.services[LiveModels].of(second.marketplace_id)
    follow_champions(second.runtime)
    assert digest_in(second) == later


def test_a_snapshot_that_one_process_wrote_is_shown_by_the_other(two_sites: TwoSites) -> None:
    first, second = two_sites
    label_a_case(first)
    snapshot_id, path, digest = export_snapshot(first.runtime, first.marketplace_id)
    assert second.runtime.services[SnapshotFiles].path(digest).read_bytes() == path.read_bytes()
    page = visit_as(second, second.data_scientist).get(f"/models/snapshots/{snapshot_id}")
    assert page.status_code == 200
    assert "is gone or cannot be read" not in page.text


def test_a_snapshot_of_another_digest_in_the_shared_store_is_not_taken(two_sites: TwoSites) -> None:
    first, second = two_sites
    label_a_case(first)
    _, _, digest = export_snapshot(first.runtime, first.marketplace_id)
    first.execute(update(artifact_part).values(content=b"another"))
    assert not second.runtime.services[SnapshotFiles].path(digest).exists()


def test_a_bundle_that_this_machine_refuses_is_not_tried_again_with_each_sweep(
    two_sites: TwoSites, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_sites
    tries: list[str] = []

    def refusing(_folder: Path, digest: str) -> None:
        tries.append(digest)
        raise BundleRefused("The bundle crashed the process that tried it.")

    champion = put_champion_in_force(first)
    monkeypatch.setattr(bundles, "try_in_child", refusing)
    for _ in range(3):
        follow_champions(second.runtime)
        fetch_newest_models(second.runtime)
    assert tries == [champion]
    assert second.runtime.services[LiveModels].missing()[second.marketplace_id].why.startswith("The bundle crashed")
    monkeypatch.setattr(bundles, "_REFUSED_AGAIN_SECONDS", 0.0)
    follow_champions(second.runtime)
    assert tries == [champion, champion]


def test_the_newest_model_is_fetched_before_its_promotion(two_sites: TwoSites) -> None:
    first, second = two_sites
    digests = []
    for analyst_from in (0.001, 0.002):
        digests.append(admit_model(first, analyst_from=analyst_from))
        first.runtime.services[BundleStore].load(digests[-1])
        first.clock.forward(minutes=1)
    fetch_newest_models(second.runtime)
    assert [second.runtime.services[BundleStore].folder(digest).is_dir() for digest in digests] == [False, True]
    assert digest_in(second) is None


def label_a_case(site: Site) -> None:
    """A label that is mature in both processes."""
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    clock_of(site).forward(days=15)


def clock_of(site: Site) -> TestClock:
    """The clock of a site's own process."""
    clock = site.runtime.clock
    assert isinstance(clock, TestClock)
    return clock


def unreachable(*_: object) -> None:
    raise StorageFault


def digest_in(site: Site) -> str | None:
    """The digest of the champion in force."""
    champion = site.runtime.services[LiveModels].of(site.marketplace_id)
    return champion.digest if champion else None


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.soak
def test_two_services_score_by_a_promoted_model_within_five_seconds(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, touchstone: str
) -> None:
    """Each has a data directory of its own, as has the process that trained and promotes the models."""
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("trains", "first", "second")]
    runtime = open_runtime(Settings(home=homes[0], database_url=database), migrated=True)
    more = {"DATABASE_URL": database, "SWEEP_SECONDS": "1"}  # As it is by default.
    try:
        site = populated_postgres.on(runtime, TestClock())
        with (
            running_service(touchstone, homes[1], more=more) as first,
            running_service(touchstone, homes[2], more=more) as second,
        ):
            for join in (Join.SUM, Join.STACK):
                write_bundle_folder(tmp_path / join, bundle_files(join), {})
                digest = runtime.services[BundleStore].admit(tmp_path / join)
                add_model(site, digest, a_report())
                while not all((home / "bundles" / digest).is_dir() for home in homes):  # Fetched before its promotion.
                    time.sleep(0.05)
                promote(site, digest)
                promoted_at = time.monotonic()
                for address in (first, second):
                    while scorer_at(address, site) != digest:
                        assert time.monotonic() - promoted_at < 5
                        time.sleep(0.05)
    finally:
        runtime.close()
    for home in homes[1:]:
        assert "champion.missing" not in (home / "serve.log").read_text()


def scorer_at(address: str, site: Site) -> str:
    """The digest of the model that scores at a service."""
    answer = httpx.post(f"{address}/api/v1/score", json=a_row(), headers=key_headers(site), timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model"])
