import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from models.case import CaseLane
from models.policies.learning import DEFAULT_GATES, LabelPolicy
from models.verdict import Judgement
from serving.learning.service.labelling import LabelState, label_state
from serving.learning.service.learn import add_job
from serving.learning.store import approvals, learning, monitoring
from serving.scoring.service.bundles import BundleStore
from serving.scoring.store import breakers
from serving.web.model.model_page import TrackedRun, tracked_run
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site, a_case, a_second_review, judge
from tests.serving.web.reports import (
    AURELLE,
    CALIBRATED,
    GERMAN,
    LUMO,
    UNCALIBRATED,
    a_report,
    add_model,
    admit_model,
    put_champion_in_force,
    some_gates,
)
from tests.serving.web.visits import hidden_fields, visit_as, words
from training.gates.gates import Incumbent
from training.gates.golden_gate import golden_gate
from training.gates.upheld import UpheldEvidence, upheld_gate

CHALLENGER = "b" * 64


def labels_now(site: Site) -> LabelState:
    return site.read(label_state, site.marketplace_id, site.runtime.policies[LabelPolicy], site.clock.now())


def test_on_day_one_the_scorecard_scores_and_the_labels_needed_are_counted(site: Site) -> None:
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "No model yet" in text
    assert "The starter scorecard scores listings. Its points come from fixed rules and are not calibrated." in text
    assert "Counterfeit 0 10 Genuine 0 20" in text
    assert "Train first model" in text


def test_labels_are_counted_as_training_would_count_them(site: Site) -> None:
    fake, fine, unclear = (a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{i}") for i in range(3))
    judge(site, site.brand_person, fake, Judgement.COUNTERFEIT)
    judge(site, site.brand_person, fine, Judgement.GENUINE)
    judge(site, site.brand_person, unclear, Judgement.CANNOT_TELL)
    labels = labels_now(site)
    # If the brand could not tell, the analyst's own verdict before the question counts.
    assert (labels.counterfeit, labels.genuine, labels.waiting, labels.withheld) == (0, 0, 3, 0)
    site.clock.forward(days=13)
    assert labels_now(site).waiting == 3
    site.clock.forward(days=1)
    labels = labels_now(site)
    assert (labels.counterfeit, labels.genuine, labels.waiting) == (2, 1, 0)


def test_nobody_who_could_tell_holds_a_label_back(site: Site) -> None:
    judge(site, site.analyst, a_case(site), Judgement.CANNOT_TELL)
    site.clock.forward(days=40)
    assert (labels_now(site).waiting, labels_now(site).withheld) == (0, 1)


def test_labels_in_doubt_are_counted_with_what_became_of_them(site: Site) -> None:
    for number in range(2):
        case = a_case(site, external_id=f"MP-{number}")
        judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.COUNTERFEIT)
    assert (
        "Doubtful labels, latest model 1 Second reviews queued 1 Second reviews completed 1 Contradicted labels 1"
        in words(visit_as(site, site.data_scientist).get("/models/labels").text)
    )


def test_champion_and_challenger_stand_side_by_side(site: Site) -> None:
    champion = put_champion_in_force(site)
    site.clock.forward(days=1)
    add_model(site, CHALLENGER, a_report(champion=champion))
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "Challenger vs. champion 4 of 4 gates pass" in text
    assert f"Champion {champion[:10]} Challenger bbbbbbbbbb Interval" in text
    assert "Average precision 0.842 0.871 0.848 to 0.893" in text
    assert "Difference +0.029 +0.004 to +0.051" in text
    assert "Calibration error 0.019 0.011" in text
    assert "AP, weighted to all listings 0.587 0.612 0.401 to 0.744" in text
    assert "over all incoming listings by sampling probability (weights up to 33, effective sample size 61)." in text
    assert "AP, text and price only 0.702" in text
    assert "Brand Aurelle 60 20 0.861 0.884 +0.023" in text
    assert "Ask brand 0.60 180 0.81 0.76" in text
    assert "Precision 0.9: declined. 160 sellers are too few to promise a precision of 0.90" in text
    assert "Analyst review 0.20 300 0.57 none" in text
    assert "Brand's verdict 400 67%" in text
    assert "Promoted" in text
    assert "“The first one.”" in text


