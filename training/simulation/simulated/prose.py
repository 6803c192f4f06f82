"""Titles and descriptions of the synthetic marketplace, and their obfuscations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from training.simulation.simulated.chance import Random, choose, happens
from training.simulation.simulated.goods import GOODS, HOUSES, SMALL_MAKERS
from training.simulation.simulated.habits import HABITS, Habits, HonestTrade
from training.simulation.simulated.sellers import Seller, draw_tell
from training.simulation.simulated.words import (
    ABOUT,
    BLATANT_SENTENCES,
    BLATANT_TITLES,
    COLOURS,
    CONTACTS,
    HINTS,
    PART_TITLES,
    SERVICE,
    STORIES,
    TELLS,
    TITLE_ENDINGS,
    TITLES,
    UNBRANDED,
    VOUCHING,
    Language,
)

_LOOK_ALIKES: Final = str.maketrans("aeopcyxKABEHMT", "аеорсухКАВЕНМТ")
_STAND_INS: Final = str.maketrans("oelia", "03114")


def _add_invisible(name: str, at: int) -> str:
    return f"{name[:at]}\u200b{name[at:]}"


def _use_look_alikes(name: str, at: int) -> str:
    return name[:at] + name[at:].translate(_LOOK_ALIKES)


def _use_stand_ins(name: str, at: int) -> str:
    return name[:at] + name[at:].translate(_STAND_INS)


def _space_letters(name: str, _at: int) -> str:
    return " ".join(name.replace(" ", ""))


def _dot_name(name: str, at: int) -> str:
    return f"{name[:at]}.{name[at:]}"


def _star_name(name: str, at: int) -> str:
    return f"{name[:at]}*{name[at + 1 :]}"


_WAYS: Final[tuple[Callable[[str, int], str], ...]] = (
    _add_invisible,
    _use_look_alikes,
    _use_stand_ins,
    _space_letters,
    _dot_name,
    _star_name,
)


def obfuscate(random: Random, name: str) -> str:
    """The name written in one of six ways that a search for it misses."""
    return choose(random, _WAYS)(name, 1 + int(random.random() * (len(name) - 2)))


def mistype(random: Random, text: str) -> str:
    """The text with two neighbouring characters swapped, a common typing error."""
    at = int(random.random() * (len(text) - 1))
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}" if len(text) > 1 else text


_TYPO: Final = 0.04
_ENDING: Final = 0.45
_OTHER_LANGUAGE: Final = 0.06
_ALIAS: Final = 0.35  # Share of names that Chinese and Russian sellers write in their own script.
_KEPT_SHAPE: Final = 0.7
_TELL_OF_RING: Final = 0.7
_SECOND_TELL: Final = 0.3
_KEPT_TELL: Final = 0.6
_VOUCHES: Final = {HonestTrade.SECOND_HAND: 0.12, HonestTrade.PARALLEL_IMPORT: 0.12, HonestTrade.OUTLET: 0.06}
_VOUCHES_ELSE: Final = 0.04


@dataclass(frozen=True, slots=True)
class Product:
    """The listed goods: a model of a brand (`house`, None without a registered brand), or a third-party part for it."""

    house: int | None
    model: int
    goods: str
    variant: int
    counterfeit: bool
    part: bool = False

    @property
    def brand_id(self) -> str:
        """The registered brand of the goods, or '' if they have none; parts have none."""
        return "" if self.house is None or self.part else HOUSES[self.house].brand.brand_id


@dataclass(frozen=True, slots=True)
class Text:
    """The text that a buyer reads; `named` is the brand as in the title, None where it is obfuscated or absent."""

    title: str
    description: str | None
    language: Language
    named: str | None


def write_text(random: Random, seller: Seller, article: Product) -> Text:
    """Title and description in the seller's style."""
    language = Language.EN if happens(random, _OTHER_LANGUAGE) else seller.style.language
    habits = HABITS[seller.kind]
    acts = article.counterfeit or seller.supplier is None  # A counterfeiter describes genuine goods plainly.
    hidden = acts and not article.part and article.house is not None and happens(random, habits.obfuscations)
    named = _shown_brand(random, article, language)
    shown = named if named is None or not hidden else _hidden_brand(random, article, language)
    slots = _template_slots(random, article, language, shown)
    title = _write_title(random, seller, article, language, slots)
    blatant = acts and happens(random, habits.blatant)
    if blatant and happens(random, 0.75):
        title = f"{title} {choose(random, BLATANT_TITLES[language])}"
    described = happens(random, habits.described)
    sentences = _write_sentences(random, seller, article, language, blatant) if described else []
    joint = "" if language is Language.ZH else " "
    description = joint.join(_capitalise(sentence.format(**slots)) for sentence in sentences)
    return Text(
        title=mistype(random, title) if happens(random, _TYPO) else title,
        description=description or None,
        language=language,
        named=None if hidden else named,
    )


