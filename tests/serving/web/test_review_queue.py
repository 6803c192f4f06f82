import re
from html import unescape

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.second_person import Origin, OriginKind
from serving.accounts.store import origins
from serving.accounts.store.accounts import Session
from serving.listings.service.intake import receive_rows
from serving.web.queue import case_queue
from serving.web.queue.case_queue import queue_page
from serving.web.queue.my_page import my_page
from serving.web.queue.queue_query import QueueQuery
from serving.web.rendering import StaffPage
from serving.web.text_view import Kind
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import EVIDENCE, Site, a_case, a_second_review, a_suspect_row, judge
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import an_appeal, visit_as, words


def test_an_empty_queue_says_what_is_true_and_what_changes_it(site: Site) -> None:
    text = words(visit_as(site, site.analyst).get("/queue").text)
    assert "No cases to review." in text
    assert "A case appears here when the marketplace sends a listing that needs review." in text


def test_the_costliest_case_comes_first(site: Site) -> None:
    a_case(site, external_id="MP-1", title="Cheap Aure11e bag 1:1", price="9.00")
    a_case(site, external_id="MP-2", title="Dear Aure11e bag 1:1", price="900.00")
    text = words(visit_as(site, site.analyst).get("/queue").text)
    assert text.index("Dear") < text.index("Cheap")


def test_points_are_called_points_and_their_harm_is_no_claim(site: Site) -> None:
    a_case(site)
    text = words(visit_as(site, site.analyst).get("/queue").text)
    assert "They are not calibrated; their harm estimate only sorts the queue." in text
    assert "~€" in text


