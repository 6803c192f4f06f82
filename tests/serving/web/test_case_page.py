import dataclasses
import math
import re
from datetime import timedelta
from html import escape
from typing import Any

import pytest

from features.indicators import Direction
from models.case import CaseLane
from models.messages.english import in_english
from models.score import ScoreKind
from models.verdict import Judgement
from serving.accounts.store.accounts import Session
from serving.brands.service.indicators import NewIndicator, add_indicator
from serving.listings.service.intake import receive_rows
from serving.listings.service.seller_events import receive_events
from serving.listings.store import scores
from serving.marketplaces.store import marketplaces
from serving.operations.service.housekeeping import refresh_references
from serving.web.case.case_page import case_page
from serving.web.queue.queue_query import QueueQuery
from serving.web.rendering import StaffPage
from serving.web.wording.vocabulary import choices_on
from tests.fixtures.runtimes import Site, a_case, a_row, a_second_review, a_suspect_row, judge, open_cases
from tests.fixtures.strikes import strikes_of
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import an_appeal, visit_as, words

ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{% raw %}'


def page_of(site: Site, case_id: str) -> StaffPage:
    return case_page(site.runtime, Session(site.analyst, "token"), case_id, QueueQuery())


def test_a_case_says_what_is_offered_why_it_is_suspect_and_what_each_answer_does(site: Site) -> None:
    case = a_case(site)
    text = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    assert "MP-9, version 1 of 1, Aurelle, leased until 09:15" in text
    assert "Replica-grade wording: “1:1" in text
    assert "points, not calibrated" in text
    assert "CounterfeitCannot tellTest buy Nothing is removed yet: Aurelle is asked and has 96 h to answer." in text
    assert "GenuineGrey marketLicensed The listing stays, and the case is closed." in text
    assert "The decision becomes a training label after 14 days" in text


def test_a_calibrated_score_stands_beside_its_thresholds(site: Site) -> None:
    digest = put_champion_in_force(site)
    site.clock.forward(minutes=1)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    [case] = open_cases(site)
    text = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    assert f"Model {digest[:10]} calibrated probability" in text
    assert "review 0.00" in text
    assert "log-odds" in text
    assert "in total, probability 0." in text


