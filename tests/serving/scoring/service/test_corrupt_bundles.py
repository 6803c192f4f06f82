"""No corrupt bundle comes into force by admission, approval or registration."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import select

from features.compute import compute
from models.bundle import MANIFEST, Masking, digest_of, to_files
from models.classifier import Join
from models.errors import BundleRefused
from models.phrases import NO_PHRASES
from models.routing import Thresholds
from serving.learning.service.champions import follow_champions
from serving.learning.store import learning
from serving.listings.tables import score
from serving.scoring.service.bundles import BundleStore, LiveModels
from tests.fixtures.answering import answering_service
from tests.fixtures.clients import key_headers
from tests.fixtures.clocks import NOW
from tests.fixtures.corruption import CorruptBundle, corrupt_bundles
from tests.fixtures.facts import REFERENCES, bare_facts, full_facts, suspect_facts
from tests.fixtures.promoting import promote, roll_back
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_row, copy_on_sqlite
from tests.fixtures.scorers import a_classifier, bundle_files
from tests.fixtures.trained import a_trained_bundle
from tests.serving.web.reports import a_report, add_model, put_champion_in_force
from tests.training.test_job import IN_TURN, REFUSED, lines_of
from training.bundle_folder import write_bundle_folder

FEW, MANY = 20, 200
# A trial in a child process takes seconds, so only one in twenty of the sealed bundles gets one.
TRIED_BY_A_CHILD = 20
ROWS = [compute(facts) for facts in (bare_facts(), full_facts(), suspect_facts())]


@pytest.fixture
def champion_site(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> Iterator[Site]:
    """A site with a champion, and a trained bundle without approvals."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        put_champion_in_force(site)
        add_model(site, digest_of(a_trained_bundle()), a_report())
        yield site


def model_in_force(site: Site) -> tuple[str, list[float], str | None]:
    """The digest in memory, its scores of three listings, and the digest in the database."""
    live = site.runtime.services[LiveModels].of(site.marketplace_id)
    assert live is not None
    named = site.read(learning.champions).get(site.marketplace_id)
    return live.digest, [score.value for score in live.score_many(ROWS)], named


