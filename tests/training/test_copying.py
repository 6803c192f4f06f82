from collections import Counter
from datetime import UTC, datetime
from functools import cache

import numpy as np

from features.fold import fold
from features.indicators import check_pattern
from features.listing import Listing, check
from features.minhash import BINS, signature_of, similarities
from training.simulation.simulated.contacts import with_copied_texts
from training.simulation.simulated.population import Crowd, draw_listings
from training.simulation.simulated.sellers import Supplier, draw_suppliers
from training.simulation.synthetic import Settings, World, build_world


@cache
def the_world() -> World:
    return build_world(Settings(listings=1_500, seed=11, start=datetime(2026, 1, 1, tzinfo=UTC)))


@cache
def the_listings() -> list[Listing]:
    rows = (check(sent.row, received_at=sent.at) for sent in the_world().sent)
    return [listing for listing in rows if isinstance(listing, Listing)]


def test_counterfeits_and_honest_listings_are_near_duplicates_of_earlier_genuine_ones() -> None:
    """A copied text is therefore no evidence: as many honest listings as counterfeits have copied texts."""
    sellers: list[str | None] = []
    earlier = np.empty((len(the_listings()), BINS), dtype=np.uint16)
    copies: Counter[bool] = Counter()
    for listing in the_listings():
        truth, signature = the_world().truth[listing.external_id], signature_of(listing)
        if signature is None or listing.description is None:
            continue
        alike = np.flatnonzero(similarities(signature, earlier[: len(sellers)]) >= 0.7)
        copies[truth.counterfeit] += any(sellers[i] != listing.seller.external_id for i in alike.tolist())
        if not truth.counterfeit:
            earlier[len(sellers)] = signature
            sellers.append(listing.seller.external_id)
    assert copies[True] >= 3
    assert copies[False] >= copies[True]


def test_two_brands_know_wording_of_their_counterfeits_which_occurs() -> None:
    knowing = [brand for brand in the_world().brands if brand.tells]
    assert len(knowing) == 2
    texts = [fold(listing.description or "") for listing in the_listings()]
    for brand in knowing:
        for tell in brand.tells:
            check_pattern(tell.pattern)
            assert any(phrase in text for phrase in tell.pattern.split("|") for text in texts)


def test_accounts_of_a_ring_copy_each_other() -> None:
    """Sellers of different people, so that no reopened account is counted."""
    random = np.random.default_rng(3)
    drafts = draw_listings(random, Crowd(6_000, 600, 180, ""), draw_suppliers(random))
    texts: dict[tuple[Supplier, object], set[str]] = {}
    for draft in with_copied_texts(random, drafts):
        if draft.product.counterfeit and draft.seller.supplier is not None and "description" in draft.content:
            key = draft.seller.supplier, draft.content["description"]
            texts.setdefault(key, set()).add(draft.seller.people)
    assert sum(len(people) - 1 for people in texts.values()) / 600 > 0.1
