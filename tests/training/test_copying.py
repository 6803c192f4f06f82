from collections import Counter
from datetime import UTC, datetime

from features.fold import fold
from features.listing import Listing, check
from features.minhash import signature_of, similarities
from features.tell_tales import check_pattern
from training.synthetic import Settings, build

WORLD = build(Settings(listings=1_500, seed=11, start=datetime(2026, 1, 1, tzinfo=UTC)))
LISTINGS = [found for sent in WORLD.sent if isinstance(found := check(sent.row, received_at=sent.at), Listing)]


def test_counterfeits_and_honest_offers_are_near_duplicates_of_earlier_genuine_ones() -> None:
    """So a copied text proves nothing: as many honest offers as counterfeits stand in words of others."""
    earlier: list[tuple[str | None, object]] = []
    copies: Counter[bool] = Counter()
    for one in LISTINGS:
        truth, signature = WORLD.truth[one.external_id], signature_of(one)
        if signature is None or one.description is None:
            continue
        others = [found for seller, found in earlier if seller != one.seller.external_id]
        if any(similarities(signature, found[None])[0] >= 0.7 for found in others):  # type: ignore[index]
            copies[truth.counterfeit] += 1
        if not truth.counterfeit:
            earlier.append((one.seller.external_id, signature))
    assert copies[True] >= 3
    assert copies[False] >= copies[True]


def test_two_brands_know_wording_of_their_counterfeits_which_occurs() -> None:
    knowing = [brand for brand in WORLD.brands if brand.tells]
    assert len(knowing) == 2
    texts = [fold(one.description or "") for one in LISTINGS]
    for brand in knowing:
        for tell in brand.tells:
            check_pattern(tell.pattern)
            assert any(phrase in text for phrase in tell.pattern.split("|") for text in texts)
