"""Search finds listings and sellers by words on both engines; intake updates it, and an erasure removes entries."""

import pytest

from serving.accounts.service import provisioning
from serving.listings.rules import EntryKind
from serving.listings.service.intake import receive_rows
from serving.listings.store import search
from serving.listings.tables import search_entry
from serving.privacy.service.erasure import erase_seller
from tests.fixtures.runtimes import Site, a_suspect_row

TITLES = {
    "EN": "Au\u200bre11e Colline bag 1:1",
    "RU": "Сумка Аurelle люкс копия",
    "ZH": "奥蕾尔同款 Colline 托特包 高仿",
    "ES": "Bolso Aurelle réplica",
}
HOSTILE = [
    "", " ", "\x00", "\ud800", '"', "'", "''' OR 1=1 --", '" OR rowid:*', "NEAR(a b, 5)", "a AND b OR NOT c",
    "words : bag", "^bag -tote +x", "bag*** (", "& | ! <-> :* \\", "%_%", "x" * 10_000, "bag " * 5_000,
    "\u202e\u200b\u0000bag", "😀🔥",
]  # fmt: skip


def receive_titles(site: Site, titles: dict[str, str]) -> None:
    rows = [
        a_suspect_row(external_id=key, title=title, seller={"external_id": f"shop-{key.lower()}"})
        for key, title in titles.items()
    ]
    receive_rows(site.runtime, site.marketplace, rows, source="test")


def search_hits(
    site: Site, text: str, kind: EntryKind = EntryKind.LISTING, places: frozenset[str] | None = None
) -> list[str]:
    marketplaces = frozenset({site.marketplace_id}) if places is None else places
    return [hit.external_id for hit in site.read(search.find, marketplaces, kind, text, most=50)]


@pytest.mark.both_engines
def test_listings_and_sellers_are_found_and_nothing_that_is_asked_raises(any_site: Site) -> None:
    receive_titles(any_site, TITLES)
    assert search_hits(any_site, "aurelle") == ["ES", "RU", "EN"], "the latest first"
    assert search_hits(any_site, "AURELLE colline") == ["EN"]
    assert search_hits(any_site, "coll") == ["ZH", "EN"], "a beginning"
    assert search_hits(any_site, "копия") == ["RU"]
    assert search_hits(any_site, "托特包") == ["ZH"]
    assert search_hits(any_site, "包") == search_hits(any_site, "特") == ["ZH"], "a character, wherever it stands"
    assert search_hits(any_site, "replica") == ["ES"]
    assert search_hits(any_site, "shop-ru") == ["RU"], "by who sells it"
    assert search_hits(any_site, "shop-ru", EntryKind.SELLER) == ["shop-ru"]
    assert search_hits(any_site, "shop", EntryKind.SELLER) == ["shop-es", "shop-zh", "shop-ru", "shop-en"]
    assert search_hits(any_site, "tote") == []
    assert search_hits(any_site, "aurelle", places=frozenset({"mkt_other"})) == [], "of no other marketplace"
    assert search_hits(any_site, "aurelle", places=frozenset()) == []
    for text in HOSTILE:
        assert len(search_hits(any_site, text)) <= len(TITLES)
        assert len(search_hits(any_site, text, EntryKind.SELLER)) <= len(TITLES)


def test_words_of_many_entries_give_the_latest_as_words_of_few_do(
    any_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive_titles(any_site, TITLES)
    for few in (3, 2, 0):
        monkeypatch.setattr(search, "_FEW", few)
        assert search_hits(any_site, "aurelle") == ["ES", "RU", "EN"]
        assert search_hits(any_site, "shop", EntryKind.SELLER) == ["shop-es", "shop-zh", "shop-ru", "shop-en"]


@pytest.mark.both_engines
def test_a_changed_title_is_found_by_its_new_words_alone(any_site: Site) -> None:
    receive_titles(any_site, {"EN": TITLES["EN"]})
    any_site.clock.forward(minutes=1)
    receive_titles(any_site, {"EN": "Solenne satchel"})
    assert search_hits(any_site, "colline") == []
    assert search_hits(any_site, "solenne satchel") == ["EN"]
    assert any_site.count(search_entry) == 2


def test_an_id_comes_before_titles_that_mention_it(site: Site) -> None:
    receive_titles(site, {"AB-7": "Aurelle bag", "AB-8": "like AB-7, an Aurelle bag"})
    assert search_hits(site, "AB-7") == ["AB-7", "AB-8"]


@pytest.mark.both_engines
def test_an_erased_seller_is_not_found_and_the_listings_are_found_by_their_titles(any_site: Site) -> None:
    receive_titles(any_site, TITLES)
    erase_seller(any_site.runtime, any_site.marketplace, "shop-ru", carry_out=True, by="test")
    assert search_hits(any_site, "shop-ru", EntryKind.SELLER) == []
    assert search_hits(any_site, "shop-ru") == []
    assert search_hits(any_site, "копия") == ["RU"]
    assert search_hits(any_site, "shop-en") == ["EN"], "others are as they were"


def test_two_marketplaces_may_have_a_listing_of_one_id(site: Site) -> None:
    other = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    receive_titles(site, {"EN": "Aurelle bag"})
    receive_rows(site.runtime, other, [a_suspect_row(external_id="EN", title="Aurelle purse")], source="test")
    assert search_hits(site, "purse") == []
    assert search_hits(site, "purse", places=frozenset({other.marketplace_id})) == ["EN"]


@pytest.mark.parametrize("text", ["au", "a"])
def test_a_short_word_is_no_beginning(site: Site, text: str) -> None:
    receive_titles(site, TITLES)
    assert search_hits(site, text) == []