def test_each_gate_shows_its_figure_beside_its_bound_and_what_it_is_made_of(site: Site) -> None:
    add_model(site, CHALLENGER, {**a_report(), "gates": some_gates(UNCALIBRATED, AURELLE, GERMAN, LUMO)})
    page = visit_as(site, site.data_scientist).get("/models").text
    text = words(page)
    assert "First challenger 2 of 4 gates pass" in text
    assert "No worse than what it replaces 0.025, bound 0.000 pass Better." in text
    assert "Calibration 0.200, bound 0.049 fail Calibration error 0.200, at most 0.049." in text
    assert "Slices 1 of 3 fail fail brand Lumo: recall 0.00 against 0.35; 12 counterfeits." in text
    assert "pass Brand Aurelle -0.010 -0.030 recall 0.40 against 0.41; 12 counterfeits." in text
    assert "not judged Language de none none 2 counterfeits among 60 rows; 3 are needed." in text
    assert "fail Brand Lumo -0.350 -0.030 recall 0.00 against 0.35; 12 counterfeits." in text
    assert "Not passed: Calibration, Slices. Reason for accepting this" in text
    assert "<details open>" not in page, "one line each"


def test_what_is_not_judged_and_does_not_stop_is_shown_as_neither(site: Site) -> None:
    add_model(site, CHALLENGER, {**a_report(), "gates": some_gates(CALIBRATED, GERMAN)})
    page = visit_as(site, site.data_scientist).get("/models").text
    assert "First challenger 3 of 4 gates pass" in words(page)
    assert "Slices 1 part not judged None could be judged." in words(page)
    assert "Reason for accepting this" not in words(page)
    assert "<details>" in page


def test_the_curves_are_drawn_with_their_figures_in_words(site: Site) -> None:
    champion = put_champion_in_force(site)
    site.clock.forward(days=1)
    add_model(site, CHALLENGER, a_report(champion=champion))
    page = visit_as(site, site.data_scientist).get("/models").text
    assert "Precision over recall. Average precision 0.871, the champion&#39;s 0.842." in page
    assert '<polyline class="lb" points="34.0,8.0 118.0,8.0 202.0,26.8 286.0,64.4 370.0,137.7"/>' in page
    assert page.count('<circle class="pb"') == 6, "over the reviewed listings and over all"
    assert page.count('<circle class="pa"') == 3


def test_what_could_not_be_judged_says_why_and_shows_the_figures_out_of_fold(site: Site) -> None:
    add_model(site, CHALLENGER, a_report(judged=False))
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "First challenger" in text
    assert "Too little data to evaluate. 12 later listings of unseen sellers, 0 counterfeit: no two classes." in text
    assert "all labels, out-of-fold" in text
    assert "Out-of-fold, all labels Average precision 0.871" in text


def test_with_a_champion_alone_there_is_nothing_to_promote_and_nothing_to_go_back_to(site: Site) -> None:
    champion = put_champion_in_force(site)
    visitor = visit_as(site, site.data_scientist)
    text = words(visitor.get("/models").text)
    assert "Champion 4 of 4 gates pass" in text
    assert "No challenger. Retrain to create one." in text
    refused = visitor.post("/models/rollback")
    assert refused.status_code == 409
    assert "There is no earlier champion" in words(refused.text)
    refused = visitor.post("/models/promote", {"digest": champion})
    assert refused.status_code == 409
    assert "This model is the champion already." in words(refused.text)


def test_a_first_model_is_promoted_by_the_forms_of_two_people(site: Site) -> None:
    digest = admit_model(site)
    wei, mara = visit_as(site, site.data_scientist), visit_as(site, site.second_scientist)
    page = wei.get("/models").text
    assert hidden_fields(page)["digest"] == digest
    assert "2 different people must approve it." in words(page)
    assert wei.post("/models/promote", {"digest": digest}).headers["location"] == "/models"
    text = words(wei.get("/models").text)
    assert "Approval recorded. The model goes live after a second person approves it." in text
    assert "The starter scorecard scores listings." in text
    assert "Wei Zhang 09:00approved" in text
    assert "You approved this model. 1 of 2 approvals is still needed, from someone else." in text
    text = words(mara.get("/models").text)
    assert "Wei Zhang 09:00approved" in text
    assert "Approve and promote model It scores from the next listing on." in text
    assert mara.post("/models/promote", {"digest": digest}).headers["location"] == "/models"
    text = words(mara.get("/models").text)
    assert "Model promoted. It scores listings from now on." in text
    assert f"Promoted {digest[:10]} Wei Zhang and Mara Lindqvist" in text
    assert "Model promoted." not in words(mara.get("/models").text)


