from serving.brands.service.brand_messages import write
from tests.fixtures.reporting import a_rival
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as, words

_PLACE = "/brand/messages"


def test_a_brand_writes_its_manager_reads_and_answers_and_the_bar_counts(site: Site) -> None:
    brand, manager = visit_as(site, site.brand_person), visit_as(site, site.account_manager)
    assert "No messages yet." in words(brand.get(_PLACE).text)
    assert brand.post(_PLACE, {"text": "Where is our mark?\nIt waits."}).headers["location"] == _PLACE
    assert "Brands 1 unread" in words(manager.get("/brands").text)
    assert "1 unread message." in words(manager.get("/brands").text)
    site.clock.forward(minutes=1)
    page = words(manager.get(f"/brands/{site.brand_id}").text)
    assert "Camille Duval brand, 08:00 Erase Where is our mark? It waits." in page or "Where is our mark?" in page
    assert "unread" not in words(manager.get("/brands").text)
    site.clock.forward(minutes=1)
    manager.post(f"/brands/{site.brand_id}/messages", {"text": "Verified."})
    assert "Messages 1 unread" in words(brand.get("/brand").text)
    site.clock.forward(minutes=1)
    assert "Verified." in words(brand.get(_PLACE).text)
    assert "unread" not in words(brand.get("/brand").text)


def test_a_message_that_is_refused_is_given_back(site: Site) -> None:
    text = "x" * 4_001
    answer = visit_as(site, site.brand_person).post(_PLACE, {"text": text})
    assert answer.status_code == 422
    assert text in answer.text
    assert "Nothing was sent." in words(answer.text)


def test_hostile_text_is_shown_as_text(site: Site) -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'
    visit_as(site, site.brand_person).post(_PLACE, {"text": attack})
    for person, place in ((site.brand_person, _PLACE), (site.account_manager, f"/brands/{site.brand_id}")):
        page = visit_as(site, person).get(place).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_one_erases_what_one_wrote(site: Site) -> None:
    pair = (site.marketplace_id, site.brand_id)
    mine = write(site.runtime, site.brand_person, pair, "Mine.")
    theirs = write(site.runtime, site.account_manager, pair, "Theirs.")
    visitor = visit_as(site, site.brand_person)
    assert visitor.post(f"{_PLACE}/{theirs}/erase").status_code == 404
    assert visitor.post(f"{_PLACE}/{mine}/erase").status_code == 303
    page = words(visitor.get(_PLACE).text)
    assert "Erased. The author and the time stay on record." in page
    assert "Mine." not in page
    assert "Theirs." in page


def test_a_thread_of_another_brand_is_not_there(site: Site) -> None:
    message_id = write(site.runtime, site.brand_person, (site.marketplace_id, site.brand_id), "Ours alone.")
    visitor, ours = visit_as(site, a_rival(site)), f"{site.marketplace_id}.{site.brand_id}"
    assert "Ours alone." not in visitor.get(_PLACE).text
    assert visitor.get(f"{_PLACE}?of={ours}").status_code == 404
    assert visitor.post(_PLACE, {"text": "x", "of": ours}).status_code == 404
    assert visitor.post(f"{_PLACE}/{message_id}/erase").status_code == 404
    assert visitor.post(f"{_PLACE}/{message_id}/erase", {"of": ours}).status_code == 404
