"""Brands' counterfeit indicators: from their loading on, for one brand and one marketplace only."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from features.facts import Facts
from features.indicators import MOST_PER_BRAND, Direction
from features.price_lists import ListPrice
from models.errors import Conflict, Invalid, NotFound
from serving.accounts.service import provisioning
from serving.audit.tables import audit_entry
from serving.brands.service.indicators import NewIndicator, add_indicator, remove_indicator
from serving.brands.service.price_lists import load_price_list
from serving.brands.store import price_lists
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings, scores
from serving.listings.tables import score
from tests.fixtures.runtimes import Site, a_row, a_suspect_row
from tests.serving.listings.service.test_seller_histories import latest_facts

STICKER = NewIndicator("Aurelle", "Sticker inside", "serial sticker", Direction.COUNTERFEIT)
ROW = a_row(description="Serial sticker on the inner side.")


def facts_of(site: Site, external_id: str, marketplace_id: str | None = None) -> Facts:
    """The facts of a listing's latest score."""
    place = marketplace_id or site.marketplace_id
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, place, external_id)
        query = select(score.c.facts_digest).where(score.c.marketplace_id == place, score.c.listing_id == listing_id)
        digest = connection.execute(query.order_by(score.c.score_id.desc())).scalars().first()
        return scores.facts_of(connection, place, digest or "")


def labels(site: Site, row: dict[str, Any], **options: Any) -> list[str]:
    """The indicators that match a row that comes in now."""
    receive_rows(site.runtime, site.marketplace, [row], source="test", **options)
    indicators = facts_of(site, row["external_id"]).indicators
    assert indicators is not None
    return [indicator.label for indicator in indicators.fired]


def test_an_indicator_matches_from_its_loading_on(any_site: Site) -> None:
    assert labels(any_site, ROW) == []
    add_indicator(any_site.runtime, STICKER, by="test")
    any_site.clock.forward(minutes=1)
    assert labels(any_site, {**ROW, "price": "480.00"}) == ["Sticker inside"]
    assert labels(any_site, {**ROW, "external_id": "MP-2", "description": "A receipt is there."}) == []


def test_a_withdrawn_indicator_no_longer_matches_and_earlier_scores_keep_it(any_site: Site) -> None:
    indicator = add_indicator(any_site.runtime, STICKER, by="test")
    assert labels(any_site, ROW) == ["Sticker inside"]
    any_site.clock.forward(minutes=1)
    remove_indicator(any_site.runtime, indicator.indicator_id, marketplace=None, by="test")
    indicators = facts_of(any_site, "MP-1").indicators
    assert indicators is not None
    assert [indicator.label for indicator in indicators.fired] == ["Sticker inside"]
    assert labels(any_site, {**ROW, "price": "480.00"}) == []
    with pytest.raises(NotFound):
        remove_indicator(any_site.runtime, indicator.indicator_id, marketplace=None, by="test")


def test_a_backfilled_row_is_looked_at_with_what_was_known_by_then(any_site: Site) -> None:
    add_indicator(any_site.runtime, STICKER, by="test")
    row = {**ROW, "occurred_at": "2026-01-05T00:00:00+00:00"}
    assert labels(any_site, row, backfill=True) == []


def test_an_indicator_of_another_brand_or_marketplace_never_matches(any_site: Site) -> None:
    add_indicator(any_site.runtime, STICKER, by="test")
    assert labels(any_site, {**ROW, "title": "Solenne bag", "brand": "Solenne"}) == []
    elsewhere = provisioning.add_marketplace(any_site.runtime, name="Souk", base_currency="EUR", by="test")
    receive_rows(any_site.runtime, elsewhere, [ROW], source="test")
    indicators = facts_of(any_site, "MP-1", elsewhere.marketplace_id).indicators
    assert indicators is not None
    assert (indicators.fired, indicators.for_counterfeit) == ((), 0)


def test_an_indicator_adds_points_before_the_first_model(any_site: Site) -> None:
    add_indicator(any_site.runtime, STICKER, by="test")
    receive_rows(any_site.runtime, any_site.marketplace, [ROW], source="test")
    reasons = any_site.scalar(select(score.c.reasons))
    assert ["brand_tell_tales_of_counterfeits", 25.0] in [[code, weight] for code, _, weight in reasons]
    assert "Sticker" not in str(reasons)


