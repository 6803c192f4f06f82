import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chi2_contingency

import training.simulation.synthetic
from features import lexicon
from features.brand_signals import gtin_is_valid
from features.brands import BrandRegister, Method
from features.contacts import ContactKind, canonical_contact
from features.fold import fold
from features.listing import Listing, Rejection, check
from training.evaluate.metrics import roc_auc
from training.evaluate.splits import seller_groups
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.simulation.simulated.chance import Random
from training.simulation.simulated.goods import HOUSES, SMALL_MAKERS
from training.simulation.simulated.listings import Draft
from training.simulation.simulated.population import Crowd, draw_listings
from training.simulation.simulated.prose import Product
from training.simulation.simulated.sellers import Supplier, draw_suppliers
from training.simulation.simulated.words import TELLS, Language
from training.simulation.synthetic import (
    Answer,
    Craft,
    HonestTrade,
    NamedBrand,
    Settings,
    Truth,
    World,
    analyst_answer,
    brand_answer,
    build_world,
    evaluation_set,
    named_brand,
    seller_appeals,
)
from training.snapshots.references import OfflineReferences

START = datetime(2026, 1, 5, tzinfo=UTC)
SETTINGS = Settings(listings=3_000, seed=7, start=START)
DRAWS = 5_000
BARE = {"external_id", "title", "price", "currency", "seller", "occurred_at"}


@cache
def the_world() -> World:
    return build_world(SETTINGS)


@cache
def the_listings() -> dict[str, Listing]:
    """The listings as first sent, by external id."""
    listings: dict[str, Listing] = {}
    for sent in the_world().sent:
        listing = check(sent.row, received_at=sent.at)
        if isinstance(listing, Listing):
            listings.setdefault(listing.external_id, listing)
    return listings


def test_the_same_seed_makes_the_same_world() -> None:
    settings = Settings(listings=300, seed=3, start=START)
    assert build_world(settings) == build_world(settings)


def test_another_seed_makes_another_world() -> None:
    world, other = (build_world(Settings(listings=300, seed=seed, start=START)) for seed in (3, 4))
    assert {sent.row.get("title") for sent in world.sent} != {sent.row.get("title") for sent in other.sent}


def test_exactly_as_many_listings_are_sent_as_asked_for() -> None:
    assert len(the_listings()) == len(the_world().truth) == 3_000
    assert the_listings().keys() == the_world().truth.keys()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_about_one_listing_in_twenty_is_counterfeit(seed: int) -> None:
    truth = build_world(Settings(listings=1_000, seed=seed, start=START)).truth.values()
    assert 0.04 <= sum(listing_truth.counterfeit for listing_truth in truth) / len(truth) <= 0.06


def sharers(world: World, kind: ContactKind) -> list[set[str]]:
    """The sellers of each shared contact of a kind."""
    sellers_by_contact: dict[str, set[str]] = {}
    for sent_contact in world.contacts:
        if sent_contact.row["kind"] == kind:
            sellers_by_contact.setdefault(canonical_contact(kind, str(sent_contact.row["value"])).value, set()).add(
                str(sent_contact.row["seller"])
            )
    return [sellers for sellers in sellers_by_contact.values() if len(sellers) > 1]


def test_contacts_arrive_before_the_first_listing_of_their_seller_and_in_the_order_of_time() -> None:
    first: dict[str, datetime] = {}
    for sent in the_world().sent:
        if (truth := the_world().truth.get(str(sent.row["external_id"]))) is not None:
            first.setdefault(truth.seller, sent.at)
    times = [sent_contact.at for sent_contact in the_world().contacts]
    assert times == sorted(times)
    assert all(sent_contact.at < first[str(sent_contact.row["seller"])] for sent_contact in the_world().contacts)
    assert len({sent_contact.row["seller"] for sent_contact in the_world().contacts}) / len(first) == pytest.approx(
        0.85, abs=0.04
    )


def test_counterfeiters_share_telephones_and_accounts_and_all_sellers_share_warehouses() -> None:
    world, crafts = the_world(), {craft.value for craft in Craft}
    kinds = {truth.seller: truth.kind for truth in world.truth.values()}
    telephones, accounts = sharers(world, ContactKind.PHONE), sharers(world, ContactKind.PAYOUT)
    of_crooks = [group for group in telephones + accounts if all(kinds[seller] in crafts for seller in group)]
    of_honest = [group for group in telephones + accounts if not any(kinds[seller] in crafts for seller in group)]
    assert sum(map(len, of_crooks)) >= 8
    assert len(of_honest) >= 10
    assert max(map(len, telephones + accounts)) <= 10
    assert min(map(len, sharers(world, ContactKind.ADDRESS))) > 10


