"""The pages about labels, snapshots, runs and single models."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from models.case import CaseLane
from models.errors import Invalid
from models.verdict import Judgement
from serving.accounts.tables import account
from serving.learning.service.labelling import export_snapshot
from serving.learning.service.promote import approve
from serving.learning.store import learning
from tests.fixtures.runtimes import Site, a_case, a_second_review, judge
from tests.serving.web.reports import a_report, add_drift, add_model, put_champion_in_force
from tests.serving.web.visits import an_administrator, visit_as, words
from training.fit.stages import FITS, READ
from training.gates.gate import unjudged_gate

CHALLENGER = "b" * 64
OLDER = "c" * 64


def a_snapshot(site: Site) -> str:
    """Two mature labels in a snapshot; returns its id."""
    for number, judgement in enumerate((Judgement.COUNTERFEIT, Judgement.GENUINE)):
        judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}"), judgement)
    site.clock.forward(days=15)
    return export_snapshot(site.runtime, site.marketplace_id)[0]


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
    path.write_bytes(path.read_bytes() + b"\0")
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
            "weights": {"effective_n": 99.6, "capped_rows": 37, "near_duplicates": 24, "capped": {"seller": 8}},
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


def a_run_under_way(site: Site, progress: dict[str, object]) -> str:
    """The part of the model page that follows a run, as words."""
    visitor = visit_as(site, site.data_scientist)
    visitor.post("/models/train")
    with site.runtime.store.write() as connection:
        (job,) = learning.jobs(connection, site.marketplace_id, 1)
        learning.update_job(connection, site.marketplace_id, job.job_id, {"state": "running", "progress": progress})
    parts = [words(visitor.get(path).text) for path in ("/models", "/models/runs", "/models/training")]
    assert all(parts[2] in part for part in parts)
    return parts[2]


def begun_stages(site: Site, *stages: str) -> list[dict[str, str]]:
    """A log of stages, an hour each."""
    return [
        {"stage": stage, "at": (site.clock.now() + timedelta(hours=n)).isoformat()} for n, stage in enumerate(stages)
    ]


def test_a_run_under_way_shows_every_stage_and_where_it_is(site: Site) -> None:
    log = begun_stages(site, READ, FITS[0], FITS[2])
    text = a_run_under_way(site, {"stage": FITS[2], "share": 0.4, "log": log, "attempt": 1})
    assert "Fit on the rows before time fold 3 (stage 4 of 9)" in text
    assert "40 %" in text
    assert "09:00Read the snapshot 10:00Fit on the rows before time fold 1" in text
    assert "Fit on the rows before time fold 2 left out 11:00Fit on the rows before time fold 3" in text
    assert "Attempt" not in text


def test_a_run_that_began_again_says_so(site: Site) -> None:
    progress = {"stage": READ, "share": 0.0, "log": begun_stages(site, READ), "attempt": 2}
    text = a_run_under_way(site, {**progress, "began_at": site.clock.now().isoformat()})
    assert "Attempt 2, since 09:00: the worker ended during the one before." in text


def test_a_run_of_an_older_version_shows_its_stage_as_it_named_it(site: Site) -> None:
    text = a_run_under_way(site, {"stage": "fit on all", "share": 0.9, "log": begun_stages(site, "fit on all")})
    assert "Fit on all Requested by" in text


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
    report["gates"][1] = unjudged_gate("incumbents", report["judged"]["not_comparable"], blocks=True).as_json()
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
    report["gates"][1] = unjudged_gate("incumbents", "Not comparable.", blocks=True).as_json()
    add_model(site, CHALLENGER, report)
    text = words(visit_as(site, site.data_scientist).get("/models").text)
    assert "Not passed: No worse than what it replaces. Reason for accepting this" in text
    with pytest.raises(Invalid, match="give a reason"):
        approve(site.runtime, site.marketplace, digest=CHALLENGER, by=f"user:{site.data_scientist.user_id}")


def test_labels_that_disappear_say_why_and_reviewers_can_open_them(site: Site) -> None:
    judge(site, site.second_analyst, a_case(site, external_id="MP-7"), Judgement.GENUINE)
    a_snapshot(site)
    with site.runtime.store.write() as connection:
        is_reviewer = account.c.user_id == site.second_analyst.user_id
        connection.execute(update(account).where(is_reviewer).values(disabled_at=site.clock.now()))
    site.clock.forward(hours=1)
    export_snapshot(site.runtime, site.marketplace_id)
    page = visit_as(site, site.data_scientist).get("/models/labels").text
    text = words(page)
    assert "Labels before 3 Unchanged 2 Gone: the reviewer is suspended Listings MP-7 1 New 0 Labels now 2" in text
    assert "The reviewer is suspended 1" in text, "among the withheld"
    assert "/listings/" not in page
    assert 'href="/listings/lst_' in visit_as(site, site.analyst).get("/models/labels").text


def test_a_reviewer_with_too_many_of_the_labels_is_flagged(site: Site) -> None:
    for number in range(3):
        judge(site, site.analyst, a_case(site, external_id=f"MP-{number}"), Judgement.GENUINE)
    site.clock.forward(days=15)
    export_snapshot(site.runtime, site.marketplace_id)
    text = words(visit_as(site, site.data_scientist).get("/models/labels").text)
    assert "Ines Moreau 100% of labels reviewer 3 100%" in text
    assert "A reviewer with more than 40% of all labels or of one class is flagged" in text


def test_the_model_page_warns_of_a_reviewer_and_of_unexplained_shifts(site: Site) -> None:
    sources = [{"source": f"user:{site.analyst.user_id}", "labels": 360, "counterfeit": 20}]
    add_model(site, CHALLENGER, {**a_report(), "sources": sources})
    add_drift(site, price_log=0.41, seller_age=0.3)
    page = visit_as(site, site.data_scientist).get("/models").text
    text = words(page)
    assert "Ines Moreau gave 83% of the genuine labels. The model learns the habits of one person." in text
    assert "2 features have shifted without an explanation. Price log and seller age. Latest drift report" in text
    assert 'href="/models/labels"' in page
    assert 'href="/models/live"' in page


def test_a_shift_is_explained_by_a_form_and_shows_who_when_and_why(site: Site) -> None:
    add_drift(site, price_log=0.41)
    site.clock.forward(days=7)
    add_drift(site, price_log=0.42)
    visitor = visit_as(site, site.data_scientist)
    text = words(visitor.get("/models/live").text)
    assert "price_log, missing values 0%, now 20%; median 12, now 35.5; KS distance 0.31;" in text
    assert "significant in 2 reports in a row, since" in text
    assert "1 significant shift without an explanation." in text
    fields = {"feature": "price_log", "note": "The summer sale."}
    assert visitor.post("/models/live/acknowledgements", fields).headers["location"] == "/models/live"
    page = visitor.get("/models/live").text
    text = words(page)
    assert "Acknowledged. The alarm of this feature is quiet until the shift worsens." in text
    assert "“The summer sale.” Wei Zhang, 09:00 UTC, at 0.42" in text
    assert "without an explanation" not in text
    assert "without an explanation" not in words(visitor.get("/models").text)
    site.clock.forward(days=7)
    add_drift(site, price_log=0.9)
    assert "Worsened since." in words(visitor.get("/models/live").text)
    (acknowledgement_id,) = re.findall(r'name="acknowledgement_id" value="(\w+)"', page)
    withdrawn = visitor.post("/models/live/acknowledgements/withdraw", {"acknowledgement_id": acknowledgement_id})
    assert withdrawn.headers["location"] == "/models/live"
    assert "The summer sale." not in words(visitor.get("/models/live").text)


def test_a_blank_note_explains_nothing(site: Site) -> None:
    add_drift(site, price_log=0.41)
    refused = visit_as(site, site.data_scientist).post(
        "/models/live/acknowledgements", {"feature": "price_log", "note": " "}
    )
    assert refused.status_code == 422
    assert "An acknowledgement needs a note" in words(refused.text)


def test_an_analyst_reads_shifts_and_explains_none(site: Site) -> None:
    add_drift(site, price_log=0.41)
    visitor = visit_as(site, site.analyst)
    assert "Acknowledge shift" not in words(visitor.get("/models/live").text)
    fields = {"feature": "price_log", "note": "The summer sale."}
    assert visitor.post("/models/live/acknowledgements", fields).status_code in {403, 404}


def test_ids_are_links(site: Site) -> None:
    snapshot_id = a_snapshot(site)
    champion = put_champion_in_force(site)
    digest = site.read(learning.get_snapshot, site.marketplace_id, snapshot_id).digest
    site.clock.forward(days=1)
    add_model(site, CHALLENGER, {**a_report(champion=champion), "snapshot": digest})
    page = visit_as(site, site.data_scientist).get("/models").text
    for model in (champion, CHALLENGER):
        assert f'<a class="mono" href="/models/cards/{model}">{model[:10]}</a>' in page
    assert f'href="/models/snapshots/{snapshot_id}">{digest[:10]}</a>' in page
    card = visit_as(site, site.data_scientist).get(f"/models/cards/{CHALLENGER}").text
    assert f'href="/models/snapshots/{snapshot_id}">{digest[:10]}</a>' in card
