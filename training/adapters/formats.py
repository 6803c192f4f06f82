"""The supported file formats; each recognises its layouts by the header."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Final

import pyarrow as pa

from training.adapters import column_mapping, ebay, merchant_feed, native, ozon_ecup, vestiaire, wish
from training.adapters.cells import Row
from training.adapters.column_mapping import ColumnMapping

_FEW: Final = 2  # So few columns many files have by chance.


class UnknownLayout(ValueError):
    """The file's columns match none of the format's layouts."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One arrangement of columns, recognised by any of `needs`; `to_listing` makes a row a listing mapping at a time.

    `used` are the columns that are read, None if any column may be. `columns_to_listings` may read many rows at once
    (`native.columns_to_listings`).
    """

    needs: frozenset[str]
    to_listing: Callable[[Row, datetime], Mapping[str, object]]
    id_column: str
    seller_column: str | None = None
    label_column: str | None = None
    used: frozenset[str] | None = None
    is_feed: bool = False
    columns_to_listings: Callable[[pa.RecordBatch], list[Mapping[str, object] | None] | None] | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A named family of layouts, tried in order."""

    name: str
    layouts: tuple[Layout, ...]
    remark: str
    column_named: Callable[[str], str] = str

    def layout_of(self, columns: Iterable[str]) -> Layout:
        """The first layout that the columns match.

        Raises UnknownLayout (the file has no distinctive column of any layout).
        """
        column_names = {self.column_named(column) for column in columns}
        for layout in self.layouts:
            if layout.needs & column_names:
                return layout
        distinctive = "; or ".join(", ".join(sorted(layout.needs)) for layout in self.layouts)
        raise UnknownLayout(f"The file has none of the columns of the format {self.name}: {distinctive}.")


def mapped_format(mapping: ColumnMapping) -> Format:
    """The format of a file whose columns a mapping names.

    Raises UnknownLayout (none of them says what is for sale).
    """
    if not {"title", "description", "price"} & set(mapping.fields.values()):
        raise UnknownLayout("No column is known as title, description or price of a listing.")
    layout = Layout(
        frozenset(mapping.fields),
        lambda row, _as_of: column_mapping.to_listing(row, mapping),
        mapping.column_of("external_id") or "external_id",
        mapping.column_of("seller.external_id"),
        used=frozenset(mapping.fields),
    )
    return Format("columns", (layout,), "Columns of any names, each with the field that it is.")


def recognised_format(columns: Iterable[str]) -> Format | None:
    """The format whose distinctive columns, three or more, the file has: a product feed, Ozon E-CUP."""
    names = list(columns)
    for file_format in FORMATS.values():
        if file_format.name != "native":  # Its columns are the fields, and a mapping reads each.
            own = {file_format.column_named(name) for name in names}
            if any(len(layout.needs) > _FEW and layout.needs <= own for layout in file_format.layouts):
                return file_format
    return None


def _ignoring_time(reader: Callable[[Row], Mapping[str, object]]) -> Callable[[Row, datetime], Mapping[str, object]]:
    @wraps(reader)
    def read(row: Row, _as_of: datetime) -> Mapping[str, object]:
        return reader(row)

    return read


FORMATS: Final[Mapping[str, Format]] = {
    file_format.name: file_format
    for file_format in (
        Format(
            "native",
            (
                Layout(
                    frozenset({"external_id", "title", "description", "price"}),
                    _ignoring_time(native.to_listing),
                    "external_id",
                    "seller.external_id",
                    "label",
                    native.COLUMNS,
                    columns_to_listings=native.columns_to_listings,
                ),
            ),
            "Touchstone's own names, with dots in flat files: seller.age_days, sales.d7.",
        ),
        Format(
            "merchant-feed",
            (
                Layout(
                    frozenset({"id", "title", "link"}),
                    merchant_feed.to_listing,
                    "id",
                    "external_seller_id",
                    used=merchant_feed.COLUMNS,
                    is_feed=True,
                ),
            ),
            "The Google Merchant product feed, TSV or XML, also with .gz.",
            merchant_feed.column_named,
        ),
        Format(
            "ozon-ecup",
            (
                Layout(
                    frozenset({"name_rus", "ItemID", "PriceDiscounted"}),
                    _ignoring_time(ozon_ecup.to_listing),
                    "ItemID",
                    "SellerID",
                    "resolution",
                ),
            ),
            "Ozon Tech E-CUP 2025. Prices are taken as 100 ln(RUB): inferred unit.",
        ),
        Format(
            "vestiaire",
            (
                Layout(frozenset({"product_name"}), _ignoring_time(vestiaire.as_listing), "product_id", "seller_id"),
                Layout(
                    frozenset({"Start_price_EU"}), _ignoring_time(vestiaire.sale_to_listing), "Reference", "seller_hash"
                ),
            ),
            "Vestiaire Collective listings (USD) and sold bags (EUR).",
        ),
        Format(
            "wish",
            (
                Layout(
                    frozenset({"title_orig", "merchant_id"}),
                    _ignoring_time(wish.to_listing),
                    "product_id",
                    "merchant_id",
                ),
            ),
            "Wish summer products.",
        ),
        Format(
            "ebay",
            (
                Layout(frozenset({"priceWithCurrency"}), _ignoring_time(ebay.perfume_to_listing), "item_id"),
                Layout(frozenset({"Name", "item_id"}), _ignoring_time(ebay.watch_to_listing), "item_id"),
            ),
            "eBay watches and men's perfume.",
        ),
    )
}
