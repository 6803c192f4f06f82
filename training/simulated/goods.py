"""The kinds of goods on the synthetic marketplace: names, categories and sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from training.simulated.words import ByLanguage, Words, table, words

_TEXTS: Final = "goods_texts.tsv"


@dataclass(frozen=True, slots=True)
class Goods:
    """A kind of product: its category, its names, phrases about its make, its sizes, and parts that others sell.

    `unbranded` is the usual price in EUR without a known brand; goods without `sizes` come in colours.
    """

    product_type: str
    nouns: ByLanguage
    makes: ByLanguage
    parts: ByLanguage
    unbranded: int
    sizes: Words = ()


def _goods(row: Mapping[str, str]) -> Goods:
    return Goods(
        product_type=row["product_type"],
        nouns=words(f"{row['goods']} nouns", _TEXTS),
        makes=words(f"{row['of']} makes", _TEXTS),
        parts=words(f"{row['of']} parts", _TEXTS),
        unbranded=int(row["unbranded"]),
        sizes=tuple(filter(None, row["sizes"].split(", "))),
    )


GOODS: Final[Mapping[str, Goods]] = {row["goods"]: _goods(row) for row in table("goods.tsv")}