def test_validation_accepts_each_listing_and_rejects_each_broken_row() -> None:
    refused = 0
    for sent in the_world().sent:
        accepted = check(sent.row, received_at=sent.at)
        assert isinstance(accepted, Listing) == (sent.row["external_id"] in the_world().truth), accepted
        refused += isinstance(accepted, Rejection)
    assert 0.004 <= refused / 3_000 <= 0.006


def test_broken_rows_are_broken_in_many_ways() -> None:
    outcomes = (check(sent.row, received_at=sent.at) for sent in the_world().sent)
    assert len({(outcome.code, outcome.field) for outcome in outcomes if isinstance(outcome, Rejection)}) >= 10


def test_every_row_and_event_survives_json() -> None:
    for row in [sent.row for sent in the_world().sent] + [event.row for event in the_world().events]:
        assert json.loads(json.dumps(row)) == row


def test_some_listings_come_again_changed_and_some_unchanged() -> None:
    hashes: dict[str, list[str]] = {}
    for sent in the_world().sent:
        if isinstance(listing := check(sent.row, received_at=sent.at), Listing):
            hashes.setdefault(listing.external_id, []).append(listing.content_hash)
    again = [versions for versions in hashes.values() if len(versions) > 1]
    changed = sum(len(set(versions)) > 1 for versions in again)
    assert 0.02 <= changed / 3_000 <= 0.04
    assert 0.008 <= (len(again) - changed) / 3_000 <= 0.025


def test_sellers_to_be_evaluated_on_are_never_sent() -> None:
    listings, _ = evaluation_set(SETTINGS, 500)
    assert not {listing.seller.external_id for listing in listings} & {
        listing.seller for listing in the_world().truth.values()
    }
    assert not {listing.external_id for listing in listings} & the_world().truth.keys()


@pytest.mark.parametrize("shared", [False, True])
def test_counterfeiters_to_be_evaluated_on_have_new_suppliers_unless_shared_ones_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    drawn: list[tuple[Supplier, ...]] = []

    def noted(random: Random, crowd: Crowd, workshops: tuple[Supplier, ...]) -> list[Draft]:
        drawn.append(workshops)
        return draw_listings(random, crowd, workshops)

    monkeypatch.setattr(training.simulation.synthetic, "draw_listings", noted)
    build_world(replace(SETTINGS, listings=300))
    evaluation_set(replace(SETTINGS, listings=300), 500, shares_suppliers=shared)
    sent, evaluated = map(set, drawn)
    assert evaluated == sent if shared else not evaluated & sent


@cache
def many_drafts() -> list[Draft]:
    random = np.random.default_rng(5)
    return draw_listings(random, Crowd(12_000, 2_400, 180, ""), draw_suppliers(random))


@pytest.mark.parametrize(
    "trait", [lambda goods: goods.variant, lambda goods: goods.model], ids=["colour or size", "product line"]
)
def test_colours_and_product_lines_of_counterfeits_are_those_of_genuine_goods(trait: Callable[[Product], int]) -> None:
    """A chi-square test in each house, on one listing of each seller, which are independent of each other."""
    one_each = {draft.seller.external_id: draft.product for draft in many_drafts() if draft.product.brand_id}.values()
    chances = []
    for house in range(len(HOUSES)):
        of_house = Counter((goods.counterfeit, trait(goods)) for goods in one_each if goods.house == house)
        values = sorted({number for _, number in of_house})
        chances.append(
            chi2_contingency([[of_house[fake, number] for number in values] for fake in (True, False)]).pvalue
        )
    assert min(chances) > 0.01 / len(HOUSES), chances


def test_a_ring_sells_its_brands_in_every_colour_and_product_line() -> None:
    items: dict[Supplier, list[Product]] = {}
    for draft in many_drafts():
        if draft.product.counterfeit and draft.seller.supplier is not None:
            items.setdefault(draft.seller.supplier, []).append(draft.product)
    for supplier, sold in items.items():
        if len(sold) >= 100:
            assert {goods.house for goods in sold} == set(supplier.houses)
            commonest = Counter((goods.house, goods.model, goods.variant) for goods in sold).most_common(8)
            assert sum(times for _, times in commonest) < len(sold) / 2


