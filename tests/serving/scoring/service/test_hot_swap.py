"""The champion changes under load: no request fails, and every answer is wholly of one model."""

import threading
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import select

from models.bundle import Masking, digest_of, to_files
from models.classifier import Join
from models.phrases import NO_PHRASES
from models.routing import Thresholds
from serving.listings.tables import score
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.answering import answering
from tests.fixtures.clients import with_key
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES
from tests.fixtures.listings import a_row
from tests.fixtures.promoting import promote, roll_back
from tests.fixtures.runtimes import Site
from tests.fixtures.scorers import a_classifier
from tests.serving.web.reports import a_report, add_model
from training.bundle_folder import write_bundle_folder

_SWAPS: Final = 4
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
        wanted = len(self.answers) + _ANSWERS_BETWEEN
        while len(self.answers) < wanted and not self.failures:
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
    found = roll_back(site) if back else promote(site, to)
    assert found == to


def test_promotions_and_rollbacks_under_load_fail_no_request_and_mix_no_models(
    site: Site, rivals: tuple[str, str]
) -> None:
    with answering(site.runtime) as address:
        crowd = Crowd(address, with_key(site))
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
    assert [len(found) for found in probabilities.values()] == [1, 1]
    assert probabilities[rivals[0]] != probabilities[rivals[1]]

    scorers = [one.scorer for one in site.rows(select(score.c.scorer))]
    assert len(scorers) == len(crowd.listings)
    assert set(scorers) <= set(rivals)
