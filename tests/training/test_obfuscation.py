import random
from decimal import Decimal

import pytest

from features.brands import BrandRegister
from features.fold import fold
from features.listing import Listing
from tests.fixtures.facts import AURELLE
from training.obfuscation import TRANSFORMS, Market, Transform, rewritten

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
BY_NAME = {one.name: one for one in TRANSFORMS}


def written(name: str, listing: Listing = LISTING, market: Market = MARKET, seed: int = 0) -> Listing:
    return rewritten(BY_NAME[name], listing, market, seed=seed)


def test_there_are_twelve_ways_and_more_each_with_a_meaning_and_a_source() -> None:
    assert len(TRANSFORMS) >= 12
    assert len({one.name for one in TRANSFORMS}) == len(TRANSFORMS)
    assert all(one.means.endswith(".") and one.source for one in TRANSFORMS)


@pytest.mark.parametrize("way", TRANSFORMS, ids=lambda way: way.name)
def test_a_way_is_reproducible(way: Transform) -> None:
    changed = rewritten(way, LISTING, MARKET, seed=0)
    assert changed != LISTING
    assert rewritten(way, LISTING, MARKET, seed=0) == changed


@pytest.mark.parametrize("way", TRANSFORMS, ids=lambda way: way.name)
def test_a_way_leaves_other_fields_unchanged(way: Transform) -> None:
    changed = rewritten(way, LISTING, MARKET, seed=0)
    assert (changed.external_id, changed.product_type, changed.currency) == ("MP-1", "Bags", "EUR")
    if way.name != "price below the median":
        assert changed.price == LISTING.price


@pytest.mark.parametrize("way", TRANSFORMS, ids=lambda way: way.name)
def test_a_way_handles_a_nearly_empty_listing(way: Transform) -> None:
    bare = Listing(external_id="MP-2", price=Decimal(5), currency="EUR")
    found = rewritten(way, bare, Market(None, None, ()), seed=0)
    assert (found.title, found.price) == (None, Decimal(5))


def test_each_listing_has_its_own_chance() -> None:
    other = Listing(external_id="MP-9", title=LISTING.title, description=LISTING.description, brand="Aurelle")
    assert written("leet").description != written("leet", other).description


def test_another_seed_gives_another_text() -> None:
    assert len({written("leet", seed=seed).description for seed in range(5)}) > 1


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
    changed = written(name)
    assert (changed.title or "").startswith(title.replace("A", "4", 1) if name == "leet" else title)
    assert description in (changed.description or "")


INVISIBLE = ["zero width", "direction marks", "residue of pasting", "full width"]


@pytest.mark.parametrize("name", INVISIBLE)
def test_folding_removes_invisible_characters(name: str) -> None:
    for seed in range(20):
        changed = written(name, seed=seed)
        assert fold(changed.title or "").replace(" ", "") == fold(LISTING.title or "").replace(" ", "")


FOUND_ALL_THE_SAME = [
    "leet", "homoglyphs", "accents", "zero width", "direction marks", "spaced letters", "split by punctuation",
    "full width", "styled letters",
]  # fmt: skip


@pytest.mark.parametrize("name", FOUND_ALL_THE_SAME)
def test_the_register_finds_an_obfuscated_brand(name: str) -> None:
    register = BrandRegister([AURELLE])
    for seed in range(10):
        changed = written(name, seed=seed)
        assert register.resolve(title=changed.title, declared=None, gtin=None).name == "Aurelle", changed.title


def test_an_omitted_brand_is_named_nowhere() -> None:
    changed = written("brand left out")
    assert (changed.title, changed.brand) == ("leather tote, grey", None)
    assert "aurelle" not in (changed.description or "").casefold()


def test_good_words_are_those_of_honest_listings_at_the_end() -> None:
    changed = written("good words").description or ""
    assert changed.startswith(LISTING.description or "")
    added = changed.removeprefix(LISTING.description or "").split()
    assert len(added) == 40
    assert set(added) <= set(" ".join(MARKET.honest_descriptions).split())


def test_a_copied_description_is_that_of_an_honest_listing() -> None:
    assert written("copied description").description in MARKET.honest_descriptions


def test_a_price_is_put_just_below_the_median() -> None:
    assert written("price below the median").price == Decimal("194.00")


@pytest.mark.parametrize("usual", [None, float("nan"), 0.0])
def test_a_price_without_a_median_is_unchanged(usual: float | None) -> None:
    assert written("price below the median", market=Market("Aurelle", usual, ())).price == LISTING.price


def test_a_listing_that_is_cut_short_keeps_a_beginning() -> None:
    changed = written("cut short", Listing(external_id="MP-1", title="Aurelle " * 20, description="x"))
    assert (len(changed.title or ""), changed.description) == (47, None)


def test_only_the_brand_is_misspelt() -> None:
    for seed in range(20):
        title = written("misspelt brand", seed=seed).title or ""
        first, rest = title.split(" ", 1)
        assert first != "Aurelle" or seed, "a doubled l may leave the name as it is read, never all of them"
        assert (abs(len(first) - 7) <= 1, rest) == (True, "leather tote, grey")


def test_only_the_given_chance_is_used() -> None:
    random.seed(1)
    state = random.getstate()
    for way in TRANSFORMS:
        rewritten(way, LISTING, MARKET, seed=0)
    assert random.getstate() == state
