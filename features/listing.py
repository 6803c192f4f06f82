"""The canonical listing, and the validation of every incoming row."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from features import fields, money
from features.fields import OBJECT, Field, FieldError, RawValue, Windows, unknown_fields
from features.records import with_fast_init

# Clocks of two companies differ; a day covers a source that stamps local time as UTC.
CLOCK_TOLERANCE: Final = timedelta(days=1)

SELLER_FIELDS: Final[tuple[Field, ...]] = (
    fields.text("external_id", 200, "The marketplace's own id of the seller."),
    fields.count("age_days", "Days since the seller's account was opened."),
    fields.text("country", 100, "Where the seller is established, ISO 3166 code if known."),
    fields.number("rating", 5, "Mean rating, 0 to 5."),
    fields.count("rating_count", "Number of ratings behind `rating`."),
    fields.windows("gmv", "Turnover, in the listing's currency.", of_amounts=True),
    fields.windows("orders", "Orders accepted."),
    fields.windows("accepted", "Items accepted by buyers."),
    fields.windows("returned", "Items returned."),
    fields.windows("returned_value", "Value of returned items, in the listing's currency.", of_amounts=True),
    fields.count("sales_12m", "Items sold in the last twelve months."),
    fields.amount("gmv_12m", "Turnover of the last twelve months, in the listing's currency."),
    fields.count("variety", "Different products for sale."),
    fields.count("available", "Items in stock over all listings."),
)

_MOST_COUNTRIES: Final = 250  # ISO 3166-1 has 249.


def _country_codes(name: str, meaning: str) -> Field:
    """Two-letter codes of ISO 3166-1, in alphabetical order without duplicates: a list, or one text with commas."""

    def read(field: str, raw: RawValue) -> tuple[str, ...] | None:
        items = raw.replace(",", " ").split() if isinstance(raw, str) else raw
        if not isinstance(items, list | tuple):
            raise FieldError("wrong_type", field, "{name} must be a list of country codes.", name=field)
        if len(items) > _MOST_COUNTRIES:
            raise FieldError("too_many", field, "{name} has more than {most} codes.", name=field, most=_MOST_COUNTRIES)
        codes = {country.strip().upper() if isinstance(country, str) else "" for country in items}
        if not all(len(code) == 2 and code.isascii() and code.isalpha() for code in codes):
            raise FieldError("not_a_country", field, "{name} must be two-letter codes of ISO 3166, as DE.", name=field)
        return tuple(sorted(codes)) or None

    item_schema = {"type": "string", "pattern": "^\\s*[A-Za-z]{2}\\s*$"}
    whole = {"type": ["string", "null"]}
    schema = {"anyOf": [whole, {"type": "array", "items": item_schema, "maxItems": _MOST_COUNTRIES}]}
    return Field(name, read, schema, meaning)


# The fields that a buyer sees. A change of any of them, or of the seller's external id, is a new version.
CONTENT_FIELDS: Final[tuple[Field, ...]] = (
    fields.text("title", 1_000, "Title as shown to buyers."),
    fields.text("description", 50_000, "Description as shown to buyers, without markup."),
    fields.text("brand", 200, "Brand that the seller declares."),
    fields.text("product_type", 500, "The marketplace's category."),
    fields.amount("price", "The current price to a buyer; needs `currency`."),
    fields.amount("list_price", "The price that the listing claims to be reduced from."),
    fields.currency("currency", "ISO 4217 code of all amounts of the row."),
    fields.text("gtin", 50, "Trade item number as sent; its check digit is a signal, not a condition."),
    fields.text("mpn", 100, "The manufacturer's part number."),
    fields.choice("condition", ("new", "refurbished", "used"), "Condition of the goods."),
    fields.url("link", "Address of the listing."),
    fields.urls("image_link", 20, "Addresses of its pictures; shown only to people, only from allowed hosts."),
    fields.text("language", 35, "BCP 47 tag of the text, if known."),
    fields.text("ship_from", 100, "Where the goods are sent from, ISO 3166 code if known."),
)

# Counters and states that change on their own; they are kept as observations.
OBSERVED_FIELDS: Final[tuple[Field, ...]] = (
    fields.choice(
        "availability", ("in_stock", "out_of_stock", "preorder", "backorder"), "Whether it can be bought now."
    ),
    fields.count("age_days", "Days since the listing was first published."),
    fields.windows("sales", "Items of this listing sold."),
    fields.windows("returns", "Items of this listing returned."),
    fields.windows("fake_returns", "Items of this listing returned as not genuine."),
    fields.counts("rating_counts", 5, "Ratings of the listing with 1, 2, 3, 4 and 5 stars."),
    fields.count("comments_count", "Comments of buyers."),
    fields.count("photos_count", "Photographs published with the listing or its comments."),
    fields.count("videos_count", "Videos published with the listing or its comments."),
    _country_codes("sells_in", "Countries where it can be bought, if fewer than the marketplace's: ISO 3166 codes."),
)

IDENTITY_FIELDS: Final[tuple[Field, ...]] = (
    fields.text("external_id", 200, "The marketplace's own id of the listing. Required."),
    fields.instant("occurred_at", "When the source last changed the listing; the receipt is recorded separately."),
)

LISTING_FIELDS: Final = IDENTITY_FIELDS + CONTENT_FIELDS + OBSERVED_FIELDS
_READERS: Final = {field.name: field.read for field in LISTING_FIELDS}
_SELLER_READERS: Final = {field.name: field.read for field in SELLER_FIELDS}


@with_fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SellerBlock:
    """The marketplace's seller data in this row. None means not given, not zero."""

    external_id: str | None = None
    age_days: int | None = None
    country: str | None = None
    rating: float | None = None
    rating_count: int | None = None
    gmv: Windows = Windows()
    orders: Windows = Windows()
    accepted: Windows = Windows()
    returned: Windows = Windows()
    returned_value: Windows = Windows()
    sales_12m: int | None = None
    gmv_12m: Decimal | None = None
    variety: int | None = None
    available: int | None = None


