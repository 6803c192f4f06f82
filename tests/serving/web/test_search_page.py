from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.listings.service.intake import receive_rows
from tests.fixtures.runtimes import Site, a_case, a_second_review, a_suspect_row, judge
from tests.serving.web.visits import an_appeal, visit_as, words


def test_a_listing_is_found_with_its_open_case_and_its_verdict(site: Site) -> None:
    open_one = a_case(site, external_id="MP-1", title="Au\u200bre11e Colline bag")
    done = a_case(site, external_id="MP-2", title="Aurelle Colline wallet, mirror quality")
    judge(site, site.analyst, done, Judgement.GENUINE)
    page = visit_as(site, site.analyst).get("/search?q=aurelle+colline").text
    text = words(page)
    assert f'href="/cases/{open_one.case_id}"' in page
    assert f'href="/cases/{done.case_id}"' in page
    assert "Genuine" in text
    assert "2, latest first" in text
    assert '<span class="inv" title="U+200B zero width space">ZWSP</span>' in page
    assert "score" not in text


def test_a_seller_leads_to_the_queue_of_theirs(site: Site) -> None:
    a_case(site, seller={"external_id": "lumo-trade-88"})
    page = visit_as(site, site.analyst).get("/search?q=lumo-trade").text
    assert 'href="/queue?seller=lumo-trade-88"' in page
    assert "lumo-trade-881 open case" in words(page)


def test_a_case_is_found_by_its_id(site: Site) -> None:
    case = a_case(site)
    page = visit_as(site, site.analyst).get(f"/search?q={case.case_id}").text
    assert f'href="/cases/{case.case_id}"' in page


def test_who_judges_blind_learns_nothing_by_searching(site: Site) -> None:
    case = a_case(site, external_id="MP-77", title="Solenne purse mirror quality", brand="Solenne")
    judge(site, site.analyst, case, Judgement.GENUINE)
    assert "Genuine" in words(visit_as(site, site.second_analyst).get("/search?q=MP-77").text)
    site.clock.forward(days=15)
    a_second_review(site, case, label=0)
    text = words(visit_as(site, site.second_analyst).get("/search?q=MP-77").text)
    assert "not shown: blind review" in text
    assert "Genuine" not in text


def test_an_appeal_hides_what_was_done(site: Site) -> None:
    an_appeal(site)
    text = words(visit_as(site, site.second_analyst).get("/search?q=MP-9").text)
    assert "not shown: blind review" in text
    assert "Counterfeit" not in text.partition("Last decision")[2]
    assert "Acknowledged" not in text


def test_another_marketplaces_listings_are_not_looked_through(site: Site) -> None:
    other = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    receive_rows(site.runtime, other, [a_suspect_row(external_id="SOUK-1", title="Aurelle purse")], source="test")
    text = words(visit_as(site, site.analyst).get("/search?q=purse").text)
    assert "No results match all of these words." in text
    assert "SOUK-1" not in text


def test_nothing_asked_says_how_to_ask_and_hostile_words_do_no_harm(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    assert "aurelle finds Au re11e" in words(visitor.get("/search").text)
    for query in ("%00", "%22%27", "%ED%A0%80", "x" * 8_000, "%3Cscript%3Ealert(1)%3C/script%3E"):
        answer = visitor.get(f"/search?q={query}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


def test_the_bar_has_a_search_for_who_reviews(site: Site) -> None:
    assert 'action="/search"' in visit_as(site, site.analyst).get("/queue").text
    assert 'action="/search"' not in visit_as(site, site.data_scientist).get("/models").text


def test_nobody_learns_by_searching_that_their_answer_is_looked_at_again(site: Site) -> None:
    case = a_case(site, external_id="MP-77")
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    assert look.case_id not in visit_as(site, site.analyst).get("/search?q=MP-77").text
    assert look.case_id in visit_as(site, site.second_analyst).get("/search?q=MP-77").text