def _shown_brand(random: Random, article: Product, language: Language) -> str | None:
    if article.house is None:
        return choose(random, SMALL_MAKERS) if happens(random, 0.5) else None
    brand = HOUSES[article.house].brand
    if language is Language.ZH and happens(random, _ALIAS):
        return next(alias for alias in brand.aliases if ord(alias[0]) > 0x3000)
    if language is Language.RU and happens(random, _ALIAS):
        return next(alias for alias in brand.aliases if 0x400 <= ord(alias[0]) < 0x500)
    return brand.name


def _hidden_brand(random: Random, article: Product, language: Language) -> str:
    if article.house is None or happens(random, 0.2):
        return choose(random, HINTS[language])
    house = HOUSES[article.house]
    return house.nickname if happens(random, 0.2) else obfuscate(random, house.brand.name)


def _template_slots(random: Random, article: Product, language: Language, shown: str | None) -> dict[str, str]:
    goods = GOODS[article.goods]
    variants = goods.sizes or COLOURS[language]
    return {
        "brand": shown or "",
        "model": "" if article.house is None else HOUSES[article.house].models[article.model].name,
        "noun": choose(random, goods.nouns[language]),
        "make": choose(random, goods.makes[language]),
        "part": choose(random, goods.parts[language]),
        "variant": variants[article.variant % len(variants)],
    }


def _write_title(random: Random, seller: Seller, article: Product, language: Language, slots: dict[str, str]) -> str:
    if article.part:
        return _capitalise(choose(random, PART_TITLES[language]).format(**slots))
    shapes = TITLES[language]
    shape = shapes[seller.style.shape] if happens(random, _KEPT_SHAPE) else choose(random, shapes)
    if article.house is None:
        shape = "{brand} {noun} {variant}, {make}"
    title = " ".join(shape.format(**slots).split())
    if happens(random, _ENDING):
        ending = choose(random, TITLE_ENDINGS[seller.style.story][language])
        title = f"{title}, {ending}" if happens(random, 0.5) else f"{title} {ending}"
    return _capitalise(title)


def _write_sentences(random: Random, seller: Seller, article: Product, language: Language, blatant: bool) -> list[str]:
    """A few sentences, with the counterfeit indicators at random positions."""
    habits = HABITS[seller.kind]
    about = ABOUT[language] if article.house is not None and not article.part else ABOUT[language][6:]
    sentences = [choose(random, about)]
    if happens(random, 0.5):
        sentences.append(choose(random, about))
    if happens(random, 0.55):
        sentences.append(choose(random, STORIES[seller.style.story][language]))
    if happens(random, 0.6):
        sentences.append(choose(random, SERVICE[language]))
    if article.house is None and happens(random, 0.4):
        sentences.append(choose(random, UNBRANDED[language]))
    if happens(random, _VOUCHES.get(seller.kind, _VOUCHES_ELSE) if isinstance(seller.kind, HonestTrade) else 0.1):
        sentences.append(choose(random, VOUCHING[language]))
    giveaways = _draw_giveaways(random, seller, article, habits, language)
    if blatant:
        giveaways.append(choose(random, BLATANT_SENTENCES[language]))
    # Indicators replace other sentences, so that the length of a description is no indicator itself.
    random.shuffle(sentences)
    sentences = [*sentences[len(giveaways) :], *giveaways]
    random.shuffle(sentences)
    return list(dict.fromkeys(sentences))


def _draw_giveaways(random: Random, seller: Seller, article: Product, habits: Habits, language: Language) -> list[str]:
    giveaways: list[str] = []
    tells = TELLS[language]
    if article.counterfeit and seller.supplier is not None:
        while happens(random, habits.tells if not giveaways else _SECOND_TELL):
            of_ring = happens(random, _TELL_OF_RING)
            giveaways.append(tells[choose(random, seller.supplier.tells) if of_ring else draw_tell(random)])
    elif seller.style.kept_tell is not None and happens(random, _KEPT_TELL):
        giveaways.append(tells[seller.style.kept_tell])
    elif happens(random, HABITS[HonestTrade.RETAIL].tells if seller.supplier else habits.tells):
        giveaways.append(tells[draw_tell(random)])
    if happens(random, habits.contacts):
        giveaways.append(choose(random, CONTACTS[language]))
    return giveaways


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