def test_bags_outdoor_clothing_and_shoes_are_most_of_the_copied_goods() -> None:
    """62 % in the weights; a marketplace has the suppliers that were drawn."""
    shares = []
    for seed in range(40):
        suppliers = draw_suppliers(np.random.default_rng(seed))
        houses = [HOUSES[house].brand.brand_id for supplier in suppliers for house in supplier.houses]
        shares.append(sum(house in {"aurelle", "nordfjell", "halvorn"} for house in houses) / len(houses))
    assert np.mean(shares) == pytest.approx(0.62, abs=0.04)


def test_the_age_of_its_account_does_not_give_a_counterfeiter_away() -> None:
    """Honest sellers who join open new accounts too; they would otherwise be the one trait of counterfeiters."""
    sellers = {draft.seller.external_id: draft.seller for draft in many_drafts()}.values()
    young = {
        honest: np.mean(
            [
                seller.career.first_day - seller.career.opened < 60
                for seller in sellers
                if (seller.supplier is None) is honest
            ]
        )
        for honest in (True, False)
    }
    assert 0.15 < young[True] < young[False] < 3 * young[True], young


def test_an_evaluation_set_has_as_many_listings_as_asked_for_and_a_label_for_each() -> None:
    listings, labels = evaluation_set(SETTINGS, 2_000)
    assert len(listings) == len(labels) == 2_000
    assert 0.04 <= labels.mean() <= 0.06


@pytest.mark.parametrize(
    ("language", "pattern"),
    [
        ("en", r"\b(?:bag|jacket|watch|headphones|perfume|sneakers|serum|sunglasses|charger|knife)\b"),
        ("zh", "[一-鿿]{2}"),
        ("ru", "[а-яё]{4}"),
        ("es", r"\b(?:bolso|chaqueta|reloj|auriculares|zapatillas|gafas|cargador|cuchillo|mochila)\b"),
    ],
)
def test_titles_are_written_in_four_languages(language: str, pattern: str) -> None:
    titles = [listing.title or "" for listing in the_listings().values()]
    assert sum(bool(re.search(pattern, title.lower())) for title in titles) > 200, language


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("brand", 0.35, 0.5),
        ("description", 0.1, 0.3),
        ("gtin", 0.6, 0.9),
        ("rating_counts", 0.7, 0.8),
        ("photos_count", 0.3, 0.5),
        ("ship_from", 0.3, 0.5),
    ],
)
def test_missing_values_are_the_normal_case(field: str, low: float, high: float) -> None:
    values = [getattr(listing, field) for listing in the_listings().values()]
    assert low <= values.count(None) / len(values) <= high


def test_some_rows_have_only_a_title_and_a_price() -> None:
    bare = [sent.row for sent in the_world().sent if sent.row.keys() <= BARE]
    assert len(bare) > 50
    assert all("title" in row for row in bare)


def test_a_few_prices_are_in_other_currencies() -> None:
    counts = Counter(listing.currency for listing in the_listings().values())
    assert counts.keys() == {"EUR", "USD", "GBP", "CNY", "RUB"}
    assert counts["EUR"] > 0.85 * 3_000


def test_rows_and_events_come_in_the_order_of_time() -> None:
    for times in ([sent.at for sent in the_world().sent], [event.at for event in the_world().events]):
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert times[0] >= START
        assert times[-1] <= START + timedelta(days=SETTINGS.days)


def test_events_are_few_enough_to_be_sent_in_a_demo() -> None:
    assert 1 <= len(the_world().events) / 3_000 <= 4


def test_events_and_the_seller_block_agree_on_sales() -> None:
    sales: dict[object, list[datetime]] = {}
    for event in the_world().events:
        if event.row["kind"] == "sale":
            sales.setdefault(event.row["seller"], []).append(event.at)
    compared = 0
    for sent in the_world().sent:
        listing = check(sent.row, received_at=sent.at)
        if not isinstance(listing, Listing) or listing.seller.external_id not in sales:
            continue
        if sent.at < START + timedelta(days=90) or listing.seller.accepted.d30 is None:
            continue
        # A repeat is unchanged, so its windows end at the time of the first row.
        assert listing.occurred_at is not None
        first = sent.at - timedelta(days=30)
        if listing.occurred_at == sent.at:
            inside = sum(first < at <= sent.at for at in sales[listing.seller.external_id])
            assert abs(inside - listing.seller.accepted.d30) <= 1
            compared += 1
    assert compared > 50


