"""The brand of a case on its page: named where it is unresolved, corrected with a reason, refused beside the form."""

import re
from html import unescape

from models.case import CaseLane
from models.verdict import Judgement
from serving.cases.rules.case_brand import Naming
from serving.cases.service.naming import name_brand
from tests.fixtures.naming import VELA, a_brandless_case, another_brand, naming_of_brand, stored_case
from tests.fixtures.runtimes import Site, a_case, a_second_review, judge
from tests.serving.web.visits import Visitor, an_appeal, visit_as, words

PROMPT = "Name the brand first: choose a registered brand, or enter the mark and its owner."
ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


def options(page: str) -> list[str]:
    return re.findall(r'type="radio" name="brand_id" value="(\w+)"', page)


def save(visitor: Visitor, case_id: str, **fields: str) -> str:
    answer = visitor.post(f"/cases/{case_id}/brand", {"queue": "", **fields})
    if answer.status_code == 303:
        return visitor.get(answer.headers["location"]).text
    assert answer.status_code == 422
    return answer.text


def test_a_case_without_a_brand_says_so_and_shows_the_key(site: Site) -> None:
    case = a_brandless_case(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert '<a href="#brand">brand not resolved</a>' in page
    assert '<summary data-key="b">Name brand <kbd>B</kbd></summary>' in page
    text = words(page)
    assert "The listing names no registered brand. Name the brand before you answer “Counterfeit”" in text
    assert f"Counterfeit {PROMPT}" in text, "among the effects of the decision"
    assert "Name brand B" in text.partition("Keyboard shortcuts")[2]


def test_counterfeit_is_refused_beside_the_form_and_loses_no_text(site: Site) -> None:
    case, visitor = a_brandless_case(site), visit_as(site, site.analyst)
    answer = visitor.answer(
        case.case_id, case.version_id, "counterfeit", note=f"Weak seams {ATTACK}", reason_code="design"
    )
    assert answer.status_code == 422
    page = answer.text
    assert re.search(rf'<p class="note bad" role="alert" id="refused-brand">.*{re.escape(PROMPT)}', page)
    assert '<details class="fold" open><summary data-key="b">' in page
    assert '<option value="design" selected>' in page
    assert f"Weak seams {ATTACK}" in unescape(page)
    assert "<script>alert" not in page
    assert stored_case(site, case).state.value == "open"


def test_the_script_is_told_before_it_moves_on(site: Site) -> None:
    case, visitor = a_brandless_case(site), visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{case.case_id}").text
    assert 'data-brand="needed"' in page
    assert re.search(r'role="alert" tabindex="-1" data-needed hidden', page)
    answer = visitor.post(
        f"/cases/{case.case_id}/verdict",
        {"version_id": case.version_id, "judgement": "counterfeit"},
        **{"touchstone-flow": "1"},
    )
    assert (answer.status_code, PROMPT in words(answer.text)) == (422, True)
    save(visitor, case.case_id, brand_id="none", mark="Vela Nord", owner="Vela Nordsee AG")
    assert 'data-brand="named"' in visitor.get(f"/cases/{case.case_id}").text


def test_a_brand_is_searched_chosen_and_then_told(site: Site) -> None:
    case, visitor = a_brandless_case(site), visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{case.case_id}?lane=analyst&find=solen").text
    solenne = naming_of_brand(site, "Solenne").brand.brand_id
    assert options(page) == [solenne, "none"]
    assert '<details class="fold" open>' in page
    assert '<input type="hidden" name="lane" value="analyst">' in page, "the search stays in the queue"
    text = words(save(visitor, case.case_id, brand_id=solenne or "", find="solen"))
    assert "Brand saved. Statements to the seller name it from now on." in text
    assert "version 1 of 1, Solenne" in text
    assert "not resolved → Solenne first naming Ines Moreau" in text
    assert visitor.answer(case.case_id, case.version_id, "counterfeit").status_code == 303


def test_candidates_of_the_listing_come_before_any_search(site: Site) -> None:
    case = a_case(site, title="Aurelle or Solenne? 1:1 mirror quality tote", brand=None)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert len(options(page)) == 3
    assert "The listing points to Aurelle and Solenne." in words(page)


def test_a_search_without_a_match_says_so(site: Site) -> None:
    case = a_brandless_case(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "matches the search" not in words(page)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}?find={'x' * 300}").text
    assert "No other registered brand matches the search." in words(page)
    assert f'value="{"x" * 100}"' in page


def test_a_refused_naming_keeps_what_was_typed_and_shows_hostile_text_as_text(site: Site) -> None:
    case, visitor = a_brandless_case(site), visit_as(site, site.analyst)
    page = save(visitor, case.case_id, brand_id="none", mark=ATTACK, reason="Seen.")
    assert "Enter the owner of the mark." in words(page)
    assert '<input type="radio" name="brand_id" value="none" checked>' in page
    assert ATTACK in unescape(page)
    assert "<script>alert" not in page
    page = save(visitor, case.case_id, brand_id="none", mark=ATTACK, owner=ATTACK)
    assert "<script>alert" not in page
    assert unescape(page).count(ATTACK) >= 3, "in the head, the card and the history"


def test_a_correction_asks_for_its_reason_and_keeps_the_history(site: Site) -> None:
    other = another_brand(site)
    case, visitor = a_case(site, CaseLane.ASK_BRAND), visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{case.case_id}").text
    assert '<summary data-key="b">Correct brand <kbd>B</kbd></summary>' in page
    assert '<input class="in" name="reason" maxlength="500" value="" required>' in page
    assert "Give the reason for the correction." in words(save(visitor, case.case_id, brand_id=other.brand_id))
    text = words(save(visitor, case.case_id, brand_id=other.brand_id, reason="The pictures show Marea."))
    assert "Aurelle → Marea The pictures show Marea. Ines Moreau" in text
    assert "A reviewer named it." in text
    assert "Marea is asked and has 96 h to answer" in text


def test_a_mark_that_is_not_registered_is_shown_with_its_owner_and_in_the_queue(site: Site) -> None:
    case = a_brandless_case(site)
    name_brand(site.runtime, site.analyst, case.case_id, VELA)
    visitor = visit_as(site, site.analyst)
    text = words(visitor.get(f"/cases/{case.case_id}").text)
    assert "version 1 of 1, Vela Nord," in text
    assert "Not registered here. Owner: Vela Nordsee AG." in text
    assert "Vela Nord" in words(visitor.get("/queue").text)


def test_a_second_review_asks_for_no_brand_and_an_appeal_lets_none_be_corrected(site: Site) -> None:
    case = a_brandless_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    page = visit_as(site, site.second_analyst).get(f"/cases/{look.case_id}").text
    assert 'data-brand="named"' in page
    appeal = an_appeal(site)
    page = visit_as(site, site.second_analyst).get(f"/cases/{appeal.case_id}").text
    assert 'data-key="b"' not in page
    assert "If it is wrong, uphold the appeal." in words(page)


def test_the_bulk_form_says_which_cases_have_no_brand(site: Site) -> None:
    named, brandless = a_case(site, external_id="MP-1"), a_brandless_case(site, external_id="MP-2")
    page = visit_as(site, site.analyst).get(f"/cases/bulk?case={named.case_id}&case={brandless.case_id}").text
    assert words(page).count("Brand not resolved: “Counterfeit” is not recorded") == 1


def test_a_brand_that_the_facts_are_not_about_reads_no_prices_or_lists_of_another(site: Site) -> None:
    """The facts were assembled for the brand before: its list prices and its authorised sellers are its own."""
    other = another_brand(site)
    case = a_case(site, CaseLane.ASK_BRAND)
    assert "Not on your authorised list" in words(visit_as(site, site.brand_person).get("/brand").text)
    naming = Naming.of(brand_id=other.brand_id, mark=None, owner=None, reason="The pictures show Marea.")
    name_brand(site.runtime, site.analyst, case.case_id, naming)
    text = words(visit_as(site, other.person).get("/brand").text)
    assert "1 listing awaits your answer" in text
    assert "authorised list" not in text
    assert "of your list price" not in text
    assert "usual price" not in text
    assert "No listing awaits your answer" in words(visit_as(site, site.brand_person).get("/brand").text)


def test_a_reviewer_undoes_their_own_naming_on_the_page(site: Site) -> None:
    case, visitor = a_brandless_case(site), visit_as(site, site.analyst)
    name_brand(site.runtime, site.analyst, case.case_id, VELA)
    site.clock.forward(minutes=1)
    address = f"/cases/{case.case_id}"
    theirs = a_brandless_case(site, external_id="MP-10")
    name_brand(site.runtime, site.second_analyst, theirs.case_id, VELA)
    assert "Undo naming" not in words(visitor.get(f"/cases/{theirs.case_id}").text)
    assert "Undo naming" in words(visitor.get(address).text)
    text = words(visitor.get(visitor.post(f"{address}/brand/undo", {"queue": ""}).headers["location"]).text)
    assert "Naming undone. The brand of the case is what it was before." in text
    assert "Vela Nord (Vela Nordsee AG) → not resolved naming undone Ines Moreau" in text
    assert "Undid the naming of Vela Nord. The brand is unresolved again." in text
    assert "Undo naming" not in text
