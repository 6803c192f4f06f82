"""The fictional brands of the synthetic marketplace: who they are, what they make, what it costs new."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from features.brands import Brand


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
    """One product of a brand; `goods` names its entry in `training.simulated.words.GOODS`."""

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
        """What the brand tells the marketplace."""
        prices = {model.name: Decimal(model.list_price) for model in self.models}
        return SyntheticBrand(self.brand, self.takes_part, self.account_manager, prices, authorised, self.tells)

    def gtin(self, model: int, variant: int) -> str:
        """The GTIN-13 of one variant of a model, with its check digit."""
        digits = f"{self.brand.gtin_prefixes[0]}{model:02d}{variant:03d}"
        weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
        return f"{digits}{-weighted % 10}"


# GS1 keeps the prefixes 20 to 29 for use inside one company, so none of these numbers is anybody's.
HOUSES: Final[tuple[House, ...]] = (
    House(
        Brand("aurelle", "Aurelle", ("奥蕾尔", "Орель"), ("2910011",)),
        takes_part=True,
        account_manager="Ines Albrecht",
        nickname="A家",
        models=(
            Model("Colline", "tote", 540),
            Model("Colline Mini", "shoulder_bag", 420),
            Model("Perle", "wallet", 210),
            Model("Perle Mini", "wallet", 160),
            Model("Lisière", "shoulder_bag", 690),
            Model("Sabline", "tote", 480),
            Model("Ondine", "shoulder_bag", 880),
            Model("Marelle", "wallet", 260),
        ),
        tells=(KnownTell("Serial sticker inside", "serial sticker|序列贴|наклейка с серией|pegatina de serie"),),
    ),
    House(
        Brand("nordfjell", "Nordfjell", ("诺菲尔", "Нордфьелль"), ("2910028",)),
        takes_part=True,
        account_manager="Ines Albrecht",
        nickname="NF",
        models=(
            Model("Breheimen 3L", "jacket", 420),
            Model("Skarvet", "jacket", 310),
            Model("Isfonn", "jacket", 390),
            Model("Fonna Light", "jacket", 260),
            Model("Havtind Pro", "jacket", 520),
            Model("Rimdal 30", "backpack", 150),
            Model("Rimdal 45", "backpack", 210),
            Model("Tverrdal 60", "backpack", 245),
        ),
    ),
    House(
        Brand("kestrel-vane", "Kestrel & Vane", ("Kestrel and Vane", "凯斯翠", "Кестрел и Вейн"), ("2910035",)),
        takes_part=True,
        account_manager="Tomasz Rauch",
        nickname="KV",
        models=(
            Model("Marlow", "watch", 1250),
            Model("Marlow Chrono", "watch", 1890),
            Model("Aldgrave", "watch", 2400),
            Model("Pennant", "watch", 780),
            Model("Thornbury", "watch", 3400),
            Model("Wexcombe", "watch", 980),
            Model("Calder GMT", "watch", 2150),
        ),
        tells=(
            KnownTell("Film on the plate", "film on the logo plate|标牌保护膜|пленку с таблички|pelicula de la placa"),
        ),
    ),
    House(
        Brand("tamarin-audio", "Tamarin Audio", ("Tamarin", "塔玛林", "Тамарин"), ("2910042",)),
        takes_part=True,
        account_manager="Tomasz Rauch",
        nickname="TA",
        models=(
            Model("Kite 2", "headphones", 279),
            Model("Canopy", "headphones", 389),
            Model("Kite Mini", "earbuds", 129),
            Model("Lemur One", "earbuds", 179),
            Model("Drift", "earbuds", 99),
            Model("Howler", "speaker", 149),
            Model("Howler XL", "speaker", 229),
        ),
    ),
    House(
        Brand("verrane", "Verrane", ("薇澜", "Верран"), ("2910059",)),
        takes_part=True,
        account_manager="Ines Albrecht",
        nickname="V香",
        models=(
            Model("Nuit Cendrée", "perfume", 118),
            Model("Ambre Vif", "perfume", 132),
            Model("Sel de Lune", "perfume", 98),
            Model("Figuier Noir", "perfume", 145),
            Model("Eau de Brume", "perfume", 86),
            Model("Iris Carmin", "perfume", 160),
        ),
    ),
    House(
        Brand("halvorn", "Halvorn", ("哈尔文", "Халворн"), ("2910066",)),
        takes_part=True,
        account_manager="Mei Castellan",
        nickname="HV",
        models=(
            Model("Courser 4", "sneakers", 139),
            Model("Courser Pro", "sneakers", 179),
            Model("Meridian", "sneakers", 119),
            Model("Slate Low", "sneakers", 95),
            Model("Slate High", "sneakers", 109),
            Model("Palisade", "sneakers", 159),
            Model("Tempo One", "sneakers", 129),
        ),
    ),
    House(
        Brand("peridotte", "Peridotte", ("佩里多", "Перидотт"), ("2910073",)),
        takes_part=True,
        account_manager="Mei Castellan",
        nickname="P家",
        models=(
            Model("Rosée", "serum", 64),
            Model("Rosée Nuit", "serum", 78),
            Model("Clarté", "cream", 58),
            Model("Clarté Riche", "cream", 69),
            Model("Velours", "lipstick", 34),
            Model("Velours Mat", "lipstick", 36),
        ),
    ),
    House(
        Brand("solqvist", "Solqvist", ("索奎斯特", "Сольквист"), ("2910080",)),
        takes_part=True,
        account_manager="Mei Castellan",
        nickname="SQ",
        models=(
            Model("Havn", "sunglasses", 189),
            Model("Kajak", "sunglasses", 159),
            Model("Skerry", "sunglasses", 210),
            Model("Lykta", "sunglasses", 175),
            Model("Bris", "sunglasses", 145),
            Model("Polar Havn", "sunglasses", 235),
        ),
    ),
    House(
        Brand("voltarra", "Voltarra", ("沃塔拉", "Вольтарра"), ("2910097",)),
        takes_part=False,
        account_manager="Mei Castellan",
        nickname="VT",
        models=(
            Model("Pocket 10K", "power_bank", 45),
            Model("Pocket 20K", "power_bank", 65),
            Model("Arc 65", "charger", 55),
            Model("Arc 100", "charger", 79),
            Model("Loop", "charger", 39),
            Model("Loop Duo", "charger", 59),
        ),
    ),
    House(
        Brand("brasa-filo", "Brasa & Filo", ("Brasa y Filo", "布拉萨", "Браса и Фило"), ("2910103",)),
        takes_part=False,
        account_manager="Mei Castellan",
        nickname="BF",
        models=(
            Model("Filo 20", "knife", 119),
            Model("Filo Santoku", "knife", 129),
            Model("Filo Puntilla", "knife", 59),
            Model("Brasa 28", "pan", 89),
            Model("Brasa Wok", "pan", 99),
            Model("Brasa Grill", "pan", 109),
        ),
    ),
)

# Small makers without a registered brand; nobody counterfeits them.
SMALL_MAKERS: Final = ("Tilleke", "Moorfold", "Pazca", "Ludnova", "Henkira", "Osterlo", "Brivanto", "Kuvaja")
