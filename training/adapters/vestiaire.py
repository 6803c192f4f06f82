"""Vestiaire Collective: listings (one CSV layout) and sold bags (one Parquet layout). All goods are second-hand."""

from collections.abc import Mapping

from training.adapters.cells import Row, amount, number, text, without_missing


def as_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a listing; the price shown to a buyer is in US dollars."""
    return without_missing(
        {
            "external_id": text(row, "product_id"),
            "title": text(row, "product_name"),
            "brand": text(row, "brand_name"),
            "product_type": text(row, "product_category"),
            "price": amount(row, "price_usd"),
            "currency": "USD" if text(row, "price_usd") else None,
            "condition": "used",
            "availability": None if (stock := number(row, "in_stock")) is None else _availability(stock),
            "ship_from": text(row, "warehouse_name"),
            "language": "en",
            "seller": {
                "external_id": text(row, "seller_id"),
                "country": text(row, "seller_country"),
                "variety": number(row, "seller_num_products_listed"),
            },
        }
    )


def sale_to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a sold bag. The start price is the asking price; the other column holds placeholders."""
    words = (text(row, column) for column in ("Designer", "Model", "Color", "Material"))
    return without_missing(
        {
            "external_id": text(row, "Reference"),
            "title": " ".join(word for word in words if word) or None,
            "brand": text(row, "Designer"),
            "product_type": "Handbags",
            "price": amount(row, "Start_price_EU"),
            "currency": "EUR" if text(row, "Start_price_EU") else None,
            "condition": "used",
            "link": text(row, "Link"),
            "ship_from": text(row, "Location"),
            "language": "en",
            "seller": {"external_id": text(row, "seller_hash")},
        }
    )


def _availability(in_stock: float) -> str:
    return "in_stock" if in_stock else "out_of_stock"