def test_events_of_a_listing_come_after_it_was_sent() -> None:
    first: dict[object, datetime] = {}
    for sent in the_world().sent:
        first.setdefault(sent.row["external_id"], sent.at)
    events = [event for event in the_world().events if "listing" in event.row]
    assert len(events) > 1_000
    assert all(first[event.row["listing"]] <= event.at for event in events)


def test_authorised_sellers_sell_only_genuine_goods_of_their_brand() -> None:
    for brand in the_world().brands:
        offered = [truth for truth in the_world().truth.values() if truth.seller in brand.authorised]
        assert offered, brand.brand.name
        assert {(truth.counterfeit, truth.brand_id, truth.kind) for truth in offered} == {
            (False, brand.brand.brand_id, HonestTrade.AUTHORISED)
        }


def test_most_brands_take_part_and_each_has_an_account_manager() -> None:
    brands = the_world().brands
    assert len(brands) == 10
    assert [brand.takes_part for brand in brands].count(False) == 2
    assert all(brand.account_manager for brand in brands)
    assert all(6 <= len(brand.price_list) <= 12 and min(brand.price_list.values()) > 0 for brand in brands)


@pytest.mark.parametrize("number", range(len(HOUSES)))
def test_a_brand_is_found_by_the_trade_item_numbers_of_its_models(number: int) -> None:
    house, register = HOUSES[number], BrandRegister(house.brand for house in HOUSES)
    gtin = house.gtin(5, 3)
    assert gtin_is_valid(gtin)
    brand = register.resolve(title=None, declared=None, gtin=gtin)
    assert (brand.brand_id, brand.method) == (house.brand.brand_id, Method.GTIN_PREFIX)


def test_who_sells_does_not_decide_what_is_sold() -> None:
    seen = {(truth.kind, truth.counterfeit) for truth in the_world().truth.values()}
    assert {(craft, fake) for craft in Craft for fake in (True, False)} <= seen
    assert (HonestTrade.SECOND_HAND, True) in seen
    assert not {(kind, True) for kind in HonestTrade if kind is not HonestTrade.SECOND_HAND} & seen


def test_crafts_have_their_shares_of_the_counterfeits() -> None:
    kinds = Counter(truth.kind for truth in the_world().truth.values() if truth.counterfeit)
    total = sum(kinds.values())
    assert kinds[Craft.CAREFUL] / total == pytest.approx(0.4, abs=0.05)
    for craft in (Craft.OBVIOUS, Craft.OBFUSCATING, Craft.RELISTING):
        assert kinds[craft] / total == pytest.approx(0.2, abs=0.04), craft


def test_relisted_goods_have_the_same_text_under_another_account() -> None:
    sellers: dict[str | None, set[str]] = {}
    for external_id, listing in the_listings().items():
        truth = the_world().truth[external_id]
        if truth.kind == Craft.RELISTING and listing.description:
            sellers.setdefault(listing.description, set()).add(truth.seller)
    assert sum(len(accounts) > 1 for accounts in sellers.values()) >= 5


@pytest.mark.parametrize("language", list(Language))
def test_the_lexicon_knows_none_of_the_tells(language: Language) -> None:
    for tell in TELLS[language]:
        hits = lexicon.find_phrases(fold(tell), where="description")
        assert {hit.specificity for hit in hits} <= {"weak"}, tell


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_model_given_every_label_is_useful_and_far_from_perfect() -> None:
    rows = the_listings()
    listings = list(rows.values())
    labels = np.array([the_world().truth[external_id].counterfeit for external_id in rows], dtype=np.int8)
    unseen, true_labels = evaluation_set(SETTINGS, 6_000)
    offline = OfflineReferences(listings, BrandRegister(house.brand for house in HOUSES))
    known = [offline.facts(listing, as_of=START, marketplace="test", took_part=True) for listing in listings]
    unseen_facts = [offline.facts(listing, as_of=START, marketplace="test", took_part=False) for listing in unseen]
    model = CounterfeitClassifier(seed=0)
    model.fit(ListingRows.of(known), labels, groups=seller_groups([listing.seller.external_id for listing in listings]))
    assert 0.85 <= roc_auc(true_labels, model.decision_function(ListingRows.of(unseen_facts))) <= 0.97


FAKE = Truth(counterfeit=True, brand_id="aurelle", kind=Craft.CAREFUL, seller="s")
GENUINE = Truth(counterfeit=False, brand_id="aurelle", kind=HonestTrade.RETAIL, seller="s")
IMPORT = Truth(counterfeit=False, brand_id="aurelle", kind=HonestTrade.PARALLEL_IMPORT, seller="s")


