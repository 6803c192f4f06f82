import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from httpx2 import Response

from models.case import CaseLane, CaseState
from serving.cases.store import cases
from serving.cases.store.cases import Case
from tests.fixtures.reporting import action_states, on_sale, report
from tests.fixtures.runtimes import Site, a_case, open_cases
from tests.serving.web.visits import Visitor, an_appeal, hidden_fields, visit_as, words

HOSTILE = '"><script>alert(1)</script>\u202e'


def address(*cases: Case) -> str:
    return "/cases/bulk?" + "&".join(f"case={case.case_id}" for case in cases)


def test_every_case_is_shown_with_what_tells_it_apart_and_each_can_be_left_out(site: Site) -> None:
    first = a_case(site, external_id="MP-1", price="90.00", title="Aure11e Colline tote 1:1, grey")
    second = a_case(site, external_id="MP-2", price="70.00", title=f"Aure11e Colline tote 1:1 {HOSTILE}")
    page = visit_as(site, site.analyst).get(address(first, second)).text
    for case in (first, second):
        assert f'name="case:{case.case_id}" value="{case.version_id}" checked' in page
    sentence = words(page)
    assert "2 cases" in sentence
    assert "€90" in sentence
    assert "Replica-grade wording: “1:1" in sentence
    assert '<span class="hg"' in page, "what pretends is marked here too"
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert [f'data-key="{key}"' in page for key in "cgmlnt"] == [True] * 6


def test_what_is_not_decided_with_others_says_why(site: Site) -> None:
    appeal = an_appeal(site)
    question = a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    colleague_case = a_case(site, external_id="MP-3")
    visit_as(site, site.second_analyst).get(f"/cases/{colleague_case.case_id}")
    page = visit_as(site, site.analyst).get(address(appeal, question, colleague_case)).text
    sentence = words(page)
    assert "No cases for a bulk decision" in sentence
    assert "Decide each appeal on its own, by its statement." in sentence
    assert "The brand has been asked and must answer this question." in sentence
    assert "Tomás Rey is working on this case." in sentence
    assert 'type="checkbox" id="t-' not in page


def test_ids_of_nowhere_are_not_told_apart_from_none(site: Site) -> None:
    page = visit_as(site, site.analyst).get("/cases/bulk?case=cas_00000000000000000000000000&case=x&cluster=y")
    assert page.status_code == 200
    assert "No cases for a bulk decision" in words(page.text)


def test_a_case_brings_the_open_ones_in_nearly_its_words(site: Site) -> None:
    text = (
        "Aure11e Colline tote 1:1 mirror quality, real leather, with box, dust bag and a receipt from the shop in Lyon"
    )
    first = a_case(site, external_id="MP-1", title=text)
    site.clock.forward(minutes=1)
    second = a_case(site, external_id="MP-2", title=text, seller={"external_id": "copy-cat", "age_days": 3})
    visitor = visit_as(site, site.analyst)
    for offered in (f"cluster={second.case_id}", f"offer={first.case_id}&offer={second.case_id}"):
        page = visitor.get(f"/cases/bulk?{offered}").text
        assert set(re.findall(r'name="case:(cas_\w+)"', page)) == {first.case_id, second.case_id}
        assert " checked data-stop" not in page, "only what the user chose is ticked"
    form = {**hidden_fields(page), "judgement": "genuine"}
    assert visitor.post("/cases/bulk", form).status_code == 422
    assert visitor.post("/cases/bulk", {**form, "all": "yes"}).status_code == 303
    assert open_cases(site) == []


