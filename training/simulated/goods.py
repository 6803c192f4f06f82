"""The sorts of goods on the synthetic marketplace: names, categories, sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from training.simulated.makes import (
    AUDIO,
    AUDIO_PARTS,
    BAG_PARTS,
    COSMETIC,
    COSMETIC_PARTS,
    KITCHEN,
    KITCHEN_PARTS,
    LEATHER,
    OPTIC,
    OPTIC_PARTS,
    POWER,
    POWER_PARTS,
    SCENT,
    SCENT_PARTS,
    SHOE,
    SHOE_PARTS,
    TEXTILE,
    TEXTILE_PARTS,
    WATCH,
    WATCH_PARTS,
)
from training.simulated.words import ByLanguage, Words, each


@dataclass(frozen=True, slots=True)
class Goods:
    """A sort of product: its category, its names, what is said of its make, its sizes, and parts that others sell.

    `unbranded` is a usual price in EUR without a known name; goods without `sizes` come in colours.
    """

    product_type: str
    nouns: ByLanguage
    makes: ByLanguage
    parts: ByLanguage
    unbranded: int
    sizes: Words = ()


_ML: Final = ("30 ml", "50 ml", "75 ml", "100 ml")
_EU: Final = ("EU 38", "EU 39", "EU 40", "EU 41", "EU 42", "EU 43", "EU 44")

GOODS: Final[Mapping[str, Goods]] = {
    "tote": Goods(
        "Bags > Totes",
        each(
            ("tote bag", "tote", "shopper bag"),
            ("托特包", "手提包", "购物包"),
            ("сумка-тоут", "сумка-шопер", "сумка"),
            ("bolso tote", "bolso shopper", "bolso de mano"),
        ),
        LEATHER,
        BAG_PARTS,
        48,
    ),
    "shoulder_bag": Goods(
        "Bags > Shoulder bags",
        each(
            ("shoulder bag", "crossbody bag", "bag"),
            ("单肩包", "斜挎包", "女包"),
            ("сумка через плечо", "сумка кросс-боди", "сумка на плечо"),
            ("bolso bandolera", "bolso de hombro", "bandolera"),
        ),
        LEATHER,
        BAG_PARTS,
        42,
    ),
    "wallet": Goods(
        "Bags > Wallets",
        each(
            ("card holder", "wallet", "zip wallet"),
            ("卡包", "钱包", "零钱包"),
            ("картхолдер", "кошелёк", "портмоне"),
            ("tarjetero", "cartera", "monedero"),
        ),
        LEATHER,
        BAG_PARTS,
        22,
    ),
    "jacket": Goods(
        "Outdoor > Jackets",
        each(
            ("shell jacket", "hardshell", "rain jacket"),
            ("冲锋衣", "硬壳外套", "防水外套"),
            ("штормовая куртка", "мембранная куртка", "куртка"),
            ("chaqueta impermeable", "chaqueta técnica", "cortavientos"),
        ),
        TEXTILE,
        TEXTILE_PARTS,
        64,
        ("S", "M", "L", "XL"),
    ),
    "backpack": Goods(
        "Outdoor > Backpacks",
        each(
            ("backpack", "rucksack", "trekking pack"),
            ("双肩包", "登山包", "徒步背包"),
            ("рюкзак", "туристический рюкзак", "походный рюкзак"),
            ("mochila", "mochila de trekking", "mochila de montaña"),
        ),
        TEXTILE,
        TEXTILE_PARTS,
        45,
    ),
    "watch": Goods(
        "Watches > Wristwatches",
        each(
            ("automatic watch", "wristwatch", "watch"),
            ("自动机械表", "腕表", "手表"),
            ("автоматические часы", "наручные часы", "часы"),
            ("reloj automático", "reloj de pulsera", "reloj"),
        ),
        WATCH,
        WATCH_PARTS,
        85,
    ),
    "headphones": Goods(
        "Audio > Headphones",
        each(
            ("headphones", "over-ear headphones", "wireless headphones"),
            ("头戴式耳机", "降噪耳机", "无线耳机"),
            ("наушники", "беспроводные наушники", "полноразмерные наушники"),
            ("auriculares", "auriculares inalámbricos", "cascos"),
        ),
        AUDIO,
        AUDIO_PARTS,
        39,
    ),
    "earbuds": Goods(
        "Audio > Earbuds",
        each(
            ("earbuds", "true wireless earbuds", "in-ear headphones"),
            ("真无线耳机", "入耳式耳机", "蓝牙耳机"),
            ("наушники-вкладыши", "внутриканальные наушники", "беспроводные вкладыши"),
            ("auriculares de botón", "auriculares TWS", "auriculares intraurales"),
        ),
        AUDIO,
        AUDIO_PARTS,
        24,
    ),
    "speaker": Goods(
        "Audio > Speakers",
        each(
            ("portable speaker", "Bluetooth speaker"),
            ("便携音箱", "蓝牙音箱"),
            ("портативная колонка", "колонка Bluetooth"),
            ("altavoz portátil", "altavoz Bluetooth"),
        ),
        AUDIO,
        AUDIO_PARTS,
        32,
    ),
    "perfume": Goods(
        "Beauty > Fragrance",
        each(
            ("eau de parfum", "perfume", "fragrance"),
            ("香水", "淡香精", "女士香水"),
            ("парфюмерная вода", "духи", "аромат"),
            ("eau de parfum", "perfume", "agua de perfume"),
        ),
        SCENT,
        SCENT_PARTS,
        19,
        _ML,
    ),
    "sneakers": Goods(
        "Shoes > Sneakers",
        each(
            ("sneakers", "running shoes", "trainers"),
            ("运动鞋", "跑鞋", "休闲鞋"),
            ("кроссовки", "беговые кроссовки", "кеды"),
            ("zapatillas", "zapatillas de running", "deportivas"),
        ),
        SHOE,
        SHOE_PARTS,
        38,
        _EU,
    ),
    "serum": Goods(
        "Beauty > Serums",
        each(
            ("face serum", "serum"),
            ("精华液", "面部精华"),
            ("сыворотка для лица", "сыворотка"),
            ("sérum facial", "sérum"),
        ),
        COSMETIC,
        COSMETIC_PARTS,
        14,
        _ML,
    ),
    "cream": Goods(
        "Beauty > Creams",
        each(
            ("day cream", "face cream"), ("日霜", "面霜"), ("дневной крем", "крем для лица"), ("crema de día", "crema")
        ),
        COSMETIC,
        COSMETIC_PARTS,
        13,
        _ML,
    ),
    "lipstick": Goods(
        "Beauty > Lips",
        each(
            ("lipstick", "matte lipstick"),
            ("口红", "哑光口红"),
            ("помада", "матовая помада"),
            ("pintalabios", "labial"),
        ),
        COSMETIC,
        COSMETIC_PARTS,
        8,
        ("N 02", "N 07", "N 11", "N 14"),
    ),
    "sunglasses": Goods(
        "Accessories > Sunglasses",
        each(
            ("sunglasses", "polarised sunglasses"),
            ("太阳镜", "墨镜"),
            ("солнцезащитные очки", "солнечные очки"),
            ("gafas de sol", "gafas polarizadas"),
        ),
        OPTIC,
        OPTIC_PARTS,
        21,
    ),
    "power_bank": Goods(
        "Phones > Power banks",
        each(
            ("power bank", "portable charger"),
            ("充电宝", "移动电源"),
            ("внешний аккумулятор", "пауэрбанк"),
            ("batería externa", "cargador portátil"),
        ),
        POWER,
        POWER_PARTS,
        17,
    ),
    "charger": Goods(
        "Phones > Chargers",
        each(
            ("USB-C charger", "wall charger"),
            ("充电器", "充电头"),
            ("зарядное устройство", "сетевая зарядка"),
            ("cargador USB-C", "cargador de pared"),
        ),
        POWER,
        POWER_PARTS,
        13,
    ),
    "knife": Goods(
        "Kitchen > Knives",
        each(
            ("chef's knife", "kitchen knife"),
            ("主厨刀", "厨刀"),
            ("поварской нож", "кухонный нож"),
            ("cuchillo de chef", "cuchillo de cocina"),
        ),
        KITCHEN,
        KITCHEN_PARTS,
        24,
        ("12 cm", "16 cm", "18 cm", "20 cm"),
    ),
    "pan": Goods(
        "Kitchen > Pans",
        each(
            ("frying pan", "skillet"), ("煎锅", "平底锅"), ("сковорода", "сковорода-гриль"), ("sartén", "sartén honda")
        ),
        KITCHEN,
        KITCHEN_PARTS,
        27,
        ("24 cm", "26 cm", "28 cm", "30 cm"),
    ),
}
