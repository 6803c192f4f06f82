"""Two training runs on one page, and the sorted list from which they are chosen."""

import re
from typing import Any

import pytest
from sqlalchemy import update

from serving.learning.store import learning
from serving.learning.tables import training_job
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import a_report, add_model
from tests.serving.web.visits import visit_as, words

OLDER, NEWER = "c" * 64, "b" * 64
LATER_CUT = {"cut": "2026-03-01T00:00:00+00:00"}


def add_two_runs(site: Site, newer: dict[str, Any]) -> str:
    """An older run and a newer one with this report; the address of their comparison."""
    add_model(site, OLDER, {**a_report(), "run": {"parameters": {"forest.rounds": 25, "inner_folds": 5}}})
    site.clock.forward(days=1)
    add_model(site, NEWER, {**newer, "run": {"parameters": {"forest.rounds": 400, "inner_folds": 5}}})
    jobs = site.read(learning.jobs, site.marketplace_id, 10)
    return "/models/runs/compare?" + "&".join(f"run={job.job_id}" for job in jobs)


def comparison(site: Site, newer: dict[str, Any]) -> str:
    return words(visit_as(site, site.data_scientist).get(add_two_runs(site, newer)).text)


def test_a_challenger_and_its_champion_are_compared_on_the_listings_that_both_scored(site: Site) -> None:
    text = comparison(site, {**a_report(champion=OLDER), **LATER_CUT})
    assert "Judged on the same listings. A was the champion" in text
    assert "Average precision 0.842 0.871 0.848 to 0.893 +0.029 +0.004 to +0.051 significant" in text
    assert "Brand Aurelle 20 of 60 0.861 0.884 +0.023" in text


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        pytest.param({}, "The runs have the same snapshot and split.", id="one snapshot and split"),
        pytest.param(LATER_CUT, "Judged on different listings.", id="another split"),
        pytest.param({"snapshot": "b" * 64}, "Judged on different listings.", id="another snapshot"),
    ],
)
def test_the_page_says_whether_the_listings_are_the_same(site: Site, changed: dict[str, Any], note: str) -> None:
    text = comparison(site, {**a_report(), **changed})
    assert note in text
    assert "significant" not in text, "no evaluation scored both"


def test_parameters_that_differ_come_first(site: Site) -> None:
    text = comparison(site, {**a_report(), **LATER_CUT})
    differing, equal = text[text.index("Parameters 2 differ") :].split("Equal parameters")
    assert "cut 2026-02-01T00:00:00 2026-03-01T00:00:00" in differing
    assert "forest.rounds 25 400" in differing
    assert "inner_folds" not in differing
    assert "inner_folds 5" in equal


def test_a_run_that_was_not_judged_is_compared_out_of_fold(site: Site) -> None:
    text = comparison(site, a_report(judged=False))
    assert "B was not judged. 12 later listings of unseen sellers" in text
    assert "On all labels, out-of-fold." in text
    assert "ROC-AUC 0.950 none" in text


def test_artifacts_are_listed_with_their_sizes(site: Site) -> None:
    bundle = site.runtime.home.bundles / NEWER
    tracked = site.runtime.home.mlflow / "artifacts" / "9d7945878f5a" / "artifacts"
    for folder, name in ((bundle, "forest.txt"), (tracked, "report.json")):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(b"x" * 2_000)
    text = comparison(site, a_report())
    assert "bundle/forest.txt absent 2 kB" in text
    assert "mlflow/report.json 2 kB 2 kB" in text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [("", "No run was ticked."), ("run=job_1", "1 run was ticked."), ("run=a&run=b&run=c", "3 runs were ticked.")],
)
def test_other_than_two_runs_lead_back_to_the_list(site: Site, query: str, sentence: str) -> None:
    add_two_runs(site, a_report())
    answer = visit_as(site, site.data_scientist).get(f"/models/runs/compare?{query}")
    assert answer.status_code == 422
    assert f"{sentence} Tick exactly two runs" in words(answer.text)
    assert answer.text.count('type="checkbox"') == 2


def test_a_run_without_a_model_has_nothing_to_compare(site: Site) -> None:
    address = add_two_runs(site, a_report())
    with site.runtime.store.write() as connection:
        connection.execute(update(training_job).where(training_job.c.digest == OLDER).values(digest=None))
    visitor = visit_as(site, site.data_scientist)
    assert visitor.get("/models/runs").text.count('type="checkbox"') == 0, "one run has none to be compared with"
    assert visitor.get(address).status_code == 404


@pytest.mark.parametrize(
    ("sort", "order", "marked"),
    [
        ("", [NEWER, OLDER], "Requested"),
        ("requested", [OLDER, NEWER], "Requested"),
        ("ap", [OLDER, NEWER], "Average precision"),
        ("-ap", [NEWER, OLDER], "Average precision"),
        ("gates", [NEWER, OLDER], "Gates passed"),
        ("password", [NEWER, OLDER], "Requested"),
    ],
)
def test_runs_are_sorted_by_a_column(site: Site, sort: str, order: list[str], marked: str) -> None:
    better = a_report(failing=True)
    better["judged"]["candidate"] = {**better["judged"]["candidate"], "ap": 0.9}
    add_two_runs(site, better)
    page = visit_as(site, site.data_scientist).get(f"/models/runs?sort={sort}").text
    assert [digest[0] * 64 for digest in re.findall(r">([bc]{10})</a>", page)] == order
    (head,) = re.findall(r"aria-sort=.*?</th>", page)
    assert marked in head


def test_a_run_without_the_figure_is_last_in_either_order(site: Site) -> None:
    add_two_runs(site, a_report(judged=False))
    for sort in ("ap", "-ap"):
        page = visit_as(site, site.data_scientist).get(f"/models/runs?sort={sort}").text
        assert re.findall(r">([bc]{10})</a>", page) == ["c" * 10, "b" * 10]
