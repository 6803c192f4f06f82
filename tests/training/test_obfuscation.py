import math
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from features.brands import BrandRegister
from features.facts import Facts
from features.fold import fold
from features.indicators import Direction, IndicatorFacts, IndicatorMatch, SearchedText
from features.listing import Listing
from features.near_duplicates import NearDuplicates
from tests.fixtures.facts import AURELLE, REFERENCES, full_facts, some_facts
from training.gates.obfuscation import TRANSFORMS, Market, Transform, rewrite
from training.gates.replay import facts_of_changed, honest_descriptions, market_of, rewrite_facts

LISTING = Listing(
    external_id="MP-1",
    title="Aurelle leather tote, grey",
    description="A grey tote by AURELLE with its dust bag and receipt. Ask for pictures.",
    brand="Aurelle",
    product_type="Bags",
    price=Decimal("39.00"),
    currency="EUR",
)
MARKET = Market("Aurelle", 200.0, ("Bought in Lyon, worn twice.", "From a smoke-free home."))
BY_NAME = {transform.name: transform for transform in TRANSFORMS}


def written_listing(name: str, listing: Listing = LISTING, market: Market = MARKET, seed: int = 0) -> Listing:
    return rewrite(BY_NAME[name], listing, market, seed=seed)


def test_there_are_twelve_ways_and_more_each_with_a_meaning_and_a_source() -> None:
    assert len(TRANSFORMS) >= 12
    assert len({transform.name for transform in TRANSFORMS}) == len(TRANSFORMS)
    assert all(transform.means.endswith(".") and transform.source for transform in TRANSFORMS)


@pytest.mark.parametrize("way", TRANSFORMS, ids=lambda way: way.name)
def test_a_way_is_reproducible(way: Transform) -> None:
    changed = rewrite(way, LISTING, MARKET, seed=0)
    assert changed != LISTING
    assert rewrite(way, LISTING, MARKET, seed=0) == changed


@pytest.mark.parametrize("way", TRANSFORMS, ids=lambda way: way.name)
def test_a_way_leaves_other_fields_unchanged(way: Transform) -> None:
    changed = rewrite(way, LISTING, MARKET, seed=0)
    assert (changed.external_id, changed.product_type, changed.currency) == ("MP-1", "Bags", "EUR")
    if way.name != "price below the median":
        assert changed.price == LISTING.price


@pytest.mark.parametrize("way", TRANSFORMS, ids=lambda way: way.name)
def test_a_way_handles_a_nearly_empty_listing(way: Transform) -> None:
    bare = Listing(external_id="MP-2", price=Decimal(5), currency="EUR")
    listing = rewrite(way, bare, Market(None, None, ()), seed=0)
    assert (listing.title, listing.price) == (None, Decimal(5))


def test_each_listing_has_its_own_chance() -> None:
    other = Listing(external_id="MP-9", title=LISTING.title, description=LISTING.description, brand="Aurelle")
    assert written_listing("leet").description != written_listing("leet", other).description


def test_another_seed_gives_another_text() -> None:
    assert len({written_listing("leet", seed=seed).description for seed in range(5)}) > 1


# The effect on the name, at every occurrence.
NAMES = [
    ("leet", "Aur3ll3", "4UR3LL3"),
    ("homoglyphs", "Аurеllе", "АURЕLLЕ"),
    ("spaced letters", "A u r e l l e", "A U R E L L E"),
    ("full width", "Ａｕｒｅｌｌｅ", "ＡＵＲＥＬＬＥ"),
    ("styled letters", "𝐀𝐮𝐫𝐞𝐥𝐥𝐞", "𝐀𝐔𝐑𝐄𝐋𝐋𝐄"),
    ("reversed by marks", "\u202eelleruA\u202c", "\u202eELLERUA\u202c"),
]


