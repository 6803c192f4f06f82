"""Wish summer products: titles in several languages, price and claimed retail price."""

from collections.abc import Mapping
from typing import Final

from training.adapters.cells import Row, amount, number, text, without_missing

_STARS: Final = ("one", "two", "three", "four", "five")


def to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a product; `title` is the title that buyers saw."""
    ratings = [number(row, f"rating_{star}_count") for star in _STARS]
    return without_missing(
        {
            "external_id": text(row, "product_id"),
            "title": text(row, "title"),
            "description": text(row, "tags"),
            "product_type": text(row, "theme"),
            "price": amount(row, "price"),
            "list_price": amount(row, "retail_price"),
            "currency": text(row, "currency_buyer"),
            "link": text(row, "product_url"),
            "image_link": text(row, "product_picture"),
            "ship_from": text(row, "origin_country"),
            "rating_counts": None if None in ratings else ratings,
            "seller": {
                "external_id": text(row, "merchant_id"),
                "rating": number(row, "merchant_rating"),
                "rating_count": number(row, "merchant_rating_count"),
            },
        }
    )
