import html
import re

from serving.brands.store import authorised_sellers
from serving.intake.service.intake import receive
from tests.fixtures.brand_people import a_leader, a_rival
from tests.fixtures.listings import a_row
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import PAGE, Visitor, visit_as, words

_PLACE = "/brand/sellers"


def on_list(site: Site) -> list[str]:
    found = site.read(authorised_sellers.authorised, (site.here, site.brand_id))
    return [one.seller for one in found if one.authorisation.holds(site.clock.now())]


def upload(visitor: Visitor, content: bytes, **fields: str) -> str:
    data = {"csrf_token": visitor.csrf_token, **fields}
    return visitor.client.post(f"{_PLACE}/preview", data=data, files={"file": ("list.csv", content)}, headers=PAGE).text


def sent_back(page: str) -> str:
    found = re.search(r'<textarea name="rows" hidden>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found.group(1))


def test_one_seller_is_put_on_the_list_and_taken_off_and_both_are_kept(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    site.clock.forward(minutes=1)
    assert visitor.post(_PLACE, {"rows": "shop-1", "last_day": "2030-01-31"}).headers["location"] == _PLACE
    text = words(visitor.get(_PLACE).text)
    assert "shop-1 none yet" in text
    assert "Camille Duval 31 Jan 2030 Remove seller" in text
    site.clock.forward(minutes=1)
    assert visitor.post(f"{_PLACE}/remove", {"seller": "shop-1"}).status_code == 303
    assert on_list(site) == ["maison-brandt"]
    assert "1 seller formerly on the list" in words(visitor.get(_PLACE).text)
    lines = visitor.get(f"{_PLACE}.csv").text.splitlines()
    assert [line.split(",")[0] for line in lines][1:] == ["maison-brandt", "shop-1"]
    assert visitor.post(f"{_PLACE}/remove", {"seller": "shop-1"}).status_code == 422


def test_listings_here_are_those_of_the_brand_and_of_no_other(site: Site) -> None:
    """A seller's listings of other brands stay confidential."""
    seller = {"external_id": "maison-brandt"}
    rows = [a_row(external_id="MP-1", seller=seller), a_row(external_id="MP-2", seller=seller, brand="Solenne")]
    receive(site.runtime, site.marketplace, rows, source="test")
    assert "maison-brandt 1 " in words(visit_as(site, a_leader(site)).get(_PLACE).text)


def test_a_list_is_shown_before_it_changes_anything(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    site.clock.forward(minutes=1)
    page = upload(visitor, f"seller\nshop-1\nshop-2\n{'x' * 201}\n".encode(), whole="yes")
    text = words(page)
    assert "Added: 2. Removed: 1. Unchanged: 0. 1 line is refused. Nothing is changed yet." in text
    assert "maison-brandt" in text
    assert on_list(site) == ["maison-brandt"]
    visitor.post(_PLACE, {"rows": sent_back(page), "whole": "yes"})
    assert on_list(site) == ["shop-1", "shop-2"]


def test_what_is_no_list_is_refused_with_the_reason(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    assert "Choose a file, or paste seller ids" in words(visitor.post(f"{_PLACE}/preview", {"text": " "}).text)
    assert "not UTF-8 text" in words(upload(visitor, b"\xff\xfe\x00"))
    assert visitor.post(_PLACE, {"rows": "x" * 201}).status_code == 422
    assert visitor.post(_PLACE, {"rows": "shop-1", "last_day": "2020-01-01"}).status_code == 422
    assert visitor.post(_PLACE, {"rows": ""}).status_code == 422
    assert on_list(site) == ["maison-brandt"]


def test_who_does_not_lead_reads_and_changes_nothing(site: Site) -> None:
    visitor = visit_as(site, site.brand_person)
    page = visitor.get(_PLACE).text
    assert "Your account can read this page" in words(page)
    assert "Remove seller" not in page
    assert visitor.post(_PLACE, {"rows": "shop-1"}).status_code == 403
    assert visitor.post(f"{_PLACE}/preview", {"text": "shop-1"}).status_code == 403
    assert visitor.post(f"{_PLACE}/remove", {"seller": "maison-brandt"}).status_code == 403
    assert on_list(site) == ["maison-brandt"]


def test_a_list_of_another_brand_is_not_there(site: Site) -> None:
    visitor, ours = visit_as(site, a_rival(site)), f"{site.here}.{site.brand_id}"
    assert "maison-brandt" not in visitor.get(_PLACE).text + visitor.get(f"{_PLACE}.csv").text
    for path in (_PLACE, f"{_PLACE}.csv"):
        assert visitor.get(f"{path}?of={ours}").status_code == 404
    for path, fields in (("", {"rows": "x"}), ("/preview", {"text": "x"}), ("/remove", {"seller": "maison-brandt"})):
        assert visitor.post(f"{_PLACE}{path}", {**fields, "of": ours}).status_code == 404
    assert visitor.post(f"{_PLACE}/remove", {"seller": "maison-brandt"}).status_code == 422
    assert on_list(site) == ["maison-brandt"]
