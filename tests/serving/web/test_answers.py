import re

import pytest

from models.case import CaseLane, CaseState
from models.verdict import Evidence, Judgement, ReasonCode
from serving.brands.rules.rights import RightKind
from serving.cases.store import verdicts
from serving.cases.store.cases import Case
from serving.listings.service.intake import receive_rows
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.web.case.answers import answer_of
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, case_now, judge, open_cases
from tests.serving.brands.service.test_rights import withdraw_all
from tests.serving.web.visits import hidden_fields, visit_as, words


def removals(site: Site, case: Case) -> list[StoredAction]:
    return site.read(actions.of_listing, site.marketplace_id, case.listing_id)


def test_a_brand_answers_by_plain_form_and_the_removal_is_scheduled(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    visitor = visit_as(site, site.brand_person)
    page = visitor.get("/brand").text
    action = re.search(r'<form class="ans" method="post" action="([^"]+)"', page)
    assert action is not None
    answer = visitor.post(action[1], {**hidden_fields(page), "judgement": "counterfeit", "reason_code": "design"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/brand")
    [removal] = removals(site, case)
    assert (removal.kind, removal.state) == (ActionKind.REMOVE, ActionState.SCHEDULED)
    assert removal.statement["ground"] == "The goods copy a protected design."
    text = words(visitor.get("/brand").text)
    assert "The removal is sent in 3:00. Undo until 09:03:00 UTC." in text
    assert "No listing awaits your answer" in text


def test_an_answer_without_a_verified_right_names_what_to_register_and_no_roles(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    visitor = visit_as(site, site.brand_person)
    for kind in RightKind:
        withdraw_all(site, kind)
    refused = visitor.answer(case.case_id, case.version_id, "counterfeit")
    assert refused.status_code == 403
    text = words(refused.text)
    assert "No verified right covers this Nothing was recorded." in text
    assert "A lead registers rights under Our brand, Rights, and your account manager verifies them." in text
    assert "roles" not in text


def test_undo_withdraws_the_removal_and_asks_again(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    visitor = visit_as(site, site.brand_person)
    visitor.answer(case.case_id, case.version_id, "counterfeit")
    site.clock.forward(seconds=100)
    assert "The removal is sent in 1:20" in words(visitor.get("/brand/done").text)
    assert visitor.post(f"/cases/{case.case_id}/undo").headers["location"] == "/brand"
    assert [removal.state for removal in removals(site, case)] == [ActionState.WITHDRAWN]
    text = words(visitor.get("/brand").text)
    assert "1 listing awaits your answer" in text
    assert "Undone." in text


def test_undo_after_the_window_says_that_it_has_closed(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    visitor = visit_as(site, site.brand_person)
    visitor.answer(case.case_id, case.version_id, "counterfeit")
    site.clock.forward(seconds=181)
    assert "Undo" not in words(visitor.get("/brand/done").text)
    refused = visitor.post(f"/cases/{case.case_id}/undo")
    assert refused.status_code == 409
    assert "The undo window has closed." in words(refused.text)


def test_a_reviewer_goes_on_to_the_next_case_and_can_undo_there(site: Site) -> None:
    first = a_case(site, external_id="MP-9", price="900.00")
    second = a_case(site, external_id="MP-10", price="90.00")
    visitor = visit_as(site, site.analyst)
    answer = visitor.answer(first.case_id, first.version_id, "genuine")
    assert answer.headers["location"] == f"/cases/{second.case_id}"
    page = visitor.get(answer.headers["location"]).text
    assert "Genuine recorded for MP-9. The listing stays. Undo until 09:03:00 UTC." in words(page)
    assert f'action="/cases/{first.case_id}/undo"' in page
    assert visitor.post(f"/cases/{first.case_id}/undo").headers["location"] == f"/cases/{first.case_id}"
    assert case_now(site, first).state is CaseState.OPEN


def test_the_last_case_of_a_queue_leads_back_to_it(site: Site) -> None:
    case = a_case(site)
    visitor = visit_as(site, site.analyst)
    answer = visitor.answer(case.case_id, case.version_id, "genuine", queue="lane=analyst")
    assert answer.headers["location"] == "/queue?lane=analyst"
    text = words(visitor.get("/queue?lane=analyst").text)
    assert "End of this queue." in text
    assert "No cases for analyst review." in text


def test_a_case_that_a_colleague_holds_is_not_the_next_one(site: Site) -> None:
    colleague_case = a_case(site, external_id="MP-8", price="900.00")
    mine = a_case(site, external_id="MP-9", price="500.00")
    free = a_case(site, external_id="MP-10", price="90.00")
    visit_as(site, site.second_analyst).get(f"/cases/{colleague_case.case_id}")
    answer = visit_as(site, site.analyst).answer(mine.case_id, mine.version_id, "genuine")
    assert answer.headers["location"] == f"/cases/{free.case_id}"


def test_of_two_reviewers_the_second_is_told_and_nothing_is_overwritten(site: Site) -> None:
    case = a_case(site)
    first, second = visit_as(site, site.analyst), visit_as(site, site.second_analyst)
    first.answer(case.case_id, case.version_id, "counterfeit")
    first.post(f"/cases/{case.case_id}/undo")
    first.answer(case.case_id, case.version_id, "genuine")
    refused = second.answer(case.case_id, case.version_id, "counterfeit")
    assert refused.status_code == 409
    text = words(refused.text)
    assert "The case has been decided already. Your input was not recorded" in text
    assert "no other person's changes were overwritten" in text
    assert f'href="/cases/{case.case_id}">Open case' in refused.text
    standing = site.read(verdicts.latest_of_case, site.marketplace_id, case.case_id)
    assert standing is not None
    assert standing.judgement is Judgement.GENUINE
    assert "Genuine by Ines Moreau, 09:00 UTC." in words(second.get(f"/cases/{case.case_id}").text)


def test_a_case_that_a_colleague_holds_takes_no_answer(site: Site) -> None:
    case = a_case(site)
    visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}")
    refused = visit_as(site, site.analyst).answer(case.case_id, case.version_id, "genuine")
    assert refused.status_code == 409
    assert "Somebody else is working on this case." in words(refused.text)


def test_an_answer_on_a_version_that_was_changed_since_is_refused(site: Site) -> None:
    case = a_case(site)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(price="79.00")], source="test")
    [current] = open_cases(site)
    visitor = visit_as(site, site.analyst)
    stale = visitor.answer(case.case_id, case.version_id, "genuine")
    assert stale.status_code == 409
    assert "The listing has changed since this case opened" in words(stale.text)
    unseen = visitor.answer(current.case_id, case.version_id, "genuine")
    assert unseen.status_code == 409
    assert "Review the current version" in words(unseen.text)
    assert case_now(site, current).state is CaseState.OPEN


def test_a_foreign_brands_question_does_not_exist(site: Site) -> None:
    case = a_case(site)
    assert visit_as(site, site.brand_person).answer(case.case_id, case.version_id, "genuine").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"judgement": "withdrawn"},
        {"judgement": "fake"},
        {"judgement": ""},
        {"judgement": "counterfeit", "reason_code": "because"},
        {"judgement": "genuine", "note": "x" * 2001},
        {"judgement": "genuine", "evidence": "hearsay"},
    ],
)
def test_what_is_no_answer_is_refused_and_not_repeated(site: Site, fields: dict[str, str]) -> None:
    case = a_case(site)
    answer = visit_as(site, site.analyst).post(
        f"/cases/{case.case_id}/verdict", {"version_id": case.version_id, **fields}
    )
    assert answer.status_code == 422
    assert case_now(site, case).state is CaseState.OPEN