def test_hard_evidence_stands_before_the_weighted_reasons_which_add_up_to_the_total(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    receive_rows(
        site.runtime, site.marketplace, [a_suspect_row(description="Factory direct, whatsapp us.")], source="test"
    )
    [case] = open_cases(site)
    text = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    order = [
        "Score explanation",
        "Hard evidence",
        "Replica-grade wording",
        "Invitations to contact the seller off-platform: “whatsapp”.",
        "Wording that proves nothing by itself: “factory direct”.",
        "Weighted reasons",
        "Average listing: the score before any finding.",
        "All other signals.",
        "in total, probability",
        "Routing reason",
    ]
    assert [text.index(phrase) for phrase in order] == sorted(text.index(phrase) for phrase in order)
    card = page_of(site, case.case_id).reasons
    assert card is not None
    weights = [*(part.weight for part in card.bars), *(part.weight for part in card.remainders)]
    total = float(card.total.split()[0].replace("−", "-"))
    assert sum(float(weight.replace("−", "-")) for weight in weights) == pytest.approx(
        total, abs=0.005 * (len(weights) + 1)
    )


def test_a_stored_score_keeps_its_evidence_and_parts_that_add_up(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    [case] = open_cases(site)
    score = site.read(scores.get, site.marketplace_id, case.score_id)
    assert score["kind"] == ScoreKind.CALIBRATED.value
    assert abs(math.fsum(reason.weight for reason in score["reasons"]) - score["value"]) <= 1e-9
    assert score["evidence"][0].code == "text_replica_grade"


def test_the_queue_and_a_bulk_decision_name_hard_evidence_first(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    [case] = open_cases(site)
    visitor = visit_as(site, site.analyst)
    evidence = "Replica-grade wording: “1:1 mirror”"
    assert evidence in words(visitor.get("/queue").text)
    assert evidence in words(visitor.get(f"/cases/bulk?case={case.case_id}").text)


def test_an_answer_that_removes_says_when(site: Site) -> None:
    case = a_case(site, title="So1enne tote 1:1 mirror quality")
    text = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    assert "Counterfeit The marketplace is asked to remove the listing, 3:00 after your answer." in text


def test_opening_a_case_keeps_it_and_a_colleague_reads_it_without_answers(site: Site) -> None:
    case = a_case(site)
    visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}")
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "Tomás Rey is working on this case." in words(page)
    assert "Their lease ends 09:15." in words(page)
    assert 'name="judgement"' not in page


def test_a_lease_that_has_run_out_is_anybodys(site: Site) -> None:
    case = a_case(site)
    visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}")
    site.clock.forward(minutes=16)
    assert 'name="judgement"' in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text


def test_a_stale_case_leads_to_the_current_version(site: Site) -> None:
    case = a_case(site)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(price="79.00")], source="test")
    [current] = open_cases(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "The listing has changed." in words(page)
    assert f'href="/cases/{current.case_id}">Open the current version' in page
    assert 'name="judgement"' not in page


def test_what_changed_between_versions_is_shown_field_by_field(site: Site) -> None:
    a_case(site, price="129.00")
    row = a_suspect_row(price="79.00", title="Aure11e Colline tote 1:1 mirror quality, fine leather")
    receive_rows(site.runtime, site.marketplace, [row], source="test")
    [current] = open_cases(site)
    page = visit_as(site, site.analyst).get(f"/cases/{current.case_id}").text
    assert "<del><bdi>129.00</bdi></del> <ins><bdi>79.00</bdi></ins>" in page
    assert "<del><bdi>real</bdi></del> <ins><bdi>fine</bdi></ins>" in page
    assert "version 1, 09:00, to 2, 09:00" in words(page)


def test_the_price_is_drawn_over_its_references(site: Site) -> None:
    rows = [a_row(external_id=f"MP-{100 + i}", price=f"{480 + i}.00") for i in range(9)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    site.clock.forward(hours=7)
    refresh_references(site.runtime)
    case = a_case(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "18% of the median of 9 listings: Aurelle in Bags. Typical range €481 to €487." in words(page)
    assert 'aria-label="This listing €89. Aurelle in Bags, n = 9: median €484' in page


def test_without_a_reference_the_page_says_so_and_draws_nothing(site: Site) -> None:
    price = page_of(site, a_case(site).case_id).price
    assert price.chart is None
    assert (price.bold, price.sentence) == ("No reference price.", "Fewer than five comparable listings are known.")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"price": None, "currency": None}, "The listing has no price."),
        ({"price": "0.00"}, "The listing has a price of zero."),
        ({"currency": "PLN"}, "No exchange rate is available for this currency and date."),
    ],
)
def test_a_price_that_cannot_be_compared_says_why(site: Site, changes: dict[str, Any], expected: str) -> None:
    assert page_of(site, a_case(site, CaseLane.ANALYST, **changes).case_id).price.bold == expected


def test_a_sellers_unknown_counts_are_hatched_and_known_ones_name_their_source(site: Site) -> None:
    seller = {"external_id": "lumo", "age_days": 9, "accepted": {"d7": 5, "d90": 40}}
    case = a_case(site, seller=seller)
    rows = {row.name: row for row in page_of(site, case.case_id).seller.rows}
    assert rows["Sales"].counts == ("5", None, "40")
    assert rows["Sales"].series.gaps, "the marketplace sent windows, and no days"
    text = "Sales reported by the marketplace. Returns and returned as fake not known"
    assert page_of(site, case.case_id).seller.sources == text
    assert 'aria-label="not known"' in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text


def test_hostile_text_is_text(site: Site) -> None:
    case = a_case(
        site,
        title=f"Aure11e 1:1 {ATTACK} \u202egnp.exe",
        description=f"{ATTACK} javascript:alert(1) \u2066x\u2069",
        mpn=ATTACK[:90],
        link="https://evil.example/?q=1",
        image_link=["https://evil.example/pixel.png"],
        seller={"external_id": f"<i>{ATTACK}", "age_days": 1, "country": "<b>CN\u202e"},
    )
    visitor = visit_as(site, site.analyst)
    for path in (f"/cases/{case.case_id}", "/queue"):
        page = visitor.get(path).text
        for markup in ("<script>alert", "<img", "<i>", "<b>CN", "\u202e", "\u2066", "49{%"):
            assert markup not in page, (path, markup)
        links = re.findall(r'<a [^>]*href="https://evil[^>]*>', page)
        assert len(links) == path.startswith("/cases"), "the listing's own address alone, which a click opens"
        assert all('rel="noopener noreferrer nofollow"' in link for link in links)
        assert "pixel.png" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in visitor.get(f"/cases/{case.case_id}").text