def replace_bundle(site: Site, digest: str, bundle: CorruptBundle) -> None:
    """Put the corrupt bundle in place of the bundle of a digest."""
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), bundle.files, {})


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_a_corrupt_bundle_never_comes_into_force_and_the_champion_scores_as_before(
    champion_site: Site, tmp_path: Path, count: int
) -> None:
    site, approved = champion_site, digest_of(a_trained_bundle())
    before, sealed = model_in_force(site), 0
    for number, bundle in enumerate(corrupt_bundles(a_trained_bundle(), bundle_files(Join.STACK), count, seed=1)):
        folder = tmp_path / f"{number}"
        write_bundle_folder(folder, bundle.files, {"report": {}})
        sealed += bundle.sealed
        if not bundle.sealed or sealed % TRIED_BY_A_CHILD == 0:
            assert error_of(partial(site.runtime.services[BundleStore].admit, folder)).endswith("."), bundle.name
        replace_bundle(site, approved, bundle)
        assert error_of(partial(promote, site, approved)).endswith("."), bundle.name
        if bundle.sealed:
            # An attacker who can also write to the database names it there.
            digest = digest_of(bundle.files)
            replace_bundle(site, digest, bundle)
            add_model(site, digest, a_report())
            assert error_of(partial(promote, site, digest)).endswith("."), bundle.name
            live = LiveModels(site.runtime.services[BundleStore])
            live.follow({site.marketplace_id: digest})
            assert live.missing().keys() == {site.marketplace_id}, bundle.name
            shutil.rmtree(site.runtime.services[BundleStore].folder(digest))
        follow_champions(site.runtime)
        assert model_in_force(site) == before, bundle.name
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
    commands = []
    bundles = list(corrupt_bundles(a_trained_bundle(), bundle_files(Join.STACK), FEW, seed=2))
    for number, bundle in enumerate(bundles):
        write_bundle_folder(tmp_path / f"{number}", bundle.files, {"report": {}})
        registry = ["--model-name", "m", "--tracking-uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]
        commands.append(["register", "--bundle", str(tmp_path / f"{number}"), *registry])
    code, text = lines_of(["-c", IN_TURN, json.dumps(commands)])
    assert code == 0
    codes = [line["code"] for line in text if line["event"] == "ended"]
    assert dict(zip([bundle.name for bundle in bundles], codes, strict=True)) == dict.fromkeys(
        [bundle.name for bundle in bundles], REFUSED
    )
    assert [line for line in text if line["event"] not in {"refused", "ended"}] == []
    assert not (tmp_path / "mlflow.db").exists()


def test_the_original_bundle_is_admitted_and_promoted(champion_site: Site, tmp_path: Path) -> None:
    """Otherwise the tests above could not fail."""
    write_bundle_folder(tmp_path / "whole", a_trained_bundle(), {})
    digest = champion_site.runtime.services[BundleStore].admit(tmp_path / "whole")
    assert promote(champion_site, digest) == digest
    assert model_in_force(champion_site)[0] == digest
    assert MANIFEST in a_trained_bundle()


# The champion changes under load: no request fails, and every answer is wholly of one model.

_SWAPS: Final = 8
_ANSWERS_BETWEEN: Final = 15
_ASKERS: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, with the number of the reign before the request and after the response."""

    status: int
    body: dict[str, Any]
    before: int
    after: int


@dataclass(slots=True)
class Crowd:
    """Threads that send requests without pause; odd reigns are changes in progress."""

    address: str
    headers: dict[str, str]
    reign: int = 0
    stopped: bool = False
    answers: list[Answer] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    listings: list[int] = field(default_factory=list)

    def ask(self) -> None:
        """Score one listing over and over."""
        with httpx.Client(base_url=self.address, headers=self.headers, timeout=30) as client:
            while not self.stopped:
                try:
                    before = self.reign
                    answer = client.post("/api/v1/score", json=a_row())
                    self.answers.append(Answer(answer.status_code, answer.json(), before, self.reign))
                except (httpx.HTTPError, ValueError) as failure:
                    self.failures.append(failure)

    def send(self) -> None:
        """Send one new listing after another."""
        with httpx.Client(base_url=self.address, headers=self.headers, timeout=30) as client:
            while not self.stopped:
                try:
                    # Unlike the scored listing, whose facts must not change during the test.
                    row = a_row(
                        external_id=f"MP-{len(self.listings)}",
                        title="Oak table, round",
                        description="A table.",
                        brand=None,
                        product_type="Furniture",
                        seller={"external_id": "somebody else"},
                    )
                    self.listings.append(client.post("/api/v1/listings", json=row).status_code)
                except (httpx.HTTPError, ValueError) as failure:
                    self.failures.append(failure)

    def wait_for_more(self) -> None:
        """Wait until the reign has its answers, or a request failed."""
        target_count = len(self.answers) + _ANSWERS_BETWEEN
        while len(self.answers) < target_count and not self.failures:
            threading.Event().wait(0.005)


@pytest.fixture
def rivals(site: Site) -> tuple[str, str]:
    """The digests of two models; the first is the champion."""
    digests = []
    for join in (Join.SUM, Join.STACK):
        files = to_files(
            a_classifier(join),
            thresholds=Thresholds(ask_brand_from=0.999, analyst_from=0.001),
            references=REFERENCES,
            references_as_of=NOW,
            masking=Masking(3, 0.15),
            phrases=NO_PHRASES,
        )
        write_bundle_folder(site.runtime.services[BundleStore].folder(digest_of(files)), files, {})
        add_model(site, digest_of(files), a_report())
        digests.append(digest_of(files))
    promote(site, digests[0])
    return digests[0], digests[1]


def change(site: Site, to: str, *, back: bool) -> None:
    site.clock.forward(minutes=1)
    digest = roll_back(site) if back else promote(site, to)
    assert digest == to


def test_promotions_and_rollbacks_under_load_fail_no_request_and_mix_no_models(
    site: Site, rivals: tuple[str, str]
) -> None:
    with answering_service(site.runtime) as address:
        crowd = Crowd(address, key_headers(site))
        threads = [threading.Thread(target=crowd.ask) for _ in range(_ASKERS)] + [threading.Thread(target=crowd.send)]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, _SWAPS + 1):
                crowd.wait_for_more()
                crowd.reign += 1
                change(site, rivals[number % 2], back=number % 2 == 0)
                crowd.reign += 1
            crowd.wait_for_more()
        finally:
            crowd.stopped = True
            for thread in threads:
                thread.join()
    assert crowd.failures == []
    assert {answer.status for answer in crowd.answers} == {200}
    assert set(crowd.listings) == {201}

    probabilities: dict[str, set[float]] = {}
    for answer in crowd.answers:
        digest = answer.body["model"]
        assert digest in rivals
        if answer.before == answer.after and answer.before % 2 == 0:
            assert digest == rivals[answer.before // 2 % 2]
        probabilities.setdefault(digest, set()).add(answer.body["probability"])
    # Each model gives one answer for one listing, so no answer mixes two models.
    assert [len(outputs) for outputs in probabilities.values()] == [1, 1]
    assert probabilities[rivals[0]] != probabilities[rivals[1]]

    with site.runtime.store.read() as connection:
        scorers = connection.execute(select(score.c.scorer)).scalars().all()
    assert len(scorers) == len(crowd.listings)
    assert set(scorers) <= set(rivals)