@with_fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A listing as the marketplace sent it, after validation. None means not given, not zero."""

    external_id: str
    occurred_at: datetime | None = None
    title: str | None = None
    description: str | None = None
    brand: str | None = None
    product_type: str | None = None
    price: Decimal | None = None
    list_price: Decimal | None = None
    currency: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    condition: str | None = None
    link: str | None = None
    image_link: tuple[str, ...] | None = None
    language: str | None = None
    ship_from: str | None = None
    availability: str | None = None
    age_days: int | None = None
    sales: Windows = Windows()
    returns: Windows = Windows()
    fake_returns: Windows = Windows()
    rating_counts: tuple[int, ...] | None = None
    comments_count: int | None = None
    photos_count: int | None = None
    videos_count: int | None = None
    sells_in: tuple[str, ...] | None = None
    seller: SellerBlock = SellerBlock()

    @property
    def price_minor(self) -> tuple[int, str] | None:
        """The price in minor units with its currency."""
        if self.price is None or self.currency is None:
            return None
        return money.to_minor(self.price, self.currency), self.currency

    @property
    def content_hash(self) -> str:
        """SHA-256 of the content that a buyer sees; equal hashes are the same version."""
        content = {field.name: getattr(self, field.name) for field in CONTENT_FIELDS}
        content["seller"] = self.seller.external_id
        text = json.dumps(content, default=str, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row was not accepted: a stable code, the field, and a sentence that says what to change."""

    code: str
    field: str
    sentence: str


def check(row: object, *, received_at: datetime) -> Listing | Rejection:
    """The listing in a mapping, or the first reason for its rejection.

    The API, file import, evaluation, training and scoring all use this function. Null and absent mean the same. An
    unknown key is rejected, because it is most often a misspelt field.
    """
    if not isinstance(row, OBJECT):
        return Rejection("wrong_type", "", "A listing must be an object with named fields.")
    try:
        return _read_listing(row, received_at)
    except FieldError as refused:
        return Rejection(refused.code, refused.field, refused.sentence)


def _read_listing(row: Mapping[str, object], received_at: datetime) -> Listing:
    accepted_fields: dict[str, Any] = {}
    for name, raw in row.items():
        if raw is None:
            continue
        if name == "seller":
            accepted_fields[name] = _read_seller(raw)
        elif (read := _READERS.get(name)) is None:
            raise unknown_fields(row, {*_READERS, "seller"}, "listing")
        elif (accepted := read(name, raw)) is not None:
            accepted_fields[name] = accepted
    if "external_id" not in accepted_fields:
        raise FieldError(
            "missing_field", "external_id", "external_id is required: the marketplace's id of the listing."
        )
    _check_and_round(accepted_fields, received_at)
    return Listing(**accepted_fields)


def _check_and_round(accepted_fields: dict[str, Any], received_at: datetime) -> None:
    """Checks conditions across fields and rounds amounts to their stored precision, in place."""
    if "occurred_at" in accepted_fields and accepted_fields["occurred_at"] > received_at + CLOCK_TOLERANCE:
        raise FieldError("future_time", "occurred_at", "occurred_at lies more than a day in the future.")
    if not ("title" in accepted_fields or "description" in accepted_fields or "price" in accepted_fields):
        raise FieldError("empty_listing", "", "The row has neither a title, a description nor a price.")
    for name in ("price", "list_price"):
        if name in accepted_fields:
            if "currency" not in accepted_fields:
                raise FieldError("missing_field", "currency", "A price needs its currency.")
            accepted_fields[name] = money.round_amount(accepted_fields[name], accepted_fields["currency"])


def _read_seller(raw_seller: object) -> SellerBlock:
    if not isinstance(raw_seller, OBJECT):
        raise FieldError("wrong_type", "seller", "seller must be an object with named fields.")
    accepted_fields: dict[str, object] = {}
    for name, raw in raw_seller.items():
        if raw is None:
            continue
        if (read := _SELLER_READERS.get(name)) is None:
            raise unknown_fields(raw_seller, _SELLER_READERS, "seller", "seller.")
        if (accepted := read(f"seller.{name}", raw)) is not None:
            accepted_fields[name] = accepted
    return SellerBlock(**accepted_fields)  # type: ignore[arg-type]  # each value was read by the field of that name