def test_the_bar_names_the_keys_and_the_form_the_version_that_is_seen(site: Site) -> None:
    case = a_case(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    for judgement, key in zip(Judgement, "cgmlnt", strict=False):
        assert f'name="judgement" value="{judgement.value}" data-key="{key}"' in page
    assert f'name="version_id" value="{case.version_id}"' in page


def test_a_decided_case_shows_the_verdict_and_its_own_undo(site: Site) -> None:
    first, second = a_case(site, external_id="MP-1"), a_case(site, external_id="MP-2")
    judge(site, site.analyst, first, Judgement.GENUINE)
    site.clock.forward(seconds=10)
    judge(site, site.analyst, second, Judgement.GENUINE)
    page = visit_as(site, site.analyst).get(f"/cases/{first.case_id}").text
    assert "Genuine by Ines Moreau, 09:00 UTC." in words(page)
    assert f'action="/cases/{first.case_id}/undo"' in page, "its own"
    assert f'action="/cases/{second.case_id}/undo"' in page, "that of the last answer"


def test_a_case_waiting_for_its_brand_says_so(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    text = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}?lane=ask_brand").text)
    assert "A question to the brand is open." in text


def test_the_cases_beside_it_are_those_of_its_queue(site: Site) -> None:
    dear, middle, cheap = (
        a_case(site, external_id=f"MP-{i}", price=price) for i, price in enumerate(("900.00", "500.00", "90.00"))
    )
    page = page_of(site, middle.case_id)
    assert (page.neighbours.place, page.neighbours.size) == (2, 3)
    assert page.before == f"/cases/{dear.case_id}"
    assert page.after == f"/cases/{cheap.case_id}"


def test_an_appeal_shows_the_statement_and_not_a_word_of_the_score(site: Site) -> None:
    case = an_appeal(site)
    score = site.read(scores.get, site.marketplace_id, case.score_id)
    page = visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}").text
    assert "I bought it in the shop in Paris." in words(page)
    assert "&lt;b&gt;Please&lt;/b&gt; look again." in page
    assert "The marketplace asked the rights holder Aurelle about this listing" in words(page)
    assert 'name="judgement"' in page
    assert score["reasons"]
    for reason in score["reasons"]:
        assert in_english(reason.message) not in page
    for word in ("Score explanation", "points", "calibrated", "Starter scorecard", "harm", "Model "):
        assert word not in page, word
    built = page_of(site, case.case_id)
    assert (built.score, built.harm, built.reasons) == (None, None, None)


def test_an_appeal_that_follows_a_change_still_says_nothing_of_the_score(site: Site) -> None:
    an_appeal(site)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(price="79.00")], source="test")
    [case] = open_cases(site, CaseLane.APPEAL)
    page = visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}").text
    assert "Opened for an appeal." in words(page)
    assert "points" not in words(page)


@pytest.mark.parametrize(
    ("judgement", "line"),
    [
        (Judgement.GENUINE, "09:00Genuine. The listing stays. Ines Moreau"),
        (Judgement.CANNOT_TELL, "09:00An analyst cannot tell. Aurelle is asked. Ines Moreau"),
    ],
)
def test_the_timeline_says_each_answer_once(site: Site, judgement: Judgement, line: str) -> None:
    case = a_case(site)
    assert "Opened for an analyst." in words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    judge(site, site.analyst, case, judgement)
    assert line in words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)


def test_a_second_review_shows_the_listing_and_nothing_of_the_score_or_the_first_answer(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0, probability=0.9713)
    score = site.read(scores.get, site.marketplace_id, look.score_id)
    page = visit_as(site, site.second_analyst).get(f"/cases/{look.case_id}").text
    assert "for more pictures" in words(page)
    assert "Nothing changes for the listing." in words(page)
    assert score["reasons"]
    for reason in score["reasons"]:
        assert in_english(reason.message) not in page
    hidden_words = (
        "Score explanation",
        "points",
        "calibrated",
        "Starter scorecard",
        "harm",
        "Model ",
        "0.97",
        "97 %",
        "doubt",
    )
    for word in (*hidden_words, "Ines Moreau", "Genuine by", "An answer teaches"):
        assert word not in page, word
    built = page_of(site, look.case_id)
    assert (built.score, built.harm, built.reasons, built.appeal, built.standing.last_verdict) == (None,) * 5


