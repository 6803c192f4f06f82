import re

from models.seller_lists import SellerList
from serving.accounts.rules.access import Grant, Role
from serving.accounts.store import accounts
from serving.sellers.service.seller_listing import put_on_list
from serving.sellers.store import seller_lists
from tests.fixtures.brand_people import elsewhere
from tests.fixtures.runtimes import Site
from tests.fixtures.strikes import SELLER, WHY, carry_out, sanctions_of, stands, strikes_of
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.web.visits import visit_as, words


def test_two_people_decide_about_a_seller_on_the_page_with_the_paths_before_them(site: Site) -> None:
    tell(site, a_contact(SELLER), a_contact("<b>lumo</b>"))
    strikes_of(site, 2)
    (found,) = sanctions_of(site)
    path = f"/sellers/sanctions/{found.sanction_id}"
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
    assert stands(site) == [("restrict", "lifted")]


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
    put_on_list(site.runtime, site.here, SELLER, SellerList.WATCH, reason=WHY, days=None, by="cli")
    page = words(visit_as(site, site.analyst).get("/sellers").text)
    assert "No proposed sanctions" in page
    assert "3 strikes. From 3, people decide whether to close the account." in page
    assert "cli" in page


def test_who_reviews_at_two_marketplaces_keeps_the_list_of_the_one_that_the_form_names(site: Site) -> None:
    souk = elsewhere(site)
    site.write(accounts.add_grants, site.analyst.user_id, [Grant(Role.ANALYST, souk)], site.clock.now())
    analyst = visit_as(site, site.analyst)

    def listed() -> list[tuple[str, str]]:
        found = site.read(seller_lists.in_force, {site.here, souk}, site.clock.now(), 9)
        return [(place, one.seller) for place, one, _ in found]

    fields = {"seller": "s-7", "list": "deny", "reason": "A police file."}
    assert analyst.post("/sellers/lists", fields).status_code == 422, "it does not say where"
    assert analyst.post("/sellers/lists", {**fields, "marketplace": "mkt_nowhere"}).status_code == 404
    assert listed() == []
    last = max(site.here, souk)
    for place in (site.here, souk):
        assert analyst.post("/sellers/lists", {**fields, "marketplace": place}).status_code == 303
    page = analyst.get("/sellers").text
    assert ["Souk" in words(row) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]] == [True, False]
    assert analyst.post("/sellers/lists/remove", {"seller": "s-7"}).status_code == 422
    (form,) = [
        one for one in re.findall(r'<form[^>]*/sellers/lists/remove".*?</form>', page) if f'value="{last}"' in one
    ]
    sent = dict(re.findall(r'name="(marketplace|seller)" value="([^"]*)"', form))
    assert analyst.post("/sellers/lists/remove", sent).status_code == 303
    assert listed() == [(min(site.here, souk), "s-7")]
