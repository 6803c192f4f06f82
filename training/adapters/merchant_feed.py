"""The Google Merchant product feed; the canonical listing uses its field names.

Source: Product data specification, support.google.com/merchants/answer/7052112.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from features import money
from features.fields import FieldError
from features.listing import LISTING_FIELDS
from training.adapters.cells import Row, text, without_missing

_PRICE: Final = re.compile(r"\s*(?P<amount>-?\d[\d.,]*)\s*(?P<currency>[A-Za-z]{3})\s*\Z", re.ASCII)
# A comma before exactly two last digits is the decimal mark, and two points divide thousands.
_DECIMAL_COMMA: Final = re.compile(
    r"-?(?:(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+),\d{2}|[1-9]\d{0,2}(?:\.\d{3}){2,})", re.ASCII
)
# A comma before each three digits divides thousands.
_DECIMAL_POINT: Final = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?", re.ASCII)
# Half of Europe writes 1500 like this. A currency with three decimals has amounts of either kind.
_THOUSANDS_OR_DECIMALS: Final = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
# `trained_algorithmic_media:"Tote"`, where the origin may be missing.
_STRUCTURED: Final = re.compile(
    r'\s*(?:(?:default|trained_algorithmic_media)?\s*:)?\s*("?)(?P<content>.*)\1\s*', re.DOTALL
)

COLUMNS: Final = frozenset(
    {
        "additional_image_link", "availability", "brand", "condition", "description", "external_seller_id",
        "google_product_category", "gtin", "id", "image_link", "link", "mpn", "price", "product_type", "sale_price",
        "sale_price_effective_date", "structured_description", "structured_title", "title",
    }
)  # fmt: skip


def column_named(header: str) -> str:
    """The attribute that a header names, ignoring case, the XML prefix, and blanks in place of underscores.

    >>> column_named("Sale price"), column_named("g:image_link"), column_named("structured title(content)")
    ('sale_price', 'image_link', 'structured_title')
    """
    name = re.sub(r"\s+", "_", header.strip()).lower().removeprefix("g:")
    return name.partition("(")[0] if name.startswith("structured_") else name


def to_listing(row: Row, as_of: datetime) -> Mapping[str, object]:
    """The listing mapping of a feed item. During a sale, the sale price is the price, and `price` is the list price.

    A sale price that is not below the price is none. A condition or availability of another name is unknown.
    """
    price, currency = _parse_money(row, "price")
    sale_price, sale_currency = _parse_money(row, "sale_price") if _is_on_sale(row, as_of) else (None, None)
    if sale_price is not None and price is not None and sale_currency != currency:
        raise FieldError("bad_currency", "sale_price", "sale_price and price must be in one currency.")
    if sale_price is not None and price is not None and Decimal(sale_price) >= Decimal(price):
        sale_price = None
    links = [text(row, "image_link"), *(text(row, "additional_image_link") or "").split(",")]
    return without_missing(
        {
            "external_id": text(row, "id"),
            "title": text(row, "title") or _structured_content(row, "structured_title"),
            "description": text(row, "description") or _structured_content(row, "structured_description"),
            "brand": text(row, "brand"),
            "product_type": text(row, "product_type") or text(row, "google_product_category"),
            "price": sale_price or price,
            "list_price": price if sale_price else None,
            "currency": sale_currency or currency,
            "gtin": text(row, "gtin"),
            "mpn": text(row, "mpn"),
            "condition": choice_named("condition", text(row, "condition") or ""),
            "availability": choice_named("availability", text(row, "availability") or ""),
            "link": text(row, "link"),
            "image_link": [link.strip() for link in links if link and link.strip()] or None,
            "seller": {"external_id": text(row, "external_seller_id")},
        }
    )


def _structured_content(row: Row, column: str) -> str | None:
    match = _STRUCTURED.fullmatch(text(row, column) or "")
    return (match and match["content"]) or None


def choice_named(field: str, written: str) -> str | None:
    """The value of a field in any spelling, also as an address of schema.org; None where it is another."""
    name = written.rsplit("/", 1)[-1].lower()
    return _CHOICES[field].get(re.sub("[^a-z]", "", name).removesuffix("condition"))


_CHOICES: Final[dict[str, dict[str, str]]] = {
    field.name: {option.replace("_", ""): option for option in options if option}
    for field in LISTING_FIELDS
    if isinstance(options := field.schema.get("enum"), list)
}


def _parse_money(row: Row, column: str) -> tuple[str | None, str | None]:
    cell = text(row, column)
    if cell is None:
        return None, None
    match = _PRICE.match(cell)
    if match is None:
        raise FieldError("wrong_type", column, f"{column} must be an amount and a currency such as 15.00 EUR.")
    amount, currency = match["amount"], match["currency"].upper()
    has_thousandths = money.exponent(currency) == 3
    is_ambiguous = _THOUSANDS_OR_DECIMALS.fullmatch(amount) and ("," in amount) == has_thousandths
    if _DECIMAL_POINT.fullmatch(amount) and not is_ambiguous:
        return amount.replace(",", ""), currency
    if _DECIMAL_COMMA.fullmatch(amount):
        return amount.replace(".", "").replace(",", "."), currency
    raise FieldError("ambiguous_amount", column, f"{column} can be read as more than one amount; write 1500.00 EUR.")


def _is_on_sale(row: Row, as_of: datetime) -> bool:
    """Whether the sale price holds: its period includes the moment, or none is given."""
    column = "sale_price_effective_date"
    cell = text(row, column)
    if cell is None:
        return True
    begins, _, ends = cell.partition("/")
    try:
        return _parse_moment(begins, time.min) <= as_of <= _parse_moment(ends, time.max)
    except ValueError:
        raise FieldError("bad_time", column, f"{column} must be two ISO 8601 times divided by a slash.") from None


def _parse_moment(written: str, of_day: time) -> datetime:
    """A time as written, UTC where it names no zone; a day alone begins or ends with that day."""
    written = written.strip()
    if len(written) <= len("2026-03-06"):
        return datetime.combine(date.fromisoformat(written), of_day, UTC)
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
