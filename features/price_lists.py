"""The price lists that brands supply, and the search for the entry of a listing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol, Self

from features.fold import fold

# Runs of Latin letters and digits, or of other letters: "奥蕾尔Colline" is two words.
_WORDS: Final = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
_NOT_A_CODE: Final = re.compile(r"[\W_]+")


class ListedBy(StrEnum):
    """What a price list entry identifies, from the most specific to the least specific."""

    GTIN = "gtin"
    MPN = "mpn"
    MODEL = "model"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrice:
    """One entry in force: `name` is the number, the model's name or the category as the brand wrote it."""

    brand_id: str
    by: ListedBy
    name: str
    amount: Decimal
    currency: str


class ComparableListing(Protocol):
    """The parts of a listing that are compared with a price list."""

    @property
    def title(self) -> str | None: ...
    @property
    def gtin(self) -> str | None: ...
    @property
    def mpn(self) -> str | None: ...
    @property
    def product_type(self) -> str | None: ...
    @property
    def currency(self) -> str | None: ...


def list_key(by: ListedBy, name: str) -> str:
    """The form in which names are compared; '' for a name without letters or digits.

    >>> list_key(ListedBy.GTIN, "0376 0121234561"), list_key(ListedBy.MPN, "AU-col/9")
    ('3760121234561', 'aucol9')
    >>> list_key(ListedBy.MODEL, "Lisière  Mini"), list_key(ListedBy.CATEGORY, "Bags > Totes")
    ('lisiere mini', 'bags > totes')
    """
    match by:
        case ListedBy.GTIN:
            return "".join(re.findall(r"\d", name, re.ASCII)).lstrip("0")
        case ListedBy.MPN:
            return _NOT_A_CODE.sub("", fold(name))
        case ListedBy.MODEL:
            return " ".join(_WORDS.findall(fold(name)))
        case ListedBy.CATEGORY:
            return fold(name)


@dataclass(frozen=True, slots=True)
class _BrandList:
    """One brand's entries by key. Models are also keyed by their first word, so that one pass over a title suffices."""

    entries: dict[tuple[ListedBy, str], list[ListPrice]] = field(default_factory=dict)
    models: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def add(self, list_price: ListPrice) -> None:
        key = list_key(list_price.by, list_price.name)
        if not key:
            return
        same = self.entries.setdefault((list_price.by, key), [])
        if list_price.by is ListedBy.MODEL and not same:
            words = tuple(key.split())
            self.models.setdefault(words[0], []).append(words)
        same.append(list_price)

    def named_in(self, title: str) -> list[ListPrice]:
        """The entries of the longest model name in the title; several names of one length all count."""
        words = _WORDS.findall(fold(title))
        named = {
            model
            for at, word in enumerate(words)
            for model in self.models.get(word, ())
            if tuple(words[at : at + len(model)]) == model
        }
        longest = max((_model_length(model) for model in named), default=None)
        return [
            list_price
            for model in sorted(named)
            if _model_length(model) == longest
            for list_price in self.entries[ListedBy.MODEL, " ".join(model)]
        ]


def _model_length(model: tuple[str, ...]) -> tuple[int, int]:
    return len(model), sum(map(len, model))


class PriceLists:
    """The price lists of brands as of a moment."""

    def __init__(self, entries: Iterable[ListPrice] = ()) -> None:
        self.entries: tuple[ListPrice, ...] = tuple(entries)
        self._brands: dict[str, _BrandList] = {}
        for list_price in self.entries:
            self._brands.setdefault(list_price.brand_id, _BrandList()).add(list_price)

    def find(self, listing: ComparableListing, brand_id: str | None, *, base_currency: str) -> ListPrice | None:
        """The entry for a listing of the brand: by number, else by the model in its title, else by category.

        Among several entries the cheapest counts, so that no seller is wrongly suspected of a low price. The currency
        of the listing takes precedence, because brands price by market, and then the base currency.
        """
        brand = self._brands.get(brand_id or "")
        if brand is None:
            return None
        numbered = (
            brand.entries.get((by, list_key(by, sent)))
            for by, sent in ((ListedBy.GTIN, listing.gtin), (ListedBy.MPN, listing.mpn))
            if sent
        )
        category = brand.entries.get((ListedBy.CATEGORY, fold(listing.product_type or "")))
        prices = next((entries for entries in numbered if entries), None)
        prices = prices or brand.named_in(listing.title or "") or category or []
        return min(prices, key=lambda price: _sort_key(price, listing.currency, base_currency), default=None)

    def to_rows(self) -> list[list[str]]:
        """Plain rows in a fixed order."""
        return sorted([e.brand_id, e.by.value, e.name, str(e.amount), e.currency] for e in self.entries)

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[str]]) -> Self:
        """The inverse of `to_rows`. Raises ValueError (a row is not an entry)."""
        return cls(_parse_list_price(*row) for row in rows)


def _sort_key(list_price: ListPrice, currency: str | None, base_currency: str) -> tuple[bool, bool, str, Decimal, str]:
    return (
        list_price.currency != currency,
        list_price.currency != base_currency,
        list_price.currency,
        list_price.amount,
        list_price.name,
    )


def _parse_list_price(brand_id: str, by: str, name: str, amount: str, currency: str) -> ListPrice:
    if not all(isinstance(word, str) for word in (brand_id, name, currency)):
        raise ValueError("a list price without words")
    if not re.fullmatch(r"\d{1,30}(\.\d{1,12})?", amount, re.ASCII) or not Decimal(amount):
        raise ValueError("a list price that is not above zero")
    return ListPrice(brand_id=brand_id, by=ListedBy(by), name=name, amount=Decimal(amount), currency=currency)


NO_LISTS: Final = PriceLists()
