import re

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.service.display_choice import save_choice
from serving.brands.rules.rights import RightKind
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language
from serving.reports.rules.outcomes import Code
from serving.takedowns.service.stop_links import stop_path
from serving.web.wording.translated import in_words
from tests.fixtures.factors import on_real_time
from tests.fixtures.reporting import (
    a_marketplace_that_listens,
    a_rival,
    action_states,
    confirm_together,
    questions,
    right_of,
)
from tests.fixtures.runtimes import Site, a_case, open_cases
from tests.fixtures.stepping_up import HOUR, OVER, in_full_standing, with_a_small_hour
from tests.serving.attacks.test_removal_budgets import send_due
from tests.serving.brands.service.test_rights import withdraw_all
from tests.serving.web.test_large_report_pages import a_day_old, with_code
from tests.serving.web.visits import hidden_fields, visit_as, words

PATH = "/brand/takedowns"
_LISTING = re.compile(r'name="(listing:cas_\w+)" value="(\w+)">')


def test_no_listing_is_ticked_by_default_and_what_is_unticked_stays_open(site: Site) -> None:
    questions(site, 3)
    brand = visit_as(site, site.brand_person)
    assert "Confirm several listings" in words(brand.get("/brand").text)
    page = brand.get(PATH).text
    listings = dict(_LISTING.findall(page))
    assert len(listings) == 3
    left_out = sorted(listings)[0]
    ticked = {name: version for name, version in listings.items() if name != left_out}
    unticked = {**hidden_fields(page), "reason_code": "trademark_counterfeit"}
    assert brand.post(PATH, {**unticked, "good_faith": "yes"}).status_code == 422
    fields = {**unticked, **ticked}
    assert brand.post(PATH, fields).status_code == 422  # Without the word of good faith.
    assert action_states(site) == {}
    done = brand.post(PATH, {**fields, "good_faith": "yes"})
    assert done.status_code == 303
    assert "Removal scheduled: 2" in words(brand.get(done.headers["location"]).text)
    assert action_states(site) == {"scheduled": 2}
    assert [f"listing:{case.case_id}" for case in open_cases(site, CaseLane.ASK_BRAND)] == [left_out]
    brand.post(f"{done.headers['location']}/withdraw", {"item:1": "1", "item:2": "1"})
    assert action_states(site) == {"withdrawn": 2}
    assert len(open_cases(site, CaseLane.ASK_BRAND)) == 3
    again = {**hidden_fields(brand.get(PATH).text), "reason_code": "trademark_counterfeit", "good_faith": "yes"}
    assert brand.post(PATH, {**again, "all": "yes"}).status_code == 303
    assert action_states(site) == {"withdrawn": 2, "scheduled": 3}


def test_what_a_listing_says_is_text_and_never_markup(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND, title='Aurelle 1:1 replica "><script>alert(1)</script>')
    page = visit_as(site, site.brand_person).get(PATH).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_reasons_are_those_of_which_the_right_speaks(site: Site) -> None:
    questions(site, 1)
    page = visit_as(site, site.brand_person).get(f"{PATH}?right={right_of(site, RightKind.DESIGN)}").text
    assert 'value="design"' in page
    assert 'value="trademark_counterfeit"' not in page


def test_without_a_right_on_file_there_is_no_form(site: Site) -> None:
    questions(site, 1)
    for kind in RightKind:
        withdraw_all(site, kind)
    page = visit_as(site, site.brand_person).get(PATH).text
    assert "No right on file" in words(page)
    assert 'action="/brand/takedowns/preview"' not in page


def test_the_reason_of_a_refused_listing_is_in_the_reader_s_language(site: Site) -> None:
    decided, fine = a_case(site, CaseLane.ASK_BRAND), a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    brand = visit_as(site, site.brand_person)
    brand.answer(decided.case_id, decided.version_id, Judgement.GENUINE)
    confirmed = confirm_together(site, [decided, fine])
    assert [outcome.code for outcome in confirmed.outcomes] == [Code.QUESTION_CLOSED, Code.REMOVED_AT_ONCE]
    with showing_as(Display(language=Language("es"))):
        (expected,) = map(in_words, confirmed.outcomes[0].reasons)
    save_choice(site.runtime, site.brand_person, Display(), {"language": "es"})
    assert expected in words(brand.get(f"/brand/reports/{confirmed.report.report_id}").text)


def answers_of_form(page: str) -> dict[str, str]:
    """The fields of the form with every question ticked."""
    return {**hidden_fields(page), "reason_code": "trademark_counterfeit", "all": "yes"}


@pytest.mark.parametrize("many", [5, pytest.param(300, marks=[pytest.mark.soak, pytest.mark.timeout(1_200)])])
def test_a_large_set_of_answers_is_foreseen_and_leaves_whole_an_hour_after_a_code(any_site: Site, many: int) -> None:
    full_site = on_real_time(in_full_standing(any_site), public_url="http://testserver")
    site, hour = (full_site, 20) if many > 20 else (with_a_small_hour(full_site), HOUR)
    app = a_day_old(site)
    questions(site, many)
    until_ten = (34 - site.clock.now().hour) % 24
    site.clock.forward(hours=until_ten)
    brand = with_code(site, app)
    preview = brand.post(f"{PATH}/preview", answers_of_form(brand.get(PATH).text)).text
    seen = words(preview)
    assert f"Removal scheduled: {hour}Pending approval: {many - hour}" in seen
    assert f"{many - hour} × One person has confirmed {hour} removals within an hour." in seen
    assert "all removals are sent together at 11:" in seen
    assert f"Removal scheduled: {many}" in seen.partition("all removals are sent together")[2]
    fields = {**hidden_fields(preview), "good_faith": "yes", "way": "step_up"}
    address = brand.post(PATH, fields).headers["location"]
    assert action_states(site) == {}
    brand.post(f"{address}/step-up", {"code": app.code(site)})
    assert action_states(site) == {"scheduled": many}
    with a_marketplace_that_listens(site):
        for minutes, states in ((59, {"scheduled": many}), (6, {"acknowledged": many})):
            site.clock.forward(minutes=minutes)
            send_due(site)
            assert action_states(site) == states
    assert f"Removed: {many}" in words(brand.get(address).text)


def test_one_click_stops_a_large_set_of_answers_and_the_questions_are_open_again(site: Site) -> None:
    limited_site = on_real_time(with_a_small_hour(in_full_standing(site)), public_url="http://testserver")
    app = a_day_old(limited_site)
    cases = questions(limited_site, OVER)
    brand = with_code(limited_site, app)
    fields = {**answers_of_form(brand.get(PATH).text), "good_faith": "yes", "way": "step_up"}
    address = brand.post(PATH, fields).headers["location"]
    brand.post(f"{address}/step-up", {"code": app.code(limited_site)})
    stop = stop_path(limited_site.runtime, limited_site.account_manager.user_id, address.rpartition("/")[2])
    visit_as(limited_site, limited_site.account_manager).post(stop)
    assert action_states(limited_site) == {"withdrawn": OVER}
    assert {case.case_id for case in open_cases(limited_site, CaseLane.ASK_BRAND)} == {case.case_id for case in cases}


def test_of_another_brand_s_case_the_preview_says_nothing(site: Site) -> None:
    (case,) = questions(site, 1)
    rival = visit_as(site, a_rival(site))
    fields = {"right_id": right_of(site), "reason_code": "trademark_counterfeit", f"listing:{case.case_id}": "ver_x"}
    assert rival.post(f"{PATH}/preview", fields).status_code == 404
