import re

import pytest

from serving.appeals.policy import DMCA_LIKE
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.appeals.service.counter_notices import submit
from serving.takedowns.store.actions import StoredAction
from tests.fixtures.runtimes import Site
from tests.serving.appeals.service.test_counter_notices import WORDS, a_removal, counter_notice_of, with_policy
from tests.serving.web.test_brand_page import a_person_of
from tests.serving.web.visits import visit_as, words


def an_answer(site: Site, text: str = WORDS) -> StoredAction:
    removal = a_removal(site)
    submit(site.runtime, site.marketplace_id, removal.action_id, text)
    return removal


def test_the_brand_reads_what_the_seller_says_until_when_and_what_silence_does(site: Site) -> None:
    an_answer(site)
    text = words(visit_as(site, site.brand_person).get("/counter-notices").text)
    assert "1 counter-notice awaits your answer" in text
    assert WORDS in text
    assert re.search(r"5 d( \d+ h)? left Without an answer in time, the listing is reinstated\.", text), text


@pytest.mark.parametrize(
    ("event", "reasons", "state"),
    [
        ("maintain", "The stitching is not ours.", CounterNoticeState.WITH_SELLER),
        ("concede", "", CounterNoticeState.UPHELD),
    ],
)
def test_its_answer_is_recorded_and_the_page_is_empty_again(
    site: Site, event: str, reasons: str, state: CounterNoticeState
) -> None:
    removal = an_answer(site)
    visitor = visit_as(site, site.brand_person)
    path = f"/counter-notices/{counter_notice_of(site, removal).counter_notice_id}"
    assert visitor.post(path, {"event": event, "reasons": reasons}).headers["location"] == "/counter-notices"
    assert counter_notice_of(site, removal).state is state
    assert "No counter-notice awaits your answer" in words(visitor.get("/counter-notices").text)


@pytest.mark.parametrize(("event", "status"), [("maintain", 422), ("withdraw", 422), ("", 422), ("uphold", 422)])
def test_what_is_no_answer_changes_nothing(site: Site, event: str, status: int) -> None:
    removal = an_answer(site)
    path = f"/counter-notices/{counter_notice_of(site, removal).counter_notice_id}"
    assert visit_as(site, site.brand_person).post(path, {"event": event}).status_code == status
    assert counter_notice_of(site, removal).state is CounterNoticeState.WITH_RIGHTS_HOLDER


@pytest.mark.parametrize("reasons", ["", "x" * 10_001])
def test_a_refused_answer_returns_with_its_text_and_the_reason_beside_the_form(site: Site, reasons: str) -> None:
    number = counter_notice_of(site, an_answer(site)).counter_notice_id
    visitor = visit_as(site, site.brand_person)
    answer = visitor.post(f"/counter-notices/{number}", {"event": "maintain", "reasons": reasons})
    assert answer.status_code == 422
    assert WORDS in words(answer.text)
    assert f'role="alert" id="r-{number}"' in answer.text
    assert f'required aria-invalid="true" aria-describedby="r-{number}">{reasons[:4_000]}' in answer.text
    assert 'value="concede" formnovalidate' in answer.text


def test_where_only_a_court_keeps_a_listing_down_the_page_asks_for_it(site: Site) -> None:
    an_answer(with_policy(site, DMCA_LIKE))
    text = words(visit_as(site, site.brand_person).get("/counter-notices").text)
    assert "Report court action" in text
    assert "Maintain removal" not in text


def test_another_brand_neither_sees_nor_answers_it(site: Site) -> None:
    removal = an_answer(site)
    visitor = visit_as(site, a_person_of(site, "Maraval"))
    assert WORDS not in visitor.get("/counter-notices").text
    path = f"/counter-notices/{counter_notice_of(site, removal).counter_notice_id}"
    assert visitor.post(path, {"event": "concede"}).status_code == 404


def test_a_sellers_hostile_words_are_text(site: Site) -> None:
    an_answer(site, "<script>alert(1)</script> <img src=x onerror=alert(1)>")
    page = visit_as(site, site.brand_person).get("/counter-notices").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
