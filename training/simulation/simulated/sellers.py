"""Sellers of the synthetic marketplace, and the suppliers behind those that sell counterfeits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from training.simulation.simulated.chance import Random, choose, choose_weighted, draw_around, happens
from training.simulation.simulated.goods import COPIED_SHARES, HOUSES
from training.simulation.simulated.habits import HABITS, Craft, HonestTrade, Kind, LogNormal
from training.simulation.simulated.records import Career, Record, draw_record
from training.simulation.simulated.words import TELLS, TITLES, Language, Story

LANGUAGES: Final[Mapping[Language, float]] = {Language.EN: 0.44, Language.ES: 0.2, Language.RU: 0.2, Language.ZH: 0.16}
COUNTRIES: Final[Mapping[Language, tuple[str, ...]]] = {
    Language.EN: ("DE", "FR", "GB", "PL", "IT", "US", "CN"),
    Language.ZH: ("CN", "CN", "HK"),
    Language.RU: ("RU", "RU", "KZ", "TR"),
    Language.ES: ("ES", "ES", "MX", "CN"),
}
CURRENCIES: Final[Mapping[str, float]] = {"EUR": 0.93, "USD": 0.025, "GBP": 0.02, "CNY": 0.015, "RUB": 0.01}
# Invented rates, close to those of 2025.
PER_EURO: Final = {"EUR": 1.0, "USD": 1.08, "GBP": 0.85, "CNY": 7.8, "RUB": 96.0}

SUPPLIERS: Final = 14
_FROM_THE_START: Final = 8
_TELLS_EACH, _BRANDS_EACH = 3, 2
# The first habits of the file are the most common ones, with counterfeiters and honest sellers alike (Zipf's law).
_TELL_SHARES: Final = {number: 1 / (1 + number) for number in range(len(TELLS[Language.EN]))}
_MOST_LISTINGS: Final = 60
_UNBRANDED_ORDER: Final = 30.0  # EUR.
# Share of the honest sellers who join during the history with a new account, and its age in days at the first listing;
# the others have bought with theirs before.
_NEW_ACCOUNTS: Final = 0.5
_NEW_ACCOUNT_AGE: Final = LogNormal(median=12.0, spread=1.2)
_KEEPS_A_TELL: Final = 0.06  # Share of honest sellers, mostly drop shippers, who add a tell to most listings.
_COUNTERFEITER_STAYS: Final = (12.0, 45.0)  # Days from the first listing to the last.
_REOPENS_AFTER: Final = (1.0, 6.0)  # Days until a removed counterfeiter is back under another name.
FAKE_SHARE: Final = 0.8  # The rest of a counterfeiter's listings are genuine, as a cover.
_HOUSES_OF: Final[Mapping[Kind, int]] = {HonestTrade.PARALLEL_IMPORT: 2, HonestTrade.RETAIL: 3}


@dataclass(frozen=True, slots=True)
class Supplier:
    """A workshop with the ring of accounts that sell its goods: the brands that it copies, and the ring's wording.

    It copies any product of these brands in any colour. `tells` are the habits that its accounts have in common; other
    rings and honest sellers have them too. `since` is the share of the history after which its goods appear.
    """

    since: float
    houses: tuple[int, ...]
    tells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """The origin and writing style of a seller: the shape of its titles, and a tell that it adds to most listings."""

    story: Story
    language: Language
    country: str
    currency: str
    shape: int
    kept_tell: int | None


@dataclass(frozen=True, slots=True)
class Seller:
    """One account. `houses` are the brands that it sells, `people` is the first account of the people who run it."""

    external_id: str
    people: str
    kind: Kind
    houses: tuple[int, ...]
    career: Career
    style: Style
    record: Record
    supplier: Supplier | None


def draw_suppliers(random: Random) -> tuple[Supplier, ...]:
    return tuple(_draw_supplier(random, number - _FROM_THE_START) for number in range(SUPPLIERS))


def _draw_supplier(random: Random, late: int) -> Supplier:
    return Supplier(
        since=0.0 if late < 0 else 0.15 + 0.6 * late / (SUPPLIERS - _FROM_THE_START),
        houses=tuple(choose_weighted(random, COPIED_SHARES) for _ in range(_BRANDS_EACH)),
        tells=tuple(draw_tell(random) for _ in range(_TELLS_EACH)),
    )


def draw_tell(random: Random) -> int:
    """The number of a wording habit, of anybody's."""
    return choose_weighted(random, _TELL_SHARES)


