"""The fictional brands of the synthetic marketplace: who they are, what they make, what it costs new."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from features.brands import Brand
from training.simulated.words import table


@dataclass(frozen=True, slots=True)
class KnownTell:
    """Wording that a brand has noticed on counterfeits of its goods: a name for it and an RE2 pattern."""

    label: str
    pattern: str


@dataclass(frozen=True, slots=True)
class SyntheticBrand:
    """A brand with its list prices in EUR by model name, the external ids of the sellers it has authorised, and what it
    knows of counterfeits."""

    brand: Brand
    takes_part: bool
    account_manager: str
    price_list: Mapping[str, Decimal]
    authorised: tuple[str, ...]
    tells: tuple[KnownTell, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One product of a brand; `goods` names its entry in `training.simulated.goods.GOODS`."""

    name: str
    goods: str
    list_price: int


@dataclass(frozen=True, slots=True)
class House:
    """A brand as its maker knows it. `nickname` is what those call it who do not want to be found."""

    brand: Brand
    takes_part: bool
    account_manager: str
    nickname: str
    models: tuple[Model, ...]
    tells: tuple[KnownTell, ...] = ()

    def announced(self, authorised: tuple[str, ...]) -> SyntheticBrand:
        """The data that the brand gives the marketplace."""
        prices = {model.name: Decimal(model.list_price) for model in self.models}
        return SyntheticBrand(self.brand, self.takes_part, self.account_manager, prices, authorised, self.tells)

    def gtin(self, model: int, variant: int) -> str:
        """The GTIN-13 of one variant of a model, with its check digit."""
        digits = f"{self.brand.gtin_prefixes[0]}{model:02d}{variant:03d}"
        weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
        return f"{digits}{-weighted % 10}"


def _house(row: Mapping[str, str]) -> House:
    ours = row["brand"]
    return House(
        Brand(ours, row["name"], tuple(row["aliases"].split(", ")), (row["gtin_prefix"],)),
        takes_part=row["takes_part"] == "yes",
        account_manager=row["account_manager"],
        nickname=row["nickname"],
        models=tuple(
            Model(one["model"], one["goods"], int(one["list_price"]))
            for one in table("models.tsv")
            if one["brand"] == ours
        ),
        tells=tuple(KnownTell(one["label"], one["pattern"]) for one in table("tells.tsv") if one["brand"] == ours),
    )


# GS1 keeps the prefixes 20 to 29 for use inside one company, so none of these numbers is anybody's.
HOUSES: Final = tuple(map(_house, table("brands.tsv")))

# Small makers without a registered brand; nobody counterfeits them.
SMALL_MAKERS: Final = ("Tilleke", "Moorfold", "Pazca", "Ludnova", "Henkira", "Osterlo", "Brivanto", "Kuvaja")
