"""The pages about labels, snapshots, runs and single models."""

from datetime import timedelta

import pytest

from models.case import CaseLane
from models.errors import Invalid
from models.verdict import Judgement
from serving.learning.service.labelling import export_snapshot
from serving.learning.service.promote import approve
from serving.learning.store import learning
from tests.fixtures.reviewing import a_case, a_second_review, judge
from tests.fixtures.runtimes import Site
from tests.serving.web.operating import an_administrator
from tests.serving.web.reports import a_report, add_model, put_champion_in_force
from tests.serving.web.visits import visit_as, words
from training.gate import not_judged

CHALLENGER = "b" * 64
OLDER = "c" * 64


def a_snapshot(site: Site) -> str:
    """Two mature labels in a snapshot; returns its id."""
    for number, judgement in enumerate((Judgement.COUNTERFEIT, Judgement.GENUINE)):
        judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}"), judgement)
    site.clock.forward(days=15)
    return export_snapshot(site.runtime, site.here)[0]


def test_a_snapshot_shows_what_is_in_it_and_names_no_seller(site: Site) -> None:
    snapshot_id = a_snapshot(site)
    visitor = visit_as(site, site.data_scientist)
    listed = visitor.get("/models/snapshots").text
    assert f"/models/snapshots/{snapshot_id}" in listed
    page = visitor.get(f"/models/snapshots/{snapshot_id}").text
    text = words(page)
    assert "2 labels as of" in text
    assert "digest verified" in text
    assert "Brand's verdict 2 100%" in text
    assert "lumo-trade-88" not in page, "the seller"
    assert "1:1" not in page, "what the seller wrote"
    assert visitor.get("/models/snapshots/snp_other").status_code == 404


def test_a_snapshot_whose_file_is_gone_or_altered_says_so(site: Site) -> None:
    snapshot_id = a_snapshot(site)
    (path,) = site.runtime.home.snapshots.glob("*.parquet")
    content = path.read_bytes()
    path.write_bytes(content + b"\0")
    text = words(visit_as(site, site.data_scientist).get(f"/models/snapshots/{snapshot_id}").text)
    assert "digest mismatch" in text or "The snapshot cannot be shown." in text
    path.unlink()
    text = words(visit_as(site, site.data_scientist).get(f"/models/snapshots/{snapshot_id}").text)
    assert "The snapshot cannot be shown." in text


def test_labels_are_shown_with_who_answers_for_them(site: Site) -> None:
    a_snapshot(site)
    add_model(
        site,
        CHALLENGER,
        {
            **a_report(),
            "weights": {"effective_n": 99.6, "capped_rows": 37, "near_duplicates": 24, "held": {"seller": 8}},
        },
    )
    page = visit_as(site, site.data_scientist).get("/models/labels").text
    text = words(page)
    assert "Aurelle brand 2 100% 50%" in text
    assert "Brand&#39;s verdict 2" in page
    assert "Effective sample size 100" in text
    assert "Capped labels per seller 8" in text


def test_labels_in_doubt_are_listed_for_who_does_not_review(site: Site) -> None:
    case = a_case(site, external_id="<b>MP-1</b>")
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    page = visit_as(site, site.data_scientist).get("/models/labels").text
    assert "out-of-fold probability 0.97" in page
    assert look.case_id in page
    assert "<b>MP-1</b>" not in page
    judge(site, site.second_analyst, look, Judgement.COUNTERFEIT)
    text = words(visit_as(site, an_administrator(site)).get("/models/labels").text)
    assert "Counterfeit, contradicts the label" in text
    assert "Agreement with the label 0% (0% to 79%), n = 1" in text
    blind = visit_as(site, site.second_analyst).get("/models/labels").text
    assert "0.97" not in blind, "second reviews are blind to the score"
    assert ">Doubtful labels<" not in blind