REFUSED = [
    (NewIndicator("Aurelle", " ", "x", Direction.GENUINE), Invalid, "label", "no label"),
    (NewIndicator("Aurelle", "a\0b", "x", Direction.GENUINE), Invalid, "label", "a label that no database holds"),
    (NewIndicator("Aurelle", "x" * 201, "x", Direction.GENUINE), Invalid, "label", "a label too long"),
    (NewIndicator("Aurelle", "l", "(?=a)", Direction.GENUINE), Invalid, "cannot be read", "a look-ahead"),
    (
        NewIndicator("Nobody", "l", "x", Direction.GENUINE),
        NotFound,
        "No brand named Nobody",
        "a brand that is not here",
    ),
    (
        NewIndicator("Aurelle", "l", "x", Direction.GENUINE, active_to=datetime(2025, 1, 1, tzinfo=UTC)),
        Invalid,
        "must end after it begins",
        "an end before the beginning",
    ),
]


@pytest.mark.parametrize(("indicator", "error", "sentence", "_why"), REFUSED)
def test_an_invalid_indicator_is_refused(
    site: Site, indicator: NewIndicator, error: type[Exception], sentence: str, _why: str
) -> None:
    with pytest.raises(error, match=sentence):
        add_indicator(site.runtime, indicator, by="test")


def test_a_brand_has_a_maximum_until_it_withdraws_one(any_site: Site) -> None:
    for number in range(MOST_PER_BRAND):
        indicator = add_indicator(
            any_site.runtime, NewIndicator("Aurelle", f"No. {number}", "x", Direction.GENUINE), by="t"
        )
    with pytest.raises(Conflict, match="which is the maximum"):
        add_indicator(any_site.runtime, STICKER, by="test")
    remove_indicator(any_site.runtime, indicator.indicator_id, marketplace=None, by="test")
    add_indicator(any_site.runtime, STICKER, by="test")


def test_loading_and_taking_back_are_in_the_audit_log_without_the_pattern(any_site: Site) -> None:
    indicator = add_indicator(any_site.runtime, STICKER, by="test")
    remove_indicator(any_site.runtime, indicator.indicator_id, marketplace=None, by="test")
    with any_site.runtime.store.read() as connection:
        query = select(audit_entry.c.act).where(audit_entry.c.subject == indicator.indicator_id)
        acts = list(connection.execute(query.order_by(audit_entry.c.sequence)).scalars())
    assert acts == ["indicator.added", "indicator.removed"]


def test_a_suspect_listing_of_a_hidden_brand_is_asked_of_that_brand(any_site: Site) -> None:
    add_indicator(any_site.runtime, NewIndicator("Aurelle", "WhatsApp", "whatsapp", Direction.COUNTERFEIT), by="test")
    assert labels(any_site, a_suspect_row()) == ["WhatsApp"]


def load(site: Site, *rows: dict[str, Any], brand: str = "Aurelle") -> int:
    site.clock.forward(seconds=1)
    return load_price_list(site.runtime, brand, rows, by="test")


def list_price_of(
    site: Site, title: str = "Aurelle Colline", *, as_of: datetime | None = None, **row: Any
) -> ListPrice | None:
    """The brand's price by its list at a moment, by default now."""
    lists = site.read(price_lists.load, site.marketplace_id, as_of or site.clock.now())
    return lists.find(_Listing(title, **row), site.brand_id, base_currency="EUR")


class _Listing:
    def __init__(self, title: str, gtin: str | None = None, mpn: str | None = None, currency: str = "EUR") -> None:
        self.title, self.gtin, self.mpn, self.product_type, self.currency = title, gtin, mpn, None, currency


COLLINE = {"model": "Colline", "price": "540", "currency": "EUR"}


def test_an_entry_is_read_as_it_was_loaded(any_site: Site) -> None:
    assert load(any_site, {**COLLINE, "gtin": "3760121234561", "mpn": "AU-COL", "price": "540.50"}) == 3
    by_number: list[dict[str, Any]] = [{"gtin": "3760121234561"}, {"mpn": "au col"}]
    for list_price in (list_price_of(any_site), *(list_price_of(any_site, "Bag", **row) for row in by_number)):
        assert list_price is not None
        assert list_price.amount == Decimal("540.50")


