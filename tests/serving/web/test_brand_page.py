import re
from dataclasses import replace
from datetime import timedelta

import pytest

from features.indicators import Direction, IndicatorFacts, IndicatorMatch, SearchedText
from features.message import as_json, message
from models.case import CaseLane
from models.messages.english import in_english
from models.score import OTHER, Reason, reason_as_json, remainder_reason
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Person, Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment, NewPerson
from serving.accounts.store import accounts
from serving.brands.service.indicators import NewIndicator, add_indicator
from serving.brands.service.price_lists import load_price_list
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import case_figures, queue_positions, queues
from serving.cases.store.queues import QueueFilter
from serving.listings.service.intake import receive_rows
from serving.listings.store import scores
from serving.takedowns.store import actions
from serving.web.brand.questions import question
from serving.webhooks.rules.action import ActionEvent, ActionKind
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_suspect_row, judge, open_cases
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import an_appeal, visit_as, words

_TITLE = "Aure11e Colline tote 1:1 mirror quality, real leather"
ATTACK = '"><script>alert(1)</script>'


def a_person_of(site: Site, brand: str) -> Person:
    """Somebody of a second brand that takes part."""
    provisioning.add_brand(site.runtime, name=brand, aliases=[], gtin_prefixes=[], by="test")
    provisioning.enrol(site.runtime, NewEnrolment(brand, site.account_manager.email, True), by="test")
    email = f"{brand.lower()}@brand.example"
    credentials = provisioning.add_person(
        site.runtime, NewPerson(email, f"Person of {brand}", Role.BRAND, brand=brand, password=PASSWORD), by="test"
    )
    return site.read(accounts.person, credentials[0])


