"""Ozon Tech E-CUP 2025, counterfeit task.

Prices and turnovers are 100 times the natural log of roubles. The unit is inferred from the ratios, so every use
says 'inferred unit'.
"""

import math
from collections.abc import Mapping
from decimal import Decimal

from features.fields import FieldError
from training.adapters.cells import Row, number, text, windows, without_missing

CURRENCY = "RUB"
_LARGEST = 100 * math.log(10**10)


def to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a competition row; an empty or zero price is missing."""
    ratings = [number(row, f"rating_{stars}_count") for stars in range(1, 6)]
    price = number(row, "PriceDiscounted")
    return without_missing(
        {
            "external_id": text(row, "ItemID"),
            "title": text(row, "name_rus"),
            "description": text(row, "description"),
            "brand": text(row, "brand_name"),
            "product_type": text(row, "CommercialTypeName4"),
            "price": _roubles("PriceDiscounted", price) if price else None,
            "currency": CURRENCY,
            "language": "ru",
            "age_days": _whole_number(row, "item_time_alive"),
            "sales": windows(row, "item_count_sales"),
            "returns": windows(row, "item_count_returns"),
            "fake_returns": windows(row, "item_count_fake_returns"),
            "rating_counts": None if None in ratings else ratings,
            "comments_count": number(row, "comments_published_count"),
            "photos_count": number(row, "photos_published_count"),
            "videos_count": number(row, "videos_published_count"),
            "seller": {
                "external_id": text(row, "SellerID"),
                "age_days": _whole_number(row, "seller_time_alive"),
                "gmv": _turnover_windows(row, "GmvTotal"),
                "orders": windows(row, "OrderAcceptedCountTotal"),
                "accepted": windows(row, "ExemplarAcceptedCountTotal"),
                "returned": windows(row, "ExemplarReturnedCountTotal"),
                "returned_value": _turnover_windows(row, "ExemplarReturnedValueTotal"),
                "variety": number(row, "ItemVarietyCount"),
                "available": number(row, "ItemAvailableCount"),
            },
        }
    )


def _whole_number(row: Row, column: str) -> int | None:
    figure = number(row, column)
    return None if figure is None else max(0, math.floor(figure))


def _turnover_windows(row: Row, prefix: str) -> dict[str, object]:
    """Turnover in roubles for each window; a stored zero is zero, not the log of one rouble."""
    cells = {f"d{days}": number(row, f"{prefix}{days}") for days in (7, 30, 90)}
    return {
        day: None if cell is None else _roubles(f"{prefix}{day[1:]}", cell) if cell else 0
        for day, cell in cells.items()
    }


def _roubles(column: str, cell: float) -> Decimal:
    if not cell <= _LARGEST:
        raise FieldError("out_of_range", column, f"{column} stands for more than 10,000,000,000 RUB.")
    return Decimal(str(round(math.exp(cell / 100), 2)))