def test_a_later_price_holds_from_its_day_on_and_the_earlier_one_before(any_site: Site) -> None:
    now = any_site.clock.now()
    days = {"500": now - timedelta(days=400), "540": now - timedelta(days=30), "600": now + timedelta(days=30)}
    load(any_site, *({**COLLINE, "price": price, "valid_from": f"{day:%Y-%m-%d}"} for price, day in days.items()))
    list_price = list_price_of(any_site)
    assert list_price is not None
    assert list_price.amount == 540


def test_a_correction_holds_from_when_it_came_and_does_not_rewrite_what_was_known_before(any_site: Site) -> None:
    load(any_site, {**COLLINE, "price": "54", "valid_from": "2026-01-01"})
    before = any_site.clock.now()
    load(any_site, {**COLLINE, "price": "540", "valid_from": "2026-01-01"})
    list_prices = [list_price_of(any_site, as_of=moment) for moment in (before, any_site.clock.now())]
    assert [list_price.amount for list_price in list_prices if list_price is not None] == [54, 540]


def test_of_the_same_goods_twice_in_a_list_the_last_counts(any_site: Site) -> None:
    assert load(any_site, {**COLLINE, "price": "54"}, COLLINE) == 1
    list_price = list_price_of(any_site)
    assert list_price is not None
    assert list_price.amount == 540


def test_listings_are_compared_with_a_list_from_its_loading_on(any_site: Site) -> None:
    receive_rows(any_site.runtime, any_site.marketplace, [a_row(external_id="A")], source="test")
    load(any_site, COLLINE)
    receive_rows(any_site.runtime, any_site.marketplace, [a_row(external_id="B")], source="test")
    before, after = (latest_facts(any_site, name).price.listed for name in "AB")
    assert (before, after is not None and after.amount) == (None, 540)


PRICE_LISTS_REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"model": "Colline", "price": "540"}, "a price above zero and its currency", "no currency"),
    ({"model": "Colline", "price": "0", "currency": "EUR"}, "a price above zero", "nothing for nothing"),
    ({"model": "Colline", "price": "-1", "currency": "EUR"}, "price is below zero", "less than nothing"),
    ({"price": "540", "currency": "EUR"}, "needs a gtin, an mpn, a model or a category", "of nothing"),
    ({**COLLINE, "model": "!!"}, "needs a gtin, an mpn, a model or a category", "a name without a letter"),
    ({**COLLINE, "currency": "euro"}, "ISO 4217", "a currency that is none"),
    ({**COLLINE, "valid_from": "1.3.2026"}, "a day such as 2026-03-01", "no day"),
    ({**COLLINE, "colour": "red"}, "colour is not a column of a price list", "a column that is not known"),
    ({**COLLINE, "model": "a\0b"}, "NUL", "what no database holds"),
]


@pytest.mark.parametrize(("row", "sentence", "_why"), PRICE_LISTS_REFUSED)
def test_a_list_with_a_bad_row_is_refused_whole(site: Site, row: dict[str, Any], sentence: str, _why: str) -> None:
    with pytest.raises(Invalid, match=f"^Row 2: .*{sentence}"):
        load(site, COLLINE, row)
    assert list_price_of(site) is None


def test_a_brand_that_nobody_registered_has_no_list(site: Site) -> None:
    with pytest.raises(NotFound, match="No brand named Nobody is enrolled here"):
        load(site, COLLINE, brand="Nobody")


def test_a_list_has_an_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.brands.service.price_lists.MOST_ENTRIES", 2)
    load(site, COLLINE)
    with pytest.raises(Conflict, match="the limit of 2 list prices"):
        load(site, {**COLLINE, "model": "Perle"}, {**COLLINE, "model": "Ondine"})


def test_the_loading_of_a_list_is_one_audit_entry(site: Site) -> None:
    load(site, COLLINE, {**COLLINE, "model": "Perle"})
    acts = site.rows(select(audit_entry.c.act, audit_entry.c.subject))
    assert [tuple(act) for act in acts].count(("price_list.loaded", site.brand_id)) == 1