@pytest.mark.parametrize(("name", "title", "description"), NAMES, ids=[row[0] for row in NAMES])
def test_the_name_is_obfuscated_at_every_occurrence(name: str, title: str, description: str) -> None:
    changed = written_listing(name)
    assert (changed.title or "").startswith(title.replace("A", "4", 1) if name == "leet" else title)
    assert description in (changed.description or "")


INVISIBLE = ["zero width", "direction marks", "residue of pasting", "full width"]


@pytest.mark.parametrize("name", INVISIBLE)
def test_folding_removes_invisible_characters(name: str) -> None:
    for seed in range(20):
        changed = written_listing(name, seed=seed)
        assert fold(changed.title or "").replace(" ", "") == fold(LISTING.title or "").replace(" ", "")


FOUND_ALL_THE_SAME = [
    "leet", "homoglyphs", "accents", "zero width", "direction marks", "spaced letters", "split by punctuation",
    "full width", "styled letters",
]  # fmt: skip


@pytest.mark.parametrize("name", FOUND_ALL_THE_SAME)
def test_the_register_finds_an_obfuscated_brand(name: str) -> None:
    register = BrandRegister([AURELLE])
    for seed in range(10):
        changed = written_listing(name, seed=seed)
        assert register.resolve(title=changed.title, declared=None, gtin=None).name == "Aurelle", changed.title


def test_an_omitted_brand_is_named_nowhere() -> None:
    changed = written_listing("brand left out")
    assert (changed.title, changed.brand) == ("leather tote, grey", None)
    assert "aurelle" not in (changed.description or "").casefold()


def test_good_words_are_those_of_honest_listings_at_the_end() -> None:
    changed = written_listing("good words").description or ""
    assert changed.startswith(LISTING.description or "")
    added = changed.removeprefix(LISTING.description or "").split()
    assert len(added) == 40
    assert set(added) <= set(" ".join(MARKET.honest_descriptions).split())


def test_a_copied_description_is_that_of_an_honest_listing() -> None:
    assert written_listing("copied description").description in MARKET.honest_descriptions


def test_a_price_is_put_just_below_the_median() -> None:
    assert written_listing("price below the median").price == Decimal("194.00")


@pytest.mark.parametrize("usual", [None, float("nan"), 0.0])
def test_a_price_without_a_median_is_unchanged(usual: float | None) -> None:
    assert written_listing("price below the median", market=Market("Aurelle", usual, ())).price == LISTING.price


def test_a_listing_that_is_cut_short_keeps_a_beginning() -> None:
    changed = written_listing("cut short", Listing(external_id="MP-1", title="Aurelle " * 20, description="x"))
    assert (len(changed.title or ""), changed.description) == (47, None)


def test_only_the_brand_is_misspelt() -> None:
    for seed in range(20):
        title = written_listing("misspelt brand", seed=seed).title or ""
        first, rest = title.split(" ", 1)
        assert first != "Aurelle" or seed, "a doubled l may leave the name as it is read, never all of them"
        assert (abs(len(first) - 7) <= 1, rest) == (True, "leather tote, grey")


def test_only_the_given_chance_is_used() -> None:
    random.seed(1)
    state = random.getstate()
    for way in TRANSFORMS:
        rewrite(way, LISTING, MARKET, seed=0)
    assert random.getstate() == state


WAYS = {transform.name: transform for transform in TRANSFORMS}
FULL = full_facts()


def rewritten_facts(name: str, facts: Facts = FULL) -> Facts:
    return rewrite_facts(facts, WAYS[name], REFERENCES, ("Bought in Lyon.",), seed=0)


def test_the_brand_is_resolved_again() -> None:
    assert FULL.brand.name == "Aurelle"
    assert rewritten_facts("brand left out").brand.name is None
    assert rewritten_facts("spaced letters").brand.name == "Aurelle"


def test_a_listing_without_its_brand_is_compared_with_other_prices() -> None:
    assert rewritten_facts("brand left out").price.brand_category != FULL.price.brand_category


