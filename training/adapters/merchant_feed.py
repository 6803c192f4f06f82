"""The Google Merchant product feed, whose names the canonical listing follows.

Source: Product data specification, support.google.com/merchants/answer/7052112.
"""

import re
from collections.abc import Mapping
from typing import Final

from features.fields import Rejected
from training.adapters.cells import Row, text, without_missing

_PRICE: Final = re.compile(r"\s*(?P<amount>-?\d[\d,]*(?:\.\d+)?)\s*(?P<currency>[A-Za-z]{3})\s*\Z", re.ASCII)


def to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a feed item. A sale price is what a buyer pays; then `price` is the list price."""
    price, currency = _money(row, "price")
    sale_price, sale_currency = _money(row, "sale_price")
    if sale_price is not None and price is not None and sale_currency != currency:
        raise Rejected("bad_currency", "sale_price", "sale_price and price must be in one currency.")
    availability = text(row, "availability")
    links = [text(row, "image_link"), *(text(row, "additional_image_link") or "").split(",")]
    return without_missing(
        {
            "external_id": text(row, "id"),
            "title": text(row, "title"),
            "description": text(row, "description"),
            "brand": text(row, "brand"),
            "product_type": text(row, "product_type") or text(row, "google_product_category"),
            "price": sale_price or price,
            "list_price": price if sale_price else None,
            "currency": sale_currency or currency,
            "gtin": text(row, "gtin"),
            "mpn": text(row, "mpn"),
            "condition": (text(row, "condition") or "").strip().lower() or None,
            "availability": availability.strip().lower().replace(" ", "_") if availability else None,
            "link": text(row, "link"),
            "image_link": [link.strip() for link in links if link and link.strip()] or None,
            "seller": {"external_id": text(row, "external_seller_id")},
        }
    )


def _money(row: Row, column: str) -> tuple[str | None, str | None]:
    cell = text(row, column)
    if cell is None:
        return None, None
    match = _PRICE.match(cell)
    if match is None:
        raise Rejected("wrong_type", column, f"{column} must be an amount and a currency such as 15.00 EUR.")
    return match["amount"].replace(",", ""), match["currency"].upper()
