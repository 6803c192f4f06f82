"""eBay watches and men's perfume: a title, a brand, and a price as displayed."""

import re
from collections.abc import Mapping
from typing import Final

from features.fields import FieldError
from training.adapters.cells import Row, text, without_missing

_PRICE: Final = re.compile(r"\s*(?P<symbol>US|C|AU|GBP|EUR) ?\$?(?P<amount>[\d,]+(?:\.\d+)?)(?:/ea)?\s*\Z", re.ASCII)
_CURRENCIES: Final = {"US": "USD", "C": "CAD", "AU": "AUD", "GBP": "GBP", "EUR": "EUR"}


def watch_to_listing(row: Row) -> Mapping[str, object]:
    return without_missing(
        {
            "external_id": text(row, "item_id"),
            "title": text(row, "Name"),
            "brand": text(row, "Brand"),
            "product_type": " ".join(filter(None, (text(row, "Department"), text(row, "Display"), "watch"))),
            "language": "en",
            **_parse_price(row, "price"),
        }
    )


def perfume_to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a perfume; the file has no id, so one is derived from the row number."""
    return without_missing(
        {
            "title": text(row, "title"),
            "brand": text(row, "brand"),
            "product_type": text(row, "type"),
            "ship_from": text(row, "itemLocation"),
            "language": "en",
            **_parse_price(row, "priceWithCurrency"),
        }
    )


def _parse_price(row: Row, column: str) -> dict[str, object]:
    shown = text(row, column)
    if shown is None:
        return {}
    match = _PRICE.match(shown)
    if match is None:
        raise FieldError("wrong_type", column, f"{column} must read like US $24.99.")
    return {"price": match["amount"].replace(",", ""), "currency": _CURRENCIES[match["symbol"]]}