def test_a_bundle_that_is_refused_is_named_by_its_file_and_not_by_where_the_home_lies(site: Site) -> None:
    digest = admit_model(site)
    shutil.rmtree(site.runtime.services[BundleStore].folder(digest))
    refused = visit_as(site, site.data_scientist).post("/models/promote", {"digest": digest})
    assert refused.status_code == 422
    assert f"The data directory of this process has no bundle {digest[:12]}." in words(refused.text)
    assert str(site.runtime.home.root) not in refused.text


def test_the_same_person_has_no_second_button_and_no_second_approval(site: Site) -> None:
    digest = admit_model(site)
    visitor = visit_as(site, site.data_scientist)
    visitor.post("/models/promote", {"digest": digest})
    assert 'action="/models/promote"' not in visitor.get("/models").text
    refused = visitor.post("/models/promote", {"digest": digest})
    assert refused.status_code == 409
    assert "You have approved this model already; somebody else must." in words(refused.text)


def test_who_asked_for_a_rollback_has_no_second_button(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    promote(site, admit_model(site, analyst_from=0.002))
    visitor = visit_as(site, site.data_scientist)
    visitor.post("/models/rollback", {"reason": "It asks too much."})
    page = visitor.get("/models").text
    assert 'action="/models/rollback"' not in page
    assert "Can approve now: Mara Lindqvist." in words(page)


def test_an_approval_is_withdrawn_by_a_form(site: Site) -> None:
    digest = admit_model(site)
    visitor = visit_as(site, site.data_scientist)
    visitor.post("/models/promote", {"digest": digest})
    assert visitor.post("/models/withdraw", {"digest": digest}).headers["location"] == "/models"
    text = words(visitor.get("/models").text)
    assert "Approval withdrawn." in text
    assert "2 different people must approve it." in text


def test_an_approval_that_no_longer_counts_is_shown_as_such(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    add_model(site, CHALLENGER, a_report())
    with site.runtime.store.write() as connection:
        approval = {"approved_by": f"user:{site.second_scientist.user_id}", "reason": "Good.", "beside": "c" * 64}
        row = {"marketplace_id": site.marketplace_id, "approval_id": site.runtime.ids.new("apv"), "digest": CHALLENGER}
        approvals.add_approval(connection, {**row, **approval, "approved_at": site.clock.now()})
    text = words(visit_as(site, site.second_scientist).get("/models").text)
    assert "Mara Lindqvist 09:01 “Good.”no longer counts" in text
    assert "2 different people must approve it." in text


def test_a_failed_gate_asks_for_a_reason_and_takes_none_but_one(site: Site) -> None:
    add_model(site, CHALLENGER, a_report(failing=True))
    visitor = visit_as(site, site.data_scientist)
    page = visitor.get("/models").text
    assert "Not passed: Calibration. Reason for accepting this" in words(page)
    assert '<textarea class="in" name="reason" required' in page
    refused = visitor.post("/models/promote", {"digest": CHALLENGER, "reason": "  "})
    assert refused.status_code == 422
    assert "Not passed: calibration. To approve it all the same, give a reason." in words(refused.text)


def test_an_analyst_sees_figures_and_no_buttons(site: Site) -> None:
    add_model(site, CHALLENGER, a_report())
    page = visit_as(site, site.analyst).get("/models").text
    assert "Only data scientists and administrators can promote a model." in words(page)
    for address in ("/models/train", "/models/promote", "/models/withdraw", "/models/rollback"):
        assert f'action="{address}"' not in page


def test_retraining_is_asked_for_and_followed(site: Site) -> None:
    visitor = visit_as(site, site.data_scientist)
    assert visitor.post("/models/train").headers["location"] == "/models"
    page = visitor.get("/models").text
    assert "Training in progress. Waiting Requested by Wei Zhang, 09:00." in words(page)
    assert 'hx-get="/models/training" hx-trigger="every 2s"' in page
    assert "hx-refresh" not in visitor.get("/models/training").headers
    again = visitor.post("/models/train")
    assert again.status_code == 409
    assert "A retraining is under way already." in words(again.text)


def test_the_page_loads_anew_when_a_retraining_has_ended(site: Site) -> None:
    with site.runtime.store.write() as connection:
        job_id = add_job(site.runtime, connection, site.marketplace_id, by="local")
        learning.update_job(
            connection,
            site.marketplace_id,
            job_id,
            {"state": "running", "progress": {"stage": "fit on all", "share": 0.4}},
        )
    visitor = visit_as(site, site.data_scientist)
    part = visitor.get("/models/training").text
    assert "Fit on all Requested by the command line, 09:00." in words(part)
    assert 'value="40"' in part
    with site.runtime.store.write() as connection:
        ended = {"state": "failed", "error": "3 counterfeit labels are mature.", "finished_at": site.clock.now()}
        learning.update_job(connection, site.marketplace_id, job_id, ended)
    assert visitor.get("/models/training").headers["hx-refresh"] == "true"
    text = words(visitor.get("/models").text)
    assert "The last training failed, 09:00 UTC. 3 counterfeit labels are mature." in text


@pytest.mark.parametrize(
    ("uri", "beside", "link"),
    [
        (None, None, None),
        (None, "http://127.0.0.1:5000/", "http://127.0.0.1:5000/#/runs/9d7945878f5a"),
        ("https://user:secret@mlflow.example/base/", None, "https://mlflow.example/base/#/runs/9d7945878f5a"),
        ("postgresql://user:secret@db/mlflow", None, None),
        ("postgresql://user:secret@db/mlflow", "https://m.example", "https://m.example/#/runs/9d7945878f5a"),
    ],
)
def test_a_run_is_found_in_mlflow_without_telling_a_password(
    site: Site, uri: str | None, beside: str | None, link: str | None
) -> None:
    add_model(site, CHALLENGER, a_report())
    model = site.read(learning.get_model, site.marketplace_id, CHALLENGER)
    settings = site.runtime.settings.model_copy(update={"mlflow_tracking_uri": uri, "mlflow_ui_url": beside})
    assert tracked_run(model, settings) == TrackedRun("9d7945878f5a", "2", link)
    assert tracked_run(replace(model, mlflow_run_id=None), settings) is None


def test_a_challenger_judged_beside_an_earlier_champion_does_not_call_it_the_present_one(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(days=timedelta(days=1).days)
    add_model(site, CHALLENGER, a_report(champion="c" * 64))
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "Previous champion cccccccccc Challenger bbbbbbbbbb" in text


def test_the_last_drift_report_is_shown_in_words(site: Site) -> None:
    put_champion_in_force(site)
    report = {
        "days": 30,
        "listings": [500, 480],
        "enough": True,
        "shifts": [
            a_shift("price_log", psi=0.31, level="moved"),
            a_shift("item_photos", psi=0.14, level="moving", missing_now=0.4),
            a_shift("seller_age", psi=0.02, level="steady"),
        ],
        "prevalence": {"share": 0.042, "low": 0.021, "high": 0.08, "reviewed": 210, "audited": 30},
        "trained_base_rate": 0.012,
        "recall": {"share": None, "low": 0.0, "high": 1.0, "reviewed": 210, "audited": 30},
        "answers": {"now": {"cases": 90, "answered": 70, "median_days": 1.24, "slow_days": 6.0}},
        "bands": [a_band(0.0, 0.02, listings=0), a_band(0.6, 0.8, listings=40)],
    }
    row = {"marketplace_id": site.marketplace_id, "report_id": "dri_1", "report": report, "made_at": site.clock.now()}
    site.write(monitoring.add_drift_report, row)
    text = words(visit_as(site, site.data_scientist).get("/models/live").text)
    assert "480 scores of the last 30 days against 500 from before the promotion." in text
    assert "Natural log of the price in the base currency price_log; significant for the first time" in text
    assert "0.31 significant" in text
    assert "1 significant shift without an explanation." in text
    assert "item_photos, missing values 10%, now 40% 0.14 moderate" in text
    assert "1 of 3 distributions (features and score) are stable" in text
    assert "30 of them on the random audit sample; the champion is calibrated to 1.2% 4.2% (2.1% to 8.0%)" in text
    assert "Recall: share of counterfeits sent to review unknown, between 0.0% and 100.0%" in text
    assert "70 of 90 cases answered, median 1.2 days, 90th percentile 6.0 days" in text
    assert "0.6 to 0.8 40 12 0.700 0.750 0.430 to 0.910" in text
    assert "0 to 0.02" not in text


def a_shift(name: str, *, psi: float, level: str, missing_now: float = 0.1) -> dict[str, object]:
    return {"name": name, "psi": psi, "level": level, "missing_before": 0.1, "missing_now": missing_now}


def a_band(low: float, high: float, *, listings: int) -> dict[str, object]:
    share = {"share": 0.75, "low": 0.43, "high": 0.91, "reviewed": 12, "audited": 0}
    return {"low": low, "high": high, "listings": listings, "predicted": 0.7, "observed": share}


def test_an_open_breaker_says_why_and_is_closed_by_whoever_may_promote(site: Site) -> None:
    with site.runtime.store.write() as connection:
        breakers.record_check(connection, site.marketplace_id, site.clock.now())
        breakers.open_breaker(
            connection, site.marketplace_id, "500 of 1,000 listings were flagged in 24 hours.", site.clock.now()
        )
    assert "Resume questions to brands" not in visit_as(site, site.analyst).get("/models").text
    wei = visit_as(site, site.data_scientist)
    text = words(wei.get("/models").text)
    assert "The model flags an unusual number of listings. 500 of 1,000 listings were flagged in 24 hours." in text
    wei.post("/models/breaker", {"reason": "The feed sent every price in cents."})
    text = words(wei.get("/models").text)
    assert "Circuit breaker closed. Brands receive questions again." in text
    assert "More is flagged than can be right." not in text


def test_a_challenger_is_put_on_trial_given_a_share_and_taken_off(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(days=1)
    digest = admit_model(site, analyst_from=0.5)
    wei, mara = visit_as(site, site.data_scientist), visit_as(site, site.second_scientist)
    wei.post("/models/trial/start", {"digest": digest})
    assert f"{digest[:10]} since" in words(wei.get("/models").text)
    assert "Change share" not in mara.get("/models").text
    assert "1 more person who may promote must approve this model" in words(mara.get("/models").text)
    refused = mara.post("/models/trial", {"percent": "10"})
    assert refused.status_code == 403
    assert "approval by 1 more" in words(refused.text)
    assert "Challenger trial" in words(refused.text)
    wei.post("/models/promote", {"digest": digest})
    mara.post("/models/trial", {"percent": "10"})
    assert "decides for 10 % of sellers" in words(mara.get("/models").text)
    refused = mara.post("/models/trial", {"percent": "-1"})
    assert refused.status_code == 422
    assert 'value="-1" aria-invalid="true" aria-describedby="share-refused"' in refused.text
    assert "decides for 10 % of sellers" in words(mara.get("/models").text)
    mara.post("/models/trial/end")
    assert "Start trial" in words(mara.get("/models").text)


def test_nobody_without_the_right_sees_or_presses_the_trial(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(days=1)
    digest = admit_model(site, analyst_from=0.5)
    analyst = visit_as(site, site.analyst)
    assert "Start trial" not in words(analyst.get("/models").text)
    assert analyst.post("/models/trial/start", {"digest": digest}).status_code == 403


def test_equal_components_share_one_line(site: Site) -> None:
    alike = [
        {"name": f"brand {number}", "state": "not_judged", "passed": False, "blocks": False, "sentence": "Too few."}
        for number in range(27)
    ]
    other = {"name": "brand Lumo", "state": "passed", "passed": True, "blocks": False, "sentence": "No loss."}
    gate = {
        "name": "slices",
        "state": "passed",
        "passed": True,
        "sentence": "No slice loses.",
        "parts": [*alike, other],
    }
    add_model(site, CHALLENGER, {**a_report(), "gates": [gate]})
    page = visit_as(site, site.data_scientist).get("/models").text
    assert "28 parts" in page
    assert page.count("Too few.") == 1
    assert "Brand 0" in page
    assert "and 26 more" in page
    assert "Brand 1, Brand 2" in page


def test_gates_of_appeals_and_the_golden_set_stand_among_the_others(site: Site) -> None:
    upheld = upheld_gate(UpheldEvidence(14, 4, Incumbent.CHAMPION, (4, 7), ("ver_1",), mended=0), DEFAULT_GATES)
    added = [upheld.as_json(), golden_gate(None, DEFAULT_GATES).as_json()]
    add_model(site, CHALLENGER, {**a_report(), "gates": [*some_gates(CALIBRATED, AURELLE), *added]})
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "First challenger 4 of 6 gates pass" in text
    assert "14 listings were restored on appeal." in text
    assert "Upheld appeals 1, bound 0 fail" in text
    assert "Gold items not judged No golden set is judged twice yet; one is frozen from 300 mature labels on." in text
    assert "Not passed: Upheld appeals. Reason for accepting this" in text