def test_a_question_is_in_plain_words(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "1 listing awaits your answer The first is due in 4 d." in text
    assert "Is this yours? “Aure11e Colline tote 1:1 mirror quality, real leather”, €89, by lumo-trade-88" in text
    assert "No price to compare with. Too few comparable listings are known" in text
    assert "Replica-grade wording: “1:1" in text
    assert "Not on your authorised list, account 9 d old, established in CN." in text
    for answer in ("No, counterfeit", "Yes, ours", "Ours, grey market", "Licensed", "Cannot tell", "Test buy"):
        assert answer in text


def test_the_page_says_what_each_answer_does_and_who_can_help(site: Site) -> None:
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Counterfeit The marketplace is asked to remove the listing, 3:00 after your answer." in text
    assert "Cannot tellTest buy An analyst decides. Nothing is removed until then." in text
    assert "Without an answer, the listing goes to an analyst after 96 h." in text
    assert "Your account manager LO Lena Okafor lena@touchstone.example" in text
    assert "Everything is answered." in text


@pytest.mark.parametrize("calibrated", [False, True])
def test_neither_score_nor_probability_nor_model_is_in_the_page(site: Site, *, calibrated: bool) -> None:
    digest = put_champion_in_force(site) if calibrated else "no model"
    site.clock.forward(minutes=1)
    score = site.read(scores.get, site.marketplace_id, a_case(site, CaseLane.ASK_BRAND).score_id)
    visitor = visit_as(site, site.brand_person)
    page = visitor.get("/brand").text + visitor.get("/brand/done").text + visitor.get("/brand/removals").text
    hidden = ["score", "robability", "points", "log-odds", "harm", "scorecard", "calibrat", digest[:10]]
    hidden += [f"{score['value']:.2f}", str(score["value"]), *map(in_english, score["route_reasons"])]
    hidden += [f"{score['probability']:.2f}"] if calibrated else []
    for word in hidden:
        assert word not in page, word


def test_earlier_verdicts_and_the_sellers_business_are_not_told(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    with site.runtime.store.read() as connection:
        facts = scores.facts_of(
            connection, site.marketplace_id, scores.get(connection, site.marketplace_id, case.score_id)["facts_digest"]
        )
    row = {
        "case_id": case.case_id,
        "version_id": case.version_id,
        "brand_id": site.brand_id,
        "brand_name": "Aurelle",
        "seller_external_id": "lumo",
        "due_at": case.due_at,
        "reasons": [
            reason_as_json(Reason("earlier_verdicts", message("seller_confirmed_counterfeits", n=3), 1.0)),
            reason_as_json(Reason("seller_volume", message("seller_turnover_90d", amount=12_000), 0.5)),
            reason_as_json(Reason("replica_wording", message("text_replica_grade", words=("1:1",)), 0.4)),
            reason_as_json(Reason("brand_spelling", message("brand_disguised.none"), -0.3)),
            reason_as_json(Reason("description", message("text_mixed_words", words=("tоte",)), 0.3)),
            reason_as_json(remainder_reason(OTHER, 0.9)),
        ],
        "evidence": [
            as_json(message("text_replica_grade", words=("1:1",))),
            as_json(message("text_contacts", words=("bags@example.com",))),
            as_json(message("likeness_counterfeit", share=0.9)),
            as_json(message("price_to_brand_category.below", share=0.9, n=20)),
        ],
    }
    lines = [piece.text for line in question(row, facts, site.clock.now()).evidence for piece in line.text.pieces]
    sentences = ["Replica-grade wording: “1:1”.", "Contact details in the text: “bags@example.com”."]
    assert [line for line in lines if line in sentences] == sentences
    hidden = ("earlier listings", "turnover", "obfuscated", "found counterfeit", "other signals")
    assert not any(word in line for line in lines for word in hidden)


def test_brands_see_nothing_of_each_other(site: Site) -> None:
    stranger = a_person_of(site, "Nordfjell")
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    open_question = a_case(site, CaseLane.ASK_BRAND, external_id="MP-10")
    visitor = visit_as(site, stranger)
    page = visitor.get("/brand").text
    assert "No listing awaits your answer" in page
    for other in ("Aurelle", "Colline", case.case_id, open_question.case_id, "lumo"):
        assert other not in page, other
    assert "0 in total" in words(page)
    assert visitor.get(f"/cases/{open_question.case_id}").status_code == 404
    assert visitor.answer(open_question.case_id, open_question.version_id, "genuine").status_code == 404
    assert visitor.post(f"/cases/{case.case_id}/undo").status_code == 404


def test_a_removal_is_followed_from_the_click_to_the_acknowledgement(site: Site) -> None:
    recorded = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    assert recorded.action is not None
    visitor = visit_as(site, site.brand_person)

    def shown() -> tuple[str, bool]:
        page = visitor.get("/brand/removals").text
        return words(page), "hx-trigger" in page

    assert shown() == (f"Removals updates automatically {_TITLE} Scheduled in 3:00", True)
    site.clock.forward(seconds=181)
    now = site.clock.now()
    with site.runtime.store.write() as connection:
        removal = actions.get(connection, site.marketplace_id, recorded.action.action_id)
        actions.change(connection, removal, ActionEvent.SEND, {"sent_at": now, "attempts": 1})
    text, again = shown()
    assert f"{_TITLE} Sent 09:03" in text
    assert again
    with site.runtime.store.write() as connection:
        removal = actions.get(connection, site.marketplace_id, recorded.action.action_id)
        actions.change(connection, removal, ActionEvent.ACKNOWLEDGE, {"acknowledged_at": now})
    text, again = shown()
    assert f"{_TITLE} Acknowledged 09:03" in text
    assert not again, "nothing moves, so nothing asks again"


def test_a_removal_that_cannot_be_delivered_is_not_watched_by_the_second(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(hours=2)
    assert "hx-trigger" not in visit_as(site, site.brand_person).get("/brand/removals").text


def test_undone_answers_are_not_counted(site: Site) -> None:
    genuine_case, back = (a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{i}") for i in (1, 2))
    visitor = visit_as(site, site.brand_person)
    visitor.answer(genuine_case.case_id, genuine_case.version_id, "genuine")
    visitor.answer(back.case_id, back.version_id, "counterfeit")
    visitor.post(f"/cases/{back.case_id}/undo")
    assert "Your answers 1 in total Genuine 1" in words(visitor.get("/brand").text)


def test_several_answers_can_be_undone_the_last_by_its_key(site: Site) -> None:
    first, last = (a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{i}") for i in (1, 2))
    visitor = visit_as(site, site.brand_person)
    visitor.answer(first.case_id, first.version_id, "genuine")
    site.clock.forward(seconds=5)
    visitor.answer(last.case_id, last.version_id, "cannot_tell")
    page = visitor.get("/brand/done").text
    forms = re.findall(r'action="/cases/(\w+)/undo">.*?(data-key="z")?>', page)
    assert [case_id for case_id, _ in forms] == [last.case_id, first.case_id]
    assert page.count('data-key="z"') == 1
    assert "An analyst decides next." in words(page)


def test_hostile_text_is_text_here_too(site: Site) -> None:
    a_case(
        site,
        CaseLane.ASK_BRAND,
        title=f"Aure11e 1:1 \u202e{ATTACK}",
        description=f"{ATTACK}{{{{7*7}}}}",
        link="https://evil.example/",
        seller={"external_id": f"lumo{ATTACK}", "country": f"CN{ATTACK}"},
    )
    page = visit_as(site, site.brand_person).get("/brand").text
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert 'href="https://evil' not in page
    assert ">RLO</span>" in page


def test_a_changed_listing_is_asked_about_anew(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(price="79.00")], source="test")
    [current] = open_cases(site, CaseLane.ASK_BRAND)
    visitor = visit_as(site, site.brand_person)
    assert current.case_id in visitor.get("/brand").text
    assert visitor.answer(case.case_id, case.version_id, "counterfeit").status_code in {404, 409}


def test_a_late_question_says_how_late_it_is(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(hours=97)
    assert "The first is 1 h late." in words(visit_as(site, site.brand_person).get("/brand").text)


def test_a_brand_sees_its_own_matching_indicators_and_never_anothers(site: Site) -> None:
    for brand, label in (("Aurelle", "Ours"), ("Solenne", "Theirs")):
        add_indicator(site.runtime, NewIndicator(brand, label, "whatsapp", Direction.COUNTERFEIT), by="test")
    # Both brands are named, so both are asked for; the case is the analyst's, then Aurelle's.
    title = "Aure11e Colline tote 1:1 mirror quality, real leather"
    a_case(site, CaseLane.ASK_BRAND, title=title)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Your counterfeit indicator matches. Ours: “whatsapp” in the description." in text
    assert "Theirs" not in text


def test_a_question_shows_a_brand_its_own_indicators_only(site: Site) -> None:
    """Also where the facts hold those of another brand that was a candidate."""
    case = a_case(site, CaseLane.ASK_BRAND)
    with site.runtime.store.read() as connection:
        digest = scores.get(connection, site.marketplace_id, case.score_id)["facts_digest"]
        facts = scores.facts_of(connection, site.marketplace_id, digest)
        (row,) = queues.queue(connection, QueueFilter(frozenset({site.marketplace_id}), (CaseLane.ASK_BRAND,)), most=1)
    both = tuple(
        IndicatorMatch(
            indicator_id=f"tel_{brand_id}",
            brand_id=brand_id,
            label=f"of {brand_id}",
            direction=Direction.GENUINE,
            where=SearchedText.TITLE,
            words="tote",
        )
        for brand_id in (site.brand_id, "brn_another")
    )
    facts = replace(facts, indicators=IndicatorFacts(for_genuine=2, fired=both))
    text = str(question(row, facts, site.clock.now()).evidence)
    assert f"of {site.brand_id}" in text
    assert "brn_another" not in text


def test_a_price_stands_against_what_the_brand_itself_asks(site: Site) -> None:
    row = {"model": "Colline", "price": "540", "currency": "EUR"}
    load_price_list(site.runtime, "Aurelle", [row], by="test")
    site.clock.forward(seconds=1)
    a_case(site, CaseLane.ASK_BRAND)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "16% of your list price. Your list price for Colline is €540 (matched by the model in the title)." in text


def test_a_brand_is_told_of_its_own_earlier_answers_about_a_seller_and_of_nobody_elses(site: Site) -> None:
    first = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1")
    assert "You have not answered about this seller before." in words(
        visit_as(site, site.brand_person).get("/brand").text
    )
    judge(site, site.brand_person, first, Judgement.COUNTERFEIT)
    second = a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    judge(site, site.brand_person, second, Judgement.GENUINE)
    undo_verdict(site.runtime, site.brand_person, second.case_id)
    judge(site, site.analyst, a_case(site, external_id="MP-3"), Judgement.GREY_MARKET)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Your earlier answers about this seller: 1 counterfeit." in text


def test_each_answer_has_its_letter_on_its_own_card_alone(site: Site) -> None:
    """Armed by the script on the card that has the focus: a letter must not answer the first card from anywhere."""
    a_case(site, CaseLane.ASK_BRAND)
    page = visit_as(site, site.brand_person).get("/brand").text
    assert re.findall(r'data-card-key="(.)"', page) == list("cgmlnt")
    assert re.findall(r'data-key="([cgmlnt])"', page) == []


def test_the_page_says_how_fast_the_brand_answers(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(hours=3, minutes=10)
    judge(site, site.brand_person, case, Judgement.GENUINE)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "You answered 1 in the last 90 days (median time to answer 3 h 10)." in text


# The pages' own queries, on both engines.

_WINDOW = timedelta(seconds=180)


@pytest.mark.both_engines
def test_every_page_renders_on_both_engines(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-2")
    a_case(any_site, external_id="MP-3")
    paths = {
        "analyst": ("/queue", f"/cases/{case.case_id}", "/undo", "/models"),
        "brand_person": ("/brand", "/brand/done", "/brand/removals"),
        "account_manager": ("/brands",),
        "data_scientist": ("/models", "/models/training"),
    }
    for role, addresses in paths.items():
        visitor = visit_as(any_site, getattr(any_site, role))
        assert [visitor.get(path).status_code for path in addresses] == [200] * len(addresses)


def test_only_an_answer_that_stands_and_that_nobody_went_on_from_is_offered_for_undo(any_site: Site) -> None:
    def offered(person: str, side: Side) -> list[tuple[str, Judgement]]:
        user_id = getattr(any_site, person).user_id
        answers = any_site.read(case_figures.verdicts_since, user_id, side, any_site.clock.now() - _WINDOW)
        return [(answer.external_id, answer.judgement) for answer in answers]

    case = a_case(any_site, CaseLane.ASK_BRAND)
    assert offered("analyst", Side.ANALYST) == [("MP-9", Judgement.COUNTERFEIT)]
    judge(any_site, any_site.brand_person, case, Judgement.GENUINE)
    assert offered("analyst", Side.ANALYST) == [], "the brand went on from there"
    assert offered("brand_person", Side.BRAND) == [("MP-9", Judgement.GENUINE)]
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert offered("brand_person", Side.BRAND) == []
    [again] = open_cases(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, again, Judgement.COUNTERFEIT)
    assert offered("brand_person", Side.BRAND) == [("MP-9", Judgement.COUNTERFEIT)], "in the same instant"
    any_site.clock.forward(seconds=181)
    assert offered("brand_person", Side.BRAND) == []


def test_the_case_that_took_anothers_place_is_found(any_site: Site) -> None:
    case = a_case(any_site)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="79.00")], source="test")
    [current] = open_cases(any_site)
    with any_site.runtime.store.read() as connection:
        assert queue_positions.replacement_of(connection, any_site.marketplace_id, case.case_id) == current.case_id
        assert queue_positions.replacement_of(connection, any_site.marketplace_id, current.case_id) is None


def test_a_brands_questions_answers_and_actions_are_its_own(any_site: Site) -> None:
    pair = (any_site.marketplace_id, any_site.brand_id)
    judge(any_site, any_site.second_analyst, an_appeal(any_site), Judgement.GENUINE)
    a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-2")
    with any_site.runtime.store.read() as connection:
        assert case_figures.open_questions(connection, {pair})[pair].number == 1
        assert case_figures.answers_in_force(connection, {pair}) == {pair: {Judgement.COUNTERFEIT: 1}}
        assert [action.kind for action in case_figures.brand_actions(connection, {pair}, 5)] == [
            ActionKind.REINSTATE,
            ActionKind.REMOVE,
        ]
        for foreign in ((any_site.marketplace_id, "brd_other"), ("mkt_other", any_site.brand_id)):
            assert case_figures.open_questions(connection, {foreign}) == {}
            assert case_figures.answers_in_force(connection, {foreign}) == {}
            assert case_figures.brand_actions(connection, {foreign}, 5) == []
        assert case_figures.brand_actions(connection, set(), 5) == [], "nobody sees everything by having nothing"


def test_a_place_is_counted_no_further_than_it_helps(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_positions, "PLACED_TO", 1)
    _, middle, cheap = (a_case(site, external_id=f"MP-{i}", price=f"{900 - 300 * i}.00") for i in range(3))
    queue_filter = QueueFilter(frozenset({site.marketplace_id}), (CaseLane.ANALYST,))
    with site.runtime.store.read() as connection:
        assert queue_positions.neighbours(connection, queue_filter, cheap).place is None
        assert queue_positions.neighbours(connection, queue_filter, middle).size == 2, "one more stands for all beyond"