def test_a_note_is_kept_with_the_answer_and_shown_as_text(site: Site) -> None:
    case = a_case(site)
    visitor = visit_as(site, site.analyst)
    visitor.answer(case.case_id, case.version_id, "genuine", note="  seen <b>in</b> the shop ")
    assert "“<bdi>seen &lt;b&gt;in&lt;/b&gt; the shop</bdi>”" in visitor.get(f"/cases/{case.case_id}").text


def test_a_reason_code_belongs_to_a_counterfeit_alone() -> None:
    fields = {"version_id": "v", "reason_code": "design"}
    assert answer_of("c", {**fields, "judgement": "genuine"}).reason_code is None
    assert answer_of("c", {**fields, "judgement": "counterfeit"}).reason_code is ReasonCode.DESIGN


@pytest.mark.parametrize(("evidence", "expected"), [("", Evidence.LISTING), ("test_buy", Evidence.TEST_BUY)])
def test_an_answer_rests_on_the_listing_unless_it_says_on_a_test_buy(evidence: str, expected: Evidence) -> None:
    assert answer_of("c", {"judgement": "genuine", "evidence": evidence}).evidence is expected


@pytest.mark.parametrize("case_id", ["cas_x", "cas_%00", "cas_" + "0" * 26, "'; DROP TABLE"])
def test_an_address_of_no_case_is_nothing(site: Site, case_id: str) -> None:
    visitor = visit_as(site, site.analyst)
    assert visitor.get(f"/cases/{case_id}").status_code == 404
    assert visitor.post(f"/cases/{case_id}/verdict", {"judgement": "genuine"}).status_code == 404


def test_a_brands_undo_is_theirs_alone(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    refused = visit_as(site, site.analyst).post(f"/cases/{case.case_id}/undo")
    assert refused.status_code == 403
    assert "Camille Duval gave the last verdict" in words(refused.text)