def test_the_author_of_the_first_answer_reads_that_somebody_else_gives_the_second_review(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    visitor = visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{look.case_id}").text
    assert "Another reviewer must do this second review." in words(page)
    assert 'name="judgement"' not in page
    assert visitor.answer(look.case_id, look.version_id, "genuine").status_code == 403


def test_who_decided_before_is_told_that_somebody_else_must(site: Site) -> None:
    case = an_appeal(site, decided_by_analyst=True)
    visitor = visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{case.case_id}").text
    assert "Another reviewer must decide this appeal." in words(page)
    assert 'name="judgement"' not in page
    assert visitor.answer(case.case_id, case.version_id, "genuine").status_code == 403
    other = visit_as(site, site.second_analyst)
    assert 'name="judgement"' in other.get(f"/cases/{case.case_id}").text, "and they do not keep it from others"
    assert other.answer(case.case_id, case.version_id, "genuine").status_code == 303


def test_the_answers_to_an_objection_are_named_by_what_becomes_of_it(site: Site) -> None:
    appeal = visit_as(site, site.second_analyst).get(f"/cases/{an_appeal(site).case_id}").text
    bar = words(appeal.partition('<div class="vbar')[2].partition("<template")[0])
    assert "Dismiss appeal C Uphold appeal G" in bar
    assert "Counterfeit C" not in bar
    assert "Genuine G" not in bar
    complaint = [choice.word for choice in choices_on(CaseLane.COMPLAINT)][:2]
    assert complaint == ["Uphold complaint", "Dismiss complaint"]


def test_the_effects_of_an_answer_on_appeal_are_the_other_way_round(site: Site) -> None:
    case = an_appeal(site)
    text = words(visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}").text)
    assert "Dismiss appeal The appeal is dismissed, and the removal stands." in text
    assert "The seller was right: the listing is reinstated, 3:00 after your answer." in text


def copies(site: Site) -> tuple[str, str]:
    """A case on a listing whose words others use, and the case on one of these, which was found counterfeit."""
    title = "Aure11e Colline tote 1:1 mirror quality, real leather<script>"
    first = a_case(site, CaseLane.ASK_BRAND, external_id="MP-20", seller={"external_id": "shop-20"}, title=title)
    judge(site, site.brand_person, first, Judgement.COUNTERFEIT)
    dealer = a_suspect_row(
        external_id="MP-21", seller={"external_id": "maison-brandt"}, brand="Aurelle", price="520.00"
    )
    own = a_suspect_row(external_id="MP-22", price=None, currency=None)
    receive_rows(site.runtime, site.marketplace, [dealer, own], source="test")
    site.clock.forward(minutes=1)
    return a_case(site).case_id, first.case_id


def test_near_duplicates_stand_with_their_earlier_outcomes(site: Site) -> None:
    case_id, _ = copies(site)
    text = words(visit_as(site, site.analyst).get(f"/cases/{case_id}").text)
    assert "2 near-duplicates by 2 other sellers. 1 near-duplicate by the same seller." in text
    assert "€89 counterfeit" in text
    assert "€520 authorised" in text
    assert "same seller" in text
    assert "not reviewed" in text


def test_a_near_duplicate_leads_to_its_case_and_its_title_is_never_markup(site: Site) -> None:
    case_id, judged_case_id = copies(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case_id}").text
    assert f'<a href="/cases/{judged_case_id}"><bdi>Aure11e Colline' in page
    assert "leather&lt;script&gt;" in page


def test_a_listing_in_its_own_words_says_that_nobody_else_uses_them(site: Site) -> None:
    text = words(visit_as(site, site.analyst).get(f"/cases/{a_case(site).case_id}").text)
    assert "No near-duplicate listing was known at scoring time." in text


def test_a_text_too_short_to_compare_says_so(site: Site) -> None:
    case = a_case(site, title="Aure11e 1:1", description=None, product_type=None)
    text = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    assert "Not compared. The text is too short" in text


def test_matching_indicators_stand_beside_the_score(site: Site) -> None:
    indicator = NewIndicator("Aurelle", f"Label {ATTACK}", "contact us on whatsapp", Direction.COUNTERFEIT)
    add_indicator(site.runtime, indicator, by="test")
    page = visit_as(site, site.analyst).get(f"/cases/{a_case(site).case_id}").text
    assert "“contact us on whatsapp” in the description." in words(page)
    assert "<script>alert" not in page


def test_indicators_without_a_match_are_counted_with_those_that_match(site: Site) -> None:
    for label, pattern in (("Chat", "contact us on whatsapp"), ("Film <b>", "film on the plate"), ("Old", "old mark")):
        add_indicator(site.runtime, NewIndicator("Aurelle", label, pattern, Direction.COUNTERFEIT), by="test")
    case = a_case(site)
    site.clock.forward(minutes=1)
    add_indicator(site.runtime, NewIndicator("Aurelle", "Not yet in force", "tote", Direction.COUNTERFEIT), by="test")
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "1 of 3 matched" in words(page)
    assert "Film <b>: no match" in words(page)
    assert "<b>: no" not in page
    assert "Not yet in force" not in page, "it was not known when the listing was scored"


def test_any_two_versions_can_be_compared(site: Site) -> None:
    for price in ("129.00", "99.00", "79.00"):
        receive_rows(site.runtime, site.marketplace, [a_suspect_row(price=price)], source="test")
        site.clock.forward(minutes=10)
    [case] = open_cases(site)
    visitor = visit_as(site, site.analyst)

    def compared(query: str = "") -> str:
        card = visitor.get(f"/cases/{case.case_id}{query}").text.partition('id="h-c"')[2].partition("</section>")[0]
        return words(card)

    assert "version 2, 09:10, to 3, 09:20" in compared()
    assert "99.00 79.00" in compared()
    assert "129.00 79.00" in compared("?lane=analyst&from=1&to=3")
    for nonsense in ("?from=3&to=1", "?from=1&to=9", "?from=x&to=2", "?from=1", "?from=%D9%A1&to=2"):
        assert "version 2, 09:10, to 3, 09:20" in compared(nonsense), nonsense
    form = visitor.get(f"/cases/{case.case_id}?lane=analyst").text
    assert '<input type="hidden" name="lane" value="analyst">' in form, "the queue that was come from is kept"


def test_strikes_are_marks_and_words(site: Site) -> None:
    strikes_of(site, 2)
    case = a_case(site, external_id="MP-77")
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "2 of 3 strikes" in words(page)
    assert page.count('<i aria-hidden="true" class="on">') == 2


def test_an_activity_series_is_drawn_where_it_is_known_and_hatched_before(site: Site) -> None:
    """The seller joined 28 days ago, and the marketplace vouches for its events since before that."""
    a_case(site, external_id="MP-1")
    vouched = site.clock.now() - timedelta(days=40)
    site.clock.forward(days=28)
    events = [
        {"event_id": f"e-{days}", "seller": "lumo-trade-88", "kind": "sale", "occurred_at": at.isoformat()}
        for days in (1, 2, 9)
        for at in [site.clock.now() - timedelta(days=days)]
    ]
    sent = {"events": events, "complete_since": vouched.isoformat()}
    receive_events(site.runtime, site.marketplace, sent, backfill=False)
    now_known = dataclasses.replace(site, marketplace=site.read(marketplaces.get, site.marketplace_id))
    rows = {row.name: row for row in page_of(site, a_case(now_known, external_id="MP-2").case_id).seller.rows}
    assert rows["Sales"].series.label == "sales, last 90 days, six-day steps: 0 to 2; 10 of 15 unknown"
    assert rows["Returned as fake"].series.label.endswith("0 to 0; 10 of 15 unknown"), "reported, and none"
    assert rows["New listings"].series.label.endswith("0 to 1; 10 of 15 unknown")


def test_without_a_matching_indicator_there_is_no_card_of_them(site: Site) -> None:
    assert "tell-tale" not in visit_as(site, site.analyst).get(f"/cases/{a_case(site).case_id}").text


def test_the_address_of_a_listing_can_be_opened_without_telling_where_from(site: Site) -> None:
    address = "https://bazaar.example/offers/1?a=1&b=%3Cb%3E"
    case = a_case(site, CaseLane.ASK_BRAND, link=address)
    expected = f'<a rel="noopener noreferrer nofollow" target="_blank" href="{escape(address)}">'
    assert expected in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert "nofollow" not in visit_as(site, site.brand_person).get("/brand").text, "a brand opens no seller's link"


def test_a_listing_without_an_address_has_no_link(site: Site) -> None:
    case = a_case(site)
    assert "nofollow" not in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