def brand_answers(truth: Truth) -> list[Answer | None]:
    random = np.random.default_rng(0)
    return [brand_answer(truth, random) for _ in range(DRAWS)]


def test_an_analyst_names_the_true_brand_or_a_small_maker_with_an_owner() -> None:
    truth = Truth(counterfeit=True, brand_id="aurelle", kind="careful", seller="alba-1")
    assert named_brand(truth) == NamedBrand("Aurelle", "aurelle")
    for number in range(20):
        brand = named_brand(replace(truth, brand_id="", seller=f"alba-{number}"))
        assert brand.brand_id is None
        assert brand.name in SMALL_MAKERS
        assert brand.owner == f"{brand.name} Workshop Ltd"


def analyst_answers(truth: Truth) -> list[Answer]:
    random = np.random.default_rng(0)
    return [analyst_answer(truth, random) for _ in range(DRAWS)]


@pytest.mark.parametrize(
    ("truth", "verdict", "low", "high", "reason"),
    [
        (FAKE, "genuine", 0.02, 0.04, "a brand misses about 3 % of the fakes"),
        (GENUINE, "counterfeit", 0.02, 0.04, "and accuses about 3 % of the genuine goods"),
        (FAKE, "cannot_tell", 0.02, 0.05, "pictures do not always suffice"),
        (IMPORT, "grey_market", 0.7, 0.8, "an import past the distributor is mostly called that"),
        (IMPORT, "counterfeit", 0.04, 0.08, "and sometimes wrongly counterfeit"),
    ],
)
def test_brands_err_as_often_as_stated(truth: Truth, verdict: str, low: float, high: float, reason: str) -> None:
    verdicts = [answer.verdict for answer in brand_answers(truth) if answer is not None]
    assert low <= verdicts.count(verdict) / len(verdicts) <= high, reason


@pytest.mark.parametrize(
    ("truth", "verdict", "low", "high", "reason"),
    [
        (FAKE, "genuine", 0.065, 0.095, "an analyst misses about 8 % of the fakes"),
        (GENUINE, "counterfeit", 0.065, 0.095, "and accuses about 8 % of the genuine goods"),
        (FAKE, "cannot_tell", 0.12, 0.16, "and says more often than a brand that it cannot tell"),
    ],
)
def test_analysts_err_as_often_as_stated(truth: Truth, verdict: str, low: float, high: float, reason: str) -> None:
    verdicts = [answer.verdict for answer in analyst_answers(truth)]
    assert low <= verdicts.count(verdict) / DRAWS <= high, reason


def test_brands_sometimes_do_not_answer() -> None:
    assert 0.13 <= brand_answers(FAKE).count(None) / DRAWS <= 0.17


def test_answers_are_values_of_the_service() -> None:
    verdicts = {answer.verdict for truth in (FAKE, GENUINE, IMPORT) for answer in analyst_answers(truth)}
    assert verdicts == {"counterfeit", "genuine", "grey_market", "cannot_tell"}


def test_analysts_answer_sooner_than_brands_and_all_with_a_delay() -> None:
    brand = [answer.delay_hours for answer in brand_answers(FAKE) if answer is not None]
    analyst = [answer.delay_hours for answer in analyst_answers(FAKE)]
    assert 1 < np.median(analyst) < 2
    assert 12 < np.median(brand) < 16
    assert min(*brand, *analyst) > 0
    assert max(brand) <= 240


def test_honest_sellers_appeal_a_removal_and_counterfeiters_rarely_do() -> None:
    random = np.random.default_rng(0)
    honest, crooked = (sum(seller_appeals(truth, random) for _ in range(DRAWS)) / DRAWS for truth in (GENUINE, FAKE))
    assert honest == pytest.approx(0.70, abs=0.02)
    assert crooked == pytest.approx(0.15, abs=0.02)


def test_the_documentation_says_that_figures_are_no_evidence_of_accuracy() -> None:
    text = " ".join((training.simulation.synthetic.__doc__ or "").split())
    assert "Figures measured on it are no evidence of accuracy in production." in text


@pytest.mark.parametrize(
    ("listings", "days", "start"), [(20, 180, START), (500, 3, START), (500, 180, START.replace(tzinfo=None))]
)
def test_settings_that_are_too_small_are_refused(listings: int, days: int, start: datetime) -> None:
    with pytest.raises(ValueError, match=r"at least|offset"):
        Settings(listings=listings, seed=0, start=start, days=days)
