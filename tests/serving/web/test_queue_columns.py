"""Sorting by a column's head, chosen columns, and the queue and a search as files."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from models.verdict import Judgement
from serving.cases.policy import MaskedScorePolicy
from serving.cases.store import queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import Order, QueueFilter, Sort
from tests.fixtures.runtimes import Site, a_case, a_second_review, judge
from tests.serving.web.visits import visit_as, words


def a_masked_case(site: Site) -> Case:
    policies = site.runtime.policies.changed(MaskedScorePolicy(1.0))
    masking = replace(site, runtime=replace(site.runtime, policies=policies, draw=lambda: 0.5))
    return a_case(masking, external_id="MASKED", price="5000.00")


def three_cases(site: Site) -> None:
    for number, (seller, price) in enumerate((("b-shop", "500.00"), ("A-shop", "90.00"), ("c-shop", "900.00"))):
        site.clock.forward(hours=1)
        a_case(site, external_id=f"MP-{number}", price=price, seller={"external_id": seller})


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("order", "shown"),
    [
        (None, "MP-2 MP-0 MP-1"),
        (Order(Sort.HARM), "MP-1 MP-0 MP-2"),
        (Order(Sort.PRICE), "MP-1 MP-0 MP-2"),
        (Order(Sort.SELLER), "MP-1 MP-0 MP-2"),
        (Order(Sort.SELLER, descending=True), "MP-2 MP-0 MP-1"),
        (Order(Sort.DUE), "MP-0 MP-1 MP-2"),
        (Order(Sort.DUE, descending=True), "MP-2 MP-1 MP-0"),
        (Order(Sort.BRAND), "MP-2 MP-0 MP-1"),
        (Order(Sort.SCORE, descending=True), "MP-2 MP-0 MP-1"),
    ],
    ids=str,
)
def test_a_queue_is_sorted_by_a_column_and_then_by_harm(any_site: Site, order: Order | None, shown: str) -> None:
    three_cases(any_site)
    queue_filter = QueueFilter(frozenset({any_site.marketplace_id}), person=any_site.analyst.user_id)
    rows = any_site.read(queues.queue, queue_filter, most=9, sort=order)
    assert " ".join(row["external_id"] for row in rows) == shown


@pytest.mark.parametrize("by", [Sort.SCORE, Sort.HARM, Sort.DUE])
@pytest.mark.parametrize("descending", [False, True])
def test_a_masked_case_comes_last_in_every_order_that_its_score_would_decide(
    site: Site, by: Sort, descending: bool
) -> None:
    masked = a_masked_case(site)
    three_cases(site)
    queue_filter = QueueFilter(frozenset({site.marketplace_id}), person=site.analyst.user_id)
    rows = site.read(queues.queue, queue_filter, most=9, sort=Order(by, descending))
    assert rows[-1]["case_id"] == masked.case_id


def test_the_heads_lead_to_the_order_and_say_which_is_shown(site: Site) -> None:
    three_cases(site)
    visitor = visit_as(site, site.analyst)
    assert 'href="/queue?sort=due"' in visitor.get("/queue").text
    page = visitor.get("/queue?sort=due").text
    assert 'href="/queue?sort=-due"' in page
    assert page.count("aria-sort=") == 1
    assert "sorted by due in" in words(page)
    assert page.index("b-shop") < page.index("A-shop") < page.index("c-shop")


def test_hidden_columns_stay_hidden_for_the_person_alone_until_they_show_them(site: Site) -> None:
    a_case(site, seller={"external_id": "lumo-trade-88"})
    visitor = visit_as(site, site.analyst)
    ticked = {f"column:{key}": "yes" for key in ("score", "harm", "due", "reason")}
    answer = visitor.post("/queue/columns", {"query": "sort=due", **ticked})
    assert answer.headers["location"] == "/queue?sort=due"
    page = visitor.get("/queue").text
    assert "lumo-trade-88" not in page
    assert "Routing reason</th>" in page
    assert "lumo-trade-88" in visit_as(site, site.second_analyst).get("/queue").text
    visitor.post("/settings/quick", {"theme": "dark", "next": "/queue"})
    assert "lumo-trade-88" not in visit_as(site, site.analyst).get("/queue").text, "another setting changes no column"
    visitor.post("/queue/columns", {**ticked, "column:seller": "yes"})
    assert "lumo-trade-88" in visitor.get("/queue").text


def file_rows(site: Site, path: str, **headers: Any) -> list[dict[str, str]]:
    answer = visit_as(site, site.second_analyst).get(path, **headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_queue_is_a_file_as_filtered_and_sorted_without_formulas(site: Site) -> None:
    title = '=HYPERLINK("http://x") Aurelle bag, mirror quality'
    a_case(site, external_id="MP-9", title=title, seller={"external_id": "@lumo"})
    three_cases(site)
    rows = file_rows(site, "/queue.csv?sort=seller")
    assert [row["seller"] for row in rows] == ["'@lumo", "A-shop", "b-shop", "c-shop"]
    assert rows[0]["title"] == f"'{title}"
    assert rows[1]["price"] == "90.00"
    assert [row["listing"] for row in file_rows(site, "/queue.csv?seller=b-shop")] == ["MP-0"]
    assert visit_as(site, site.data_scientist).get("/queue.csv").status_code == 403


def test_a_file_has_nothing_that_its_reader_must_not_know(site: Site) -> None:
    a_masked_case(site)
    case = a_case(site, external_id="MP-77", title="Solenne purse mirror quality", brand="Solenne")
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    a_second_review(site, case, label=0)
    rows = {row["listing"]: row for row in file_rows(site, "/queue.csv")}
    hidden = ("probability", "points", "expected_harm")
    assert [rows["MP-77"][name] for name in hidden] == ["", "", ""]
    assert rows["MP-77"]["lane"] == "Second reviews"
    assert [rows["MASKED"][name] for name in (*hidden, "lane", "reason", "due_at")] == [""] * 6
    (row,) = file_rows(site, "/search.csv?q=MP-77")
    assert (row["listing"], row["decision"], row["decided_at"], row["action"]) == ("MP-77", "", "", "")