def test_runs_say_what_came_of_them_and_where_mlflow_has_them(site: Site) -> None:
    assert "No training runs yet." in words(visit_as(site, site.analyst).get("/models/runs").text)
    put_champion_in_force(site)
    site.clock.forward(days=1)
    add_model(site, CHALLENGER, a_report(failing=True))
    text = words(visit_as(site, site.data_scientist).get("/models/runs").text)
    assert "Wei Zhang" in text
    assert "3 of 4" in text
    assert "champion since" in text
    assert "9d7945878f5a" in text


def test_a_run_under_way_shows_its_stages(site: Site) -> None:
    visitor = visit_as(site, site.data_scientist)
    visitor.post("/models/train")
    began = site.clock.now()
    log = [{"stage": "snapshot", "at": began.isoformat()}, {"stage": "fit", "at": (began + timedelta(1)).isoformat()}]
    with site.runtime.store.write() as connection:
        (job,) = learning.jobs(connection, site.here, 1)
        progress = {"stage": "fit", "share": 0.4, "log": log}
        learning.update_job(connection, site.here, job.job_id, {"state": "running", "progress": progress})
    for path in ("/models", "/models/runs", "/models/training"):
        text = words(visitor.get(path).text)
        assert "40 %" in text, path
        assert "09:00 snapshot" in text or "09:00snapshot" in text, path


def test_a_card_says_what_a_model_is_for_and_how_it_was_judged(site: Site) -> None:
    champion = put_champion_in_force(site)
    visitor = visit_as(site, site.analyst)
    text = words(visitor.get(f"/models/cards/{champion}").text)
    assert "It removes nothing: a brand or a reviewer decides." in text
    assert "champion since" in text
    assert champion in text
    assert "Ask brand from 0.60" in text
    assert visitor.get(f"/models/cards/{'d' * 64}").status_code == 404


def test_differences_are_marked_as_significant_or_not_and_thresholds_have_intervals(site: Site) -> None:
    champion = put_champion_in_force(site)
    site.clock.forward(days=1)
    report = a_report(champion=champion, failing=True)
    report["judged"]["random_slice"] = {"difference_interval": [-0.2, 0.3]}
    add_model(site, CHALLENGER, report)
    page = visit_as(site, site.data_scientist).get("/models").text
    text = words(page)
    assert "+0.004 to +0.051 significant" in text
    assert "0.401 to 0.744 not significant" in text
    assert "0.81 0.76 0.75 to 0.86 0.70 to 0.82 unknown" in text
    assert text.index("Calibration error 0.200") < text.index("Enough data to evaluate"), "what fails comes first"
    assert "True positive rate over false positive rate. ROC-AUC 0.950" in page


def test_a_champion_that_learnt_the_evaluated_listings_has_no_figure_on_any_page(site: Site) -> None:
    champion = put_champion_in_force(site)
    site.clock.forward(days=1)
    report = a_report()
    report["judged"]["not_comparable"] = "Not comparable: the champion may have learnt 38 of these 150 rows."
    report["gates"][1] = not_judged("random_slice", report["judged"]["not_comparable"], blocks=True).as_json()
    add_model(site, CHALLENGER, report)
    older = a_report(champion=champion)
    older["judged"]["champion_saw"] = True
    site.clock.forward(days=1)
    add_model(site, OLDER, older)
    visitor = visit_as(site, site.data_scientist)
    for path, sentence in (
        (f"/models/cards/{CHALLENGER}", report["judged"]["not_comparable"]),
        ("/models", "Not comparable: the champion learnt some of these rows."),
        (f"/models/cards/{OLDER}", "Not comparable: the champion learnt some of these rows."),
    ):
        text = words(visitor.get(path).text)
        assert sentence in text, path
        assert "0.842" not in text, path
        assert "0.861" not in text, path
        assert "significant" not in text, path


def test_a_comparison_that_could_not_be_made_asks_for_a_reason(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(days=1)
    report = a_report()
    report["gates"][1] = not_judged("random_slice", "Not comparable.", blocks=True).as_json()
    add_model(site, CHALLENGER, report)
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "Not passed: Improvement on the random audit sample. Reason for accepting this" in text
    with pytest.raises(Invalid, match="give a reason"):
        approve(site.runtime, site.marketplace, digest=CHALLENGER, by=f"user:{site.data_scientist.user_id}")