def test_a_calibrated_score_is_a_probability_with_its_thresholds(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    visitor = visit_as(site, site.analyst)
    page = visitor.get("/queue").text + visitor.get("/queue?lane=ask_brand").text
    assert 'aria-label="Score 0.' in page
    assert "review 0.00" in page
    assert "not calibrated" not in page


def test_lanes_are_counted_and_shown_alone(site: Site) -> None:
    a_case(site, external_id="MP-1")
    a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    visitor = visit_as(site, site.analyst)
    text = words(visitor.get("/queue").text)
    lanes = "Appeals0 Complaints0 Analyst review1 Random audit sample0 Insufficient evidence0 Second reviews0"
    assert f"Lanes All open1 {lanes}" in text
    assert "Awaiting brand1" in text
    lane_page = visitor.get("/queue?lane=ask_brand").text
    assert 'href="/queue?lane=ask_brand" aria-current="page"' in lane_page
    assert 'name="lane" value="ask_brand"' in lane_page, "a filter is set within the lane"
    assert "?lane=ask_brand" in lane_page.partition("<tbody>")[2], "a case is opened as part of this queue"


def test_a_long_queue_is_shown_by_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_queue, "PAGE_SIZE", 2)
    rows = [a_suspect_row(external_id=f"MP-{i}", price=f"{500 - i}.00") for i in range(5)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    visitor = visit_as(site, site.analyst)
    first, last = visitor.get("/queue").text, visitor.get("/queue?page=3").text
    assert "1 to 2 of 5" in words(first)
    assert 'href="/queue?page=2"' in first
    assert "5 to 5 of 5" in words(last)
    assert "Next page" not in words(last)


def test_what_hides_in_a_title_is_named(site: Site) -> None:
    a_case(site, title="Au\u200bre11e bag 1:1 \u202egnp.exe")
    [group] = queue_page(site.runtime, Session(site.analyst, "token"), QueueQuery()).groups
    [row] = group.rows
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


def test_a_missing_price_is_named_and_not_zeroed(site: Site) -> None:
    a_case(site, price=None, currency=None)
    text = words(visit_as(site, site.analyst).get("/queue").text)
    assert "no price" in text
    assert "€0" not in text


@pytest.mark.parametrize("of_the_same_person", [False, True])
def test_an_appeal_that_its_reader_may_not_judge_is_in_no_queue_of_theirs(site: Site, of_the_same_person: bool) -> None:
    """It would stand first, and nothing can be done about it: they decided, or an account of theirs did."""
    case = an_appeal(site, decided_by_analyst=True)
    reader = site.second_analyst if of_the_same_person else site.analyst
    if of_the_same_person:
        with site.runtime.store.write() as connection:
            origin = Origin(OriginKind.RESET, site.analyst.user_id, site.clock.now())
            origins.add_origin(connection, site.runtime.ids.new("org"), reader.user_id, origin)
    visitor = visit_as(site, reader)
    queue = visitor.get("/queue").text
    assert case.case_id not in queue
    assert "Appeals0" in words(queue)
    assert case.case_id not in visitor.get(f"/search?q={case.listing_id}").text
    assert visitor.get("/api/v1/cases").json()["cases"] == []
    assert (case.case_id in visit_as(site, site.second_analyst).get("/queue").text) is not of_the_same_person


def test_an_appeals_row_says_nothing_of_the_score(site: Site) -> None:
    an_appeal(site)
    body = visit_as(site, site.second_analyst).get("/queue").text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "Seller appeal" in words(body)
    assert "blind" in words(body)
    for phrase in ("points", "score", "€1,0", "mirror quality”"):
        assert phrase not in body


def test_a_second_reviews_row_shows_no_score_and_is_in_no_earlier_judges_queue(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    a_second_review(site, case, label=0)
    page = visit_as(site, site.second_analyst).get("/queue").text
    assert "Second reviews 1" in words(page)
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "Second review (blind)" in words(body)
    for phrase in ("points", "score", "€1,0", "mirror quality”"):
        assert phrase not in body
    assert "Second reviews 0" in words(visit_as(site, site.analyst).get("/queue").text)


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
    text = words(visit_as(site, site.analyst).get("/queue").text)
    assert "1 overdue" in text
    assert "2 h late" in text


def test_a_filter_is_on_as_a_chip_that_takes_it_off(site: Site) -> None:
    a_case(site, external_id="MP-1", title="Dear Aure11e bag 1:1", price="900.00", language="en")
    a_case(site, external_id="MP-2", title="Cheap Aure11e bag 1:1", price="9.00", language="zh")
    page = visit_as(site, site.analyst).get("/queue?language=zh&lease=free").text
    body = page.partition("<tbody>")[2]
    assert "Cheap" in body
    assert "Dear" not in body
    assert "Language ZH" in words(page)
    assert 'href="/queue?lease=free" aria-label="Remove language filter"' in page
    assert 'value="zh" checked' in page
    assert "/cases/cas_" in page
    assert "?language=zh&amp;lease=free" in body, "the case is opened as part of this queue"


def test_a_filter_that_finds_nothing_says_how_to_go_on(site: Site) -> None:
    a_case(site)
    text = words(visit_as(site, site.analyst).get("/queue?harm=999999").text)
    assert "No open case matches the filters. Remove a filter, or clear all filters." in text


def test_an_invalid_parameter_is_reported_as_ignored(site: Site) -> None:
    page = visit_as(site, site.analyst).get("/queue?lane=%3Cb%3E&brand=brd_1").text
    assert "The value of lane in the address is not valid. The queue ignores it." in words(page)
    assert "Brand no open cases" in words(page)


def test_filters_are_chosen_from_what_is_open(site: Site) -> None:
    a_case(site, language="ru")
    page = words(visit_as(site, site.analyst).get("/queue").text)
    assert "any Aurelle, 1" in page
    assert "RU, 1" in page


def test_a_filter_is_saved_found_again_renamed_and_deleted(site: Site) -> None:
    a_case(site, language="ru")
    visitor = visit_as(site, site.analyst)
    assert 'name="query" value="language=ru"' in visitor.get("/queue?language=ru").text
    saved = visitor.post("/queue/filters", {"query": "language=ru", "name": "  Russian   titles "})
    assert saved.headers["location"] == "/queue?language=ru"
    page = visitor.get("/queue?language=ru").text
    assert "Russian titles1" in words(page)
    assert "Save filter" not in words(page), "what is saved already is not offered again"
    visitor.post("/queue/filters/rename", {"name": "Russian titles", "to": "RU"})
    assert "RU1 open" in words(visitor.get("/queue/filters").text)
    assert "Russian titles" not in words(visit_as(site, site.second_analyst).get("/queue").text)
    visitor.post("/queue/filters/delete", {"name": "RU"})
    assert "No saved filters" in words(visitor.get("/queue/filters").text)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/queue/filters", {"query": "language=ru", "name": "  "}, 422),
        ("/queue/filters", {"query": "language=ru", "name": "x" * 61}, 422),
        ("/queue/filters", {"query": "evil=1", "name": "nothing"}, 422),
        ("/queue/filters/rename", {"name": "no such", "to": "other"}, 404),
    ],
)
def test_a_filter_that_cannot_be_kept_is_refused(site: Site, path: str, fields: dict[str, str], status: int) -> None:
    assert visit_as(site, site.analyst).post(path, fields).status_code == status


