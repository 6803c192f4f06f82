"""The formats that a file may come in, each recognising its layouts by header."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from training.adapters import ebay, merchant_feed, native, ozon_ecup, vestiaire, wish
from training.adapters.cells import Row


class UnknownLayout(ValueError):
    """The file's columns are of none of the format's layouts."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One arrangement of columns: any of `needs` must be there, and how a row becomes a listing mapping."""

    needs: frozenset[str]
    to_listing: Callable[[Row], Mapping[str, object]]
    label_column: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A named family of layouts, tried in order."""

    name: str
    layouts: tuple[Layout, ...]
    remark: str

    def layout_of(self, columns: Iterable[str]) -> Layout:
        """The layout that the columns show.

        Raises
        ------
        UnknownLayout
            None of the layouts has its telling columns.
        """
        found = set(columns)
        for layout in self.layouts:
            if layout.needs & found:
                return layout
        telling = "; or ".join(", ".join(sorted(layout.needs)) for layout in self.layouts)
        raise UnknownLayout(f"The file has none of the columns of the format {self.name}: {telling}.")


FORMATS: Final[Mapping[str, Format]] = {
    found.name: found
    for found in (
        Format(
            "native",
            (Layout(frozenset({"external_id", "title", "description", "price"}), native.to_listing, "label"),),
            "Touchstone's own names, with dots in flat files: seller.age_days, sales.d7.",
        ),
        Format(
            "merchant-feed",
            (Layout(frozenset({"id", "title", "link"}), merchant_feed.to_listing),),
            "The Google Merchant product feed, TSV or XML.",
        ),
        Format(
            "ozon-ecup",
            (Layout(frozenset({"name_rus", "ItemID", "PriceDiscounted"}), ozon_ecup.to_listing, "resolution"),),
            "Ozon Tech E-CUP 2025. Prices are taken as 100 ln(RUB): inferred unit.",
        ),
        Format(
            "vestiaire",
            (
                Layout(frozenset({"product_name"}), vestiaire.as_listing),
                Layout(frozenset({"Start_price_EU"}), vestiaire.sale_to_listing),
            ),
            "Vestiaire Collective listings (USD) and sold bags (EUR).",
        ),
        Format("wish", (Layout(frozenset({"title_orig", "merchant_id"}), wish.to_listing),), "Wish summer products."),
        Format(
            "ebay",
            (
                Layout(frozenset({"priceWithCurrency"}), ebay.perfume_to_listing),
                Layout(frozenset({"Name", "item_id"}), ebay.watch_to_listing),
            ),
            "eBay watches and men's perfume.",
        ),
    )
}
