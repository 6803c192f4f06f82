from features.common_prices import FEWEST, MOST, NOTHING_COMMON, CommonPrices

SHELF, RARE = (1_999, "EUR"), (1_234, "EUR")
COMMON = CommonPrices.among([SHELF] * 30 + [RARE] * (FEWEST - 1))


def test_a_price_of_twenty_listings_is_common_and_one_of_nineteen_is_not() -> None:
    assert (COMMON.listings(SHELF), COMMON.listings(RARE)) == (30, 0)


def test_the_same_number_in_another_currency_is_another_price() -> None:
    assert COMMON.listings((1_999, "USD")) == 0


def test_a_listing_without_a_price_has_none_in_common() -> None:
    assert COMMON.listings(None) is None


def test_only_the_commonest_are_kept() -> None:
    prices = [(minor, "EUR") for minor in range(MOST + 10) for _ in range(FEWEST + (minor < 3))]
    found = CommonPrices.among(prices)
    assert len(found.rows) == MOST
    assert list(found.rows)[:3] == [(0, "EUR"), (1, "EUR"), (2, "EUR")]


def test_a_listing_does_not_count_itself() -> None:
    assert COMMON.around(SHELF).listings(SHELF) == 29
    assert COMMON.around(RARE).listings(RARE) == 0
    assert CommonPrices({SHELF: FEWEST}).around(SHELF) == NOTHING_COMMON
    assert COMMON.around(None) == NOTHING_COMMON