def test_a_person_keeps_at_most_twenty_filters_each_name_once(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    for number in range(20):
        assert visitor.post("/queue/filters", {"query": "due=overdue", "name": f"F {number}"}).status_code == 303
    assert visitor.post("/queue/filters", {"query": "due=overdue", "name": "One more"}).status_code == 409
    assert visitor.post("/queue/filters", {"query": "lease=mine", "name": "F 3"}).status_code == 303, "in its place"
    assert visitor.post("/queue/filters/rename", {"name": "F 1", "to": "F 2"}).status_code == 409


def test_the_next_case_is_the_next_of_the_filtered_queue(site: Site) -> None:
    first = a_case(site, external_id="MP-1", price="900.00", language="ru")
    a_case(site, external_id="MP-2", price="500.00", language="en")
    last = a_case(site, external_id="MP-3", price="100.00", language="ru")
    answer = visit_as(site, site.analyst).answer(first.case_id, first.version_id, "genuine", queue="language=ru")
    assert answer.headers["location"] == f"/cases/{last.case_id}?language=ru"


def test_what_has_come_since_is_counted_and_moves_nothing(site: Site) -> None:
    a_case(site, external_id="MP-1", language="ru")
    visitor = visit_as(site, site.analyst)
    page = visitor.get("/queue?language=ru").text
    newer = unescape(re.findall(r'hx-get="(/queue/new[^"]*)"', page)[0])
    assert 'href="/queue?language=ru">Refresh</a>' in page
    assert words(visitor.get(newer).text) == ""
    site.clock.forward(minutes=1)
    a_case(site, external_id="MP-2", language="ru")
    a_case(site, external_id="MP-3", language="en")
    part = visitor.get(newer).text
    assert words(part) == f"1 new since {NOW:%H:%M}"
    assert 'href="/queue?language=ru"' in part
    assert unescape(re.findall(r'hx-get="([^"]*)"', part)[0]) == newer, "counted from when the page was loaded"
    for since in ("", "x", "2026-03-02", "9999-12-31T23:59:59%2B00:00", "-1"):
        assert words(visitor.get(f"/queue/new?since={since}").text) == ""


def test_cases_that_belong_together_stand_together(site: Site) -> None:
    rows = [
        a_suspect_row(external_id=f"MP-{i}", price=f"{900 - 100 * i}.00", seller={"external_id": seller})
        for i, seller in enumerate(("shop-1", "shop-2", "shop-1", "shop-1"))
    ]
    rows[1] |= {"title": "Solenne purse, mirror quality, with box and card", "brand": "Solenne", **EVIDENCE}
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    page = queue_page(site.runtime, Session(site.analyst, "token"), QueueQuery())
    head, alone = page.groups[0].head, page.groups[-1]
    assert head is not None
    assert head.what == "3 listings, 1 seller"
    assert head.harm is None, "points make no sum"
    assert alone.head is None
    assert [len(group.rows) for group in page.groups] == [3, 1]
    assert visit_as(site, site.analyst).get("/queue").text.count(f'data-cluster="{head.key}"') == 3
    assert head.address.count("offer=") == 3
    opened = visit_as(site, site.analyst).get(head.address)
    assert opened.status_code == 200
    assert words(opened.text).count("shop-1") >= 3


def test_the_teams_work_in_progress_stands_beside_the_queue(site: Site) -> None:
    done, other, leased_case = (a_case(site, external_id=f"MP-{i}") for i in range(3))
    judge(site, site.analyst, done, Judgement.GENUINE)
    judge(site, site.second_analyst, other, Judgement.GENUINE)
    visit_as(site, site.second_analyst).get(f"/cases/{leased_case.case_id}")
    rail = queue_page(site.runtime, Session(site.analyst, "token"), QueueQuery()).rail
    assert (rail.mine, rail.team) == (1, 2)
    assert [(lease.name, lease.case_id) for lease in rail.leased] == [("Tomás Rey", leased_case.case_id)]
    assert "Analyst review0 s / 1 d" in words(visit_as(site, site.analyst).get("/queue").text)
    site.clock.forward(hours=25)
    rail = queue_page(site.runtime, Session(site.analyst, "token"), QueueQuery()).rail
    assert (rail.mine, rail.team) == (0, 0), "another day"
    assert rail.leased == []
    assert rail.ages[0][2].due_at <= site.clock.now()


def analyst_page(site: Site) -> StaffPage:
    return my_page(site.runtime, Session(site.analyst, "token"))


def test_agreement_with_second_reviews_and_brands_is_shown(any_site: Site) -> None:
    site = any_site
    for number, (text, looked) in enumerate(
        [(Judgement.GENUINE, Judgement.LICENSED), (Judgement.GENUINE, Judgement.COUNTERFEIT)]
    ):
        case = a_case(site, external_id=f"MP-{number}", title=f"Solenne purse mirror quality {number}", brand="Solenne")
        judge(site, site.analyst, case, text)
        site.clock.forward(days=15)
        judge(site, site.second_analyst, a_second_review(site, case, label=0), looked)
    brand_case = a_case(site, external_id="MP-8")
    judge(site, site.analyst, brand_case, Judgement.COUNTERFEIT)
    site.clock.forward(minutes=1)
    judge(site, site.brand_person, brand_case, Judgement.COUNTERFEIT)
    looks, _, brands, appeals = analyst_page(site).agreements.values()
    assert (looks.agreed, looks.of, brands.agreed, brands.of, appeals.of) == (1, 2, 1, 1, 0)
    shown = words(visit_as(site, site.analyst).get("/queue/me").text)
    assert "Second reviews, by you and of your cases 1 of 2 50 % 9 to 91 %" in shown
    assert "Appeals that upheld your decision none yet unknown" in shown
    looks, *_ = my_page(site.runtime, Session(site.second_analyst, "token")).agreements.values()
    assert (looks.agreed, looks.of) == (1, 2), "a second review counts for both"


def test_a_decision_that_did_not_last_is_named_with_its_case(site: Site) -> None:
    judge(site, site.second_analyst, an_appeal(site, decided_by_analyst=True), Judgement.GENUINE)
    page = analyst_page(site)
    [gone] = page.overturned
    assert gone.cause == "appeal"
    assert visit_as(site, site.analyst).get(f"/cases/{gone.case_id}").status_code == 200
    appeals = page.agreements["Appeals that upheld your decision"]
    assert (appeals.agreed, appeals.of) == (0, 1)
    assert my_page(site.runtime, Session(site.second_analyst, "token")).overturned == [], "not of who decided it"
    assert "Visible only to you" in words(visit_as(site, site.analyst).get("/queue/me").text)


def test_days_and_the_middle_time_are_counted(site: Site) -> None:
    first = a_case(site, external_id="MP-1")
    site.clock.forward(hours=1)
    judge(site, site.analyst, first, Judgement.GENUINE)
    site.clock.forward(days=1)
    second = a_case(site, external_id="MP-2")
    site.clock.forward(hours=3)
    judge(site, site.analyst, second, Judgement.GENUINE)
    page = analyst_page(site)
    assert (page.decided, page.today, page.median) == (2, 1, 7_200)
    assert "0, 1, 1." in page.chart.label


def test_missing_figures_are_named_and_not_zeroed(site: Site) -> None:
    text = words(visit_as(site, site.analyst).get("/queue/me").text)
    assert "No decisions in this period." in text
    assert text.count("none yet") == 4
    assert "0 %" not in text


def test_a_pause_is_suggested_and_can_be_waved_away(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    for number in range(18):
        judge(site, site.analyst, a_case(site, external_id=f"MP-{number}"), Judgement.GENUINE)
        site.clock.forward(minutes=3)
    assert "You have reviewed cases for 54 min without a break." in words(visitor.get("/queue").text)
    assert visitor.post("/queue/pause-later").headers["location"] == "/queue"
    assert "without a pause" not in words(visitor.get("/queue").text)
    rested = visit_as(site, site.analyst)
    site.clock.forward(minutes=6)
    assert "without a pause" not in words(rested.get("/queue").text)
