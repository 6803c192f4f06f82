"""Languages, colours and the shapes of titles on the synthetic marketplace, and the words for where goods come from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

Words = tuple[str, ...]


class Language(StrEnum):
    """A language in which sellers write."""

    EN = "en"
    ZH = "zh"
    RU = "ru"
    ES = "es"


ByLanguage = Mapping[Language, Words]


def each(en: Words, zh: Words, ru: Words, es: Words) -> ByLanguage:
    """Words in all four languages, in this order everywhere."""
    return {Language.EN: en, Language.ZH: zh, Language.RU: ru, Language.ES: es}


class Story(StrEnum):
    """Where an offer says that the goods come from; counterfeiters tell the same stories as honest sellers."""

    RETAIL = "retail"
    OUTLET = "outlet"
    SECOND_HAND = "second_hand"
    IMPORT = "import"


COLOURS: Final = each(
    ("black", "white", "navy", "beige", "brown", "green", "burgundy", "grey"),
    ("黑色", "白色", "藏青色", "米色", "棕色", "绿色", "酒红色", "灰色"),
    ("чёрный цвет", "белый цвет", "тёмно-синий", "бежевый", "коричневый", "зелёный цвет", "бордовый", "серый цвет"),
    ("negro", "blanco", "azul marino", "beige", "marrón", "verde", "burdeos", "gris"),
)

# A seller keeps to one or two of these, so the shape of a title is a habit, not a coin.
TITLES: Final = each(
    (
        "{brand} {model} {noun} {variant}",
        "{brand} {model} {noun}, {variant}",
        "{noun} {brand} {model} {variant}",
        "{brand} {model}, {make}, {variant}",
        "{model} {noun} by {brand}, {variant}",
        "{brand} {noun} {model} ({variant})",
        "{brand} {model} | {noun} | {variant}",
        "{brand} {model} {make} {noun}",
    ),
    (
        "{brand} {model} {noun} {variant}",
        "{brand}{model}{noun}{variant}",
        "{variant}{noun} {brand} {model}",
        "{brand} {model} {make}{noun}",
        "【{brand}】{model} {noun} {variant}",
        "{noun} {brand} {model}",
        "{brand} {model} {variant} {make}",
        "{brand}{noun} {model}系列 {variant}",
    ),
    (
        "{noun} {brand} {model}, {variant}",
        "{brand} {model} {noun} {variant}",
        "{noun} {brand} {model} {variant}",
        "{brand} {model}, {make}",
        "{noun} {model} от {brand}, {variant}",
        "{brand} {noun} {model} ({variant})",
        "{brand} {model} / {noun} / {variant}",
        "{noun} {brand} {model}, {make}",
    ),
    (
        "{noun} {brand} {model} {variant}",
        "{brand} {model} {noun} {variant}",
        "{noun} {brand} {model}, {variant}",
        "{brand} {model}, {make}, {variant}",
        "{noun} {model} de {brand}, {variant}",
        "{brand} {noun} {model} ({variant})",
        "{brand} {model} - {noun} - {variant}",
        "{noun} {brand} {model} {make}",
    ),
)

# Added to a title now and then. Cut tags and a missing box are in the lexicon, and honest outlets do write them.
TITLE_ENDINGS: Final[Mapping[Story, ByLanguage]] = {
    Story.RETAIL: each(
        ("new", "in stock", "new season", "with warranty", "free shipping", "gift idea"),
        ("现货", "新款", "包邮", "全国联保", "官方授权", "送礼"),
        ("новинка", "в наличии", "с гарантией", "новая коллекция", "в подарок", "быстрая доставка"),
        ("nuevo", "en stock", "nueva temporada", "con garantía", "envío gratis", "idea regalo"),
    ),
    Story.OUTLET: each(
        ("outlet", "last season", "end of line", "ex-display", "clearance", "tags cut"),
        ("奥莱", "过季款", "清仓", "样品", "折扣款", "剪标"),
        ("аутлет", "прошлая коллекция", "распродажа", "витринный образец", "последние штуки", "без бирки"),
        ("outlet", "temporada pasada", "fin de serie", "de exposición", "liquidación", "sin etiqueta"),
    ),
    Story.SECOND_HAND: each(
        ("pre-owned", "used twice", "good condition", "used", "no box", "unwanted gift"),
        ("二手", "九成新", "闲置转让", "自用", "无盒", "几乎全新"),
        ("б/у", "состояние отличное", "пользовались пару раз", "из личного гардероба", "без коробки", "не подошло"),
        ("segunda mano", "usado", "buen estado", "como nuevo", "sin caja", "regalo no deseado"),
    ),
    Story.IMPORT: each(
        ("import", "US version", "Asian market version", "duty free", "parallel import", "international version"),
        ("海外代购", "日版", "港版", "免税店购入", "平行进口", "欧洲直邮"),
        ("из-за рубежа", "версия для США", "параллельный импорт", "из duty free", "азиатская версия", "доставка из ЕС"),
        ("importación", "versión EE. UU.", "versión asiática", "duty free", "importación paralela", "traído de fuera"),
    ),
}

PART_TITLES: Final = each(
    (
        "{part} for {brand} {model}, compatible",
        "{part} compatible with {brand} {model}",
        "{part}, fits {brand} {model}",
    ),
    ("适用于{brand} {model}的{part}", "{part} 兼容{brand} {model}", "{brand} {model}通用{part}"),
    ("{part}, совместимо с {brand} {model}", "{part} для {brand} {model}, аналог", "{part} под {brand} {model}"),
    ("{part} para {brand} {model}, compatible", "{part} compatible con {brand} {model}", "{part} para {brand} {model}"),
)
