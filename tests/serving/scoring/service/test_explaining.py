"""Reasons of scores that were stored without any."""

import asyncio
import shutil
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import QueuePool

from features.facts import Facts
from models.routing import Lane, Thresholds
from models.score import TITLE
from serving.intake.service.second_scores import give_second_scores
from serving.listings.store import listings, scores
from serving.review.service.opening import open_by_choice
from serving.scoring.service.bundles import BundleStore, LiveModels
from serving.scoring.service.explaining import explained
from tests.fixtures.runtimes import Site, a_row
from tests.fixtures.tiny_encoder import tiny_encoder
from tests.serving.intake.service.test_second_scores import champion, just_below, saying, sent, with_encoder
from tests.serving.review.service.test_opening import passed
from tests.serving.web.visits import visit_as, words
from training.encoders import Encoder

__all__ = ["tiny_encoder"]  # A fixture.
HIGH = Thresholds(0.999, 0.998)


def stored(site: Site, external_id: str = "MP-1") -> tuple[Mapping[str, Any], Facts]:
    with site.runtime.store.read() as connection:
        newest = listings.newest(connection, str(listings.id_of(connection, site.here, external_id)), {site.here})
        score = scores.latest_of_version(connection, site.here, newest.version_id)
        return score, scores.facts_of(connection, site.here, score["facts_digest"])


def test_a_passed_listing_shows_the_parts_of_its_score_by_the_model_that_scored_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = champion(site, HIGH)
    listing_id, other_id = passed(site), passed(site, "MP-2")
    score, facts = stored(site)
    assert (score["lane"], score["reasons"]) == (Lane.NO_ACTION.value, [])
    second = champion(site, Thresholds(0.997, 0.996))
    found, live = explained(site.runtime, score, facts), site.runtime.services[LiveModels]
    assert sum(reason.weight for reason in found["reasons"]) == pytest.approx(score["value"], abs=1e-9)
    load = live.with_digest

    def off_the_loop(digest: str) -> Any:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        pool = site.runtime.store.reads.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0, "no view of the database waits for a model"
        return load(digest)

    monkeypatch.setattr(live, "with_digest", off_the_loop)
    visitor = visit_as(site, site.analyst)
    case_id = open_by_choice(site.runtime, site.analyst, other_id)
    for address in (f"/listings/{listing_id}", f"/cases/{case_id}"):
        page = words(visitor.get(address).text)
        assert "No feature contributes" not in page
        assert "All other signals" in page
    off = explained(site.runtime, {**score, "value": score["value"] + 0.1}, facts)
    assert (off["reasons"], bool(off["why_none"])) == ((), True), "the parts would not add up"
    champion(site, Thresholds(0.995, 0.994))
    assert [load(past).digest for past in (digest, second)] == [digest, second]


def test_without_the_model_that_scored_it_the_page_says_so(site: Site) -> None:
    digest = champion(site, HIGH)
    listing_id = passed(site)
    champion(site, Thresholds(0.997, 0.996))
    shutil.rmtree(site.runtime.services[BundleStore].folder(digest))
    page = words(visit_as(site, site.analyst).get(f"/listings/{listing_id}").text)
    assert "The parts of this score were not stored and cannot be computed now." in page
    assert f"The data directory of this process has no bundle {digest[:12]}." in page
    assert "The parts add up" not in page


def test_a_second_score_of_a_passed_listing_names_its_title_without_the_encoder(
    site: Site, tiny_encoder: Encoder
) -> None:
    champion(site, just_below(site), saying(tiny_encoder, -50.0))
    sent(site)
    assert give_second_scores(with_encoder(site), site.here) == 1
    score, facts = stored(site, a_row()["external_id"])
    assert (score["encoder"], score["reasons"]) == (tiny_encoder.identity, [])
    found = explained(site.runtime, score, facts)
    assert sum(reason.weight for reason in found["reasons"]) == pytest.approx(score["value"], abs=1e-9)
    (title,) = [reason.weight for reason in found["reasons"] if reason.code == TITLE]
    assert title < 0
