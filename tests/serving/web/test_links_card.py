from dataclasses import replace

from features.contacts import ContactKind
from features.facts import Facts
from features.history import History
from features.links import LinkedSeller, Links, LinkStep
from models.case import CaseLane
from models.explanations import _STORY_OF
from models.verdict import Judgement
from serving.sellers.service.contacts import receive_contacts
from serving.web.brand import questions
from serving.web.case.seller_card import LinksCard, links_card
from serving.web.text_view import ShownText
from tests.fixtures.facts import SOME_LINKS, full_facts, some_facts
from tests.fixtures.runtimes import Site, a_case, judge, open_cases
from tests.serving.web.visits import visit_as, words


def with_links(links: Links | None) -> Facts:
    return some_facts(history=History(links=links))


def text(shown: ShownText) -> str:
    return "".join(part.text for part in shown.pieces)


def linked_seller(n: int, *, counterfeit: int = 0) -> LinkedSeller:
    step = LinkStep(kind=ContactKind.EMAIL, seller=f"s{n}")
    return LinkedSeller(path=(step,), counterfeit=counterfeit, genuine=0)


def test_the_path_to_each_linked_seller_reads_as_a_sentence() -> None:
    card = links_card(full_facts().seller.links, "mkt_1")
    assert [(text(path.sentence), path.counterfeit, path.genuine) for path in card.paths] == [
        ("Same telephone number as seller ann", 2, 1),
        ("Same telephone number as seller ann, which shares a payout account with seller bo", 0, 1),
    ]
    assert card.notes == (
        "1 contact is shared by more than 10 sellers (as with a forwarding service) and links no sellers.",
    )


def test_those_with_confirmed_counterfeits_come_first_and_the_rest_is_counted() -> None:
    sellers = (*(linked_seller(i) for i in range(8)), linked_seller(8, counterfeit=1))
    card = links_card(Links(contacts=9, more=True, sellers=sellers), "mkt_1")
    assert [text(path.sentence)[-2:] for path in card.paths] == ["s8", "s0", "s1", "s2", "s3", "s4"]
    assert card.notes == (
        "3 more linked sellers not shown.",
        "More sellers are linked. Only the nearest 20 were traced.",
    )


def test_a_contact_that_nobody_shares_is_reported_as_such() -> None:
    card = links_card(Links(contacts=1), "mkt_1")
    assert card.notes == ("No other seller was known to share any of this seller's 1 contact.",)


def test_where_nothing_is_known_there_is_no_card() -> None:
    assert links_card(None, "mkt_1") == links_card(Links(contacts=0), "mkt_1") == LinksCard(0, (), ())


def test_a_name_that_is_markup_stays_text() -> None:
    step = LinkStep(kind=ContactKind.ADDRESS, seller="<script>")
    card = links_card(replace(SOME_LINKS, sellers=(LinkedSeller(path=(step,), counterfeit=0, genuine=0),)), "mkt_1")
    assert text(card.paths[0].sentence) == "Same address as seller <script>"


def two_who_share_a_telephone(site: Site) -> None:
    contacts = [{"seller": name, "kind": "phone", "value": "+49 30 7654321"} for name in ("rival", "lumo-trade")]
    receive_contacts(site.runtime, site.marketplace, {"contacts": contacts}, backfill=False)
    site.clock.forward(seconds=1)
    judge(site, site.analyst, a_case(site, external_id="R", seller={"external_id": "rival"}), Judgement.COUNTERFEIT)
    judge(site, site.brand_person, open_cases(site, CaseLane.ASK_BRAND)[0], Judgement.COUNTERFEIT)
    site.clock.forward(seconds=1)


def test_an_analyst_sees_the_way_and_what_was_found_and_a_brand_nothing_of_it(site: Site) -> None:
    two_who_share_a_telephone(site)
    case = a_case(site, seller={"external_id": "lumo-trade"})
    page = words(visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text)
    assert "Same telephone number as seller rival" in page
    assert "1 counterfeit" in page
    assert "A link alone is not evidence" in page
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    answer = visit_as(site, site.brand_person).get("/brand")
    assert "lumo-trade" in answer.text
    for word in ("telephone", "linked", "shares", "contacts"):
        assert word not in words(answer.text).casefold()


def test_no_reason_of_links_is_among_those_that_a_brand_is_told() -> None:
    stories = {story for name, story in _STORY_OF.items() if name.startswith("seller_linked_")}
    assert stories == {"linked_sellers"}
    assert not stories & set(questions._ICONS)
