"""The goods of the synthetic marketplace: kinds with categories and sizes, and fictional brands with list prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from features.brands import Brand
from training.simulation.simulated.words import ByLanguage, Words, read_table, read_texts

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


def _read_goods(row: Mapping[str, str]) -> Goods:
    return Goods(
        product_type=row["product_type"],
        nouns=read_texts(f"{row['goods']} nouns", _TEXTS),
        makes=read_texts(f"{row['of']} makes", _TEXTS),
        parts=read_texts(f"{row['of']} parts", _TEXTS),
        unbranded=int(row["unbranded"]),
        sizes=tuple(filter(None, row["sizes"].split(", "))),
    )


GOODS: Final[Mapping[str, Goods]] = {row["goods"]: _read_goods(row) for row in read_table("goods.tsv")}


@dataclass(frozen=True, slots=True)
class KnownTell:
    """Wording that a brand has found on counterfeits of its goods: a label and an RE2 pattern."""

    label: str
    pattern: str


@dataclass(frozen=True, slots=True)
class SyntheticBrand:
    """A brand with its list prices in EUR by model name, its authorised sellers by external id, and the wording that it
    knows from counterfeits."""

    brand: Brand
    takes_part: bool
    account_manager: str
    price_list: Mapping[str, Decimal]
    authorised: tuple[str, ...]
    tells: tuple[KnownTell, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One product of a brand; `goods` names its entry in `training.simulation.simulated.goods.GOODS`."""

    name: str
    goods: str
    list_price: int


@dataclass(frozen=True, slots=True)
class House:
    """A brand with all its data. `nickname` is the name that sellers use to evade searches."""

    brand: Brand
    takes_part: bool
    account_manager: str
    nickname: str
    models: tuple[Model, ...]
    tells: tuple[KnownTell, ...] = ()

    def announced(self, authorised: tuple[str, ...]) -> SyntheticBrand:
        """The data that the brand gives to the marketplace."""
        prices = {model.name: Decimal(model.list_price) for model in self.models}
        return SyntheticBrand(self.brand, self.takes_part, self.account_manager, prices, authorised, self.tells)

    def gtin(self, model: int, variant: int) -> str:
        """The GTIN-13 of one variant of a model, with its check digit."""
        digits = f"{self.brand.gtin_prefixes[0]}{model:02d}{variant:03d}"
        weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
        return f"{digits}{-weighted % 10}"


def _read_house(row: Mapping[str, str]) -> House:
    ours = row["brand"]
    return House(
        Brand(ours, row["name"], tuple(row["aliases"].split(", ")), (row["gtin_prefix"],)),
        takes_part=row["takes_part"] == "yes",
        account_manager=row["account_manager"],
        nickname=row["nickname"],
        models=tuple(
            Model(model["model"], model["goods"], int(model["list_price"]))
            for model in read_table("models.tsv")
            if model["brand"] == ours
        ),
        tells=tuple(
            KnownTell(tell["label"], tell["pattern"]) for tell in read_table("tells.tsv") if tell["brand"] == ours
        ),
    )


# GS1 reserves the prefixes 20 to 29 for internal use, so none of these numbers belongs to a real product.
HOUSES: Final = tuple(map(_read_house, read_table("brands.tsv")))

# The share of each house among the copied ones, in hundredths: bags, outdoor clothing and shoes have the 62 % of
# `training.simulation.synthetic`, and the rest is our choice.
COPIED_SHARES: Final = {number: float(row["copied"]) for number, row in enumerate(read_table("brands.tsv"))}

# Small makers without a registered brand, which are not counterfeited.
SMALL_MAKERS: Final = ("Tilleke", "Moorfold", "Pazca", "Ludnova", "Henkira", "Osterlo", "Brivanto", "Kuvaja")