def test_the_facts_of_the_seller_stay() -> None:
    for way in TRANSFORMS:
        changed = rewrite_facts(FULL, way, REFERENCES, ("x",), seed=0)
        assert replace(changed.seller, authorised=FULL.seller.authorised) == FULL.seller
        assert (changed.version, changed.as_of) == (FULL.version, FULL.as_of)
        assert changed.price.previous_log_price == FULL.price.previous_log_price


def test_no_seller_is_authorised_for_an_unknown_brand() -> None:
    authorised = replace(FULL, seller=replace(FULL.seller, authorised=True))
    assert rewritten_facts("spaced letters", authorised).seller.authorised
    assert not rewritten_facts("brand left out", authorised).seller.authorised


def test_a_price_below_the_median_is_below_it_in_the_base_currency() -> None:
    price = rewritten_facts("price below the median").price
    reference = FULL.price.brand_category
    assert reference is not None
    assert price.log_price == pytest.approx(reference.log_median - 0.0305, abs=0.001)


def test_the_usual_price_is_in_the_currency_of_the_listing() -> None:
    usual, own, reference = market_of(FULL, ()).usual_price, FULL.listing.price, FULL.price.brand_category
    assert usual is not None
    assert own is not None
    assert reference is not None
    assert FULL.price.log_price is not None
    assert usual / float(own) == pytest.approx(math.exp(reference.log_median - FULL.price.log_price))


def test_without_a_reference_there_is_no_usual_price() -> None:
    bare = replace(FULL, price=replace(FULL.price, brand_category=None, category=None))
    assert market_of(bare, ()).usual_price is None


def test_near_duplicates_stay_while_a_text_is_near_the_original() -> None:
    text = "A grey leather tote by Aurelle with its dust bag and receipt, worn twice and kept in its box. " * 3
    alike = replace(
        FULL, listing=replace(FULL.listing, description=text), near_duplicates=NearDuplicates(listings=3, counterfeit=2)
    )
    assert facts_of_changed(alike, alike.listing, REFERENCES).near_duplicates == alike.near_duplicates
    assert rewritten_facts("copied description", alike).near_duplicates == NearDuplicates()
    assert rewritten_facts("copied description", replace(alike, near_duplicates=None)).near_duplicates is None


def test_indicators_stay_while_their_words_do() -> None:
    fired = IndicatorMatch(
        indicator_id="tt",
        brand_id="brd",
        label="x",
        direction=Direction.COUNTERFEIT,
        where=SearchedText.DESCRIPTION,
        words="dust bag",
    )
    indicators = IndicatorFacts(for_counterfeit=2, fired=(fired,))
    listing = replace(FULL.listing, description="With a dust bag.")
    facts = replace(FULL, listing=listing, indicators=indicators)
    assert facts_of_changed(facts, listing, REFERENCES).indicators == indicators
    gone = facts_of_changed(facts, replace(listing, description="Nothing."), REFERENCES).indicators
    assert gone == IndicatorFacts(for_counterfeit=2)


def test_a_listing_that_is_not_changed_has_the_facts_that_it_had() -> None:
    for facts in (FULL, some_facts()):
        new_facts = facts_of_changed(facts, facts.listing, REFERENCES)
        assert (new_facts.brand, new_facts.price, new_facts.seller) == (facts.brand, facts.price, facts.seller)


def test_honest_descriptions_are_counted_once_and_empty_ones_not() -> None:
    texts = ["a", None, "b", "a"]
    all_facts = [replace(FULL, listing=replace(FULL.listing, description=text)) for text in texts]
    assert honest_descriptions(all_facts) == ("a", "b")


def test_a_changed_price_has_no_price_history() -> None:
    changed = facts_of_changed(FULL, replace(FULL.listing, price=Decimal("1.00")), REFERENCES)
    if FULL.price.own is not None:
        assert changed.price.own is not None
        assert changed.price.own.versions == 1
