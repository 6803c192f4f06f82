import html
import re

from models.seller_lists import SellerList
from serving.accounts.rules.access import Grant, Role
from serving.accounts.store import accounts
from serving.brands.store import authorised_sellers
from serving.listings.service.intake import receive_rows
from serving.sellers.service.seller_listing import put_on_list
from serving.sellers.store import seller_lists
from tests.fixtures.reporting import a_leader, a_rival, second_marketplace
from tests.fixtures.runtimes import Site, a_row
from tests.fixtures.strikes import SELLER, WHY, carry_out, sanction_states, sanctions_of, strikes_of
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.web.visits import PAGE, Visitor, visit_as, words


def test_two_people_decide_about_a_seller_on_the_page_with_the_paths_before_them(site: Site) -> None:
    tell(site, a_contact(SELLER), a_contact("<b>lumo</b>"))
    strikes_of(site, 2)
    (sanction,) = sanctions_of(site)
    path = f"/sellers/sanctions/{sanction.sanction_id}"
    analyst, manager = visit_as(site, site.analyst), visit_as(site, site.account_manager)
    raw = analyst.get("/sellers").text
    page = words(raw)
    assert "2 strikes. From 2, people decide whether to restrict the account." in page
    assert "same telephone number as <b>lumo</b>" in page
    assert "<b>lumo</b>" not in raw
    assert analyst.post(path, {"decision": "agree", "reason": " "}).status_code == 422
    assert analyst.post(path, {"decision": "perhaps", "reason": WHY}).status_code == 422
    done = analyst.post(path, {"decision": "agree", "reason": WHY})
    assert (done.status_code, done.headers["location"]) == (303, "/sellers")
    assert f"review team: approve. {WHY}" in words(manager.get("/sellers").text)
    manager.post(path, {"decision": "agree", "reason": "I have called them."})
    page = words(manager.get("/sellers").text)
    assert "Sanction approved. The marketplace is notified when the undo window closes." in page
    assert "Sanctions in force" in page
    manager.post(f"{path}/lift", {"reason": "They bought from a fake themselves."})
    assert sanction_states(site) == [("restrict", "lifted")]


def test_an_analyst_keeps_the_lists_and_an_account_manager_does_not_see_them(site: Site) -> None:
    analyst = visit_as(site, site.analyst)
    fields = {"seller": "s-7", "list": "deny", "reason": "<i>A police file.</i>", "days": "30"}
    assert analyst.post("/sellers/lists", fields).status_code == 303
    assert analyst.post("/sellers/lists", {**fields, "list": "allow"}).status_code == 403
    for wrong in ({"list": "black"}, {"days": "many"}, {"days": "0"}, {"reason": " "}):
        assert analyst.post("/sellers/lists", {**fields, **wrong}).status_code == 422
    raw = analyst.get("/sellers").text
    assert "<i>A police file." not in raw
    assert "s-7" in words(raw)
    assert "Remove seller from list" not in visit_as(site, site.account_manager).get("/sellers").text
    assert visit_as(site, site.account_manager).post("/sellers/lists", fields).status_code == 403
    assert analyst.post("/sellers/lists/remove", {"seller": "s-7"}).status_code == 303
    assert "Remove seller from list" not in analyst.get("/sellers").text


def test_what_is_in_force_and_who_is_on_a_list_is_shown_together(site: Site) -> None:
    strikes_of(site, 3)
    carry_out(site, sanctions_of(site)[-1].sanction_id)
    put_on_list(site.runtime, site.marketplace_id, SELLER, SellerList.WATCH, reason=WHY, days=None, by="cli")
    page = words(visit_as(site, site.analyst).get("/sellers").text)
    assert "No proposed sanctions" in page
    assert "3 strikes. From 3, people decide whether to close the account." in page
    assert "cli" in page


def test_who_reviews_at_two_marketplaces_keeps_the_list_of_the_one_that_the_form_names(site: Site) -> None:
    souk = second_marketplace(site)
    site.write(accounts.add_grants, site.analyst.user_id, [Grant(Role.ANALYST, souk)], site.clock.now())
    analyst = visit_as(site, site.analyst)

    def listed() -> list[tuple[str, str]]:
        list_entries = site.read(seller_lists.entries_in_force, {site.marketplace_id, souk}, site.clock.now(), 9)
        return [(place, list_entry.seller) for place, list_entry, _ in list_entries]

    fields = {"seller": "s-7", "list": "deny", "reason": "A police file."}
    assert analyst.post("/sellers/lists", fields).status_code == 422, "it does not say where"
    assert analyst.post("/sellers/lists", {**fields, "marketplace": "mkt_nowhere"}).status_code == 404
    assert listed() == []
    last = max(site.marketplace_id, souk)
    for place in (site.marketplace_id, souk):
        assert analyst.post("/sellers/lists", {**fields, "marketplace": place}).status_code == 303
    page = analyst.get("/sellers").text
    assert ["Souk" in words(row) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]] == [True, False]
    assert analyst.post("/sellers/lists/remove", {"seller": "s-7"}).status_code == 422
    (form,) = [
        form for form in re.findall(r'<form[^>]*/sellers/lists/remove".*?</form>', page) if f'value="{last}"' in form
    ]
    sent = dict(re.findall(r'name="(marketplace|seller)" value="([^"]*)"', form))
    assert analyst.post("/sellers/lists/remove", sent).status_code == 303
    assert listed() == [(min(site.marketplace_id, souk), "s-7")]


_PLACE = "/brand/sellers"


def on_list(site: Site) -> list[str]:
    sellers = site.read(authorised_sellers.list_entries, (site.marketplace_id, site.brand_id))
    return [seller.seller for seller in sellers if seller.authorisation.holds(site.clock.now())]


def upload(visitor: Visitor, content: bytes, **fields: str) -> str:
    form = {"csrf_token": visitor.csrf_token, **fields}
    return visitor.client.post(f"{_PLACE}/preview", data=form, files={"file": ("list.csv", content)}, headers=PAGE).text


def sent_back_rows(page: str) -> str:
    match = re.search(r'<textarea name="rows" hidden>(.*?)</textarea>', page, re.DOTALL)
    assert match
    return html.unescape(match.group(1))


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
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    assert "maison-brandt 1 " in words(visit_as(site, a_leader(site)).get(_PLACE).text)


def test_a_list_is_shown_before_it_changes_anything(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    site.clock.forward(minutes=1)
    page = upload(visitor, f"seller\nshop-1\nshop-2\n{'x' * 201}\n".encode(), whole="yes")
    text = words(page)
    assert "Added: 2. Removed: 1. Unchanged: 0. 1 line is refused. Nothing is changed yet." in text
    assert "maison-brandt" in text
    assert on_list(site) == ["maison-brandt"]
    visitor.post(_PLACE, {"rows": sent_back_rows(page), "whole": "yes"})
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
    visitor, ours = visit_as(site, a_rival(site)), f"{site.marketplace_id}.{site.brand_id}"
    assert "maison-brandt" not in visitor.get(_PLACE).text + visitor.get(f"{_PLACE}.csv").text
    for path in (_PLACE, f"{_PLACE}.csv"):
        assert visitor.get(f"{path}?of={ours}").status_code == 404
    for path, fields in (("", {"rows": "x"}), ("/preview", {"text": "x"}), ("/remove", {"seller": "maison-brandt"})):
        assert visitor.post(f"{_PLACE}{path}", {**fields, "of": ours}).status_code == 404
    assert visitor.post(f"{_PLACE}/remove", {"seller": "maison-brandt"}).status_code == 422
    assert on_list(site) == ["maison-brandt"]