def test_ticked_cases_are_decided_and_the_whole_decision_is_undone(site: Site) -> None:
    ticked, other_case = a_case(site, external_id="MP-1"), a_case(site, external_id="MP-2")
    visitor = visit_as(site, site.analyst)
    bulk_id = hidden_fields(visitor.get(address(ticked, other_case)).text)["bulk_id"]
    form = {"bulk_id": bulk_id, f"case:{ticked.case_id}": ticked.version_id, "judgement": "licensed", "note": "Seen."}
    answer = visitor.post("/cases/bulk", form)
    assert answer.headers["location"] == f"/cases/bulk/{bulk_id}"
    sentence = words(visitor.get(answer.headers["location"]).text)
    assert "Bulk decision result Licensed" in sentence
    assert "1 recorded." in sentence
    assert visitor.post(f"/cases/bulk/{bulk_id}/undo").headers["location"] == f"/cases/bulk/{bulk_id}"
    sentence = words(visitor.get(f"/cases/bulk/{bulk_id}").text)
    assert "The cases are open again" in sentence
    assert "Undo bulk decision" not in sentence
    assert site.read(cases.get, site.marketplace_id, ticked.case_id).state is CaseState.OPEN


def test_nothing_ticked_is_reported_and_changes_nothing(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    refused = visitor.post("/cases/bulk", {"bulk_id": site.runtime.ids.new("blk"), "judgement": "genuine"})
    assert (refused.status_code, "Select at least one case." in words(refused.text)) == (422, True)


def test_an_answer_to_many_is_another_persons_to_see_as_little_as_none(site: Site) -> None:
    assert visit_as(site, site.analyst).get(f"/cases/bulk/{site.runtime.ids.new('blk')}").status_code == 404


@pytest.mark.both_engines
def test_a_form_that_is_sent_twice_in_the_same_moment_leads_to_one_result(any_site: Site) -> None:
    cases = [a_case(any_site, external_id=f"MP-{number}") for number in range(6)]
    visitors = [visit_as(any_site, any_site.analyst) for _ in range(2)]
    fields = hidden_fields(visitors[0].get(address(*cases)).text)
    fields |= {f"case:{case.case_id}": case.version_id for case in cases} | {
        "judgement": "grey_market",
        "note": "Imports.",
    }
    start = threading.Barrier(2)

    def send(visitor: Visitor) -> Response:
        start.wait()
        return visitor.post("/cases/bulk", {**fields, "csrf_token": visitor.csrf_token})

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(send, visitors)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"] == f"/cases/bulk/{fields['bulk_id']}"
    pages = [words(visitor.get(f"/cases/bulk/{fields['bulk_id']}").text) for visitor in visitors]
    assert pages[0] == pages[1]
    assert "Not recorded" not in pages[0]


@pytest.mark.parametrize("many", [23, pytest.param(300, marks=[pytest.mark.soak, pytest.mark.timeout(1_200)])])
def test_what_a_new_brand_reports_beyond_its_day_is_one_list_that_an_analyst_decides(any_site: Site, many: int) -> None:
    report(any_site, on_sale(any_site, many))
    assert action_states(any_site) == {"scheduled": 20}
    analyst, waiting = visit_as(any_site, any_site.analyst), open_cases(any_site, CaseLane.ANALYST)
    case, *others = [case for case in waiting if not case.score_masked]
    queue, page_of_case = analyst.get("/queue").text, analyst.get(f"/cases/{case.case_id}").text
    assert "ne report of the brand" in words(queue)
    for shown, link in ((queue, "Decide cluster"), (page_of_case, "Decide the open cases of its report together")):
        (address,) = re.findall(f'href="([^"]+)">{link}', shown)
        page = analyst.get(unescape(address)).text
        assert f"{1 + len(others)} cases" in words(page)
    fields = {**hidden_fields(page), "all": "yes", "judgement": "counterfeit", "reason_code": "trademark_counterfeit"}
    analyst.post("/cases/bulk", {**fields, "note": "Copies of one photograph."})
    assert open_cases(any_site, CaseLane.ANALYST) == [case for case in waiting if case.score_masked]
    removed = min(20, 1 + len(others))  # Those beyond the analyst's hour are one batch of pending removals.
    assert action_states(any_site) == Counter(scheduled=20 + removed, pending_approval=1 + len(others) - removed)
