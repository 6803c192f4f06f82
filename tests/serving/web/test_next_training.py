from dataclasses import replace
from datetime import timedelta

import pytest

from serving.learning.policy import DEFAULT_RETRAINING
from serving.learning.rules.retraining import Situation, decide
from serving.learning.service.learn import add_job
from serving.learning.service.retraining import decision_as_json
from serving.learning.store import learning, retraining
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.web.model.training_part import waits_in_words, why_started
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as, words

DAY = timedelta(days=1)
QUIET = Situation(
    now=NOW, on=True, under_way=False, enough=True, changed=True, new_labels=83, trained_at=NOW - 26 * DAY
)
USUAL = "83 of 200 new labels; next scheduled training in 4 days."
READ = [
    (QUIET, USUAL),
    (replace(QUIET, trained_at=None), "83 of 200 new labels; no schedule before the first training."),
    (replace(QUIET, enough=False), f"Too few mature labels of a class for a training. {USUAL}"),
    (replace(QUIET, changed=False), f"No label has changed since the last training. {USUAL}"),
    (
        replace(QUIET, started_by_itself_at=NOW - DAY / 2),
        f"At most one training a day starts by itself; the next may start in 12 hours. {USUAL}",
    ),
    (
        replace(QUIET, failures=4, failed_at=NOW - DAY),
        "4 trainings in a row did not succeed; the next may start in 7 days, if labels have changed. " + USUAL,
    ),
    (replace(QUIET, trained_at=NOW - 31 * DAY, under_way=True), "83 of 200 new labels; a scheduled training is due."),
]


@pytest.mark.parametrize(("situation", "text"), READ, ids=[text for _, text in READ])
def test_the_page_says_what_the_next_training_waits_for(situation: Situation, text: str) -> None:
    assert " ".join(waits_in_words(decision_as_json(decide(situation, DEFAULT_RETRAINING)), NOW)) == text


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ({"cause": "labels", "new_labels": 213, "moved": []}, "213 new labels since the last training."),
        ({"cause": "schedule", "new_labels": 1, "moved": []}, "on schedule, with 1 new label."),
        (
            {"cause": "drift", "new_labels": 9, "moved": ["a", "b", "c", "d", "e"]},
            "drift of a, b, c and 2 more in successive reports.",
        ),
    ],
)
def test_the_page_says_why_a_training_started(cause: dict[str, object], text: str) -> None:
    assert why_started(cause).endswith(text)


def test_the_model_page_shows_the_cause_of_the_last_training_and_the_way_to_the_next(site: Site) -> None:
    visitor = visit_as(site, site.data_scientist)
    assert "The labels for automatic retraining are counted within an hour." in words(visitor.get("/models").text)
    now = site.clock.now()
    cause = {"cause": "labels", "new_labels": 213, "moved": []}
    with site.runtime.store.write() as connection:
        job_id = add_job(site.runtime, connection, site.marketplace_id, by="worker", cause=cause)
    sentence = "Requested by automatic retraining, 09:00. Started by itself: 213 new labels since the last training."
    assert sentence in words(visitor.get("/models").text)
    decision = decision_as_json(decide(replace(QUIET, now=now, trained_at=now - 26 * DAY), DEFAULT_RETRAINING))
    with site.runtime.store.write() as connection:
        learning.update_job(
            connection, site.marketplace_id, job_id, {"state": "failed", "error": "No.", "finished_at": now}
        )
        retraining.save_decision(connection, site.marketplace_id, decision, now)
    for path in ("/models", "/models/runs"):
        text = words(visitor.get(path).text)
        assert "automatic retraining, 09:00. Started by itself: 213 new labels since the last training." in text
        assert f"Next automatic training: {USUAL} Counted 09:00." in text
    switch_rule(site.runtime, site.marketplace, AutomaticRule.RETRAINING, on=False, by="test", reason="A broken feed.")
    assert "Automatic retraining is off. A training starts only when somebody requests it." in words(
        visitor.get("/models").text
    )
