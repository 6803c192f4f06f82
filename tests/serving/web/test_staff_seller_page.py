from typing import Any
from urllib.parse import quote

from sqlalchemy import event

from features.contacts import ContactKind
from models.seller_lists import SellerList
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.listings.service.intake import receive_rows
from serving.scoring.store import references
from serving.sellers.service.contacts import receive_contacts
from serving.sellers.service.seller_listing import put_on_list
from tests.fixtures.runtimes import Site, a_case, a_row, a_second_review, a_suspect_row, judge
from tests.serving.web.visits import visit_as, words

SELLER = "lumo-trade-88"


def of_seller(name: str, **changes: Any) -> dict[str, Any]:
    return {"seller": {"external_id": name}, **changes}


def the_page(site: Site, name: str = SELLER) -> str:
    answer = visit_as(site, site.second_analyst).get(f"/sellers/{quote(name, safe='')}")
    assert answer.status_code == 200
    return answer.text


def test_the_page_has_the_sellers_listings_verdicts_lists_and_timeline(site: Site) -> None:
    done = a_case(site, external_id="MP-1", **of_seller(SELLER, title="Aurelle Colline bag, mirror quality"))
    open_one = a_case(site, external_id="MP-2", **of_seller(SELLER, title="Aurelle Colline wallet, mirror quality"))
    a_case(site, external_id="MP-3", **of_seller("somebody-else", title="Aurelle of another seller, mirror quality"))
    judge(site, site.analyst, done, Judgement.GENUINE)
    put_on_list(site.runtime, site.marketplace_id, SELLER, SellerList.WATCH, reason="pays late", days=9, by="user:x")
    site.clock.forward(hours=1)
    page = the_page(site)
    text = words(page)
    assert f'href="/cases/{open_one.case_id}"' in page
    assert f'href="/cases/{done.case_id}"' in page
    assert "2listings 1open case 0found counterfeit 1found not counterfeit" in text
    assert "Aurelle of another seller" not in text
    assert "Found not counterfeit: Aurelle Colline bag" in text
    assert "On the watch list" in text
    assert "pays late" in text
    assert "First listing received." in text


def test_a_linked_seller_is_named_with_what_ties_them(site: Site) -> None:
    for name in (SELLER, "dora"):
        contact = {"seller": name, "kind": ContactKind.PHONE.value, "value": "+33612345678"}
        receive_contacts(site.runtime, site.marketplace, {"contacts": [contact]}, backfill=False)
    site.clock.forward(seconds=1)
    for number, name in enumerate((SELLER, "dora")):
        a_case(site, external_id=f"MP-{number}", **of_seller(name))
        site.clock.forward(seconds=1)
    page = the_page(site, "dora")
    assert "Same telephone number as seller lumo-trade-88" in words(page)
    assert "Nearly the same listing text" in words(page)
    assert page.count(f'href="/sellers/{SELLER}?marketplace={site.marketplace_id}"') == 2, "by contact and by text"


def test_prices_are_drawn_against_comparable_listings_and_unknown_ones_counted(site: Site) -> None:
    rows = [a_row(external_id=f"REF-{i}", price="900.00", brand="Aurelle", product_type="bags") for i in range(6)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    site.clock.forward(hours=1)
    with site.runtime.store.write() as connection:
        references.refresh(connection, site.marketplace, site.clock.now())
    for number, price in enumerate(("90.00", "450.00")):
        row = of_seller(SELLER, brand="Aurelle", product_type="bags", price=price)
        a_case(site, external_id=f"MP-{number}", **row)
    assert "Prices of 2 listings: 10% to 50% of the median of comparable listings, median 30%." in words(the_page(site))


def test_a_blind_judge_learns_nothing_of_the_earlier_decision(site: Site) -> None:
    case = a_case(site, **of_seller(SELLER))
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(hours=1)
    assert "Found not counterfeit" in words(the_page(site))
    site.clock.forward(days=15)
    a_second_review(site, case, label=0)
    text = words(the_page(site))
    assert "Found not counterfeit" not in text
    assert "Decisions on 1 listing that you judge blind are left out here." in text
    assert "Risk relative to other sellers" not in text
    own = words(visit_as(site, site.analyst).get(f"/sellers/{SELLER}").text)
    assert "Found not counterfeit" in own, "who decided does not learn that it is looked at again"
    assert "judge blind" not in own


def test_a_seller_of_another_marketplace_is_unknown_and_hostile_names_do_no_harm(site: Site) -> None:
    other = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    row = a_suspect_row(external_id="SOUK-1", seller={"external_id": "souk-only"})
    receive_rows(site.runtime, other, [row], source="test")
    visitor = visit_as(site, site.analyst)
    for name in ("souk-only", "nobody", "%2E%2E%2Fetc", "%ED%A0%80", "a%00b", "x" * 2_000):
        assert visitor.get(f"/sellers/{name}").status_code in {400, 404}
    a_case(site, **of_seller("a/b <script>"))
    page = the_page(site, "a/b <script>")
    assert "a/b &lt;script&gt;" in page
    assert visit_as(site, site.data_scientist).get(f"/sellers/{SELLER}").status_code == 403


def test_queue_search_and_case_lead_to_the_seller(site: Site) -> None:
    case = a_case(site, **of_seller(SELLER))
    visitor = visit_as(site, site.analyst)
    for path in ("/queue", "/search?q=lumo-trade", f"/cases/{case.case_id}"):
        assert f'href="/sellers/{SELLER}?marketplace={site.marketplace_id}"' in visitor.get(path).text, path


def test_the_page_reads_as_often_for_many_listings_as_for_one(site: Site) -> None:
    statements = list[str]()

    def reads() -> int:
        visitor = visit_as(site, site.analyst)
        visitor.get(f"/sellers/{SELLER}")
        statements.clear()
        visitor.get(f"/sellers/{SELLER}")
        return len(statements)

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(site.runtime.store.reads, "before_cursor_execute", note)
    a_case(site, **of_seller(SELLER))
    few = reads()
    for number in range(8):
        judge(site, site.analyst, a_case(site, external_id=f"M-{number}", **of_seller(SELLER)), Judgement.GENUINE)
    assert reads() <= few + 4, "more kinds of rows, not more of each"
