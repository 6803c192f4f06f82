"""No corrupt bundle comes into force by admission, approval or registration."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from features.compute import compute
from models.bundle import MANIFEST, digest_of
from models.classifier import Join
from models.errors import BundleRefused
from serving.learning.service.champions import follow_champions
from serving.learning.store import learning
from serving.scoring.service.bundles import BundleStore, LiveModels
from tests.fixtures.corruption import Corrupt, corrupted
from tests.fixtures.facts import bare_facts, full_facts, suspect_facts
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Populated, Site, copy_on_sqlite
from tests.fixtures.scorers import bundle_files
from tests.fixtures.trained import a_trained_bundle
from tests.serving.web.reports import a_report, add_model, put_champion_in_force
from tests.training.test_job import IN_TURN, REFUSED, lines_of
from training.bundle_folder import write_bundle_folder

FEW, MANY = 20, 200
# A trial in a child process takes seconds, so only one in twenty of the sealed bundles gets one.
TRIED_BY_A_CHILD = 20
ROWS = [compute(facts) for facts in (bare_facts(), full_facts(), suspect_facts())]


@pytest.fixture
def crowned(tmp_path: Path, populated_sqlite: Populated) -> Iterator[Site]:
    """A site with a champion, and a trained bundle without approvals."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        put_champion_in_force(site)
        add_model(site, digest_of(a_trained_bundle()), a_report())
        yield site


def in_force(site: Site) -> tuple[str, list[float], str | None]:
    """The digest in memory, its scores of three listings, and the digest in the database."""
    live = site.runtime.services[LiveModels].of(site.here)
    assert live is not None
    named = site.read(learning.champions).get(site.here)
    return live.digest, [score.value for score in live.score_many(ROWS)], named


def lies_at(site: Site, digest: str, one: Corrupt) -> None:
    """Put the corrupt bundle in place of the bundle of a digest."""
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), one.files, {})


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_a_corrupt_bundle_never_comes_into_force_and_the_champion_scores_as_before(
    crowned: Site, tmp_path: Path, count: int
) -> None:
    site, approved = crowned, digest_of(a_trained_bundle())
    before, sealed = in_force(site), 0
    for number, one in enumerate(corrupted(a_trained_bundle(), bundle_files(Join.STACK), count, seed=1)):
        folder = tmp_path / f"{number}"
        write_bundle_folder(folder, one.files, {"report": {}})
        sealed += one.sealed
        if not one.sealed or sealed % TRIED_BY_A_CHILD == 0:
            assert error_of(partial(site.runtime.services[BundleStore].admit, folder)).endswith("."), one.name
        lies_at(site, approved, one)
        assert error_of(partial(promote, site, approved)).endswith("."), one.name
        if one.sealed:
            # An attacker who can also write to the database names it there.
            digest = digest_of(one.files)
            lies_at(site, digest, one)
            add_model(site, digest, a_report())
            assert error_of(partial(promote, site, digest)).endswith("."), one.name
            live = LiveModels(site.runtime.services[BundleStore])
            live.follow({site.here: digest})
            assert live.missing().keys() == {site.here}, one.name
            shutil.rmtree(site.runtime.services[BundleStore].folder(digest))
        follow_champions(site.runtime)
        assert in_force(site) == before, one.name
    assert sealed > count / 2


def error_of(act: Callable[[], object]) -> str:
    """The sentence of the refusal; a text without a full stop if there was no refusal."""
    try:
        act()
    except BundleRefused as refused:
        return refused.sentence
    return "admitted"


def test_a_corrupt_bundle_is_not_registered(tmp_path: Path) -> None:
    """The process that registers a bundle with MLflow reads it as the service does, and logs none of these."""
    asked = []
    found = list(corrupted(a_trained_bundle(), bundle_files(Join.STACK), FEW, seed=2))
    for number, one in enumerate(found):
        write_bundle_folder(tmp_path / f"{number}", one.files, {"report": {}})
        registry = ["--model-name", "m", "--tracking-uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]
        asked.append(["register", "--bundle", str(tmp_path / f"{number}"), *registry])
    code, text = lines_of(["-c", IN_TURN, json.dumps(asked)])
    assert code == 0
    codes = [line["code"] for line in text if line["event"] == "ended"]
    assert dict(zip([one.name for one in found], codes, strict=True)) == dict.fromkeys(
        [one.name for one in found], REFUSED
    )
    assert [line for line in text if line["event"] not in {"refused", "ended"}] == []
    assert not (tmp_path / "mlflow.db").exists()


def test_the_original_bundle_is_admitted_and_promoted(crowned: Site, tmp_path: Path) -> None:
    """Otherwise the tests above could not fail."""
    write_bundle_folder(tmp_path / "whole", a_trained_bundle(), {})
    digest = crowned.runtime.services[BundleStore].admit(tmp_path / "whole")
    assert promote(crowned, digest) == digest
    assert in_force(crowned)[0] == digest
    assert MANIFEST in a_trained_bundle()
