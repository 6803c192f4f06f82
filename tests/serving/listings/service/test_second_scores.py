"""Second scores in the service: who waits for one, what it changes, and what it leaves alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, text

from features.listing import Listing, check
from models.bundle import Masking, digest_of, to_files
from models.case import CaseLane
from models.routing import Lane, Thresholds
from models.score import TITLE
from models.second_stage import SecondStage
from serving.learning.store import learning
from serving.listings.service.intake import receive_rows
from serving.listings.service.intake_rows import questions_now
from serving.listings.service.precheck import precheck
from serving.listings.service.second_scores import give_second_scores, queue_second_scores
from serving.listings.store import scores
from serving.listings.tables import score
from serving.platform.runtime import Runtime
from serving.scoring.policy import DEFAULT_SECOND_STAGE
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site, a_row, open_cases
from tests.fixtures.scorers import PHRASES, a_classifier, a_second_stage
from tests.fixtures.tiny_encoder import tiny_encoder
from tests.serving.web.reports import a_report, add_model
from training.bundle_folder import write_bundle_folder
from training.fit.encoders import Encoder, encode

__all__ = ["tiny_encoder"]  # A fixture.


def constant_stage(encoder: Encoder, loudness: float) -> SecondStage:
    """A stage that says the same of every title: above zero, that it is counterfeit."""
    return replace(a_second_stage(encoder.identity), weights=np.zeros(8), intercept=loudness)


def champion(site: Site, thresholds: Thresholds, stage: SecondStage | None = None) -> str:
    """A model of noise in force; returns its digest."""
    files = to_files(
        a_classifier(),
        thresholds=thresholds,
        references=REFERENCES,
        references_as_of=NOW,
        masking=Masking(3, 0.15),
        phrases=PHRASES,
        second_stage=stage,
    )
    digest = digest_of(files)
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), files, {})
    add_model(site, digest, a_report())
    return promote(site, digest)


def just_below(site: Site, **changes: Any) -> Thresholds:
    """Thresholds that an ordinary listing does not quite reach."""
    champion(site, Thresholds(ask_brand_from=0.999, analyst_from=0.998))
    listing = check(a_row(**changes), received_at=site.clock.now())
    assert isinstance(listing, Listing)
    probability = precheck(site.runtime, site.marketplace, listing).score.probability
    assert probability is not None
    return Thresholds(ask_brand_from=min(1.0, 1.5 * probability), analyst_from=1.2 * probability)


def with_encoder(site: Site) -> Runtime:
    return replace(site.runtime, settings=site.runtime.settings.model_copy(update={"encoder": "tiny_encoder"}))


def send_listing(site: Site, **changes: Any) -> None:
    (answer,) = receive_rows(site.runtime, site.marketplace, [a_row(**changes)], source="test")
    assert answer.lane is Lane.NO_ACTION


def stored_scores(site: Site) -> list[Any]:
    return list(site.rows(select(score).order_by(score.c.score_id)))


def test_a_listing_just_below_the_threshold_comes_before_a_person(any_site: Site, tiny_encoder: Encoder) -> None:
    digest = champion(any_site, just_below(any_site), constant_stage(tiny_encoder, 50.0))
    send_listing(any_site)
    assert open_cases(any_site) == []
    assert give_second_scores(with_encoder(any_site), any_site.marketplace_id) == 1
    first, second = stored_scores(any_site)
    assert (first.lane, first.encoder) == (Lane.NO_ACTION.value, None)
    assert (second.scorer, second.encoder) == (digest, tiny_encoder.identity)
    assert second.probability > first.probability
    (case,) = open_cases(any_site)
    assert (case.score_id, case.version_id, case.lane) == (second.score_id, first.version_id, CaseLane.ANALYST)
    latest_score = any_site.read(scores.latest_of_version, any_site.marketplace_id, first.version_id)
    assert TITLE in {reason.code for reason in latest_score["reasons"]}


def test_each_first_answer_gets_one(site: Site, tiny_encoder: Encoder) -> None:
    champion(site, just_below(site), constant_stage(tiny_encoder, -50.0))
    send_listing(site)
    runtime = with_encoder(site)
    assert [give_second_scores(runtime, site.marketplace_id) for _ in range(2)] == [1, 0]
    assert open_cases(site) == []
    assert [(score.lane, score.reasons, score.evidence) for score in stored_scores(site)] == 2 * [
        (Lane.NO_ACTION, [], [])
    ]
    site.clock.forward(minutes=1)
    send_listing(site, photos_count=7)
    assert give_second_scores(runtime, site.marketplace_id) == 1, (
        "an observation is scored again, and so is its second score"
    )


@pytest.mark.parametrize(
    ("analyst_share", "after_hours", "why"),
    [
        (3.0, 0, "the first answer is far below the threshold"),
        (1.2, DEFAULT_SECOND_STAGE.window_hours + 1, "it was given too long ago"),
    ],
)
def test_others_do_not_wait(
    analyst_share: float, after_hours: int, why: str, site: Site, tiny_encoder: Encoder
) -> None:
    thresholds = just_below(site)
    analyst_from = min(0.9, thresholds.analyst_from / 1.2 * analyst_share)
    champion(
        site, Thresholds(max(analyst_from, thresholds.ask_brand_from), analyst_from), constant_stage(tiny_encoder, 50.0)
    )
    send_listing(site)
    site.clock.forward(hours=after_hours)
    assert give_second_scores(with_encoder(site), site.marketplace_id) == 0, why
    assert queue_second_scores(with_encoder(site)) == 0, why


def test_a_listing_before_a_person_does_not_wait(site: Site, tiny_encoder: Encoder) -> None:
    far_below = just_below(site).analyst_from / 100
    champion(site, Thresholds(far_below, far_below), constant_stage(tiny_encoder, 50.0))
    receive_rows(site.runtime, site.marketplace, [a_row()], source="test")
    assert len(open_cases(site)) == 1
    assert give_second_scores(with_encoder(site), site.marketplace_id) == 0


@pytest.mark.parametrize("without", ["a stage", "this encoder", "an encoder here"])
def test_without_the_encoder_of_the_champion_nothing_waits(without: str, site: Site, tiny_encoder: Encoder) -> None:
    stage = constant_stage(tiny_encoder, 50.0)
    if without == "this encoder":
        stage = replace(stage, encoder="tiny_encoder 2 0123456789abcdef")
    champion(site, just_below(site), None if without == "a stage" else stage)
    send_listing(site)
    assert (
        give_second_scores(site.runtime if without == "an encoder here" else with_encoder(site), site.marketplace_id)
        == 0
    )


def test_a_version_that_is_replaced_meanwhile_is_left_to_its_successor(
    site: Site, tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion(site, just_below(site), constant_stage(tiny_encoder, 50.0))
    send_listing(site)

    def slowly(*arguments: Any, **named: Any) -> Any:
        site.clock.forward(minutes=1)
        receive_rows(site.runtime, site.marketplace, [a_row(price="480.00")], source="test")
        return encode(*arguments, **named)

    monkeypatch.setattr("serving.listings.service.second_scores.encode", slowly)
    assert give_second_scores(with_encoder(site), site.marketplace_id) == 0
    assert open_cases(site) == []


def test_a_listing_that_changes_while_it_is_scored_is_left_to_its_next_score(
    site: Site, tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion(site, just_below(site), constant_stage(tiny_encoder, 50.0))
    send_listing(site)

    def meanwhile(*arguments: Any) -> Any:
        site.clock.forward(minutes=1)
        receive_rows(site.runtime, site.marketplace, [a_row(price="480.00")], source="test")
        return questions_now(*arguments)

    monkeypatch.setattr("serving.listings.service.second_scores.questions_now", meanwhile)
    assert give_second_scores(with_encoder(site), site.marketplace_id) == 0
    assert open_cases(site) == []


def test_a_title_that_ends_the_encoder_is_answered_without_it(site: Site, tiny_encoder: Encoder) -> None:
    title = "Aurelle Colline tote in grained leather, crash"
    champion(site, just_below(site, title=title), constant_stage(tiny_encoder, 50.0))
    send_listing(site, title=title)
    assert [give_second_scores(with_encoder(site), site.marketplace_id) for _ in range(2)] == [1, 0]
    assert open_cases(site) == []


def test_the_sweep_leaves_one_job_for_the_listing_that_waits_longest(any_site: Site, tiny_encoder: Encoder) -> None:
    champion(any_site, just_below(any_site), constant_stage(tiny_encoder, 50.0))
    send_listing(any_site)
    runtime = with_encoder(any_site)
    assert [queue_second_scores(runtime) for _ in range(2)] == [1, 1]
    schema = "dbos." if any_site.runtime.store.url.startswith("postgresql") else ""
    query = text(f"SELECT workflow_uuid, queue_name FROM {schema}workflow_status WHERE queue_name = 'second_stage'")  # noqa: S608
    assert [job.workflow_uuid for job in any_site.rows(query)] == [
        f"second_stage:{stored_scores(any_site)[0].score_id}"
    ]


def test_a_review_that_it_brings_stands_for_itself_alone(site: Site, tiny_encoder: Encoder) -> None:
    """The listing was not drawn: a weight of the random sample would make it stand for a hundred others."""
    champion(site, just_below(site), constant_stage(tiny_encoder, 50.0))
    send_listing(site)
    give_second_scores(with_encoder(site), site.marketplace_id)
    first, second = stored_scores(site)
    assert first.inclusion_probability < 1.0
    assert second.inclusion_probability == 1.0


def test_the_load_of_other_thresholds_counts_first_answers_alone(site: Site, tiny_encoder: Encoder) -> None:
    digest = champion(site, just_below(site), constant_stage(tiny_encoder, 50.0))
    send_listing(site)
    give_second_scores(with_encoder(site), site.marketplace_id)
    since = site.clock.now() - timedelta(days=1)
    with site.runtime.store.read() as connection:
        assert scores.flagged_counts(connection, site.marketplace_id, digest, [0.999], since) == (0, 1)
        assert learning.get_model(connection, site.marketplace_id, digest)