def honest_seller(random: Random, external_id: str, kind: HonestTrade, days: int, *, number: int) -> Seller:
    """An honest account that sells throughout the history or joins later.

    `number` counts the sellers of a kind, so that the authorised sellers, with one brand each, cover all brands.
    """
    first_day = 0.0 if happens(random, 0.6) else random.random() * days * 0.9
    is_new = first_day > 0 and happens(random, _NEW_ACCOUNTS)
    opened = first_day - draw_around(random, _NEW_ACCOUNT_AGE if is_new else HABITS[kind].age)
    career = Career(opened, first_day, float(days), _draw_listing_count(random, kind))
    houses = tuple(choose(random, range(len(HOUSES))) for _ in range(_HOUSES_OF.get(kind, 4)))
    if kind is HonestTrade.AUTHORISED:
        houses = (number % len(HOUSES),)
    kept_tell = draw_tell(random) if happens(random, _KEEPS_A_TELL) else None
    return _open_account(random, (external_id, kind), career, _draw_style(random, kind, kept_tell), houses, None)


def counterfeiter(random: Random, external_id: str, kind: Craft, days: int, workshops: tuple[Supplier, ...]) -> Seller:
    """An account that sells the goods of one workshop for a few weeks."""
    stays = _draw_between(random, _COUNTERFEITER_STAYS)
    first_day = random.random() * max(days - stays, 1.0)
    opened = first_day - draw_around(random, HABITS[kind].age)
    career = Career(opened, first_day, min(first_day + stays, float(days)), _draw_listing_count(random, kind))
    supplier = choose(random, [workshop for workshop in workshops if workshop.since * days <= first_day])
    return _open_account(
        random, (external_id, kind), career, _draw_style(random, kind, None), supplier.houses, supplier
    )


def reopen(random: Random, before: Seller, external_id: str, days: int) -> Seller | None:
    """A new account of the same people shortly afterwards; None if the history ends first."""
    first_day = before.career.last_day + _draw_between(random, _REOPENS_AFTER)
    if first_day >= days - 1:
        return None
    opened = first_day - draw_around(random, HABITS[before.kind].age)
    last_day = min(first_day + _draw_between(random, _COUNTERFEITER_STAYS), float(days))
    career = Career(opened, first_day, last_day, before.career.listings)
    again = _open_account(random, (external_id, before.kind), career, before.style, before.houses, before.supplier)
    return replace(again, people=before.people)


def _open_account(
    random: Random,
    name: tuple[str, Kind],
    career: Career,
    style: Style,
    houses: tuple[int, ...],
    supplier: Supplier | None,
) -> Seller:
    external_id, kind = name
    habits = HABITS[kind]
    prices = [model.list_price for house in houses for model in HOUSES[house].models]
    usual = sum(prices) / len(prices)
    in_euro = habits.price.median * (habits.branded * usual + (1 - habits.branded) * _UNBRANDED_ORDER)
    return Seller(
        external_id=external_id,
        people=external_id,
        kind=kind,
        houses=houses,
        career=career,
        style=style,
        record=draw_record(
            random,
            habits,
            career,
            order_value=in_euro * PER_EURO[style.currency],
            fake_share=0.0 if supplier is None else FAKE_SHARE,
        ),
        supplier=supplier,
    )


def _draw_style(random: Random, kind: Kind, kept_tell: int | None) -> Style:
    language = choose_weighted(random, LANGUAGES)
    return Style(
        story=choose_weighted(random, HABITS[kind].stories),
        language=language,
        country=choose(random, COUNTRIES[language]),
        currency=choose_weighted(random, CURRENCIES),
        shape=choose(random, range(len(TITLES[Language.EN]))),
        kept_tell=kept_tell,
    )


def _draw_listing_count(random: Random, kind: Kind) -> int:
    return min(_MOST_LISTINGS, max(1, round(draw_around(random, HABITS[kind].size))))


def _draw_between(random: Random, limits: tuple[float, float]) -> float:
    low, high = limits
    return low + (high - low) * random.random()
