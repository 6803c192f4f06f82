import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.db.accounts import Session
from serving.usecases.intake import receive
from serving.web import desk
from serving.web.desk import QueueQuery, queue_page
from serving.web.text_view import Kind
from tests.fixtures.listings import a_suspect_row
from tests.fixtures.reviewing import a_case, a_second_look, judge
from tests.fixtures.runtimes import Site
from tests.serving.web.appeals import an_appeal
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import visit_as, words


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, QueueQuery()),
        ({"lane": "audit", "page": "3"}, QueueQuery(CaseLane.AUDIT, 3)),
        ({"lane": "nothing"}, QueueQuery()),
        ({"lane": "audit' OR 1=1"}, QueueQuery()),
        ({"page": "-1"}, QueueQuery()),
        ({"page": "0"}, QueueQuery()),
        ({"page": "99999999999"}, QueueQuery()),
        ({"page": "٣"}, QueueQuery()),
        ({"page": "9999"}, QueueQuery(page=1000)),
    ],
)
def test_what_is_not_on_the_list_counts_as_not_given(given: dict[str, str], read: QueueQuery) -> None:
    assert QueueQuery.read(given) == read


def test_the_address_of_a_query_reads_back_as_the_query() -> None:
    assert QueueQuery(CaseLane.AUDIT, 3).address(3) == "/queue?lane=audit&page=3"
    assert QueueQuery().address() == "/queue"


def test_an_empty_queue_says_what_is_true_and_what_changes_it(site: Site) -> None:
    said = words(visit_as(site, site.analyst).get("/queue").text)
    assert "Nothing waits for an analyst." in said
    assert "What needs a person appears here." in said


def test_the_costliest_case_comes_first(site: Site) -> None:
    a_case(site, external_id="MP-1", title="Cheap Aure11e bag 1:1", price="9.00")
    a_case(site, external_id="MP-2", title="Dear Aure11e bag 1:1", price="900.00")
    visitor = visit_as(site, site.analyst)
    said = words(visitor.get("/queue").text)
    assert said.index("Dear") < said.index("Cheap")


def test_points_are_called_points_and_their_harm_is_no_claim(site: Site) -> None:
    a_case(site)
    said = words(visit_as(site, site.analyst).get("/queue").text)
    assert "they are not calibrated, and the harm beside them only orders the queue" in said
    assert "~€" in said


def test_a_calibrated_score_is_a_probability_with_its_thresholds(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    receive(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    visitor = visit_as(site, site.analyst)
    page = visitor.get("/queue").text + visitor.get("/queue?lane=ask_brand").text
    assert 'aria-label="score 0.' in page
    assert "see 0.00" in page
    assert "not calibrated" not in page


def test_lanes_are_counted_and_shown_alone(site: Site) -> None:
    a_case(site, external_id="MP-1")
    a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    visitor = visit_as(site, site.analyst)
    said = words(visitor.get("/queue").text)
    assert "All open1 Lanes Appeals0 Complaints0 Analyst1 Audit slice0 Not enough evidence0 Second looks0" in said
    assert "Waiting on brands1" in said
    asked = visitor.get("/queue?lane=ask_brand").text
    assert 'href="/queue?lane=ask_brand" aria-current="page"' in asked
    assert "?lane=ask_brand" in asked.partition("<tbody>")[2], "a case is opened as part of this queue"


def test_a_long_queue_is_shown_by_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PAGE_SIZE", 2)
    rows = [a_suspect_row(external_id=f"MP-{i}", price=f"{500 - i}.00") for i in range(5)]
    receive(site.runtime, site.marketplace, rows, source="test")
    visitor = visit_as(site, site.analyst)
    first, last = visitor.get("/queue").text, visitor.get("/queue?page=3").text
    assert "1 to 2 of 5" in words(first)
    assert 'href="/queue?page=2"' in first
    assert "5 to 5 of 5" in words(last)
    assert "After" not in words(last)


def test_what_hides_in_a_title_is_named(site: Site) -> None:
    a_case(site, title="Au\u200bre11e bag 1:1 \u202egnp.exe")
    [row] = queue_page(site.runtime, Session(site.analyst, "token"), QueueQuery()).rows
    assert row.title is not None
    assert [(p.kind, p.text) for p in row.title.pieces if p.kind is not Kind.PLAIN] == [
        (Kind.UNSEEN, "ZWSP"),
        (Kind.LOOKALIKE, "11"),
        (Kind.UNSEEN, "RLO"),
    ]
    page = visit_as(site, site.analyst).get("/queue").text
    assert '<span class="inv" title="U+202E right-to-left override">RLO</span>' in page
    assert "\u202e" not in page
    assert "\u200b" not in page


def test_a_missing_price_is_said_and_not_zeroed(site: Site) -> None:
    a_case(site, price=None, currency=None)
    said = words(visit_as(site, site.analyst).get("/queue").text)
    assert "no price" in said
    assert "€0" not in said


def test_an_appeals_row_says_nothing_of_the_score(site: Site) -> None:
    an_appeal(site)
    page = visit_as(site, site.analyst).get("/queue").text
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "The seller appeals" in words(body)
    assert "hidden" in words(body)
    for told in ("points", "score", "€1,0", "mirror quality”"):
        assert told not in body


def test_a_second_looks_row_says_nothing_of_the_score_and_is_in_nobodys_queue_who_judged(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    a_second_look(site, case, label=0)
    page = visit_as(site, site.second_analyst).get("/queue").text
    assert "Second looks 1" in words(page)
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "A second look, by somebody who has not judged it" in words(body)
    for told in ("points", "score", "€1,0", "mirror quality”"):
        assert told not in body
    assert "Second looks 0" in words(visit_as(site, site.analyst).get("/queue").text)


def test_a_colleagues_name_stands_at_the_case_they_hold(site: Site) -> None:
    case = a_case(site)
    visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}")
    assert "Tomás Rey" in words(visit_as(site, site.analyst).get("/queue").text)
    assert "Tomás Rey" not in words(visit_as(site, site.second_analyst).get("/queue").text).replace(
        "TRTomás Rey", "", 1
    )


def test_a_late_case_is_counted_as_overdue(site: Site) -> None:
    a_case(site)
    site.clock.forward(hours=26)
    said = words(visit_as(site, site.analyst).get("/queue").text)
    assert "1 overdue" in said
    assert "2 h late" in said
